//! Where a request head leads.

use super::pages::Page;
use super::refuse;
use crate::model::{Origin, Scheme, Url};
use crate::wire::head::{Head, RequestLine};

/// What a client wants next.
pub(super) enum Next {
    /// A request to forward.
    Forward(Wanted),
    /// A tunnel to that origin; the head that asked for it.
    Tunnel(Origin, Head),
    /// Nothing that can be forwarded: say so and close.
    Answer(Page),
    /// The client has gone, or speaks something else.
    Over,
}

/// A request to forward, and where.
pub(super) struct Wanted {
    pub(super) head: Head,
    pub(super) url: Url,
}

/// Where a request head leads.
pub(super) fn route(head: Head) -> Next {
    let Some(line) = RequestLine::parse(head.start_line()) else {
        return Next::Over;
    };
    if line.method == b"CONNECT" {
        return match Origin::parse(Scheme::Https, line.target) {
            Ok(origin) if line.target.last().is_some_and(u8::is_ascii_digit) => {
                Next::Tunnel(origin, head)
            }
            _ => Next::Answer(Page::refusal(
                400,
                "Bad Request",
                "The target of CONNECT is not host:port.",
            )),
        };
    }
    let url = match Url::parse(line.target) {
        Ok(url) => url,
        Err(_) if line.target.starts_with(b"/") || line.target == b"*" => {
            return Next::Answer(Page::directions());
        }
        Err(_) => {
            let sentence = "The request target is no http or https URL.";
            return Next::Answer(Page::refusal(400, "Bad Request", sentence));
        }
    };
    if url.userinfo.is_some() {
        let sentence = "The target holds a user name or password: send them in Authorization.";
        return Next::Answer(Page::refusal(400, "Bad Request", sentence));
    }
    match refuse::check(&head) {
        Ok(()) => Next::Forward(Wanted { head, url }),
        Err(refusal) => Next::Answer(Page::refusal(
            refusal.status,
            refusal.reason,
            refusal.sentence,
        )),
    }
}
