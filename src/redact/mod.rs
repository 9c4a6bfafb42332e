//! Decides what may leave the machine: secrets become names before anything is shown.
//!
//! [`Masker`] is the only door: it turns captured bytes into [`Masked`] text, and nothing else can
//! make that type. A mask has the form `‹kind:n len=…›`; equal secrets get the same number wherever
//! they stand, and what a comparison needs (scheme word, whitespace, quotes, illegal characters)
//! stays visible. Captured text can hold no `‹` or `›` of its own: a mask cannot be forged.
//!
//! This module knows names and shapes of secrets, and no report, store or terminal.

mod canvas;
mod claims;
mod content;
mod cookie;
mod encode;
mod escape;
mod field;
mod json;
mod known;
mod masker;
mod multipart;
mod name;
mod parameters;
mod peel;
mod secret;
mod shell;
mod sweep;
mod url;

#[cfg(test)]
mod leak_tests;
#[cfg(test)]
mod tests;

pub use canvas::Masked;
pub use masker::Masker;
