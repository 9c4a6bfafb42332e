//! gRPC over HTTP: where a call's status stands (the gRPC over HTTP/2 and gRPC-Web protocols).

use super::percent::percent_decode;
use crate::model::FieldSection;

/// The status of a call that was refused for its credentials: `UNAUTHENTICATED`.
pub const UNAUTHENTICATED: u32 = 16;

/// Whether content of that type is a stream of gRPC messages.
pub fn is_grpc(content_type: &[u8]) -> bool {
    begins(content_type, b"application/grpc")
}

/// Whether content of that type ends with its trailers, as gRPC-Web's does.
pub fn is_grpc_web(content_type: &[u8]) -> bool {
    begins(content_type, b"application/grpc-web")
        && !begins(content_type, b"application/grpc-web-text")
}

fn begins(content_type: &[u8], start: &[u8]) -> bool {
    let head = content_type.get(..start.len()).unwrap_or_default();
    head.eq_ignore_ascii_case(start)
}

/// How a call ended.
#[derive(Clone, PartialEq, Eq)]
pub struct CallStatus {
    /// `grpc-status`
    pub code: u32,
    /// `grpc-message`, decoded: on the wire it is percent-encoded.
    pub message: Vec<u8>,
}

impl std::fmt::Debug for CallStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CallStatus({})", self.code)
    }
}

/// How the call ended that this is the response to: told in its trailers, in its fields when there is nothing but a
/// head, or behind the messages of gRPC-Web. `None` when it is none, or does not say.
pub fn call_status(
    fields: &FieldSection,
    trailers: &FieldSection,
    content: &[u8],
) -> Option<CallStatus> {
    let content_type = fields.first("content-type")?;
    if !is_grpc(content_type) {
        return None;
    }
    let of_section = |section: &FieldSection| {
        Some(CallStatus {
            code: status(section.first("grpc-status")?)?,
            message: percent_decode(section.first("grpc-message").unwrap_or_default()),
        })
    };
    of_section(trailers)
        .or_else(|| of_section(fields))
        .or_else(|| of_lines(web_trailers(content).filter(|_| is_grpc_web(content_type))?))
}

fn of_lines(lines: &[u8]) -> Option<CallStatus> {
    let value = |wanted: &[u8]| {
        lines.split(|byte| *byte == b'\n').find_map(|line| {
            let at = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = line.split_at_checked(at)?;
            let value = value.get(1..)?.trim_ascii();
            name.trim_ascii()
                .eq_ignore_ascii_case(wanted)
                .then_some(value)
        })
    };
    Some(CallStatus {
        code: status(value(b"grpc-status")?)?,
        message: percent_decode(value(b"grpc-message").unwrap_or_default()),
    })
}

fn status(value: &[u8]) -> Option<u32> {
    std::str::from_utf8(value.trim_ascii()).ok()?.parse().ok()
}

/// The trailers at the end of gRPC-Web content: field lines. `None` when there are none.
fn web_trailers(content: &[u8]) -> Option<&[u8]> {
    let mut rest = content;
    loop {
        let ([flags, l1, l2, l3, l4], behind) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes([*l1, *l2, *l3, *l4])).ok()?;
        let (message, behind) = behind.split_at_checked(length)?;
        if flags & 0x80 != 0 {
            return Some(message);
        }
        rest = behind;
    }
}

/// The name of a status code.
pub fn status_name(code: u32) -> Option<&'static str> {
    let code = usize::try_from(code).ok()?;
    STATUS_NAMES.get(code).copied()
}

const STATUS_NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_told_apart() {
        for (content_type, grpc, web) in [
            (&b"application/grpc"[..], true, false),
            (b"application/grpc+proto", true, false),
            (b"Application/GRPC-Web+proto", true, true),
            (b"application/grpc-web-text", true, false),
            (b"application/json", false, false),
        ] {
            assert_eq!(
                (is_grpc(content_type), is_grpc_web(content_type)),
                (grpc, web)
            );
        }
    }

    #[test]
    fn the_status_is_a_number_with_a_name() {
        assert_eq!(status(b" 16"), Some(UNAUTHENTICATED));
        assert_eq!(status(b"x"), None);
        assert_eq!(status_name(16), Some("UNAUTHENTICATED"));
        assert_eq!(status_name(0), Some("OK"));
        assert_eq!(status_name(17), None);
    }

    #[test]
    fn the_status_is_found_wherever_it_stands() {
        use crate::model::{FieldLine, Provenance};
        let section = |lines: &[(&str, &str)]| {
            let lines = lines
                .iter()
                .map(|(name, value)| FieldLine::new(*name, *value));
            FieldSection::from_lines(lines.collect(), Provenance::Wire)
        };
        let none = FieldSection::default();
        let plain = section(&[("content-type", "application/grpc")]);
        let web = section(&[("content-type", "application/grpc-web+proto")]);
        let status = section(&[("grpc-status", "16"), ("grpc-message", "no%20token")]);
        let alone = section(&[("Content-Type", "application/grpc"), ("Grpc-Status", "7")]);
        let found = call_status(&plain, &status, b"").unwrap();
        assert_eq!((found.code, &found.message[..]), (16, &b"no token"[..]));
        assert_eq!(call_status(&alone, &none, b"").unwrap().code, 7);
        let content = b"\x80\0\0\0\x22grpc-status:16\r\ngrpc-message: no\r\n";
        let content = [
            &content[..4],
            &[u8::try_from(content.len() - 5).unwrap()],
            &content[5..],
        ]
        .concat();
        let found = call_status(&web, &none, &content).unwrap();
        assert_eq!((found.code, &found.message[..]), (16, &b"no"[..]));
        assert_eq!(call_status(&plain, &none, &content), None);
        assert_eq!(
            call_status(&section(&[("content-type", "text/plain")]), &status, b""),
            None
        );
    }

    #[test]
    fn trailers_stand_behind_the_messages() {
        let content = b"\0\0\0\0\x02hi\x80\0\0\0\x0fgrpc-status:16\r";
        assert_eq!(web_trailers(content), Some(&b"grpc-status:16\r"[..]));
        assert_eq!(web_trailers(b"\0\0\0\0\x02hi"), None);
        assert_eq!(web_trailers(b"\x80\0\0\0\x09x"), None);
        assert_eq!(web_trailers(b""), None);
    }
}
