//! Where a request head leads.

use super::pages::Page;
use super::refuse::{self, Refusal};
use super::reverse::{self, Reverse};
use super::{Shared, local_site};
use crate::model::{Entry, Origin, Scheme, Url};
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
    pub(super) destination: Destination,
}

/// What a request is for, and who says so.
pub(super) enum Destination {
    /// Its target, a whole URL.
    Named(Url),
    /// Reverse mode: all that names no host but ours.
    Fixed(Reverse),
}

impl Destination {
    /// The origin that the request goes to.
    pub(super) fn origin(&self) -> &Origin {
        match self {
            Self::Named(url) => &url.origin,
            Self::Fixed(reverse) => &reverse.origin,
        }
    }

    /// How the request came in.
    pub(super) fn entry(&self) -> Entry {
        match self {
            Self::Named(_) => Entry::AbsoluteForm,
            Self::Fixed(_) => Entry::Reverse,
        }
    }
}

/// Where a request head leads.
pub(super) fn route(head: Head, shared: &Shared) -> Next {
    match refuse::request(&head, &shared.limits).and_then(|()| target(&head)) {
        Ok(Target::Authority(origin)) => Next::Tunnel(origin, head),
        Ok(Target::Absolute(url)) if local_site::is_ours(&url.origin) => {
            Next::Answer(local_site::page_for(&head, &url, &shared.authority))
        }
        Ok(Target::Absolute(url)) => forward(head, Destination::Named(url)),
        Ok(Target::Origin) => match &shared.reverse {
            Some(reverse) if !reverse.takes(&head) => {
                Next::Answer(Page::refused(&reverse::foreign_host()))
            }
            Some(reverse) => forward(head, Destination::Fixed(reverse.clone())),
            None => Next::Answer(Page::directions()),
        },
        Err(refusal) => Next::Answer(Page::refused(&refusal)),
    }
}

fn forward(head: Head, destination: Destination) -> Next {
    Next::Forward(Wanted { head, destination })
}

/// The forms of a request target (RFC 9112 section 3.2).
enum Target {
    Authority(Origin),
    Absolute(Url),
    /// Origin form or asterisk form: no other host is named than the one it was sent to.
    Origin,
}

/// Whether a colon and digits end it; the colons of an IPv6 address stand in brackets.
fn has_port(authority: &[u8]) -> bool {
    let digits = authority.iter().rev().take_while(|b| b.is_ascii_digit());
    let digits = digits.count();
    let before = authority.len() - digits;
    digits > 0 && authority.get(..before).is_some_and(|it| it.ends_with(b":"))
}

fn target(head: &Head) -> Result<Target, Refusal> {
    let line = RequestLine::parse(head.start_line())
        .ok_or(refuse::bad("its first line is no request line"))?;
    if line.method == b"CONNECT" {
        return match Origin::parse(Scheme::Https, line.target) {
            Ok(origin) if has_port(line.target) => Ok(Target::Authority(origin)),
            _ => Err(refuse::bad("the target of CONNECT is not host:port")),
        };
    }
    if line.target.starts_with(b"/") || line.target == b"*" {
        return Ok(Target::Origin);
    }
    let url = Url::parse(line.target)
        .map_err(|_error| refuse::bad("its target is no http or https URL"))?;
    if url.userinfo.is_some() {
        return Err(refuse::bad(
            "its target holds a user name or password, which belong into Authorization",
        ));
    }
    Ok(Target::Absolute(url))
}
