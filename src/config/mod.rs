//! The configuration: what the file says, what the flags say, and which of them counts.
//!
//! Only `cli` reads it; everybody else is handed the values it needs.

pub mod file;
pub mod load;
pub mod settings;
pub mod units;
