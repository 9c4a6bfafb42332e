//! The command line: the only place that wires the parts together.
//!
//! Commands decide nothing about authentication. They open the store, ask the pure functions and
//! hand the answer to `report`; every error becomes a [`problem::Problem`] with a hint, and every
//! byte of output passes [`output`].

pub mod args;
pub mod clock;
pub mod exit;
pub mod output;
pub mod problem;

mod advice;
mod announce;
mod child;
mod client_certificates;
mod commands;
mod committed;
mod context;
mod entry;
mod git_index;
mod input;
mod lan;
mod limits;
mod notices;
mod requests;
mod running;
#[cfg(test)]
mod sample;
mod signals;
mod startup;
mod ways_out;

pub use entry::main;
