//! Records what the proxy path hands over: history, failures, the store.

pub mod recorder;
pub mod trigger;
