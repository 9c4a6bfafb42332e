//! Turns the typed errors of the parts into problems: place, code and hints are added here.

mod certificates;
mod config;
mod host;
mod import;
mod store;
mod words;

pub(crate) use certificates::{client_certificate, no_password};
pub(crate) use config::{config, password_in_flag, reverse, upstream_proxy};
pub(crate) use host::{authority, child, client_files, listen, roots, tracked_key};
pub(crate) use import::{import, import_at};
pub(crate) use store::{baseline, explain, resolve, store};
pub(crate) use words::nearest;
