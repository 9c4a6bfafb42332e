//! Requests and responses.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Content, FieldSection, Url};

/// The version a message was sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpVersion {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
    /// HTTP/2
    Http2,
}

impl HttpVersion {
    /// As in a status line: `HTTP/1.1`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

/// A request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The method, as sent.
    pub method: String,
    /// The request target, as sent (RFC 9112 section 3.2).
    #[serde(with = "serde_bytes")]
    pub target: Vec<u8>,
    /// The resource that it names.
    pub url: Url,
    /// The version.
    pub version: HttpVersion,
    /// The pseudo-header fields in the order in which they were sent (RFC 9113 section 8.3); HTTP/2
    /// only.
    #[serde(default)]
    pub pseudo: FieldSection,
    /// The header section.
    pub fields: FieldSection,
    /// The content.
    pub content: Content,
    /// The trailer section.
    pub trailers: FieldSection,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Request({} {}, {:?})",
            self.method, self.url.origin, self.fields
        )
    }
}

/// A final response.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The reason phrase, as sent.
    #[serde(with = "serde_bytes")]
    pub reason: Vec<u8>,
    /// The version.
    pub version: HttpVersion,
    /// The header section.
    pub fields: FieldSection,
    /// The content.
    pub content: Content,
    /// The trailer section.
    pub trailers: FieldSection,
}

impl Response {
    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Response({}, {:?}, {:?})",
            self.status, self.fields, self.content
        )
    }
}
