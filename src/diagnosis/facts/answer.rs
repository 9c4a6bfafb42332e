//! What the server answered, and what may be concluded from its words and from its silence.

use super::Said;
use super::said::{self, Heard};
use crate::auth::challenge::{Challenge, challenges};
use crate::auth::stated::{Stated, StatedSource, Statement, stated};
use crate::diagnosis::Phrase;
use crate::model::Response;

/// A response, read for what it says about the failure.
pub(crate) struct Answer<'a> {
    pub(crate) response: &'a Response,
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) stated: Stated,
    heard: Vec<Heard>,
}

impl<'a> Answer<'a> {
    pub(crate) fn of(response: &'a Response) -> Self {
        let stated = stated(response);
        let heard = said::listen(&stated);
        Self {
            response,
            challenges: challenges(&response.fields),
            stated,
            heard,
        }
    }

    /// Whether it asks for credentials of that scheme.
    pub(crate) fn offers(&self, scheme: &str) -> bool {
        self.challenges.iter().any(|challenge| challenge.is(scheme))
    }

    /// Whether its words name one of these.
    pub(crate) fn says(&self, kinds: &[Said]) -> bool {
        self.heard.iter().any(|heard| kinds.contains(&heard.kind))
    }

    /// Whether a machine-readable code of it names one of these.
    pub(crate) fn says_by_code(&self, kinds: &[Said]) -> bool {
        self.heard
            .iter()
            .any(|heard| heard.by_code && kinds.contains(&heard.kind))
    }

    /// All that its words name.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = Said> {
        self.heard.iter().map(|heard| heard.kind)
    }

    /// The words that name one of these, as a sentence.
    pub(crate) fn quote(&self, kinds: &[Said]) -> Option<Phrase> {
        let heard = self
            .heard
            .iter()
            .find(|heard| kinds.contains(&heard.kind))?;
        self.stated.statements.get(heard.statement).map(quoted)
    }

    /// That statement, as a sentence.
    pub(crate) fn quote_at(&self, statement: usize) -> Option<Phrase> {
        self.stated.statements.get(statement).map(quoted)
    }

    /// The first words, whatever they name.
    pub(crate) fn first_words(&self) -> Option<Phrase> {
        self.stated.statements.first().map(quoted)
    }

    /// The challenges, as a sentence: `server asks for: Bearer realm="…"`.
    pub(crate) fn asked(&self) -> Option<Phrase> {
        if self.challenges.is_empty() {
            return None;
        }
        let mut phrase = Phrase::new("server asks for: ");
        for (index, challenge) in self.challenges.iter().take(MOST_CHALLENGES).enumerate() {
            if index > 0 {
                phrase = phrase.words(", ");
            }
            phrase = phrase.captured(challenge.scheme.as_bytes());
            if let Some(realm) = challenge.parameter("realm") {
                phrase = phrase.words(" realm=\"").captured(realm).words("\"");
            }
        }
        Some(phrase)
    }

    /// Whether the server gives to understand that it saw no usable token (RFC 6750 section 3.1: a `Bearer`
    /// challenge without `error`), and its words do not tell otherwise.
    pub(crate) fn saw_no_token(&self) -> bool {
        let mut bearer = self.bearer().peekable();
        bearer.peek().is_some()
            && bearer.all(|challenge| challenge.parameter("error").is_none())
            && !self.kinds().any(Said::means_token_seen)
    }

    /// Whether the server says that it saw a token and refused it, and its words do not tell otherwise.
    pub(crate) fn refused_token(&self) -> bool {
        self.bearer().any(|challenge| {
            challenge
                .parameter("error")
                .is_some_and(|error| error.eq_ignore_ascii_case(b"invalid_token"))
        }) && !self.says(&[Said::Missing, Said::NotAuthenticated])
    }

    fn bearer(&self) -> impl Iterator<Item = &Challenge> {
        self.challenges
            .iter()
            .filter(|challenge| challenge.is("bearer"))
    }
}

/// A response with more challenges than this is not worth reading to the end.
const MOST_CHALLENGES: usize = 4;

/// Names of parameters are the peer's text too, so only those we know stand in our own words.
fn quoted(statement: &Statement) -> Phrase {
    let words = Phrase::new;
    let named = match &statement.source {
        StatedSource::Challenge(_, name) if name == "error" => words("server: error="),
        StatedSource::Challenge(_, name) if name == "error_description" => {
            words("server: error_description=")
        }
        StatedSource::Challenge(..) => words("server, in its challenge: "),
        StatedSource::Json(path) => words("server: ").captured(path.as_bytes()).words("="),
        StatedSource::Field(name) => words("server: ").captured(name.as_bytes()).words(": "),
        StatedSource::Html => words("server, as a page: "),
        StatedSource::Text => words("server: "),
    };
    named
        .words("\"")
        .captured(statement.words.as_bytes())
        .words("\"")
}
