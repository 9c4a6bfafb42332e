//! Known-good requests from the files of other tools.
//!
//! An importer is a pure function: text in, requests and problems out. It never runs a command and
//! never touches the network; environment variables and files come through what its caller passes
//! in. All problems of a file are reported, each with its place.

pub mod bruno;
pub mod curl;
pub mod error;
pub mod fetch;
pub mod files;
pub mod format;
pub mod har;
pub mod http_file;
pub mod httpie;
pub mod hurl;
pub mod insomnia;
pub mod options;
pub mod postman;
pub mod powershell;
pub mod raw;
pub mod source;

mod address;
mod cursor;
mod guess;
mod javascript;
mod json;
mod json_text;
mod request;
#[cfg(test)]
mod sample;
mod select;
mod shell;
mod unresolved;
mod variables;
mod yaml;

pub use error::{ErrorKind, ImportError};
pub use files::FileError;
pub use format::{Format, each, import};
pub use guess::guess;
pub use json::json;
pub use options::{Environment, EnvironmentFile, Options};
pub use request::{Imported, ImportedRequest, Surroundings, Take};
pub use source::{Position, Source, Span};
