//! HTTP/1 read along.

use std::task::{Context, Poll};

use crate::model::{ContentEnd, Peer};
use crate::proxy::HEAD_LIMIT;
use crate::proxy::exchanges::Exchanges;
use crate::proxy::in_order::InOrder;
use crate::wire::head::{Head, StatusLine};
use crate::wire::http1::{Decoder, Event, Role};

/// Both decoders of a connection and the exchanges they make out.
pub(in crate::proxy) struct Http1 {
    requests: Decoder,
    responses: Decoder,
    exchanges: InOrder,
}

impl Http1 {
    pub(super) fn new(exchanges: InOrder) -> Self {
        Self {
            requests: Decoder::new(Role::Requests, HEAD_LIMIT),
            responses: Decoder::new(Role::Responses, HEAD_LIMIT),
            exchanges,
        }
    }

    /// For a connection that has ceased to carry HTTP/1.
    pub(super) fn stopped(exchanges: InOrder) -> Self {
        let mut http1 = Self::new(exchanges);
        http1.requests.stop();
        http1.responses.stop();
        http1
    }

    /// Bytes on their way to the origin; `None` when the client has ended.
    pub(super) fn sent_by_client(&mut self, bytes: Option<&[u8]>) {
        let Some(mut rest) = bytes else { return };
        while self.requests.is_following() {
            let (taken, event) = self.requests.decode(rest);
            rest = rest.get(taken..).unwrap_or_default();
            match event {
                Some(Event::Head(head)) => self.request(head),
                Some(Event::Content(piece)) => self.exchanges.request_content(piece),
                Some(Event::End(trailers)) => self.exchanges.request_end(trailers),
                Some(Event::GaveUp(reason)) => return self.give_up(reason),
                None if rest.is_empty() => return,
                None => {}
            }
        }
        self.exchanges.upgraded_bytes(Peer::Client, rest);
    }

    /// Bytes on their way to the client; `None` when the origin has ended.
    pub(super) fn sent_by_origin(&mut self, bytes: Option<&[u8]>) {
        let Some(mut rest) = bytes else {
            return self.origin_ended();
        };
        while self.responses.is_following() {
            let (taken, event) = self.responses.decode(rest);
            rest = rest.get(taken..).unwrap_or_default();
            match event {
                Some(Event::Head(head)) => self.response(head),
                Some(Event::Content(piece)) => self.exchanges.response_content(piece),
                Some(Event::End(trailers)) => {
                    self.exchanges.response_end(trailers, ContentEnd::Complete);
                }
                Some(Event::GaveUp(reason)) => return self.give_up(reason),
                None if rest.is_empty() => break,
                None => {}
            }
        }
        self.exchanges.upgraded_bytes(Peer::Origin, rest);
        self.exchanges.settle();
    }

    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.exchanges.poll_room(cx)
    }

    pub(super) fn exchanges(&mut self) -> &mut Exchanges {
        &mut self.exchanges.exchanges
    }

    fn request(&mut self, head: Head) {
        if !self.exchanges.request(head, Vec::new()) {
            self.give_up("too many requests wait for a response");
        }
    }

    fn response(&mut self, head: Head) {
        let status = StatusLine::parse(head.start_line()).map_or(0, |line| line.status);
        let answers = self.exchanges.response(head, status);
        if !self.responses.awaits_framing() {
            return;
        }
        self.responses.frame_response(answers);
        if !self.responses.is_following() {
            // 101, or a tunnel within: both directions carry something else from here on.
            self.exchanges.upgraded();
            self.requests.stop();
        }
    }

    fn origin_ended(&mut self) {
        if let Some(Event::End(_)) = self.responses.close() {
            self.exchanges.response_end(None, ContentEnd::Complete);
        }
        self.exchanges.end_of_connection(ContentEnd::CutOff);
    }

    fn give_up(&mut self, reason: &'static str) {
        self.requests.stop();
        self.responses.stop();
        self.exchanges.give_up(reason);
    }
}
