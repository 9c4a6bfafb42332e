//! Where a request head leads.

use super::Limits;
use super::pages::Page;
use super::refuse::{self, Refusal};
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
pub(super) fn route(head: Head, limits: &Limits) -> Next {
    match refuse::request(&head, limits).and_then(|()| destination(&head)) {
        Ok(Destination::Tunnel(origin)) => Next::Tunnel(origin, head),
        Ok(Destination::Resource(url)) => Next::Forward(Wanted { head, url }),
        Ok(Destination::Ourselves) => Next::Answer(Page::directions()),
        Err(refusal) => Next::Answer(Page::refused(&refusal)),
    }
}

enum Destination {
    Tunnel(Origin),
    Resource(Url),
    /// The request names no other host than the one it was sent to.
    Ourselves,
}

fn destination(head: &Head) -> Result<Destination, Refusal> {
    let line = RequestLine::parse(head.start_line())
        .ok_or(refuse::bad("its first line is no request line"))?;
    if line.method == b"CONNECT" {
        return match Origin::parse(Scheme::Https, line.target) {
            Ok(origin) if line.target.last().is_some_and(u8::is_ascii_digit) => {
                Ok(Destination::Tunnel(origin))
            }
            _ => Err(refuse::bad("the target of CONNECT is not host:port")),
        };
    }
    if line.target.starts_with(b"/") || line.target == b"*" {
        return Ok(Destination::Ourselves);
    }
    let url = Url::parse(line.target)
        .map_err(|_error| refuse::bad("its target is no http or https URL"))?;
    if url.userinfo.is_some() {
        return Err(refuse::bad(
            "its target holds a user name or password, which belong into Authorization",
        ));
    }
    Ok(Destination::Resource(url))
}
