//! The kit of the end-to-end tests: a real origin, the real binary, real clients.
//!
//! Everything listens on port 0 of the loopback interface, every wait has a deadline, and every
//! child process belongs to a value that ends it.

pub mod binary;
pub mod browser;
pub mod canaries;
pub mod clients;
pub mod frames;
pub mod normalise;
pub mod ntlm;
pub mod openssl;
pub mod origin;
mod origin_http2;
pub mod peers;
pub mod pki;
#[expect(dead_code, reason = "other test programs use all of it")]
pub mod random;
pub mod script;
pub mod tokens;
pub mod tunnel;
pub mod upstream_proxy;
pub mod wait;
pub mod ways;
pub mod web_server;
