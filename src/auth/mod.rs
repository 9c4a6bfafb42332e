//! Reads authentication out of messages; judges nothing.

mod bare;
pub mod challenge;
mod challenge_reader;
#[cfg(test)]
mod challenge_tests;
pub mod cookie;
mod cookie_tables;
pub mod credentials;
pub mod decode;
pub mod fingerprint;
pub mod grpc;
pub mod inflate;
pub mod jwt;
mod name_tables;
pub mod names;
pub mod percent;
mod shape;
pub mod stated;
mod stated_html;
mod stated_json;
mod vendors;
