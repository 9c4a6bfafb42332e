//! The Case: everything a verdict is drawn from, so that it can be drawn again anywhere.

use serde::{Deserialize, Serialize};

use super::{
    Baseline, ClientKey, CredentialFact, Exchange, ExchangeId, FieldSection, Place, Request,
    Timestamp, TokenFact,
};

/// What is remembered of an exchange that passed: heads and credential facts, no content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its id.
    pub id: ExchangeId,
    /// When its request head was complete.
    pub at: Timestamp,
    /// When its response ended, in microseconds after `at`.
    pub duration: Option<u64>,
    /// Who sent it.
    pub client: ClientKey,
    /// The client connection that carried it.
    pub connection: u64,
    /// The request; its content is left out.
    pub request: Request,
    /// The status of the response, or 502 for a failure.
    pub status: u16,
    /// The response's header section.
    pub response_fields: FieldSection,
    /// The credentials it carried.
    pub credentials: Vec<CredentialFact>,
    /// What its response gave out, if it was a token response.
    pub tokens: Vec<TokenFact>,
}

/// What was known around the failing exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// Exchanges before it of the same registrable domain, token responses, and the redirects that led
    /// to it; newest first.
    pub before: Vec<Seen>,
    /// Exchanges after it that bear on it: the next leg, the retry; oldest first.
    pub after: Vec<Seen>,
    /// The credentials that the failing request carried.
    pub credentials: Vec<CredentialFact>,
    /// How many exchanges were not remembered (dropped under load): the story may have gaps.
    pub lost: u64,
}

/// How a baseline was found, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Match {
    /// Named on the command line.
    Named,
    /// Same method and route, same origin.
    SameOrigin,
    /// Same method and route on another host, port or scheme.
    OtherOrigin,
    /// Same method, and the path is equal once a leading prefix is added or removed.
    OtherPrefix,
    /// Same method, route and origin: it passed through the proxy before, sent by the same client.
    LearnedSameClient,
    /// The same of another client.
    LearnedOtherClient,
    /// Same method and origin, and the path differs in one segment only, of which traffic tells that it varies.
    LearnedOtherSegment,
    /// Same route, another method.
    OtherMethod,
    /// Same host, and its credential stands in the same place.
    SameHost,
}

/// The baseline a failing request is compared with, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenBaseline {
    /// The baseline, copied: later changes to the stored one do not change this Case.
    pub baseline: Baseline,
    /// How it was found.
    pub found: Match,
    /// Reasons to trust it less, in words without secrets.
    pub distrust: Vec<String>,
    /// What varies among requests of its route that passed.
    #[serde(default)]
    pub varying: Vec<Varying>,
}

/// A part of a request that differs between requests that passed: there a difference means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Varying {
    /// Where it stands.
    pub place: Place,
    /// It had another value.
    pub changes: bool,
    /// Some passed without it.
    pub optional: bool,
}

/// Where a recorded failure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// The client may still recover.
    Open,
    /// The client got through with the same request afterwards.
    Recovered,
    /// It stayed a failure.
    Failed,
}

impl State {
    /// The word of `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Recovered => "recovered",
            Self::Failed => "failed",
        }
    }
}

/// Everything a verdict is drawn from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The store's running number, `#n`; 0 for a Case that was never stored.
    pub number: u64,
    /// The failing exchange.
    pub failing: Exchange,
    /// The variables of the failing request that nothing resolved, as they stand in the text: only
    /// a file leaves any.
    pub unresolved: Vec<String>,
    /// Where it stands.
    pub state: State,
    /// What it is compared with.
    pub baseline: Option<ChosenBaseline>,
    /// What was known around it.
    pub context: Context,
}
