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

/// Reads a chunk line (its CRLF included) as a message relay must: nothing in it can be read in two ways.
/// The size, and how many bytes of chunk extensions follow it.
///
/// # Errors
/// With what is wrong with it.
pub(super) fn strict_chunk_line(line: &[u8]) -> Result<(u64, usize), &'static str> {
    let line = crlf_line(line)?;
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let (size, rest) = line.split_at(digits);
    let after = rest.iter().find(|b| !matches!(b, b' ' | b'\t'));
    if !matches!(after, None | Some(b';')) {
        return Err(NO_CHUNK_SIZE);
    }
    let size = chunk_size(size).ok_or(NO_CHUNK_SIZE)?;
    // Peers that count with a sign would read a negative size.
    i64::try_from(size).map_err(|_overflow| NO_CHUNK_SIZE)?;
    Ok((size, rest.len()))
}

/// A line without its CRLF, if it ends in one and has no control character but tabs.
///
/// # Errors
/// With what is wrong with it.
fn crlf_line(line: &[u8]) -> Result<&[u8], &'static str> {
    let line = line
        .strip_suffix(b"\r\n")
        .ok_or("a chunk line ends in LF without CR")?;
    if line.iter().any(|b| b.is_ascii_control() && *b != b'\t') {
        return Err("there is a control character in a chunk line");
    }
    Ok(line)
}

/// Why a chunk line is not read.
pub(super) const NO_CHUNK_SIZE: &str = "a chunk size cannot be read";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_line_is_read_in_one_way_or_not_at_all() {
        for (line, read) in [
            (&b"5\r\n"[..], (5, 0)),
            (b"000000000000000A\r\n", (10, 0)),
            (b"7fffffffffffffff\r\n", (i64::MAX as u64, 0)),
            (b"5  \r\n", (5, 2)),
            (b"5 ;a=\"b c\"\r\n", (5, 9)),
            (b"0;\xc3\xa4\r\n", (0, 3)),
        ] {
            assert_eq!(strict_chunk_line(line), Ok(read), "{line:?}");
        }
        for line in [
            &b"\r\n"[..],
            b";a\r\n",
            b" 5\r\n",
            b"+5\r\n",
            b"-5\r\n",
            b"0x5\r\n",
            b"5_0\r\n",
            b"5 5\r\n",
            b"5\n",
            b"5\r\r\n",
            b"5;a\rb\r\n",
            b"5;\0\r\n",
            b"5\x0b\r\n",
            b"00000000000000005\r\n",
            b"8000000000000000\r\n",
            b"ffffffffffffffff\r\n",
        ] {
            assert!(strict_chunk_line(line).is_err(), "{line:?}");
        }
    }
}
