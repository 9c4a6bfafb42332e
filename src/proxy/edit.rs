//! The edits of the message relay, all of them: target to origin form, `Host` set to the target,
//! `Proxy-Authorization` and `Proxy-Connection` removed. Every other byte of the head stays.

use super::route::Destination;
use crate::model::{Note, Url};
use crate::wire::head::{Head, RequestLine};

/// A head as the origin receives it, and what a reader must know of the edits.
pub(super) struct Edited {
    pub(super) head: Head,
    pub(super) notes: Vec<Note>,
}

/// Makes the head of a request into one for the origin that it goes to.
pub(super) fn for_origin(head: &Head, destination: &Destination) -> Edited {
    let start = head.start_line();
    let target = RequestLine::parse(start)
        .map(|line| line.target)
        .unwrap_or_default();
    let mut bytes = Vec::with_capacity(head.bytes().len());
    let mut notes = Vec::new();
    let own_authority = destination.origin().authority().into_bytes();
    let authority = match destination {
        Destination::Named(url) => {
            push_request_line(&mut bytes, start, target, url);
            Some(authority_of(target))
        }
        Destination::Fixed(reverse) => {
            bytes.extend_from_slice(start);
            bytes.extend_from_slice(b"\r\n");
            (!reverse.keep_host).then_some(&own_authority[..])
        }
    };
    let mut has_host = false;
    for (name, value) in head.field_lines() {
        if name.eq_ignore_ascii_case(b"proxy-connection") {
            continue;
        }
        if name.eq_ignore_ascii_case(b"proxy-authorization") {
            notes.push(Note::ProxyAuthorizationRemoved);
            continue;
        }
        let is_host = name.eq_ignore_ascii_case(b"host");
        has_host |= is_host;
        let host = value.trim_ascii();
        let names_it = |authority: &[u8]| {
            // As written but for letter case, or once the default port is left out.
            host.eq_ignore_ascii_case(authority) || host.eq_ignore_ascii_case(&own_authority)
        };
        match authority.filter(|authority| is_host && !names_it(authority)) {
            Some(authority) => {
                notes.push(Note::HostReplaced);
                push_line(&mut bytes, name, &[b" ", authority].concat());
            }
            None => push_line(&mut bytes, name, value),
        }
    }
    if let Some(authority) = authority.filter(|_| !has_host) {
        // HTTP/1.0 may leave it out; the origin still has to know which host was asked for.
        push_line(&mut bytes, b"Host", &[b" ", authority].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    Edited {
        head: Head::new(bytes),
        notes,
    }
}

fn push_request_line(bytes: &mut Vec<u8>, start: &[u8], target: &[u8], url: &Url) {
    let parts: Vec<&[u8]> = start.splitn(2, |b| *b == b' ').collect();
    let method = parts.first().copied().unwrap_or_default();
    let version = start.rsplit(|b| *b == b' ').next().unwrap_or_default();
    bytes.extend_from_slice(method);
    bytes.push(b' ');
    // A server-wide OPTIONS has no path in absolute form (RFC 9112 section 3.2.4).
    let is_bare = target.as_ptr_range().end == authority_of(target).as_ptr_range().end;
    if method == b"OPTIONS" && is_bare {
        bytes.push(b'*');
    } else {
        bytes.extend_from_slice(&url.path_and_query());
    }
    bytes.push(b' ');
    bytes.extend_from_slice(version);
    bytes.extend_from_slice(b"\r\n");
}

fn push_line(bytes: &mut Vec<u8>, name: &[u8], raw_value: &[u8]) {
    bytes.extend_from_slice(name);
    bytes.push(b':');
    bytes.extend_from_slice(raw_value);
    bytes.extend_from_slice(b"\r\n");
}

/// The authority in an absolute-form target, as written.
fn authority_of(target: &[u8]) -> &[u8] {
    let start = target
        .windows(3)
        .position(|w| w == b"://")
        .map_or(0, |at| at + 3);
    let rest = target.get(start..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|b| matches!(b, b'/' | b'?' | b'#'))
        .unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::reverse::Reverse;
    use super::*;
    use crate::model::{Origin, Scheme};

    fn edited(head: &str) -> (String, Vec<Note>) {
        let head = Head::new(head.as_bytes());
        let line = RequestLine::parse(head.start_line()).unwrap();
        let url = Url::parse(line.target).unwrap();
        texts(for_origin(&head, &Destination::Named(url)))
    }

    fn texts(edited: Edited) -> (String, Vec<Note>) {
        (
            String::from_utf8(edited.head.bytes().to_vec()).unwrap(),
            edited.notes,
        )
    }

    #[test]
    fn only_the_listed_edits_are_made() {
        let (head, notes) = edited(
            "GET http://A.test:80/x?y HTTP/1.1\r\nX-b:  2 \r\nhOST:a.test\r\nProxy-Connection: keep-alive\r\nConnection: close\r\nx-B:3\r\n\r\n",
        );
        assert_eq!(
            head,
            "GET /x?y HTTP/1.1\r\nX-b:  2 \r\nhOST:a.test\r\nConnection: close\r\nx-B:3\r\n\r\n"
        );
        assert_eq!(notes, []);
    }

    #[test]
    fn what_was_removed_or_replaced_is_noted() {
        let (head, notes) = edited(
            "GET http://a.test HTTP/1.1\r\nHost: b.test\r\nProxy-Authorization: Basic x\r\n\r\n",
        );
        assert_eq!(head, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        assert_eq!(notes, [Note::HostReplaced, Note::ProxyAuthorizationRemoved]);
    }

    #[test]
    fn a_missing_host_is_added_and_a_server_wide_options_stays_one() {
        assert_eq!(
            edited("GET http://a/ HTTP/1.0\r\n\r\n").0,
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n"
        );
        let options = "OPTIONS http://a:81 HTTP/1.1\r\nHost: a:81\r\n\r\n";
        assert_eq!(
            edited(options).0,
            "OPTIONS * HTTP/1.1\r\nHost: a:81\r\n\r\n"
        );
        let of_a_path = "OPTIONS http://a/a HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(
            edited(of_a_path).0,
            "OPTIONS /a HTTP/1.1\r\nHost: a\r\n\r\n"
        );
    }

    #[test]
    fn in_reverse_mode_only_the_host_is_edited_and_that_only_unless_it_is_to_be_kept() {
        let edited = |keep_host, head: &str| {
            let reverse = Reverse {
                origin: Origin::parse(Scheme::Https, b"api.test").unwrap(),
                keep_host,
            };
            texts(for_origin(
                &Head::new(head.as_bytes()),
                &Destination::Fixed(reverse),
            ))
        };
        let sent = "GET //x@y/a?b#c HTTP/1.1\r\nA:  1 \r\nHost:  localhost:4010\r\nProxy-Connection: x\r\n\r\n";
        let (head, notes) = edited(false, sent);
        assert_eq!(
            head,
            "GET //x@y/a?b#c HTTP/1.1\r\nA:  1 \r\nHost: api.test\r\n\r\n"
        );
        assert_eq!(notes, [Note::HostReplaced]);
        let (head, notes) = edited(true, sent);
        assert_eq!(
            head,
            "GET //x@y/a?b#c HTTP/1.1\r\nA:  1 \r\nHost:  localhost:4010\r\n\r\n"
        );
        assert_eq!(notes, []);
        let same = "OPTIONS * HTTP/1.1\r\nHost: API.test\r\n\r\n";
        assert_eq!(edited(false, same), (same.to_owned(), vec![]));
        let without = "GET / HTTP/1.0\r\n\r\n";
        let with = "GET / HTTP/1.0\r\nHost: api.test\r\n\r\n";
        assert_eq!(edited(false, without), (with.to_owned(), vec![]));
        assert_eq!(edited(true, without), (without.to_owned(), vec![]));
    }
}
