//! The store: SQLite in the data folder, what it holds as received is sealed.
//!
//! Commands of another process read and change it while a `run` records into it; SQLite's
//! write-ahead log keeps them apart. Nothing in here knows traffic, verdicts or texts for people.

mod baselines;
mod cases;
mod error;
mod folder;
mod learned;
mod open;
mod rows;
mod schema;
mod write;

pub use baselines::BaselineMark;
pub use cases::{RECOVERY_WINDOW, Verdict, state_at};
pub use error::{BaselineError, ResolveError, StoreError};
pub(crate) use learned::NewLearned;
pub use open::Store;
pub use rows::{Filter, Ref, Row};
pub(in crate::capture) use write::{NewFailure, Plain};

#[cfg(test)]
mod tests;
