//! why401 tells a developer why their request got a 401.

pub mod analysis;
pub mod auth;
pub mod baseline;
pub mod ca;
pub mod capture;
pub mod cli;
pub mod config;
#[cfg(test)]
mod cost;
pub mod demo;
pub mod diagnosis;
pub mod diff;
pub mod files;
pub mod import;
pub mod model;
pub mod net;
pub mod proxy;
pub mod redact;
pub mod report;
pub mod wire;
