//! The certificate authority of this machine, and the leaf certificates it mints.
//!
//! The key is made at first run, owner-only, and never leaves. Leaves live in memory only. Knows
//! nothing of origins: a fault in an origin's certificate is never repaired here.

mod authority;
mod leaf;

pub use authority::{Authority, CaError};
