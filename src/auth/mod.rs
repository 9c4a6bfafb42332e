//! Reads authentication out of messages; judges nothing.

pub mod challenge;
pub mod cookie;
pub mod credentials;
pub mod fingerprint;
pub mod jwt;
pub mod names;
pub mod stated;
