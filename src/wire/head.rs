//! Heads as they stood on the wire, parsed into model values only when somebody asks.

use memchr::memchr;

use crate::model::{
    Content, FieldLine, FieldSection, HttpVersion, Origin, Provenance, Request, Response, Url,
};

/// A message head as received: start line, field lines and the empty line.
///
/// Most heads are only kept for a while and then dropped, so parsing waits until it is needed.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    bytes: Box<[u8]>,
}

impl Head {
    /// A head from its bytes.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self {
            bytes: bytes.into(),
        }
    }

    /// The bytes as received.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The start line, without its line end.
    pub fn start_line(&self) -> &[u8] {
        Lines { rest: &self.bytes }.next().unwrap_or_default()
    }

    /// The field lines: name, and everything between the colon and the line end.
    pub fn field_lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        Lines { rest: &self.bytes }
            .skip(1)
            .take_while(|line| !line.is_empty())
            .map(split_field)
    }

    /// The value of the first field of that name, without parsing the rest.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.field_lines()
            .find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.trim_ascii())
    }

    /// The request; `origin` is where it went (targets in origin form do not say). Content is left
    /// empty. `None` when the start line is no request line.
    pub fn request(&self, origin: &Origin) -> Option<Request> {
        let line = RequestLine::parse(self.start_line())?;
        Some(Request {
            method: String::from_utf8(line.method.to_vec()).ok()?,
            target: line.target.to_vec(),
            url: url_of(line.target, origin),
            version: line.version,
            pseudo: FieldSection::default(),
            fields: self.fields(),
            content: Content::default(),
            trailers: FieldSection::default(),
        })
    }

    /// The response; its content is left empty. `None` when the start line is no status line.
    pub fn response(&self) -> Option<Response> {
        let line = StatusLine::parse(self.start_line())?;
        Some(Response {
            status: line.status,
            reason: line.reason.to_vec(),
            version: line.version,
            fields: self.fields(),
            content: Content::default(),
            trailers: FieldSection::default(),
        })
    }

    fn fields(&self) -> FieldSection {
        section(self.field_lines())
    }
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Head({} bytes)", self.bytes.len())
    }
}

/// The field section in the bytes of a trailer section (field lines, then an empty line).
pub fn trailer_section(bytes: &[u8]) -> FieldSection {
    section(
        Lines { rest: bytes }
            .take_while(|line| !line.is_empty())
            .map(split_field),
    )
}

/// A request line (RFC 9112 section 3).
#[derive(Clone, Copy)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) version: HttpVersion,
}

impl<'a> RequestLine<'a> {
    /// Splits at the first and the last space: a target with a space in it is kept as it is.
    pub(crate) fn parse(line: &'a [u8]) -> Option<Self> {
        let first = memchr(b' ', line)?;
        let last = line.iter().rposition(|b| *b == b' ')?;
        let method = line.get(..first)?;
        let target = line.get(first + 1..last)?;
        let version = version(line.get(last + 1..)?)?;
        (is_token(method) && !target.is_empty()).then_some(Self {
            method,
            target,
            version,
        })
    }
}

/// A status line (RFC 9112 section 4); a missing reason phrase, space included, is accepted.
#[derive(Clone, Copy)]
pub(crate) struct StatusLine<'a> {
    pub(crate) version: HttpVersion,
    pub(crate) status: u16,
    pub(crate) reason: &'a [u8],
}

impl<'a> StatusLine<'a> {
    pub(crate) fn parse(line: &'a [u8]) -> Option<Self> {
        let (version_text, rest) = line.split_at_checked(8)?;
        let rest = rest.strip_prefix(b" ")?;
        let (digits, rest) = rest.split_at_checked(3)?;
        let reason = match rest {
            [] => rest,
            [b' ', reason @ ..] => reason,
            _ => return None,
        };
        let status = std::str::from_utf8(digits)
            .ok()?
            .parse()
            .ok()
            .filter(|n| (100..=999).contains(n))?;
        Some(Self {
            version: version(version_text)?,
            status,
            reason,
        })
    }
}

/// `token` of RFC 9110 section 5.6.2.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| is_token_byte(*b))
}

/// `tchar` of RFC 9110 section 5.6.2.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn version(text: &[u8]) -> Option<HttpVersion> {
    match text {
        b"HTTP/1.1" => Some(HttpVersion::Http11),
        b"HTTP/1.0" => Some(HttpVersion::Http10),
        _ => None,
    }
}

/// The resource a target names; a target that names none belongs to the origin's root.
fn url_of(target: &[u8], origin: &Origin) -> Url {
    if target.starts_with(b"/") || target == b"*" {
        return Url::from_parts(origin.clone(), target);
    }
    Url::parse(target).unwrap_or_else(|_not_absolute| Url::from_parts(origin.clone(), b"/"))
}

fn section<'a>(lines: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> FieldSection {
    let lines = lines
        .map(|(name, value)| FieldLine::from_wire(name, value))
        .collect();
    FieldSection::from_lines(lines, Provenance::Wire)
}

/// A line without a colon is kept as a name without a value: evidence is never dropped.
fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b':', line) {
        Some(colon) => (
            line.get(..colon).unwrap_or_default(),
            line.get(colon + 1..).unwrap_or_default(),
        ),
        None => (line, &[]),
    }
}

/// Lines without their LF or CRLF; a line that starts with space or tab (obs-fold) belongs to the
/// one before it, its line break included.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let mut end = self.line_end(0);
        while end > 2 && matches!(self.rest.get(end), Some(b' ' | b'\t')) {
            end = self.line_end(end);
        }
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

impl Lines<'_> {
    /// The position after the next LF from `from` on.
    fn line_end(&self, from: usize) -> usize {
        let rest = self.rest.get(from..).unwrap_or_default();
        memchr(b'\n', rest).map_or(self.rest.len(), |at| from + at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Scheme;

    fn origin() -> Origin {
        Origin {
            scheme: Scheme::Https,
            host: "api.acme.test".into(),
            port: 443,
        }
    }

    #[test]
    fn a_request_keeps_case_order_whitespace_and_duplicates() {
        let head = Head::new(*b"GET /a?b=1 HTTP/1.1\r\nhOSt: x\r\nX-A:  1 \r\nb:\r\nx-a:2\r\n\r\n");
        let request = head.request(&origin()).unwrap();
        assert_eq!(
            (request.method.as_str(), &request.target[..]),
            ("GET", &b"/a?b=1"[..])
        );
        let lines: Vec<_> = request
            .fields
            .lines()
            .iter()
            .map(|l| (l.name(), l.raw_value()))
            .collect();
        assert_eq!(
            lines,
            [
                (&b"hOSt"[..], &b" x"[..]),
                (b"X-A", b"  1 "),
                (b"b", b""),
                (b"x-a", b"2")
            ]
        );
        assert_eq!(head.field("HOST"), Some(&b"x"[..]));
    }

    #[test]
    fn an_absolute_target_names_its_own_origin() {
        let head = Head::new(*b"GET http://other.test:81/x HTTP/1.0\r\n\r\n");
        let request = head.request(&origin()).unwrap();
        assert_eq!(request.url.origin.to_string(), "http://other.test:81");
        assert_eq!(request.version, HttpVersion::Http10);
    }

    #[test]
    fn odd_lines_are_kept_as_evidence() {
        let head = Head::new(*b"HTTP/1.1 401\nA: 1\r\n folded\nnocolon\n\n");
        let response = head.response().unwrap();
        assert_eq!((response.status, &response.reason[..]), (401, &b""[..]));
        let lines: Vec<_> = response
            .fields
            .lines()
            .iter()
            .map(|l| (l.name(), l.raw_value()))
            .collect();
        assert_eq!(
            lines,
            [(&b"A"[..], &b" 1\r\n folded"[..]), (b"nocolon", b"")]
        );
    }

    #[test]
    fn what_is_no_start_line_gives_nothing() {
        assert!(
            Head::new(*b"SSH-2.0-x\r\n\r\n")
                .request(&origin())
                .is_none()
        );
        assert!(Head::new(*b"HTTP/1.1 99x Bad\r\n\r\n").response().is_none());
        assert!(Head::new(*b"\r\n").response().is_none());
    }
}
