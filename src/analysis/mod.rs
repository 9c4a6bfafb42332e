//! The worker between the store and the front ends: a failure becomes a Case with a baseline and a
//! verdict, and only then it is announced.
//!
//! [`start`] runs the worker beside the recorder; [`explain`] gives any process the same answer later,
//! from the store alone. Knows no traffic and no text for people.

mod event;
mod explain;
mod judge;
mod ledger;
mod worker;

#[cfg(test)]
mod replay_tests;

#[cfg(test)]
mod tests;

pub use event::Event;
pub use explain::{ExplainError, explain};
pub use worker::{Analysis, start};
