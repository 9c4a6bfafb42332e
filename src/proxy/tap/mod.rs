//! Reads along on a relayed connection: feeds the decoders and tells what they saw.

mod http1;
mod http2;
#[cfg(test)]
mod tests;
mod undecided;

use std::io;
use std::task::{Context, Poll};

use self::http1::Http1;
use self::http2::Http2;
use self::undecided::Undecided;
use super::exchanges::Exchanges;
use super::in_order::InOrder;
use crate::wire::http2::Sender;

/// What a connection carries, and the exchanges that can be made out in it.
pub(super) enum Tap {
    /// Its first bytes have still to tell.
    Undecided(Undecided),
    Http1(Http1),
    Http2(Box<Http2>),
}

impl Tap {
    /// A tap on a connection whose first bytes tell what it carries.
    pub(super) fn new(exchanges: Exchanges) -> Self {
        Self::Undecided(Undecided::new(exchanges))
    }

    /// A tap on a connection that has ceased to carry HTTP.
    pub(super) fn of_something_else(exchanges: InOrder) -> Self {
        Self::Http1(Http1::stopped(exchanges))
    }

    /// Bytes on their way to the origin; `None` when the client has ended.
    pub(super) fn sent_by_client(&mut self, bytes: Option<&[u8]>) {
        match self {
            Self::Undecided(undecided) => {
                if let Some(decided) = undecided.sent_by_client(bytes) {
                    *self = decided;
                }
            }
            Self::Http1(http1) => http1.sent_by_client(bytes),
            Self::Http2(http2) => http2.sent(Sender::Client, bytes),
        }
    }

    /// Bytes on their way to the client; `None` when the origin has ended.
    pub(super) fn sent_by_origin(&mut self, bytes: Option<&[u8]>) {
        match self {
            Self::Undecided(undecided) => {
                if let Some(decided) = undecided.sent_by_origin(bytes) {
                    *self = decided;
                }
            }
            Self::Http1(http1) => http1.sent_by_origin(bytes),
            Self::Http2(http2) => http2.sent(Sender::Origin, bytes),
        }
    }

    /// The origin breaks the connection; to be told before its end. See [`Exchanges::origin_broke`].
    pub(super) fn origin_broke(&mut self, error: &io::Error) {
        match self {
            Self::Undecided(_) => {}
            Self::Http1(http1) => http1.exchanges().origin_broke(error),
            Self::Http2(http2) => http2.exchanges().origin_broke(error),
        }
    }

    /// See [`Exchanges::poll_room`].
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Undecided(_) => Poll::Ready(()),
            Self::Http1(http1) => http1.poll_room(cx),
            Self::Http2(http2) => http2.poll_room(cx),
        }
    }
}
