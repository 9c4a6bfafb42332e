//! `api-key-missing`: a key field or key parameter that is not there.

use crate::auth::credentials::Carrier;
use crate::diagnosis::facts::{Facts, Said};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::Place;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    if facts.sent.is_preflight() {
        return None;
    }
    let missing = facts.good.and_then(|good| {
        good.sent
            .keys()
            .filter(|key| !matches!(key.place, Place::Form(_)))
            .find(|key| facts.sent.in_place(&key.place).is_none())
    });
    let told = facts
        .answer
        .is_some_and(|answer| answer.says(&[Said::ApiKeyMissing]));
    match missing {
        Some(key) => Some(by_difference(facts, key, told)),
        // A key that is there and not found stands in the wrong place: another fault.
        None if told && facts.sent.keys().next().is_none() => Some(by_words(facts)),
        None => None,
    }
}

fn by_difference(facts: &Facts<'_>, key: &Carrier, told: bool) -> Suspicion {
    let (about, name) = match &key.place {
        Place::Header(name) => {
            let name = facts
                .good
                .map_or_else(|| name.clone(), |good| good.sent.spelling(name));
            ((Where::Header, name.clone()), name)
        }
        Place::Query(name) | Place::Form(name) | Place::Cookie(name) => {
            ((Where::Query, name.clone()), name.clone())
        }
        Place::UserInfo => ((Where::Query, String::new()), String::new()),
    };
    let elsewhere = facts
        .sent
        .carriers
        .iter()
        .find(|other| !key.normalised.is_empty() && other.normalised == key.normalised);
    let replaced = facts.sent.credentials().any(|other| {
        facts
            .good
            .is_none_or(|good| good.sent.in_place(&other.place).is_none())
    });
    let strength = match (elsewhere.is_some() || replaced, told) {
        (true, _) => Strength::Slight,
        (false, true) => Strength::Full,
        (false, false) => Strength::Partial,
    };
    let mut evidence = vec![
        Phrase::new("known good sends ")
            .captured(name.as_bytes())
            .words(": ")
            .credential(key),
    ];
    if let Some(other) = elsewhere {
        evidence.push(
            Phrase::new("this request sends the same key elsewhere: ")
                .captured(place_name(&other.place)),
        );
    }
    evidence.extend(quote(facts));
    Suspicion {
        strength,
        by_difference: true,
        by_words: told,
        title: words::plain_name(&name).map_or_else(
            || "an API key was not sent".into(),
            |name| format!("the API key {name} was not sent"),
        ),
        evidence,
        fix: vec![Phrase::new(fix(facts, &key.place, &name))],
        about: Some(about),
        ..Suspicion::default()
    }
}

fn by_words(facts: &Facts<'_>) -> Suspicion {
    Suspicion {
        strength: Strength::Full,
        by_words: true,
        title: "no API key was sent".into(),
        evidence: std::iter::once(Phrase::new("request has no API key"))
            .chain(quote(facts))
            .collect(),
        fix: vec![Phrase::new(
            "send the key in the field or parameter that this API's documentation names",
        )],
        ..Suspicion::default()
    }
}

fn quote(facts: &Facts<'_>) -> Option<Phrase> {
    facts.answer?.quote(&[Said::ApiKeyMissing])
}

fn place_name(place: &Place) -> Vec<u8> {
    match place {
        Place::Header(name) | Place::Cookie(name) | Place::Query(name) | Place::Form(name) => {
            name.clone().into_bytes()
        }
        Place::UserInfo => b"the URL".to_vec(),
    }
}

fn fix(facts: &Facts<'_>, place: &Place, name: &str) -> String {
    match (place, words::plain_name(name)) {
        (Place::Header(_), Some(name)) => words::send_field(facts.client(), name),
        (Place::Query(_), Some(name)) => format!("add the query parameter {name}"),
        _ => "send the key as the known-good request does".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    const SAID: &str =
        "401\nContent-Type: application/json\n\n{\"message\":\"No API key found in request\"}";
    const KEY: &str = "GET /a\nX-Api-Key: k-abcdefghijklmnop1";

    fn found(sample: &Sample) -> Option<(Strength, String)> {
        sample
            .check(check)
            .map(|found| (found.strength, found.title))
    }

    #[test]
    fn the_server_or_the_known_good_one_shows_it() {
        let told = Sample::new("GET /a").answer(SAID);
        assert_eq!(
            found(&told),
            Some((Strength::Full, "no API key was sent".into()))
        );
        let compared = Sample::new("GET /a").answer("401").good(KEY);
        let title = "the API key X-Api-Key was not sent".to_owned();
        assert_eq!(found(&compared), Some((Strength::Partial, title)));
    }

    #[test]
    fn a_key_in_the_query_counts() {
        let sample = Sample::new("GET /a?q=1")
            .answer("401")
            .good("GET /a?q=1&api_key=abcdefghijklmnop1");
        assert_eq!(
            found(&sample).unwrap().1,
            "the API key api_key was not sent"
        );
    }

    #[test]
    fn a_key_that_moved_is_only_a_guess() {
        let moved = Sample::new("GET /a?api_key=k-abcdefghijklmnop1")
            .answer("401")
            .good(KEY);
        assert_eq!(found(&moved).unwrap().0, Strength::Slight);
    }

    #[test]
    fn it_is_silent_when_the_key_is_there_or_none_is_asked_for() {
        assert_eq!(found(&Sample::new(KEY).answer(SAID)), None);
        assert_eq!(found(&Sample::new(KEY).answer("401").good(KEY)), None);
        assert_eq!(found(&Sample::new("GET /a").answer("401")), None);
        let preflight = "OPTIONS /a\nOrigin: https://a.test\nAccess-Control-Request-Method: GET";
        assert_eq!(found(&Sample::new(preflight).answer(SAID)), None);
    }
}
