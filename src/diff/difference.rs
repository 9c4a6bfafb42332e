//! One compared part of two requests.

use std::fmt;

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
    /// How much it may matter for a 401: 100 for credentials down to 0 for noise and equal parts.
    pub weight: u8,
    /// What to know about it, in words without secrets.
    pub note: Option<String>,
}

impl Difference {
    /// Whether it may matter: a difference, and no noise.
    pub fn matters(&self) -> bool {
        self.kind != Kind::Same && self.noise.is_none()
    }
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Difference({} {} {}, weight {}, noise {:?}, note {:?})",
            self.place.as_str(),
            self.name,
            self.kind.as_str(),
            self.weight,
            self.noise,
            self.note
        )
    }
}

/// How much a difference may matter to a server that decides who asks.
pub(super) mod weight {
    /// Something that carries a credential.
    pub(crate) const CREDENTIAL: u8 = 100;
    /// A CSRF token.
    pub(crate) const CSRF: u8 = 90;
    /// The tenant or account.
    pub(crate) const TENANT: u8 = 85;
    /// Scheme, host or port.
    pub(crate) const ORIGIN: u8 = 80;
    /// A cookie of unknown use that may be the session.
    pub(crate) const UNKNOWN_COOKIE: u8 = 75;
    /// The path.
    pub(crate) const PATH: u8 = 70;
    /// The method.
    pub(crate) const METHOD: u8 = 60;
    /// The version of the API.
    pub(crate) const API_VERSION: u8 = 55;
    /// The content type, where a token endpoint reads the content.
    pub(crate) const CONTENT_TYPE: u8 = 50;
    /// `Origin` and `Referer`.
    pub(crate) const SITE: u8 = 40;
    /// `Accept` and `X-Requested-With`.
    pub(crate) const NEGOTIATION: u8 = 30;
    /// A field or parameter of unknown meaning that the failing request lacks.
    pub(crate) const UNKNOWN_MISSING: u8 = 20;
    /// The same, changed or extra.
    pub(crate) const UNKNOWN: u8 = 10;
}
