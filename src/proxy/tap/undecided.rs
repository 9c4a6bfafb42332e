//! A connection whose first bytes have not told yet whether it is HTTP/1 or HTTP/2.
//!
//! The bytes decide, not the protocol that TLS agreed on: it is what the peers will go by as well.

use super::Tap;
use super::http1::Http1;
use super::http2::Http2;
use crate::proxy::exchanges::Exchanges;
use crate::proxy::in_order::InOrder;
use crate::proxy::streams::Streams;
use crate::wire::http2::{Preface, preface};

/// What has passed so far, and the exchanges to come.
pub(in crate::proxy) struct Undecided {
    exchanges: Option<Exchanges>,
    from_client: Vec<u8>,
    from_origin: Vec<u8>,
}

/// What an HTTP/2 origin may say before its client has said a word is not longer than this.
const ORIGIN_FIRST_LIMIT: usize = 16 * 1024;

impl Undecided {
    pub(super) fn new(exchanges: Exchanges) -> Self {
        Self {
            exchanges: Some(exchanges),
            from_client: Vec::new(),
            from_origin: Vec::new(),
        }
    }

    pub(super) fn sent_by_client(&mut self, bytes: Option<&[u8]>) -> Option<Tap> {
        self.from_client.extend_from_slice(bytes?);
        match preface(&self.from_client) {
            Preface::Undecided => None,
            Preface::Yes => {
                self.decide(|exchanges| Tap::Http2(Box::new(Http2::new(Streams::new(exchanges)))))
            }
            Preface::No => self.http1(),
        }
    }

    pub(super) fn sent_by_origin(&mut self, bytes: Option<&[u8]>) -> Option<Tap> {
        let Some(bytes) = bytes else {
            let mut tap = self.http1()?;
            tap.sent_by_origin(None);
            return Some(tap);
        };
        self.from_origin.extend_from_slice(bytes);
        let may_be_http2 =
            self.from_origin.len() <= ORIGIN_FIRST_LIMIT && begins_settings(&self.from_origin);
        if may_be_http2 { None } else { self.http1() }
    }

    fn http1(&mut self) -> Option<Tap> {
        self.decide(|exchanges| Tap::Http1(Http1::new(InOrder::new(exchanges))))
    }

    /// Shows the tap that was decided on all that has passed.
    fn decide(&mut self, tap: impl FnOnce(Exchanges) -> Tap) -> Option<Tap> {
        let mut tap = tap(self.exchanges.take()?);
        tap.sent_by_client(Some(&self.from_client));
        if !self.from_origin.is_empty() {
            tap.sent_by_origin(Some(&self.from_origin));
        }
        Some(tap)
    }
}

/// Whether bytes are, as far as they go, the head of a SETTINGS frame on stream 0, with which an HTTP/2
/// origin begins (RFC 9113 section 3.4).
fn begins_settings(bytes: &[u8]) -> bool {
    const TYPE: usize = 3;
    bytes.iter().take(9).enumerate().all(|(at, byte)| match at {
        0 | 5..=8 => *byte == 0,
        TYPE => *byte == 4,
        _ => true,
    })
}
