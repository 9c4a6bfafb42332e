//! TLS towards origins.

mod fault;
mod parameters;
mod roots;
mod unverified;
mod upstream;

pub(crate) use parameters::parameters;
pub use roots::RootsError;
pub use upstream::{Secured, UpstreamTls};
