//! `bearer-doubled`: both the code and the tool put the scheme in front of the token.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::diagnosis::facts::Facts;
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::ClientKind;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let carrier = facts.sent.authorization()?;
    let found = DOUBLED.captures(carrier.raw.trim_ascii())?;
    let scheme = |group: usize| {
        let word = found.get(group)?.as_bytes();
        words::known_scheme(std::str::from_utf8(word).ok()?)
    };
    let (first, second) = (scheme(1)?, scheme(2)?);
    Some(Suspicion {
        strength: Strength::Full,
        place: Some(carrier.place.clone()),
        title: format!("the scheme is sent twice: {first} {second}"),
        evidence: vec![Phrase::new("request has Authorization: ").credential(carrier)],
        fix: vec![Phrase::new(fix(facts.client()))],
        about: Some((Where::Header, facts.sent.spelling("authorization"))),
        ..Suspicion::default()
    })
}

static DOUBLED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i-u)^(bearer|basic|token|jwt)[ :]+(bearer|basic|token|jwt)[ :]+[^ ]")
        .expect("a constant pattern, which every test of this file compiles")
});

fn fix(client: ClientKind) -> &'static str {
    match client {
        ClientKind::Postman | ClientKind::Insomnia => {
            "leave the word out of the token field: the tool puts it in front by itself"
        }
        _ => "the stored token already begins with the scheme: add it in one place only",
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::sample::Sample;

    fn title(value: &str) -> Option<String> {
        let found = Sample::new(&format!("GET /a\nAuthorization: {value}")).check(check)?;
        Some(found.title)
    }

    #[test]
    fn two_schemes_in_a_row_are_named() {
        for (value, expected) in [
            (
                "Bearer Bearer eyJ.e.s",
                "the scheme is sent twice: Bearer Bearer",
            ),
            (
                "bearer bearer: eyJ.e.s",
                "the scheme is sent twice: Bearer Bearer",
            ),
            ("Bearer Token abc", "the scheme is sent twice: Bearer Token"),
            ("Basic Basic dTpw", "the scheme is sent twice: Basic Basic"),
        ] {
            assert_eq!(title(value).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn one_scheme_is_enough() {
        for value in [
            "Bearer eyJ.e.s",
            "Bearer Bearer",
            "Bearer bearerish-token",
            "Token: abc",
        ] {
            assert_eq!(title(value), None, "{value}");
        }
    }
}
