//! Which known-good request a failing one is compared with, and how far to trust it.
//!
//! Pure: the candidates and the time are arguments.

mod choose;
mod learned;
pub mod route;
mod shelf;
mod varying;

#[cfg(test)]
mod sample;

pub use learned::choose_among;
pub use shelf::Shelf;
