//! What is known about HTTP traffic, as values: the ground that every other module stands on.
//!
//! No I/O, no async, no clock and no randomness in here: the time, ids and keys are arguments.
//! Types that may hold a secret print sizes in their `Debug`, never content.

mod baseline;
mod case;
mod client;
mod connection;
mod content;
mod exchange;
mod facts;
mod failure;
mod field;
mod message;
mod target;
mod time;
mod websocket;

pub use baseline::{Baseline, BaselineSource, Learned, UNREAD_AUTHORIZATION};
pub use case::{Case, ChosenBaseline, Context, Match, Seen, State, Varying};
pub use client::{ClientKey, ClientKind};
pub use connection::{Entry, Hop, Timings, TlsParameters, Verification};
pub use content::{Content, ContentEnd};
pub use exchange::{Exchange, ExchangeId, Note, Outcome, ParseIdError};
pub use facts::{CredentialFact, Fingerprint, Place, Shape, TokenFact};
pub use failure::{Failure, FailureCause, Side, Stage};
pub use field::{FieldLine, FieldSection, Provenance};
pub use message::{HttpVersion, Request, Response};
pub use target::{Origin, Scheme, Url, UrlError};
pub use time::Timestamp;
pub use websocket::{Peer, WebSocketClose, WebSocketFrame, WebSocketLog};
