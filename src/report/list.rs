//! Rows of `list`.

use serde::Serialize;

use super::{Text, clock, words};
use crate::diagnosis::{Confidence, FaultSide};
use crate::model::{ExchangeId, State, Timestamp};
use crate::redact::Masker;

/// What the store's plain columns say of one failure. Every text is masked already.
#[derive(Clone, Debug)]
pub struct StoredRow<'a> {
    /// The global id.
    pub id: ExchangeId,
    /// The running number.
    pub n: u64,
    /// When its request head was complete.
    pub at: Timestamp,
    /// The method.
    pub method: &'a str,
    /// The URL, as the store shows it.
    pub url: &'a str,
    /// What the client saw.
    pub status: Option<u16>,
    /// Where it stands.
    pub state: State,
    /// The cause; `None` when nothing is known, or nothing was diagnosed yet.
    pub cause: Option<&'a str>,
    /// The word for where the fault lies; `None` before there is a verdict.
    pub side: Option<&'a str>,
    /// The word for how sure; `None` before there is a verdict.
    pub confidence: Option<&'a str>,
    /// The name of the baseline it was compared with.
    pub baseline: Option<&'a str>,
    /// Who sent it.
    pub client: &'a str,
}

/// One row of `list`, as `--json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListRow {
    /// The global id.
    pub id: String,
    /// The running number.
    pub n: u64,
    /// When its request head was complete, RFC 3339.
    pub at: String,
    /// The method.
    pub method: Text,
    /// The URL.
    pub url: Text,
    /// What the client saw.
    pub status: Option<u16>,
    /// Where it stands.
    #[serde(serialize_with = "words::state")]
    pub state: State,
    /// The cause.
    pub cause: Option<Text>,
    /// Where the fault lies.
    #[serde(serialize_with = "words::side")]
    pub side: FaultSide,
    /// How sure.
    #[serde(serialize_with = "words::confidence")]
    pub confidence: Confidence,
    /// The name of the baseline.
    pub baseline: Option<Text>,
    /// Who sent it.
    pub client: Text,
    /// When its request head was complete.
    #[serde(skip)]
    pub time: Timestamp,
}

impl ListRow {
    /// A row of the store; control characters are escaped all the same.
    pub fn new(row: &StoredRow<'_>, masker: &mut Masker) -> Self {
        let mut text = |words: &str| Text::from(masker.own_words(words));
        Self {
            id: row.id.to_string(),
            n: row.n,
            at: clock::rfc3339(row.at),
            method: text(row.method),
            url: text(row.url),
            status: row.status,
            state: row.state,
            cause: row.cause.map(&mut text),
            side: words::read_side(row.side),
            confidence: words::read_confidence(row.confidence),
            baseline: row.baseline.map(&mut text),
            client: text(row.client),
            time: row.at,
        }
    }
}
