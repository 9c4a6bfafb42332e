//! The answer as values: findings, how sure they are, and the sentences that go with them.

use std::fmt;

use crate::auth::credentials::Carrier;
use crate::diff::{Difference, Where};
use crate::model::Place;

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

/// How sure a finding is.
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

    /// From a score.
    pub fn of_score(score: u8) -> Self {
        match score {
            90.. => Self::Certain,
            60..90 => Self::Strong,
            20..60 => Self::Hint,
            0..20 => Self::None,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase(pub Vec<Part>);

impl Phrase {
    /// A sentence of our own words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(vec![Part::Words(words.into())])
    }

    /// The sentence and more of our own words.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.0.push(Part::Words(words.into()));
        self
    }

    /// The sentence and another one.
    #[must_use]
    pub fn then(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// The sentence and captured text, to be masked.
    #[must_use]
    pub fn captured(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.0.push(Part::Captured(text.into()));
        self
    }

    /// The sentence and a credential as sent, to be masked by its place. Of the whitespace around it only
    /// the usual single space after the colon is left out.
    #[must_use]
    pub fn credential(mut self, carrier: &Carrier) -> Self {
        let value = carrier.raw.strip_prefix(b" ").unwrap_or(&carrier.raw);
        self.0
            .push(Part::Credential(carrier.place.clone(), value.to_vec()));
        self
    }
}

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

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => write!(f, "{words:?}"),
            Self::Credential(_, value) => write!(f, "credential of {} bytes", value.len()),
            Self::Captured(text) => write!(f, "{} captured bytes", text.len()),
        }
    }
}

/// One possible cause.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    /// The id of the cause: stable, and a heading of docs/causes.md.
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

/// Names of fields, cookies and parameters are captured text too, so `about` shows its kind only.
impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Finding({} {}, {:?})",
            self.cause, self.score, self.evidence
        )
    }
}

impl Finding {
    /// How sure it is, as a word.
    pub fn confidence(&self) -> Confidence {
        Confidence::of_score(self.score)
    }
}

/// The answer to "why did I get a 401".
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// The headline: a finding of 60 or more.
    pub verdict: Option<Finding>,
    /// Up to two others that could be it, best first.
    pub alternatives: Vec<Finding>,
    /// What is known to be in order, said when there is no headline.
    pub fine: Vec<Phrase>,
    /// What cannot be known, and why.
    pub unknown: Vec<Phrase>,
    /// What to try next.
    pub next: Vec<Phrase>,
    /// The differences to the baseline, ranked; empty without one.
    pub differences: Vec<Difference>,
}

impl fmt::Debug for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnosis")
            .field("verdict", &self.verdict)
            .field("alternatives", &self.alternatives)
            .field("differences", &self.differences.len())
            .finish_non_exhaustive()
    }
}

impl Diagnosis {
    /// Where the fault lies: the verdict's side, or not decided.
    pub fn side(&self) -> FaultSide {
        self.verdict
            .as_ref()
            .map_or(FaultSide::Undecided, |verdict| verdict.side)
    }

    /// How sure the verdict is; [`Confidence::None`] without one.
    pub fn confidence(&self) -> Confidence {
        self.verdict
            .as_ref()
            .map_or(Confidence::None, Finding::confidence)
    }
}
