//! Message content: what was kept of it, how long it was, and how it ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The content of a message (RFC 9110 section 6.4), transfer coding removed, content coding kept.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The first bytes, up to the capture limit.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// How many bytes passed in all.
    pub length: u64,
    /// How it ended.
    pub end: ContentEnd,
}

/// How the content of a message ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContentEnd {
    /// The message has no content at all.
    #[default]
    Absent,
    /// Still passing when this was recorded.
    Pending,
    /// The framing said so.
    Complete,
    /// The connection ended before the framing was satisfied.
    CutOff,
    /// The bytes were not valid HTTP from some point on.
    Undecodable,
}

impl Content {
    /// Complete content, all of it kept.
    pub fn complete(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let end = if bytes.is_empty() {
            ContentEnd::Absent
        } else {
            ContentEnd::Complete
        };
        Self {
            length: bytes.len() as u64,
            bytes,
            end,
        }
    }

    /// The same content, of whose bytes only the first are kept.
    #[must_use]
    pub fn first(&self, most: usize) -> Self {
        Self {
            bytes: self.bytes.get(..most).unwrap_or(&self.bytes).to_vec(),
            ..*self
        }
    }

    /// Whether every byte that passed was kept, and the message ended properly.
    pub fn is_whole(&self) -> bool {
        matches!(self.end, ContentEnd::Absent | ContentEnd::Complete)
            && self.length == self.bytes.len() as u64
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Content({} of {} bytes, {:?})",
            self.bytes.len(),
            self.length,
            self.end
        )
    }
}
