//! Reads authentication out of messages; judges nothing.

pub mod challenge;
pub mod cookie;
pub mod credentials;
pub mod decode;
pub mod fingerprint;
pub mod jwt;
mod name_tables;
pub mod names;
pub mod percent;
mod shape;
pub mod stated;
