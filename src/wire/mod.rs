//! Reads HTTP out of passing bytes: push decoders without I/O, bytes in, events out.
//!
//! A decoder never changes or holds back a byte, and it knows nothing of connections, tasks or
//! what its events are used for.

mod framing;
pub mod head;
pub mod http1;

#[cfg(test)]
mod http1_tests;
