//! A small API and clients that it refuses, over real sockets: what `why401 demo` puts the proxy between.
//!
//! Knows requests and answers only. Why a request is refused is for the engine to find out, from what
//! passed, as with any other API.

mod api;
mod clients;

pub use api::{Api, Rules};
pub use clients::{Call, calls};
