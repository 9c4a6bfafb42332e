//! HTTP/2: each exchange is a stream (RFC 9113 section 8.1).

use std::task::{Context, Poll};

use super::exchanges::Exchanges;
use crate::model::{ContentEnd, Peer};
use crate::wire::field_block::FieldBlock;
use crate::wire::http2::Sender;
use crate::wire::message::{MessageHead, Trailers};

/// The exchanges of a connection that carries many at once.
pub(super) struct Streams {
    pub(super) exchanges: Exchanges,
    /// The highest stream that a request has opened.
    last: u32,
}

impl Streams {
    pub(super) fn new(exchanges: Exchanges) -> Self {
        Self { exchanges, last: 0 }
    }

    /// A field section has passed: a head, or trailers. `false` when too many requests wait for an
    /// answer to follow on.
    pub(super) fn fields(
        &mut self,
        from: Sender,
        stream: u32,
        fields: FieldBlock,
        end: bool,
    ) -> bool {
        match from {
            Sender::Client => self.request(stream, fields, end),
            Sender::Origin => {
                self.response(stream, fields, end);
                true
            }
        }
    }

    /// A piece of content.
    pub(super) fn content(&mut self, from: Sender, stream: u32, piece: &[u8], end: bool) {
        let key = u64::from(stream);
        if self.exchanges.is_websocket(key) {
            self.exchanges.websocket_bytes(key, peer(from), piece);
            // Its stream is done when the origin has ended it; the client may do so before.
            return self.end_response_if(end && from == Sender::Origin, key);
        }
        match from {
            Sender::Client => {
                self.exchanges.request_content(key, piece);
                self.end_request_if(end, key);
            }
            Sender::Origin => {
                self.exchanges.response_content(key, piece);
                self.end_response_if(end, key);
            }
        }
    }

    /// The stream was reset by either side: what came of its response is kept. A client that cancels a
    /// request knows why; an origin that resets an unanswered one tells its client.
    pub(super) fn reset(&mut self, stream: u32) {
        let key = u64::from(stream);
        self.exchanges.response_end(key, None, ContentEnd::CutOff);
        self.exchanges.forget(key);
    }

    /// A field section is longer than the limit; what follows it can be read.
    pub(super) fn oversized(&mut self, from: Sender, stream: u32, end: bool) {
        self.exchanges
            .skip("a field section is longer than the limit");
        let key = u64::from(stream);
        match from {
            Sender::Client if stream > self.last => self.last = stream,
            Sender::Client => self.end_request_if(end, key),
            Sender::Origin if self.exchanges.is_answered(key) => self.end_response_if(end, key),
            Sender::Origin => self.exchanges.forget(key),
        }
    }

    /// See [`Exchanges::settle`].
    pub(super) fn settle(&mut self) {
        self.exchanges.settle();
    }

    /// See [`Exchanges::give_up`].
    pub(super) fn give_up(&mut self, reason: &'static str) {
        self.exchanges.give_up(reason);
    }

    /// See [`Exchanges::end_of_connection`].
    pub(super) fn end_of_connection(&mut self, end: ContentEnd) {
        self.exchanges.end_of_connection(end);
    }

    /// See [`Exchanges::poll_room`].
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.exchanges.poll_room(cx)
    }

    fn request(&mut self, stream: u32, fields: FieldBlock, end: bool) -> bool {
        let key = u64::from(stream);
        if stream <= self.last {
            // Trailers, of a request whose response may have ended already.
            if end {
                self.exchanges
                    .request_end(key, Some(Trailers::Fields(fields)));
            }
            return true;
        }
        self.last = stream;
        let follows = self
            .exchanges
            .request(key, MessageHead::Fields(fields), Vec::new());
        self.end_request_if(end, key);
        follows
    }

    fn response(&mut self, stream: u32, fields: FieldBlock, end: bool) {
        let key = u64::from(stream);
        if self.exchanges.is_answered(key) {
            let trailers = Some(Trailers::Fields(fields));
            self.exchanges
                .response_end(key, trailers, ContentEnd::Complete);
            return;
        }
        let head = MessageHead::Fields(fields);
        if let Some(status) = head.status() {
            self.exchanges.response(key, head, status);
            self.exchanges.become_websocket(key);
            self.end_response_if(end, key);
        }
    }

    fn end_request_if(&mut self, end: bool, key: u64) {
        if end {
            self.exchanges.request_end(key, None);
        }
    }

    fn end_response_if(&mut self, end: bool, key: u64) {
        if end {
            self.exchanges.response_end(key, None, ContentEnd::Complete);
        }
    }
}

fn peer(sender: Sender) -> Peer {
    match sender {
        Sender::Client => Peer::Client,
        Sender::Origin => Peer::Origin,
    }
}
