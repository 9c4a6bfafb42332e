//! Messages that two parties could read differently: the message relay does not forward them.
//!
//! Only the message relay refuses. Inside a tunnel the same faults are findings, and the bytes flow on.

use super::Limits;
use crate::model::{Origin, Scheme};
use crate::wire::head::{Head, RequestLine, is_token};
use crate::wire::http1::HEAD_TOO_LONG;

/// Why a message is not forwarded, and with what status its client is told if it is a request. The fault
/// goes on from "since".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) reason: &'static str,
    pub(super) fault: &'static str,
}

/// What it is told of a head that cannot even be taken apart.
pub(super) fn unreadable(fault: &'static str) -> Refusal {
    match fault {
        HEAD_TOO_LONG => too_large("the request head is longer than limits.head_bytes allows"),
        _ => bad(fault),
    }
}

/// Checks a request head of the message relay.
///
/// # Errors
/// With the first fault found.
pub(super) fn request(head: &Head, limits: &Limits) -> Result<(), Refusal> {
    check_lines(head.bytes())?;
    let start = head.start_line();
    if start.len() > limits.request_line {
        return Err(refusal(
            414,
            "URI Too Long",
            "the request line is longer than limits.request_line allows",
        ));
    }
    if start.iter().filter(|b| **b == b' ').count() != 2 || start.iter().any(u8::is_ascii_control) {
        return Err(bad(
            "the request line has stray spaces or control characters",
        ));
    }
    let seen = Seen::in_lines(field_lines(head.bytes()).skip(1))?;
    match seen {
        _ if seen.count > limits.head_fields => Err(too_large(TOO_MANY_FIELDS)),
        Seen { lengths: 2.., .. } | Seen { codings: 2.., .. } => {
            Err(bad("a framing field is repeated"))
        }
        Seen {
            codings: 1,
            is_chunked: false,
            ..
        } => Err(bad("the last transfer coding is not chunked")),
        _ => seen.check(start.ends_with(b"HTTP/1.0")),
    }?;
    match RequestLine::parse(start).map(|line| line.method) {
        Some(b"CONNECT") if seen.codings > 0 || seen.length.is_some_and(|length| length > 0) => {
            Err(bad("CONNECT has no content"))
        }
        _ => check_hosts(head, start.ends_with(b"HTTP/1.0")),
    }
}

/// Checks the head of a response from upstream.
///
/// # Errors
/// With the first fault found.
pub(super) fn response(head: &Head, limits: &Limits) -> Result<(), &'static str> {
    let check = || {
        check_lines(head.bytes())?;
        let start = head.start_line();
        if start.iter().any(|b| b.is_ascii_control() && *b != b'\t') {
            return Err(bad("the status line has control characters"));
        }
        let seen = Seen::in_lines(field_lines(head.bytes()).skip(1))?;
        if seen.count > limits.head_fields {
            return Err(bad(TOO_MANY_FIELDS));
        }
        if seen.codings > 1 {
            return Err(bad("a framing field is repeated"));
        }
        seen.check(start.starts_with(b"HTTP/1.0"))
    };
    check().map_err(|refusal| refusal.fault)
}

/// Checks a trailer section, the empty line at its end included.
///
/// # Errors
/// With the first fault found.
pub(super) fn trailers(section: &[u8], limits: &Limits) -> Result<(), &'static str> {
    let check = || {
        check_lines(section)?;
        let seen = Seen::in_lines(field_lines(section))?;
        if seen.count > limits.head_fields {
            return Err(bad(
                "there are more trailer fields than limits.head_fields allows",
            ));
        }
        let mut names = field_lines(section).filter_map(|line| line.split(|b| *b == b':').next());
        let may_not_come_late = |name: &[u8]| {
            let is = |listed: &&[u8]| name.eq_ignore_ascii_case(listed);
            NEVER_IN_TRAILERS.iter().any(is)
        };
        if names.any(may_not_come_late) {
            return Err(bad(
                "a trailer field frames or routes the message, or authorizes it",
            ));
        }
        Ok(())
    };
    check().map_err(|refusal| refusal.fault)
}

/// Line ends, folding and NUL, on the raw bytes.
fn check_lines(bytes: &[u8]) -> Result<(), Refusal> {
    let mut previous = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let next = bytes.get(at + 1);
        match byte {
            b'\n' if previous != b'\r' => return Err(bad("a line ends in LF without CR")),
            b'\n' if matches!(next, Some(b' ' | b'\t')) => {
                return Err(bad("a field is folded over two lines"));
            }
            b'\r' if next != Some(&b'\n') => return Err(bad("there is a CR without LF")),
            0 => return Err(bad("there is a NUL byte")),
            _ => {}
        }
        previous = *byte;
    }
    Ok(())
}

/// The lines of a section whose line ends were checked, without the empty one at its end.
fn field_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
}

/// What the fields of a section say of the message that they belong to.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count: usize,
    lengths: usize,
    length: Option<u64>,
    codings: usize,
    is_chunked: bool,
}

impl Seen {
    fn in_lines<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Result<Self, Refusal> {
        let mut seen = Self::default();
        for line in lines {
            seen.count += 1;
            let colon = line.iter().position(|b| *b == b':');
            let colon = colon.ok_or(bad("a field line has no colon"))?;
            let (name, value) = line.split_at(colon);
            if !is_token(name) {
                return Err(bad(
                    "a field name is empty or has a character that no name may have",
                ));
            }
            let value = trim_ows(value.get(1..).unwrap_or_default());
            if name.eq_ignore_ascii_case(b"content-length") {
                seen.lengths += 1;
                let length =
                    plain_number(value).ok_or(bad("Content-Length is not one plain number"))?;
                if seen.length.is_some_and(|earlier| earlier != length) {
                    return Err(bad("there are two different Content-Lengths"));
                }
                seen.length = Some(length);
            } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                seen.codings += 1;
                seen.is_chunked = ends_chunked(value)?;
            }
        }
        Ok(seen)
    }

    /// What no message may have.
    fn check(self, is_1_0: bool) -> Result<(), Refusal> {
        match self {
            Self { codings: 0, .. } => Ok(()),
            _ if self.lengths > 0 => {
                Err(bad("there are both Content-Length and Transfer-Encoding"))
            }
            _ if is_1_0 => Err(bad("an HTTP/1.0 message has a Transfer-Encoding")),
            _ => Ok(()),
        }
    }
}

fn check_hosts(head: &Head, is_1_0: bool) -> Result<(), Refusal> {
    let mut hosts = head
        .field_lines()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"host"))
        .map(|(_, value)| trim_ows(value));
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => Err(bad("there is more than one Host field")),
        (None, None) if is_1_0 => Ok(()),
        (None, None) => Err(bad("there is no Host field")),
        (Some(host), None) => match Origin::parse(Scheme::Http, host) {
            Ok(_) => Ok(()),
            Err(_) => Err(bad("the Host field is not a host, or host:port")),
        },
    }
}

/// Whether the last coding is `chunked`, which frames the message. A coding that nobody registered could
/// mean anything.
fn ends_chunked(value: &[u8]) -> Result<bool, Refusal> {
    let codings: Vec<Vec<u8>> = value
        .split(|b| *b == b',')
        .map(|coding| trim_ows(coding).to_ascii_lowercase())
        .collect();
    let is_chunked = codings.last().is_some_and(|last| last == b"chunked");
    let mut others = codings.iter().rev().skip(usize::from(is_chunked));
    if others.clone().any(|coding| coding == b"chunked") {
        return Err(bad("the transfer coding chunked comes before another"));
    }
    if others.all(|coding| REGISTERED_CODINGS.contains(&coding.as_slice())) {
        Ok(is_chunked)
    } else {
        Err(refusal(
            501,
            "Not Implemented",
            "there is an unknown transfer coding",
        ))
    }
}

/// Digits only: no sign, no list, no other base, and nothing that overflows where others count with a sign.
fn plain_number(digits: &[u8]) -> Option<u64> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (plain && i64::try_from(number).is_ok()).then_some(number)
}

/// Without the optional whitespace of RFC 9110 section 5.6.3, which is less than what others call space.
fn trim_ows(value: &[u8]) -> &[u8] {
    let is_text = |b: &u8| !matches!(b, b' ' | b'\t');
    let start = value.iter().position(is_text).unwrap_or(value.len());
    let end = value.iter().rposition(is_text).map_or(start, |at| at + 1);
    value.get(start..end).unwrap_or_default()
}

/// A refusal with the status 400.
pub(super) fn bad(fault: &'static str) -> Refusal {
    refusal(400, "Bad Request", fault)
}

fn too_large(fault: &'static str) -> Refusal {
    refusal(431, "Request Header Fields Too Large", fault)
}

pub(super) fn refusal(status: u16, reason: &'static str, fault: &'static str) -> Refusal {
    Refusal {
        status,
        reason,
        fault,
    }
}

/// RFC 9112 section 7, without `chunked`, which may only come last.
const REGISTERED_CODINGS: &[&[u8]] = &[b"gzip", b"x-gzip", b"deflate", b"compress", b"x-compress"];

/// By then the message has been framed, routed and let in.
const NEVER_IN_TRAILERS: &[&[u8]] = &[
    b"authorization",
    b"content-length",
    b"host",
    b"transfer-encoding",
];

const TOO_MANY_FIELDS: &str = "there are more field lines than limits.head_fields allows";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_limits() {
        let limits = Limits {
            request_line: 100,
            head_fields: 7,
            ..Limits::default()
        };
        let of_target = |length: usize| {
            let line = format!("GET {} HTTP/1.1", "x".repeat(length - 13));
            assert_eq!(line.len(), length);
            let head = format!("{line}\r\nHost: a\r\n\r\n");
            request(&Head::new(head.as_bytes()), &limits).map_err(|refusal| refusal.status)
        };
        assert_eq!(of_target(limits.request_line), Ok(()));
        assert_eq!(of_target(limits.request_line + 1), Err(414));
        let of_fields = |fields: usize| "x:\r\n".repeat(fields) + "\r\n";
        let head = |fields| format!("GET / HTTP/1.1\r\nHost: a\r\n{}", of_fields(fields - 1));
        assert!(request(&Head::new(head(limits.head_fields).as_bytes()), &limits).is_ok());
        let many = request(&Head::new(head(limits.head_fields + 1).as_bytes()), &limits);
        assert_eq!(many.map_err(|refusal| refusal.status), Err(431));
        let head = |fields| format!("HTTP/1.1 200 OK\r\n{}", of_fields(fields));
        assert!(response(&Head::new(head(limits.head_fields).as_bytes()), &limits).is_ok());
        assert!(response(&Head::new(head(limits.head_fields + 1).as_bytes()), &limits).is_err());
        assert!(trailers(of_fields(limits.head_fields).as_bytes(), &limits).is_ok());
        assert!(trailers(of_fields(limits.head_fields + 1).as_bytes(), &limits).is_err());
    }

    #[test]
    fn only_optional_whitespace_is_trimmed() {
        assert_eq!(trim_ows(b" \t a b\t"), b"a b");
        assert_eq!(trim_ows(b"\x0ca "), b"\x0ca");
        assert_eq!(trim_ows(b" \t"), b"");
    }
}
