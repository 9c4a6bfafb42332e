//! What an import yields.

use std::fmt;
use std::path::Path;

use super::{ErrorKind, FileError, ImportError, Span};
use crate::model::{
    Content, FieldLine, FieldSection, HttpVersion, Provenance, Request, Timestamp, Url, UrlError,
};

/// What an import may ask of the world around it.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The content of a file; relative paths start at the current folder, as for the tool itself.
    pub file: &'a dyn Fn(&Path) -> Result<Vec<u8>, FileError>,
    /// The present time: expired cookies are not sent.
    pub now: Timestamp,
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// A request as the other tool would send it.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportedRequest {
    /// A name made of method and path.
    pub name: String,
    /// The request.
    pub request: Request,
    /// Variables that nothing defines, as they stand in the text: `{{token}}`, `$TOKEN`.
    pub unresolved: Vec<String>,
    /// What could not be done or had to be assumed; sentences.
    pub warnings: Vec<String>,
    /// The text it was read from.
    pub span: Span,
}

impl ImportedRequest {
    /// A request that is named by its method and path; all its values are known.
    pub(super) fn named_by_path(request: Request, span: Span) -> Self {
        let path = String::from_utf8_lossy(&request.url.path);
        Self {
            name: format!("{} {path}", request.method),
            request,
            unresolved: Vec::new(),
            warnings: Vec::new(),
            span,
        }
    }
}

/// A request over HTTP/1.1.
pub(super) fn http11(method: &str, url: Url, lines: Vec<FieldLine>, content: Vec<u8>) -> Request {
    Request {
        method: method.to_owned(),
        target: url.path_and_query(),
        url,
        version: HttpVersion::Http11,
        pseudo: FieldSection::default(),
        fields: FieldSection::from_lines(lines, Provenance::Import),
        content: Content::complete(content),
        trailers: FieldSection::new(Provenance::Import),
    }
}

/// Whether a header may have that name (RFC 9110 section 5.6.2).
pub(super) fn is_field_name(name: &[u8]) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte);
    !name.is_empty() && name.iter().all(is_token)
}

/// What is wrong with a line that should be a header. Its first word is told only where that is
/// surely a name: it may also be a piece of a value that was wrapped.
pub(super) fn no_header(line: &str, otherwise: ErrorKind) -> ErrorKind {
    let line = line.trim_start();
    let ends_name = |c: char| c.is_whitespace() || c == ':';
    let (word, behind) = line.split_at(line.find(ends_name).unwrap_or(line.len()));
    if behind.starts_with(':') && !word.is_empty() {
        return ErrorKind::Shape("a header name has a character that no name may have");
    }
    let mut known = KNOWN_NAMES.iter();
    match known.find(|known| known.eq_ignore_ascii_case(word)) {
        Some(name) => ErrorKind::name(NO_COLON, name),
        None => otherwise,
    }
}

pub(super) const NO_COLON: &str = "a header needs a colon right behind its name";

/// Those that people write most.
const KNOWN_NAMES: &[&str] = &[
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "Host",
    "Origin",
    "Referer",
    "User-Agent",
    "X-API-Key",
    "X-Auth-Token",
    "X-CSRF-Token",
    "X-Requested-With",
];

/// Why a URL cannot be used.
pub(super) fn url_reason(error: UrlError) -> &'static str {
    match error {
        UrlError::Scheme => "the URL starts with neither http:// nor https://",
        UrlError::Host => "the URL has no host",
        UrlError::HostCharacter => "the host has a character that no host name may have",
        UrlError::Port => "the port is not a number from 1 to 65535",
    }
}

impl fmt::Debug for ImportedRequest {
    /// Without its name and variables: they come from a path and a text that may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportedRequest")
            .field("request", &self.request)
            .field("warnings", &self.warnings)
            .field("span", &self.span)
            .finish_non_exhaustive()
    }
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The requests, in the order in which the tool would send them.
    pub requests: Vec<ImportedRequest>,
    /// All that is wrong, in the order of the text. A command with a problem yields no request.
    pub problems: Vec<ImportError>,
}

/// Where requests go as they are read: a file may hold very many.
pub type Take<'t> = dyn FnMut(ImportedRequest) + 't;

impl Imported {
    /// All that `read` hands over, and the problems that it comes back with.
    pub(super) fn collect(read: impl FnOnce(&mut Take<'_>) -> Vec<ImportError>) -> Self {
        let mut requests = Vec::new();
        let problems = read(&mut |request| requests.push(request));
        Self { requests, problems }
    }
}

/// An import that fails as a whole.
impl From<ImportError> for Imported {
    fn from(problem: ImportError) -> Self {
        Self {
            requests: Vec::new(),
            problems: vec![problem],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_name_is_told_of_a_line_that_is_no_header() {
        let told = |line: &str| no_header(line, ErrorKind::Shape(NO_COLON)).to_string();
        let name = |name: &str| format!("{NO_COLON}: {name}");
        assert_eq!(told(" content-type text/plain"), name("Content-Type"));
        assert_eq!(told("Authorization Bearer a:b"), name("Authorization"));
        assert_eq!(told("eyJhbGciOiJub25lIn0"), NO_COLON);
        assert_eq!(told("s3cret s3cret: 1"), NO_COLON);
        assert!(told("Caf\u{e9}: 1").contains("character that no name may have"));
        assert_eq!(told(""), NO_COLON);
    }
}
