//! What the proxy path holds: hands exchanges over without ever waiting for the store.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::model::{Exchange, ExchangeId, Origin, Timestamp};
use crate::wire::head::Head;

/// An exchange that passed and was no failure; goes to the history ring.
#[derive(Debug)]
pub struct Passed {
    /// When the request head was complete.
    pub at: Timestamp,
    /// When the response ended, in microseconds after `at`.
    pub duration: u64,
    /// The client's address.
    pub client: SocketAddr,
    /// The running number of the client connection.
    pub connection: u64,
    /// Where it went.
    pub origin: Arc<Origin>,
    /// The request head as sent.
    pub request: Head,
    /// The response head as received.
    pub response: Head,
    /// The response's status.
    pub status: u16,
    /// The content of a token response, up to the capture limit; `None` for all others.
    pub token_content: Option<Vec<u8>>,
}

/// How much of a failing exchange is known when it is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The response head is known, its content is still passing.
    HeadKnown,
    /// The exchange has ended. A `HeadKnown` of the same id may have come before.
    Ended,
}

/// The recorder, shared by all connections.
#[derive(Clone, Debug)]
pub struct Recorder {}

impl Recorder {
    /// The time, by the clock this process was started with.
    pub fn now(&self) -> Timestamp {
        unimplemented!()
    }

    /// An id for an exchange.
    pub fn next_id(&self, _at: Timestamp) -> ExchangeId {
        unimplemented!()
    }

    /// How many bytes of a message's content are kept.
    pub fn content_limit(&self) -> usize {
        unimplemented!()
    }

    /// Takes that many bytes from the process-wide budget for captured content in flight; `false` when
    /// it is spent. Give them back with [`Recorder::release_content`].
    pub fn reserve_content(&self, _bytes: usize) -> bool {
        unimplemented!()
    }

    /// Gives back what [`Recorder::reserve_content`] took.
    pub fn release_content(&self, _bytes: usize) {
        unimplemented!()
    }

    /// An exchange that is no failure. Never blocks; under load it is dropped and counted.
    pub fn passed(&self, _passed: Passed) {
        unimplemented!()
    }

    /// A failing exchange (a recorded status, or [`crate::model::Outcome::Failure`]). Never blocks.
    ///
    /// # Errors
    /// Gives the exchange back when the budget for failures waiting for the store is spent: wait for
    /// [`Recorder::room`], at most a second, then count it with [`Recorder::lose`].
    pub fn failed(
        &self,
        _exchange: Box<Exchange>,
        _progress: Progress,
    ) -> Result<(), Box<Exchange>> {
        unimplemented!()
    }

    /// Waits until [`Recorder::failed`] may succeed again.
    pub async fn room(&self) {
        unimplemented!()
    }

    /// Counts a failure that could not be kept: said loudly.
    pub fn lose(&self) {
        unimplemented!()
    }

    /// A direction of a connection that is not decoded from here on; its bytes flow on.
    pub fn not_decoded(&self, _origin: &Origin, _reason: &'static str) {
        unimplemented!()
    }
}
