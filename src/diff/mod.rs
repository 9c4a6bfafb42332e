//! How a failing request differs from a known-good one, as data.
//!
//! Real values are compared and given back: masking is the reader's duty (`redact`). Notes are in
//! our own words and hold no secret. Nothing here judges; `diagnosis` does.

mod align;
mod body;
mod compare;
mod cookies;
mod credential;
mod difference;
mod fields;
mod noise;
mod query;
mod segments;
mod token;
mod url;

#[cfg(test)]
mod tests;

pub use align::diff;
pub use difference::{Difference, Kind, Where};
pub use segments::{Segment, segments};
