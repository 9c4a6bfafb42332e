//! Why the origin said 401: pure functions from a Case to ranked findings.

use crate::diff::{Difference, Where};
use crate::model::{Case, Place};

/// Where the fault lies: the first word of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultSide {
    /// The client.
    Client,
    /// The server.
    Server,
    /// Something in between, this proxy included.
    Between,
    /// Not decided.
    Undecided,
}

impl FaultSide {
    /// The word of `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Between => "between",
            Self::Undecided => "undecided",
        }
    }
}

/// How sure a finding is (`causes.md` 1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// No verdict.
    None,
    /// Worth showing below others (20 to 59).
    Hint,
    /// Explains the 401 and nothing speaks against it (60 to 89).
    Strong,
    /// The evidence alone shows it (90 to 100).
    Certain,
}

impl Confidence {
    /// The word of `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hint => "hint",
            Self::Strong => "strong",
            Self::Certain => "certain",
        }
    }

    /// The word for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::None => "no verdict",
            Self::Hint => "guess",
            Self::Strong => "likely",
            Self::Certain => "very likely",
        }
    }
}

/// A sentence that may hold captured bytes: those are masked before it is shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Phrase(pub Vec<Part>);

/// A part of a [`Phrase`].
#[derive(Clone, PartialEq, Eq)]
pub enum Part {
    /// Our own words.
    Words(String),
    /// A credential of the request or the baseline.
    Credential(Place, Vec<u8>),
    /// Text that the server or client sent: may echo secrets.
    Captured(Vec<u8>),
}

/// One possible cause.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    /// The id of the cause (`causes.md`): stable.
    pub cause: &'static str,
    /// Where the fault lies.
    pub side: FaultSide,
    /// How sure, 0 to 99, after all corrections.
    pub score: u8,
    /// The cause in one short line, as a statement.
    pub title: String,
    /// What shows it: what, where, from which side.
    pub evidence: Vec<Phrase>,
    /// What to do about it, for the client at hand.
    pub fix: Vec<Phrase>,
    /// The difference that decides, if one does.
    pub about: Option<(Where, String)>,
}

/// The answer to "why did I get a 401".
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// The headline: a finding of 60 or more.
    pub verdict: Option<Finding>,
    /// Up to two others that could be it, best first.
    pub alternatives: Vec<Finding>,
    /// What is known to be in order (`causes.md` 6.4), said when there is no headline.
    pub fine: Vec<Phrase>,
    /// What cannot be known, and why.
    pub unknown: Vec<Phrase>,
    /// What to try next.
    pub next: Vec<Phrase>,
    /// The differences to the baseline, ranked; empty without one.
    pub differences: Vec<Difference>,
}

/// Diagnoses a Case. Deterministic: the same Case gives the same answer, byte for byte.
pub fn diagnose(_case: &Case) -> Diagnosis {
    unimplemented!()
}
