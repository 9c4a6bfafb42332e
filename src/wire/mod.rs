//! Reads HTTP out of passing bytes: push decoders without I/O, bytes in, events out.
//!
//! A decoder never changes or holds back a byte, and it knows nothing of connections, tasks or
//! what its events are used for.

pub mod field_block;
mod framing;
pub mod head;
mod hpack;
pub mod http1;
pub mod http2;
pub mod message;
pub mod websocket;

#[cfg(test)]
mod http1_tests;
