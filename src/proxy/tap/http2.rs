//! HTTP/2 read along.

use std::task::{Context, Poll};

use crate::model::ContentEnd;
use crate::proxy::HEAD_LIMIT;
use crate::proxy::exchanges::Exchanges;
use crate::proxy::streams::Streams;
use crate::wire::http2::{Decoder, Event, Limits, Sender};

/// The decoder of a connection and the exchanges it makes out.
pub(in crate::proxy) struct Http2 {
    decoder: Decoder,
    streams: Streams,
}

/// The largest dynamic table that is followed, per direction.
const TABLE_LIMIT: usize = 1024 * 1024;

impl Http2 {
    pub(super) fn new(streams: Streams) -> Self {
        let limits = Limits {
            block: HEAD_LIMIT,
            table: TABLE_LIMIT,
        };
        Self {
            decoder: Decoder::new(limits),
            streams,
        }
    }

    /// Bytes on their way; `None` when their sender has ended.
    pub(super) fn sent(&mut self, from: Sender, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.decode(from, bytes),
            None if from == Sender::Origin => self.streams.end_of_connection(ContentEnd::CutOff),
            None => {}
        }
        self.streams.settle();
    }

    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.streams.poll_room(cx)
    }

    pub(super) fn exchanges(&mut self) -> &mut Exchanges {
        &mut self.streams.exchanges
    }

    fn decode(&mut self, from: Sender, mut rest: &[u8]) {
        while self.decoder.is_following() {
            let (taken, event) = self.decoder.decode(from, rest);
            rest = rest.get(taken..).unwrap_or_default();
            match event {
                Some(event) => self.see(from, event),
                None if rest.is_empty() => return,
                None => {}
            }
        }
    }

    fn see(&mut self, from: Sender, event: Event<'_>) {
        match event {
            Event::Fields {
                stream,
                fields,
                end_stream,
            } => {
                let follows = self.streams.fields(from, stream, fields, end_stream);
                if !follows {
                    self.give_up("too many requests wait for a response");
                }
            }
            Event::Content {
                stream,
                piece,
                end_stream,
            } => self.streams.content(from, stream, piece, end_stream),
            Event::Oversized { stream, end_stream } => {
                self.streams.oversized(from, stream, end_stream);
            }
            Event::Reset { stream, .. } => self.streams.reset(stream),
            // Requests that it leaves unanswered are reset, or end with the connection.
            Event::GoAway { .. } => {}
            Event::GaveUp(reason) => self.give_up(reason),
        }
    }

    fn give_up(&mut self, reason: &'static str) {
        self.decoder.stop();
        self.streams.give_up(reason);
    }
}
