//! The fields that the server says it wants a key in.

use std::sync::LazyLock;

use regex::Regex;

use super::{Answer, Said};
use crate::auth::credentials::Carrier;
use crate::auth::names::{HeaderClass, header_class};
use crate::diagnosis::Phrase;
use crate::model::Place;

/// A field that the server names because it does not find it.
pub(crate) struct Wanted {
    /// As the server spells it.
    pub(crate) name: String,
    /// What names it.
    pub(crate) quote: Phrase,
}

impl Answer<'_> {
    /// The fields for a key or token that the server names as missing, in its challenges or its words.
    pub(crate) fn wanted_fields(&self) -> Vec<Wanted> {
        let challenges = self.challenges.iter().filter_map(|challenge| {
            // Azure API Management: `AzureApiManagementKey realm="…",name="…",type="header"`.
            let is_field = challenge
                .parameter("type")
                .is_some_and(|kind| kind.eq_ignore_ascii_case(b"header"));
            let name = std::str::from_utf8(challenge.parameter("name")?).ok()?;
            (is_field && is_field_name(name)).then(|| Wanted {
                name: name.to_owned(),
                quote: Phrase::new("server, in its challenge: name=\"")
                    .captured(name.as_bytes())
                    .words("\", type=\"header\""),
            })
        });
        let words = self
            .stated
            .statements
            .iter()
            .enumerate()
            .filter(|(_, statement)| MISSING.is_match(&statement.words.to_lowercase()))
            .flat_map(|(index, statement)| {
                field_names(&statement.words).filter_map(move |word| {
                    Some(Wanted {
                        name: word.to_owned(),
                        quote: self.quote_at(index)?,
                    })
                })
            });
        challenges.chain(words).take(MOST).collect()
    }

    /// Whether it says that no API key came.
    pub(crate) fn misses_key(&self) -> bool {
        self.says(&[Said::ApiKeyMissing])
    }
}

const MOST: usize = 4;

/// Whether a credential may be what was meant for a field of that name: a client's id is no key, and a
/// user's token none either.
pub(crate) fn may_be_meant(carrier: &Carrier, wanted: &str) -> bool {
    let name = match &carrier.place {
        Place::Header(name) | Place::Cookie(name) | Place::Query(name) | Place::Form(name) => name,
        Place::UserInfo => return false,
    };
    let (name, wanted) = (name.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    ["key", "token", "secret"]
        .iter()
        .any(|word| name.contains(word) && wanted.contains(word))
}

/// The names of fields among words; what is called a parameter is none.
fn field_names(words: &str) -> impl Iterator<Item = &str> {
    let words: Vec<&str> = words
        .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
        .filter(|word| !word.is_empty())
        .collect();
    let next: Vec<&str> = words.iter().skip(1).copied().chain([""]).collect();
    words
        .into_iter()
        .zip(next)
        .filter(|(word, next)| {
            let next = next.to_ascii_lowercase();
            is_field_name(word) && !next.starts_with("param") && next != "query"
        })
        .map(|(word, _)| word)
}

/// `token` and `session` are words as well, `x-auth-token` is none.
fn is_field_name(word: &str) -> bool {
    match header_class(word) {
        Some(HeaderClass::Key) => word.contains('-') || word.eq_ignore_ascii_case("apikey"),
        _ => false,
    }
}

static MISSING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\b(no|missing|absent|required|requires|expected|without|lacks)\b|\bnot (be )?(provided|found|present|supplied|set|sent)\b|\bmust (be|have|contain|include)\b",
    )
    .expect("the pattern is a constant, and tests use it")
});
