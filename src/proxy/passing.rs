//! What passes in an exchange of the message relay: both gates, and how far the exchange has come.

use super::flow::{Passage, Shown};
use super::in_order::InOrder;
use super::{Limits, refuse};
use crate::model::{ContentEnd, Side};
use crate::wire::head::{Head, StatusLine};
use crate::wire::http1::{Decoder, Event, Framing};

/// What is known of the exchange in progress.
pub(super) struct Progress {
    pub(super) client: Client,
    pub(super) response: Phase,
    pub(super) afterwards: Afterwards,
    /// A message is refused: nothing more of it may pass.
    pub(super) broken: Option<Broken>,
    /// Whether the request asks for another protocol (RFC 9110 section 7.8).
    asks_for_upgrade: bool,
    limits: Limits,
}

/// A message that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// Who sent it.
    pub(super) side: Side,
    /// What is wrong with it.
    pub(super) fault: &'static str,
}

/// How far the client's direction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    /// The request is not over.
    Sending,
    /// The request is over.
    Waiting,
    /// The client sends nothing more; the origin has still to be told.
    Leaving,
    /// The client sends nothing more, and the origin knows.
    Left,
}

/// How far the response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing of it has gone to the client.
    Awaited,
    Passing,
    Over,
}

/// What becomes of the connections when the exchange is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    KeptOpen,
    Closed,
    /// They carry something else from here on (101).
    Upgraded,
}

impl Progress {
    pub(super) fn new(request: &Head, limits: Limits) -> Self {
        let mut progress = Self {
            client: Client::Sending,
            response: Phase::Awaited,
            afterwards: Afterwards::KeptOpen,
            broken: None,
            asks_for_upgrade: has_upgrade(request),
            limits,
        };
        progress.close_if(wants_close(request));
        progress
    }

    pub(super) fn close_if(&mut self, close: bool) {
        if close && self.afterwards == Afterwards::KeptOpen {
            self.afterwards = Afterwards::Closed;
        }
    }

    /// Nothing more of the message passes.
    fn refuse(&mut self, side: Side, fault: &'static str) -> Passage {
        self.broken = Some(Broken { side, fault });
        Passage::none()
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.afterwards == Afterwards::Upgraded
    }

    pub(super) fn is_over(&self) -> bool {
        let response_over = self.response == Phase::Over;
        self.broken.is_some()
            || (response_over && (self.client != Client::Sending || self.is_upgraded()))
    }
}

/// The gate of the request's direction.
pub(super) fn pass_request(
    bytes: Option<&[u8]>,
    requests: &mut Decoder,
    exchanges: &mut InOrder,
    progress: &mut Progress,
) -> Passage {
    let Some(bytes) = bytes else {
        return Passage::all(&[]);
    };
    let mut rest = bytes;
    let over = loop {
        let (taken, event) = requests.decode(rest);
        rest = rest.get(taken..).unwrap_or_default();
        match event {
            Some(Event::Content(piece)) => exchanges.request_content(piece),
            Some(Event::End(trailers)) => {
                if let Some(fault) = fault_in(trailers.as_deref(), &progress.limits) {
                    return progress.refuse(Side::Client, fault);
                }
                exchanges.request_end(trailers);
                break true;
            }
            Some(Event::GaveUp(fault)) => return progress.refuse(Side::Client, fault),
            Some(Event::Head(_)) => {
                return progress.refuse(Side::Client, "another request begins in its midst");
            }
            None if rest.is_empty() => break false,
            None => {}
        }
    };
    Passage {
        bytes: bytes.len() - rest.len(),
        held: requests.unfinished(),
        message_over: over,
    }
}

/// The gate of the response's direction.
pub(super) fn pass_response(
    shown: Shown<'_>,
    responses: &mut Decoder,
    exchanges: &mut InOrder,
    progress: &mut Progress,
) -> Passage {
    let Some(bytes) = shown.bytes() else {
        if !shown.is_reset()
            && let Some(Event::End(_)) = responses.close()
        {
            exchanges.response_end(None, ContentEnd::Complete);
        }
        progress.close_if(true);
        return Passage::none();
    };
    let mut rest = bytes;
    let mut has_begun = false;
    let over = loop {
        let (taken, event) = responses.decode(rest);
        rest = rest.get(taken..).unwrap_or_default();
        match event {
            Some(Event::Head(head)) => {
                if let Err(fault) = refuse::response(&head, &progress.limits) {
                    return progress.refuse(Side::Upstream, fault);
                }
                if status(&head) == 101 && !progress.asks_for_upgrade {
                    return progress.refuse(Side::Upstream, UNASKED_UPGRADE);
                }
                has_begun |= responses.awaits_framing();
                response_head(head, responses, exchanges, progress);
                if progress.is_upgraded() {
                    break true;
                }
            }
            Some(Event::Content(piece)) => exchanges.response_content(piece),
            Some(Event::End(trailers)) => {
                if let Some(fault) = fault_in(trailers.as_deref(), &progress.limits) {
                    return progress.refuse(Side::Upstream, fault);
                }
                exchanges.response_end(trailers, ContentEnd::Complete);
                break true;
            }
            Some(Event::GaveUp(fault)) => return progress.refuse(Side::Upstream, fault),
            None if rest.is_empty() => break false,
            None => {}
        }
    };
    exchanges.settle();
    if has_begun {
        progress.response = Phase::Passing;
    }
    Passage {
        bytes: bytes.len() - rest.len(),
        held: responses.unfinished(),
        message_over: over,
    }
}

fn fault_in(trailers: Option<&[u8]>, limits: &Limits) -> Option<&'static str> {
    refuse::trailers(trailers?, limits).err()
}

fn response_head(
    head: Head,
    responses: &mut Decoder,
    exchanges: &mut InOrder,
    progress: &mut Progress,
) {
    let status = status(&head);
    let close = wants_close(&head);
    let answers = exchanges.response(head, status);
    if !responses.awaits_framing() {
        return;
    }
    responses.frame_response(answers);
    progress.close_if(close || responses.framing() == Framing::UntilClose);
    if !responses.is_following() {
        exchanges.upgraded();
        progress.afterwards = Afterwards::Upgraded;
    }
}

/// It would hand the client's connection, and all that follows on it, to this origin.
const UNASKED_UPGRADE: &str = "a 101 to a request without Upgrade";

fn status(head: &Head) -> u16 {
    StatusLine::parse(head.start_line()).map_or(0, |line| line.status)
}

fn has_upgrade(head: &Head) -> bool {
    let mut lines = head.field_lines();
    lines.any(|(name, _)| name.eq_ignore_ascii_case(b"upgrade"))
}

/// Whether the sender closes the connection after this message (RFC 9112 section 9.3).
fn wants_close(head: &Head) -> bool {
    let option = |name: &str| {
        let mut lines = head
            .field_lines()
            .filter(|(key, _)| key.eq_ignore_ascii_case(b"connection"));
        lines.any(|(_, value)| {
            value
                .split(|b| *b == b',')
                .any(|o| o.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        })
    };
    let line = head.start_line();
    let is_1_0 = line.ends_with(b"HTTP/1.0") || line.starts_with(b"HTTP/1.0");
    option("close") || (is_1_0 && !option("keep-alive"))
}
