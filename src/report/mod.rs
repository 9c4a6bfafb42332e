//! What a person or a machine is told.
//!
//! [`build`] turns a Case and its diagnosis into a [`Report`]: masked once, here, and nowhere later.
//! Everything else draws that report: JSON by serialising it, [`terminal`] as text. No renderer
//! decides anything, holds state, or has a way to a value that was not masked.

mod build;
mod claims;
mod clock;
mod command;
mod comparison;
mod document;
mod exchange;
mod headline;
mod list;
mod recorded;
mod request;
mod story;
mod text;
mod websocket;
mod words;

pub mod terminal;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use build::build;
pub use clock::rfc3339;
pub use command::curl;
pub use document::{
    About, BaselineView, ClaimDiff, Diff, FieldDiff, Report, Role, StoryEntry, Update, Verdict,
};
pub use exchange::{Detail, ShownExchange, client_name, exchange};
pub use list::{ListRow, StoredRow};
pub use recorded::{
    ContentView, ExchangeView, FailureView, HeadView, HopView, NoteView, TimingsView, TlsView,
};
pub use request::{RequestView, request};
pub use text::Text;
pub use websocket::{CloseView, FrameView, LeftOut, WebSocketView};

/// The schema of `why --json`.
pub const REPORT_SCHEMA: &str = "why401.report/1";

/// The schema of `show --json`.
pub const EXCHANGE_SCHEMA: &str = "why401.exchange/1";

/// The schema of the line that `run --json` prints when a failure recovers.
pub const UPDATE_SCHEMA: &str = "why401.update/1";
