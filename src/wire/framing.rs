//! How the content of an HTTP/1 message is delimited (RFC 9112 section 6).

use super::head::Head;

/// How the content of a message is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no content.
    Absent,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding` ending in `chunked`.
    Chunked,
    /// Until the connection closes (responses only).
    UntilClose,
    /// The fields contradict each other or cannot be read.
    Invalid(&'static str),
}

/// RFC 9112 section 6.3 for requests: without either field there is no content.
pub(super) fn request_framing(head: &Head) -> Framing {
    match announced(head) {
        Framing::UntilClose => {
            Framing::Invalid("a request's transfer coding does not end in chunked")
        }
        framing => framing,
    }
}

/// RFC 9112 section 6.3 for responses: without either field content lasts until the close.
pub(super) fn response_framing(head: &Head) -> Framing {
    match announced(head) {
        Framing::Absent => Framing::UntilClose,
        framing => framing,
    }
}

/// What `Transfer-Encoding` and `Content-Length` say; the former wins over the latter.
fn announced(head: &Head) -> Framing {
    let mut length = None;
    let mut coding = None;
    for (name, value) in head.field_lines() {
        // Whitespace before the colon is wrong, but peers that accept it frame by it.
        let name = name.trim_ascii_end();
        if name.eq_ignore_ascii_case(b"content-length") {
            for member in value.split(|b| *b == b',') {
                let Some(number) = decimal(member.trim_ascii()) else {
                    return Framing::Invalid("a Content-Length cannot be read");
                };
                if length.is_some_and(|earlier| earlier != number) {
                    return Framing::Invalid("two different Content-Lengths");
                }
                length = Some(number);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let last = value.rsplit(|b| *b == b',').next().unwrap_or_default();
            coding = Some(last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
        }
    }
    match (coding, length) {
        (Some(true), _) => Framing::Chunked,
        (Some(false), _) => Framing::UntilClose,
        (None, Some(length)) => Framing::Length(length),
        (None, None) => Framing::Absent,
    }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

/// The size in a chunk line; extensions after `;` are not looked at (RFC 9112 section 7.1).
pub(super) fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|b| *b == b';').next()?.trim_ascii();
    let hex = !size.is_empty() && size.len() <= 16 && size.iter().all(u8::is_ascii_hexdigit);
    hex.then(|| u64::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok())?
}
