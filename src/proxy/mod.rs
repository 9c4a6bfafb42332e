//! The data path: from an accepted connection to an origin and back.
//!
//! `connection.rs` names the stages in order. Knows no diagnosis, no report and no UI: what is worth
//! keeping goes to [`crate::capture::recorder::Recorder`], which never makes the path wait for a disk.

mod buffers;
mod connection;
mod edit;
mod exchanges;
mod first_bytes;
mod flow;
mod forward;
mod in_order;
mod kept;
mod limits;
mod listener;
mod local_site;
mod overheard;
mod own_http2;
mod own_tls;
mod pages;
mod passing;
mod path;
mod refuse;
mod relay;
mod reverse;
mod route;
#[cfg(test)]
mod sample;
mod socks;
mod stream;
mod streams;
mod tap;
#[cfg(test)]
mod tests;
mod tls;
mod transport;
mod tunnel;
#[cfg(test)]
mod unanswered_tests;
mod upstream;
mod waiting;
mod websocket;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::Semaphore;

pub use limits::Limits;
pub use listener::{Accepting, Listener};
pub use reverse::Reverse;

use crate::ca::Authority;
use crate::capture::recorder::Recorder;
use crate::net::Dialer;

/// What all connections share.
#[derive(Debug)]
pub struct Shared {
    /// Takes what is worth keeping.
    pub recorder: Recorder,
    /// Makes the certificates that clients see.
    pub authority: Authority,
    /// Reaches origins.
    pub dialer: Dialer,
    /// Bounds what a connection may take.
    pub limits: Limits,
    /// Where requests go that name no host but ours.
    reverse: Option<Reverse>,
    /// For each client connection, each tunnel within one, and each origin beyond a connection's first.
    room: Arc<Semaphore>,
    /// The number of the next client connection.
    connections: AtomicU64,
}

impl Shared {
    /// Brings the parts together.
    pub fn new(recorder: Recorder, authority: Authority, dialer: Dialer, limits: Limits) -> Self {
        Self {
            recorder,
            authority,
            dialer,
            limits,
            reverse: None,
            room: Arc::new(Semaphore::new(
                limits.connections.min(Semaphore::MAX_PERMITS),
            )),
            connections: AtomicU64::new(1),
        }
    }

    /// Sends requests that name no host but ours to that origin.
    #[must_use]
    pub fn with_reverse(self, reverse: Option<Reverse>) -> Self {
        Self { reverse, ..self }
    }
}

/// In a tunnel heads of this length are read, their field lines and start lines together.
const HEAD_LIMIT: usize = 512 * 1024;
