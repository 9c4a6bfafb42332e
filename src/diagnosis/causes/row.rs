//! What is known of a cause apart from its test: the types of the table.

use crate::diagnosis::FaultSide;
use crate::diagnosis::facts::{Facts, Said};
use crate::diagnosis::suspicion::Suspicion;

/// The classes of causes, in the order in which they go before each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Made by this proxy.
    Ours,
    /// Not a failure: the expected 401.
    Expected,
    /// A CORS preflight.
    Preflight,
    /// Why a credential is missing.
    WhyMissing,
    /// A credential is missing.
    Missing,
    /// Text that was never a credential.
    Literal,
    /// A credential in a shape that cannot be read.
    Shape,
    /// A credential of the wrong kind.
    WrongKind,
    /// Worked out from what the credential itself says.
    Computed,
    /// Named by the server.
    Stated,
    /// The request went to another place.
    Target,
    /// Only visible in the history.
    History,
    /// Refused without a reason.
    Generic,
    /// Worth a look.
    Hint,
}

impl Class {
    /// Its letter: a before all, m last.
    pub fn letter(self) -> char {
        match self {
            Self::Ours => 'a',
            Self::Expected => 'b',
            Self::Preflight => 'c',
            Self::WhyMissing | Self::Missing => 'd',
            Self::Literal => 'e',
            Self::Shape => 'f',
            Self::WrongKind => 'g',
            Self::Computed => 'h',
            Self::Stated => 'i',
            Self::Target => 'j',
            Self::History => 'k',
            Self::Generic => 'l',
            Self::Hint => 'm',
        }
    }
}

impl Class {
    /// What it holds, for the page of causes.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Ours => "made by this proxy",
            Self::Expected => "not a failure",
            Self::Preflight => "CORS preflight",
            Self::WhyMissing => "why a credential is missing",
            Self::Missing => "a credential is missing",
            Self::Literal => "text that was never a credential",
            Self::Shape => "a credential that cannot be read",
            Self::WrongKind => "a credential of the wrong kind",
            Self::Computed => "worked out from the credential",
            Self::Stated => "named by the server",
            Self::Target => "another target",
            Self::History => "seen by comparison with what passed",
            Self::Generic => "refused without a reason",
            Self::Hint => "worth a look",
        }
    }
}

/// The least that shows a cause, fewest assumptions first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Needs {
    /// The request.
    Request,
    /// The response.
    Response,
    /// A difference to a known-good request.
    Difference,
    /// Exchanges around it.
    History,
}

impl Needs {
    /// The word of the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Difference => "difference",
            Self::History => "history",
        }
    }
}

/// What clears a cause: the same trait in a request that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Veto {
    /// A success of the same route, or the baseline.
    Passed,
    /// Only a success of the same route at its own time: the trait depends on the time.
    PassedThen,
    /// Nothing: it is no trait of the request.
    Nothing,
}

impl Veto {
    /// The words of the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "a success with the same trait",
            Self::PassedThen => "a success with the same trait at its time",
            Self::Nothing => "nothing",
        }
    }
}

/// How strongly a rule's test was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// A weak form of it.
    #[default]
    Slight,
    /// The usual form.
    Partial,
    /// The clearest form.
    Full,
}

/// A starting score, and when it applies.
#[derive(Clone, Copy, Debug)]
pub struct Grade {
    /// How strongly the test was met.
    pub strength: Strength,
    /// The score to start from.
    pub score: u8,
    /// When that is.
    pub when: &'static str,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Cause {
    /// The id: stable, never renamed.
    pub id: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Its class.
    pub class: Class,
    /// Where the fault lies.
    pub side: FaultSide,
    /// The least that shows it.
    pub needs: Needs,
    /// The scores to start from, highest first.
    pub grades: &'static [Grade],
    /// What clears it.
    pub veto: Veto,
    /// What the server says when it is this.
    pub said: &'static [Said],
    /// Causes that it explains: those are symptoms of it and are not shown beside it.
    pub explains: &'static [&'static str],
    /// Whether it stands back when anything else is a headline.
    pub yields: bool,
    /// Where the knowledge comes from.
    pub source: &'static str,
    /// The test.
    pub(in crate::diagnosis) check: fn(&Facts<'_>) -> Option<Suspicion>,
}

impl Cause {
    /// The score to start from.
    pub fn score(&self, strength: Strength) -> u8 {
        self.grades
            .iter()
            .find(|grade| grade.strength == strength)
            .or(self.grades.last())
            .map_or(0, |grade| grade.score)
    }
}
