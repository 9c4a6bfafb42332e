//! A passive HTTP/2 decoder (RFC 9113): follows both directions of one connection.
//!
//! It accepts what peers accept, since it only watches: when the bytes cannot be followed any more
//! it gives up on both directions, says why, and stays silent. It keeps no state per stream.

mod decoder;
mod direction;
mod event;
mod frame;
mod preface;
mod table_limit;

#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod tests;

pub use decoder::Decoder;
pub use event::{Event, Limits, Sender};
pub use preface::{Preface, preface};
