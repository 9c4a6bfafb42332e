//! How a failing request differs from a known-good one, as data.

use crate::model::{Baseline, Request};

/// Where two requests differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Where {
    /// A field.
    Header,
    /// A cookie.
    Cookie,
    /// A query parameter.
    Query,
    /// A part of the URL: `scheme`, `host`, `port` or `path`.
    Url,
    /// The method.
    Method,
    /// The content.
    Body,
}

impl Where {
    /// The word of `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Query => "query",
            Self::Url => "url",
            Self::Method => "method",
            Self::Body => "body",
        }
    }
}

/// How they differ, told from the failing request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The known-good request has it, the failing one does not.
    Missing,
    /// The failing request has it, the known-good one does not.
    Extra,
    /// Both have it, with other values.
    Changed,
    /// Both have it, equal.
    Same,
}

impl Kind {
    /// The word of `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Changed => "changed",
            Self::Same => "same",
        }
    }
}

/// One compared part of two requests; real values, to be masked before they are shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub place: Where,
    /// The field, cookie or parameter; in the failing request's spelling if it has it.
    pub name: String,
    /// How they differ.
    pub kind: Kind,
    /// Why this difference means nothing here; `None` for one that may matter.
    pub noise: Option<&'static str>,
    /// Whether a variable of the known-good request is unresolved here, so the value is unknown.
    pub unresolved: bool,
    /// The known-good value(s); several lines of one name stay apart.
    pub good: Vec<Vec<u8>>,
    /// The failing value(s).
    pub failing: Vec<Vec<u8>>,
    /// How much it may matter for a 401: 100 for credentials down to 0 for noise.
    pub weight: u8,
    /// What to know about it, in words without secrets.
    pub note: Option<String>,
}

/// Compares a failing request with a known-good one; the weightiest first, equal parts last.
pub fn diff(_good: &Baseline, _failing: &Request) -> Vec<Difference> {
    unimplemented!()
}

/// A run of characters of two texts; positions count characters, end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it stands in the known-good text.
    pub good: Option<(usize, usize)>,
    /// Where it stands in the failing text.
    pub failing: Option<(usize, usize)>,
    /// Whether both are equal there.
    pub same: bool,
}

/// Cuts two (masked) texts into equal and differing runs.
pub fn segments(_good: &str, _failing: &str) -> Vec<Segment> {
    unimplemented!()
}
