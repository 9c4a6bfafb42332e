//! The report as data: what `--json` prints and what every other format is drawn from.
//!
//! Field names are a contract with other people's scripts: they may be added, never renamed.

use serde::Serialize;

use super::recorded::ExchangeView;
use super::{Text, UPDATE_SCHEMA, words};
use crate::diagnosis::{Confidence, FaultSide};
use crate::diff::{Kind, Segment, Where};
use crate::model::{ExchangeId, State, Timestamp};

/// A verdict with its difference and its story: `why401.report/1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// `why401.report/1`.
    pub schema: &'static str,
    /// Where the failure stands.
    #[serde(serialize_with = "words::state")]
    pub state: State,
    /// The failing exchange, without content.
    pub exchange: ExchangeView,
    /// What it is compared with.
    pub baseline: Option<BaselineView>,
    /// The headline; cause `null` and confidence `none` when there is none.
    pub verdict: Verdict,
    /// What else it could be, best first.
    pub alternatives: Vec<Verdict>,
    /// What is known to be in order.
    pub fine: Vec<Text>,
    /// What cannot be known, and why.
    pub unknown: Vec<Text>,
    /// What to try next.
    pub next: Vec<Text>,
    /// How the failing request differs from the known-good one.
    pub diff: Diff,
    /// The exchanges around it that bear on it, oldest first.
    pub story: Vec<StoryEntry>,
    /// How many exchanges around it were not remembered: the story may have gaps.
    pub story_lost: u64,
}

/// What `run --json` prints when the state of a failure changes: `why401.update/1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Update {
    /// `why401.update/1`.
    pub schema: &'static str,
    /// The failure's id.
    pub id: String,
    /// Where it stands now.
    #[serde(serialize_with = "words::state")]
    pub state: State,
}

impl Update {
    /// The failure of that id stands there now.
    pub fn new(id: ExchangeId, state: State) -> Self {
        Self {
            schema: UPDATE_SCHEMA,
            id: id.to_string(),
            state,
        }
    }
}

/// The known-good request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BaselineView {
    /// Its name.
    pub name: Text,
    /// `curl`, `exchange` or `learned`.
    pub source: &'static str,
    /// Whether the proxy learned it by itself.
    pub learned: bool,
    /// How it was found.
    #[serde(rename = "match")]
    pub found: &'static str,
    /// Why this one, in words.
    pub reason: String,
    /// When it was added, or seen to pass, RFC 3339.
    pub added: String,
    /// Its method.
    pub method: Text,
    /// Its URL.
    pub url: Text,
    /// Reasons to trust it less.
    pub distrust: Vec<Text>,
    /// Variables that nothing resolved: their values are unknown.
    pub unresolved: Vec<Text>,
}

/// One possible cause, or that there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The id of the cause.
    pub cause: Option<&'static str>,
    /// Where the fault lies.
    #[serde(serialize_with = "words::side")]
    pub side: FaultSide,
    /// How sure.
    #[serde(serialize_with = "words::confidence")]
    pub confidence: Confidence,
    /// The cause in one line.
    pub title: Text,
    /// What shows it.
    pub evidence: Vec<Text>,
    /// What to do about it.
    pub fix: Vec<Text>,
    /// The difference that decides.
    pub about: Option<About>,
}

/// Names one difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct About {
    /// Where.
    #[serde(rename = "where", serialize_with = "words::place")]
    pub place: Where,
    /// What.
    pub name: Text,
}

/// The compared parts of two requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diff {
    /// The parts, the weightiest first, equal ones last.
    pub fields: Vec<FieldDiff>,
}

/// One compared part of two requests.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldDiff {
    /// Where.
    #[serde(rename = "where", serialize_with = "words::place")]
    pub place: Where,
    /// The field, cookie or parameter, or the part of the URL.
    pub name: Text,
    /// How they differ, told from the failing request.
    #[serde(serialize_with = "words::kind")]
    pub kind: Kind,
    /// Whether the difference means nothing here.
    pub noise: bool,
    /// Why it means nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_reason: Option<&'static str>,
    /// Whether the known-good value is unknown: a variable in it was not resolved.
    pub unresolved: bool,
    /// The known-good value; several lines of one name are joined by a line break.
    pub good: Option<Text>,
    /// The failing value.
    pub failing: Option<Text>,
    /// Equal and differing runs of the two; positions count characters.
    #[serde(serialize_with = "words::segments")]
    pub segments: Vec<Segment>,
    /// What to know about it.
    pub note: Option<Text>,
    /// `latin-1` where the values are no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<&'static str>,
    /// The claims that differ, where both values are JWTs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimDiff>,
}

/// A claim that differs between two JWTs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClaimDiff {
    /// Its name.
    pub name: Text,
    /// Its value in the known-good token.
    pub good: Option<Text>,
    /// Its value in the failing token.
    pub failing: Option<Text>,
    /// Both values as points in time, for claims that are one.
    #[serde(skip)]
    pub times: (Option<Timestamp>, Option<Timestamp>),
}

/// What part an exchange has in the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A CORS preflight for the failing request.
    Preflight,
    /// It redirected to the failing request.
    Redirect,
    /// It gave out the first tokens seen.
    Login,
    /// It gave out new tokens.
    Refresh,
    /// The same request again.
    Retry,
    /// Its response set cookies.
    SetCookie,
    /// The same method and path before.
    SameRoute,
}

impl Role {
    /// The word of `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Redirect => "redirect",
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::Retry => "retry",
            Self::SetCookie => "set-cookie",
            Self::SameRoute => "same-route",
        }
    }
}

/// One exchange of the story.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoryEntry {
    /// Its id.
    pub id: String,
    /// When, RFC 3339.
    pub at: String,
    /// Its part in the story.
    pub role: Role,
    /// What happened, in one line.
    pub summary: Text,
    /// When.
    #[serde(skip)]
    pub time: Timestamp,
}
