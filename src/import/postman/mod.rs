//! Imports requests from Postman collections.

#![cfg_attr(
    not(test),
    expect(dead_code, reason = "what reads collections comes next")
)]

mod scripts;
mod variables;

pub use variables::Variables;
