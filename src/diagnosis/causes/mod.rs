//! The causes that can be named: what is known of each apart from its test.

#[cfg(test)]
mod page;
mod row;
mod table;

pub use row::{Cause, Class, Grade, Needs, Strength, Veto};
pub use table::CAUSES;
