//! The configuration: what the file says, what the flags say, and which of them counts.
//!
//! Only `cli` reads it; everybody else is handed the values it needs.

pub mod color;
pub mod entries;
pub mod environment;
pub mod exceptions;
pub mod fault;
pub mod file;
pub mod host;
mod layers;
pub mod limits;
pub mod listen;
pub mod load;
pub mod places;
pub mod proxies;
pub mod proxy_url;
mod reader;
pub mod reverse;
pub mod settings;
pub mod units;
