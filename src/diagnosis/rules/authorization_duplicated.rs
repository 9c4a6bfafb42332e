//! `authorization-duplicated`: more than one credential, where the server takes one.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::auth::credentials::Carrier;
use crate::diagnosis::facts::{Facts, Said, is_authorization};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::{ClientKind, Place};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let said = facts.answer.filter(|answer| answer.says(&[Said::Several]));
    let lines: Vec<&Carrier> = facts
        .sent
        .carriers
        .iter()
        .filter(|carrier| is_authorization(carrier))
        .collect();
    let lines_sent = lines.len();
    let all: Vec<&Carrier> = facts.sent.credentials().take(MOST).collect();
    let joined = lines.iter().copied().find(|line| is_joined(line));
    let (strength, title, shown) = if let Some(line) = joined {
        let title = "one Authorization holds two credentials";
        (Strength::Full, title, vec![line])
    } else if said.is_some() && all.len() > 1 {
        let title = "more than one credential was sent";
        (Strength::Full, title, all)
    } else if lines.len() > 1 {
        let title = "Authorization was sent more than once";
        (Strength::Partial, title, lines)
    } else {
        let title = "the token was sent in two places";
        (Strength::Slight, title, in_two_places(&all)?)
    };
    let mut evidence: Vec<Phrase> = shown
        .iter()
        .take(MOST)
        .map(|carrier| {
            words::place(&carrier.place)
                .words(" holds ")
                .credential(carrier)
        })
        .collect();
    let adds_to_good = lines_sent > 1 && adds_to_good(facts);
    if adds_to_good {
        evidence.push(Phrase::new("known good sends one of them only"));
    }
    evidence.extend(said.and_then(|answer| answer.quote(&[Said::Several])));
    let place = shown.first()?.place.clone();
    Some(Suspicion {
        strength,
        by_words: said.is_some() && joined.is_none(),
        title: title.into(),
        evidence,
        fix: vec![Phrase::new(fix(facts.client(), &shown))],
        about: (adds_to_good || joined.is_some())
            .then(|| (Where::Header, facts.sent.spelling("authorization"))),
        place: Some(place),
        ..Suspicion::default()
    })
}

/// Whether the known-good request sends one of the lines, and no other.
fn adds_to_good(facts: &Facts<'_>) -> bool {
    let lines = |carriers: &[Carrier]| {
        carriers
            .iter()
            .filter(|carrier| is_authorization(carrier))
            .map(|carrier| carrier.raw.clone())
            .collect::<Vec<_>>()
    };
    let good = facts.good.map(|good| lines(&good.sent.carriers));
    match good.as_deref() {
        Some([only]) => lines(&facts.sent.carriers).contains(only),
        _ => false,
    }
}

/// More than these are not worth showing.
const MOST: usize = 3;

/// Two schemes, each with its own word: `Bearer abc, Bearer def`.
fn is_joined(carrier: &Carrier) -> bool {
    let Some(found) = JOINED.captures(carrier.raw.trim_ascii()) else {
        return false;
    };
    [1, 2].into_iter().all(|group| {
        found
            .get(group)
            .and_then(|word| std::str::from_utf8(word.as_bytes()).ok())
            .is_some_and(|word| words::known_scheme(word).is_some())
    })
}

static JOINED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^([A-Za-z0-9-]+) +[A-Za-z0-9._~+/-]+=*[ \t]*,[ \t]*([A-Za-z0-9-]+) +[^ ]")
        .expect("a constant pattern, which every test of this file compiles")
});

/// RFC 6750 section 2: a token may be sent in one way only.
fn in_two_places<'a>(all: &[&'a Carrier]) -> Option<Vec<&'a Carrier>> {
    let field = all
        .iter()
        .find(|carrier| is_authorization(carrier) && !carrier.secret.is_empty())?;
    let parameter = all.iter().find(|carrier| {
        matches!(&carrier.place, Place::Query(name) | Place::Form(name) if name == "access_token")
    })?;
    Some(vec![field, parameter])
}

fn fix(client: ClientKind, shown: &[&Carrier]) -> &'static str {
    if !shown.iter().all(|carrier| is_authorization(carrier)) {
        return "send one of them only: the token in Authorization, and nothing elsewhere";
    }
    match client {
        ClientKind::Axios => {
            "set Authorization in one place: the instance's defaults, an interceptor, or the request"
        }
        ClientKind::Browser | ClientKind::Node => {
            "use headers.set instead of headers.append, and set Authorization in one place only"
        }
        ClientKind::Curl => "leave one out: each -H sends a line of its own",
        ClientKind::Go => "use req.Header.Set instead of req.Header.Add",
        ClientKind::OkHttp | ClientKind::Java => {
            "use header(), which replaces, instead of addHeader(), which adds; look for an interceptor"
        }
        ClientKind::Postman | ClientKind::Insomnia => {
            "delete Authorization from the headers: the Auth tab adds it by itself"
        }
        _ => "leave one out: the client's default, and what the call or a gateway adds to it",
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    fn found(request: &str, answer: &str) -> Option<(Strength, String)> {
        let found = Sample::new(request).answer(answer).check(check)?;
        Some((found.strength, found.title))
    }

    #[test]
    fn two_of_them_are_named() {
        for (request, strength, title) in [
            (
                "GET /a\nAuthorization: Bearer abc\nAuthorization: Bearer def",
                Strength::Partial,
                "Authorization was sent more than once",
            ),
            (
                "GET /a\nAuthorization: Bearer abc=, Bearer def",
                Strength::Full,
                "one Authorization holds two credentials",
            ),
            (
                "GET /a\nAuthorization: Basic dTpw,Bearer def",
                Strength::Full,
                "one Authorization holds two credentials",
            ),
            (
                "GET /a?access_token=abc\nAuthorization: Bearer abc",
                Strength::Slight,
                "the token was sent in two places",
            ),
        ] {
            assert_eq!(
                found(request, "401"),
                Some((strength, title.to_owned())),
                "{request}"
            );
        }
    }

    #[test]
    fn the_servers_word_makes_it_sure() {
        for words in [
            "Multiple tokens provided",
            "Duplicate API key found",
            "Found multiple bearer tokens in the request",
        ] {
            let answer = format!("401\n\n{words}");
            let two = "GET /a?access_token=abc\nAuthorization: Bearer abc";
            assert_eq!(found(two, &answer).unwrap().0, Strength::Full, "{words}");
            assert_eq!(found("GET /a\nAuthorization: Bearer abc", &answer), None);
        }
    }

    #[test]
    fn one_credential_with_commas_is_one() {
        for request in [
            "GET /a\nAuthorization: Digest username=\"u\", realm=\"r\", nonce=\"n\"",
            "GET /a\nAuthorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c",
            "GET /a\nAuthorization: Bearer abc, def",
            "GET /a\nAuthorization: Bearer abc\nX-Api-Key: def",
            "GET /a\nAuthorization: Bearer abc\nProxy-Authorization: Basic dTpw",
            "GET /a\nCookie: sid=abc\nCookie: session=def",
        ] {
            assert_eq!(found(request, "401"), None, "{request}");
        }
    }
}
