//! Requests that two parties could read differently: they are not forwarded.
//!
//! Only the message relay refuses. Inside a tunnel the same faults are findings, and the bytes flow on.

use crate::wire::head::{Head, is_token};

/// Why a request is not forwarded, and what its client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) reason: &'static str,
    pub(super) sentence: &'static str,
}

/// Checks a request head of the message relay.
///
/// # Errors
/// With the first fault found.
pub(super) fn check(head: &Head) -> Result<(), Refusal> {
    check_lines(head.bytes())?;
    let start = head.start_line();
    if start.len() > REQUEST_LINE_LIMIT {
        return Err(refusal(
            414,
            "URI Too Long",
            "The request line is longer than 64 KiB.",
        ));
    }
    if start.iter().filter(|b| **b == b' ').count() != 2 || start.iter().any(u8::is_ascii_control) {
        return Err(bad(
            "The request line has stray spaces or control characters.",
        ));
    }
    check_fields(head, start.ends_with(b"HTTP/1.0"))
}

/// Line ends and control characters, on the raw bytes.
fn check_lines(bytes: &[u8]) -> Result<(), Refusal> {
    let mut previous = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let next = bytes.get(at + 1);
        match byte {
            b'\n' if previous != b'\r' => return Err(bad("A line ends in LF without CR.")),
            b'\n' if matches!(next, Some(b' ' | b'\t')) => {
                return Err(bad("A field is folded over two lines."));
            }
            b'\r' if next != Some(&b'\n') => return Err(bad("There is a CR without LF.")),
            0 => return Err(bad("There is a NUL byte.")),
            _ => {}
        }
        previous = *byte;
    }
    Ok(())
}

fn check_fields(head: &Head, is_1_0: bool) -> Result<(), Refusal> {
    let lines = || {
        head.bytes()
            .split(|b| *b == b'\n')
            .skip(1)
            .map(<[u8]>::trim_ascii_end)
    };
    if lines().any(|line| !line.is_empty() && !line.contains(&b':')) {
        return Err(bad("A field line has no colon."));
    }
    let (mut lengths, mut codings, mut hosts, mut count) = (0, 0, 0, 0);
    for (name, value) in head.field_lines() {
        count += 1;
        if !is_token(name) {
            return Err(bad(
                "A field name is empty or has a character that no name may have.",
            ));
        }
        let value = value.trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            lengths += 1;
            if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
                return Err(bad("Content-Length is not one plain number."));
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            codings += 1;
            check_codings(value)?;
        } else if name.eq_ignore_ascii_case(b"host") {
            hosts += 1;
        }
    }
    match (lengths, codings, hosts) {
        _ if count > FIELD_LIMIT => Err(refusal(
            431,
            "Request Header Fields Too Large",
            "There are more than 2000 field lines.",
        )),
        (1.., 1.., _) => Err(bad("There are both Content-Length and Transfer-Encoding.")),
        (2.., _, _) | (_, 2.., _) => Err(bad("A framing field is repeated.")),
        (_, 1.., _) if is_1_0 => Err(bad("An HTTP/1.0 message has a Transfer-Encoding.")),
        (_, _, 0) if !is_1_0 => Err(bad("There is no Host field.")),
        (_, _, 2..) => Err(bad("There is more than one Host field.")),
        _ => Ok(()),
    }
}

/// The last coding frames the message; a coding that nobody registered could mean anything.
fn check_codings(value: &[u8]) -> Result<(), Refusal> {
    let codings: Vec<Vec<u8>> = value
        .split(|b| *b == b',')
        .map(|coding| coding.trim_ascii().to_ascii_lowercase())
        .collect();
    match codings.split_last() {
        Some((last, others)) if last == b"chunked" => {
            let registered = |coding: &Vec<u8>| REGISTERED_CODINGS.contains(&coding.as_slice());
            if others.iter().all(registered) {
                Ok(())
            } else {
                Err(refusal(
                    501,
                    "Not Implemented",
                    "There is an unknown transfer coding.",
                ))
            }
        }
        _ => Err(bad("The last transfer coding is not chunked.")),
    }
}

fn bad(sentence: &'static str) -> Refusal {
    refusal(400, "Bad Request", sentence)
}

fn refusal(status: u16, reason: &'static str, sentence: &'static str) -> Refusal {
    Refusal {
        status,
        reason,
        sentence,
    }
}

/// RFC 9112 section 7, without `chunked`, which may only come last.
const REGISTERED_CODINGS: &[&[u8]] = &[b"gzip", b"x-gzip", b"deflate", b"compress", b"x-compress"];

const REQUEST_LINE_LIMIT: usize = 64 * 1024;
const FIELD_LIMIT: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(head: &str) -> Result<(), u16> {
        check(&Head::new(head.as_bytes())).map_err(|refusal| refusal.status)
    }

    #[test]
    fn a_plain_request_passes() {
        assert_eq!(
            checked("GET http://a/ HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n"),
            Ok(())
        );
        assert_eq!(checked("GET http://a/ HTTP/1.0\r\n\r\n"), Ok(()));
        let chunked = "POST http://a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n";
        assert_eq!(checked(chunked), Ok(()));
    }

    #[test]
    fn what_two_parties_could_read_differently_is_refused() {
        for (fields, status) in [
            (
                "Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                400,
            ),
            ("Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n", 400),
            ("Host: a\r\nContent-Length: +1\r\n", 400),
            ("Host: a\r\nContent-Length: 1, 1\r\n", 400),
            ("Host: a\r\nTransfer-Encoding: chunked, gzip\r\n", 400),
            ("Host: a\r\nTransfer-Encoding: chunked, chunked\r\n", 501),
            ("Host: a\r\nTransfer-Encoding: br, chunked\r\n", 501),
            ("Host: a\r\nTransfer-Encoding:\r\n", 400),
            ("Host: a\r\nX : 1\r\n", 400),
            ("Host: a\r\nX: 1\r\n folded\r\n", 400),
            ("Host: a\r\nX: 1\rY: 2\r\n", 400),
            ("Host: a\nX: 1\r\n", 400),
            ("Host: a\r\nX: \0\r\n", 400),
            ("Host: a\r\n: 1\r\n", 400),
            ("Host: a\r\nnocolon\r\n", 400),
            ("Host: a\r\nHost: b\r\n", 400),
            ("X: 1\r\n", 400),
        ] {
            let head = format!("GET http://a/ HTTP/1.1\r\n{fields}\r\n");
            assert_eq!(checked(&head), Err(status), "{fields:?}");
        }
        assert_eq!(
            checked("GET  http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
            Err(400)
        );
        let coded = "GET http://a/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(checked(coded), Err(400));
        let long = format!(
            "GET http://a/{} HTTP/1.1\r\nHost: a\r\n\r\n",
            "x".repeat(70_000)
        );
        assert_eq!(checked(&long), Err(414));
    }
}
