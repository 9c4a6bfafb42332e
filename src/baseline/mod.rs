//! Which known-good request a failing one is compared with, and how far to trust it.
//!
//! Pure: the candidates and the time are arguments.

mod choose;
mod learned;
pub mod route;
mod varying;

#[cfg(test)]
mod sample;

pub use choose::{choose, in_words};
pub use learned::choose_among;
