//! Records what the proxy path hands over: history, failures, requests to learn from, the store.
//!
//! [`start`] gives the [`Recorder`] that connections hold, the [`Writer`] that owns the one thread
//! which writes, and the notices of what has become durable. The proxy path never waits for the store:
//! a failure goes to a bounded queue, anything else to a ring in memory. Of what got a 2xx the newest of
//! each route and client is learned (learning.rs).
//!
//! Knows no verdict and no text for people.

pub mod recorder;
pub mod seal;
pub mod store;
pub mod trigger;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

mod batch;
mod entry;
mod history;
mod kind;
mod learning;
mod plain;
mod queue;
mod settings;
mod snapshot;
mod watch;
mod writer;

pub use recorder::{Counts, Recorder, start};
pub use settings::{Clock, Settings};
pub use watch::RequestKey;
pub use writer::{Notice, Recorded, Writer};
