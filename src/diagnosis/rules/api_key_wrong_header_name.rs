//! `api-key-wrong-header-name`: the key stands in a field that the server does not read.

use crate::auth::credentials::Carrier;
use crate::diagnosis::facts::{By, Facts, Moved, Wanted, has_scheme, may_be_meant};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::{Place, Shape};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    if facts.sent.is_preflight() {
        return None;
    }
    match Moved::of(facts) {
        Some(moved) if moved.is_between_fields() => Some(by_name(facts, &moved)),
        Some(_) => None,
        None => by_words(facts),
    }
}

fn by_name(facts: &Facts<'_>, moved: &Moved) -> Suspicion {
    let strength = match moved.by {
        By::Good | By::Route => Strength::Full,
        // Another route may well read another field.
        By::Origin => Strength::Slight,
    };
    let sent_as = field_name(facts, &moved.place);
    let mut evidence = vec![
        words::who_passes(moved.by)
            .words(" sends ")
            .captured(moved.name.as_bytes())
            .words(": ")
            .credential(&moved.right),
        Phrase::new("this request sends the same secret as ").captured(sent_as.as_bytes()),
    ];
    evidence.extend(facts.answer.and_then(|answer| answer.first_words()));
    let scheme = moved.right.scheme.as_deref().and_then(words::known_scheme);
    let fix = match (scheme, words::plain_name(&moved.name)) {
        (Some(scheme), Some(_)) => words::send_credentials(facts.client(), scheme),
        (None, Some(name)) => words::send_field(facts.client(), name),
        (_, None) => "send it in the field of the request that passes".into(),
    };
    Suspicion {
        strength,
        place: Some(moved.place.clone()),
        by_difference: moved.by == By::Good,
        title: title(&moved.name),
        evidence,
        fix: vec![
            Phrase::new(fix)
                .words(", instead of ")
                .captured(sent_as.as_bytes()),
        ],
        about: Some((Where::Header, moved.name.clone())),
        ..Suspicion::default()
    }
}

/// The server misses a key that it names, or any, and there is one in another field.
fn by_words(facts: &Facts<'_>) -> Option<Suspicion> {
    let answer = facts.answer?;
    let wanted = answer.wanted_fields();
    let is_there = |name: &str| facts.sent.request.fields.contains(name);
    if wanted.iter().any(|wanted| is_there(&wanted.name)) {
        return None;
    }
    let key = |wanted: &str| {
        let mut keys = facts.sent.keys();
        keys.find(|key| is_key_field(key) && may_be_meant(key, wanted))
    };
    let of_good = || wanted_by_good(facts).filter(|_| answer.misses_key());
    let (key, title, quote, fix) = match wanted.into_iter().next().or_else(of_good) {
        Some(wanted) => {
            // Of a credential in Authorization it must be plain that it is a key.
            let key = key(&wanted.name)
                .or_else(|| facts.sent.authorization().filter(|sent| is_bare_key(sent)))?;
            let fix = words::plain_name(&wanted.name).map_or_else(
                || "send it in the field that the server names".to_owned(),
                |name| words::send_field(facts.client(), name),
            );
            (key, title(&wanted.name), wanted.quote, fix)
        }
        None if answer.misses_key() => (
            key("key")?,
            "the server does not find the API key you send".to_owned(),
            answer.first_words()?,
            "send it in the field that this API's documentation names (Kong, Supabase: apikey)"
                .to_owned(),
        ),
        None => return None,
    };
    let good_has_it = facts
        .good
        .is_some_and(|good| good.sent.in_place(&key.place).is_some());
    if good_has_it {
        return None;
    }
    let sent_as = field_name(facts, &key.place);
    Some(Suspicion {
        strength: Strength::Partial,
        place: Some(key.place.clone()),
        by_words: true,
        title,
        evidence: vec![
            Phrase::new("request sends ")
                .captured(sent_as.as_bytes())
                .words(": ")
                .credential(key),
            quote,
        ],
        fix: vec![
            Phrase::new(fix)
                .words(", instead of ")
                .captured(sent_as.as_bytes()),
        ],
        about: Some((Where::Header, sent_as)),
        ..Suspicion::default()
    })
}

/// The field of the known-good request's key, which holds another key than the one sent here.
fn wanted_by_good(facts: &Facts<'_>) -> Option<Wanted> {
    let good = facts.good?;
    let key = good
        .sent
        .keys()
        .find(|key| is_key_field(key) && facts.sent.in_place(&key.place).is_none())?;
    let Place::Header(name) = &key.place else {
        return None;
    };
    let name = good.sent.spelling(name);
    Some(Wanted {
        quote: Phrase::new("the server finds no key; known good sends ")
            .captured(name.as_bytes())
            .words(": ")
            .credential(key),
        name,
    })
}

fn is_key_field(carrier: &Carrier) -> bool {
    matches!(carrier.place, Place::Header(_)) && carrier.shape != Shape::Empty
}

fn is_bare_key(carrier: &Carrier) -> bool {
    carrier.shape == Shape::Prefixed
        || ["apikey", "key", "api-key"]
            .iter()
            .any(|scheme| has_scheme(carrier, scheme))
}

fn title(name: &str) -> String {
    words::plain_name(name).map_or_else(
        || "the API key stands in the wrong field".into(),
        |name| format!("the key is not sent as {name}"),
    )
}

fn field_name(facts: &Facts<'_>, place: &Place) -> String {
    match place {
        Place::Header(name) => facts.sent.spelling(name),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    fn strength(sample: &Sample) -> Option<Strength> {
        sample.check(check).map(|found| found.strength)
    }

    fn told(words: &str) -> String {
        format!("401\nContent-Type: application/json\n\n{{\"message\":\"{words}\"}}")
    }

    #[test]
    fn the_same_key_under_another_name_is_seen() {
        let good = "GET /a\nX-Api-Key: k-abcdefghijklmnop1";
        for name in [
            "Api-Key:",
            "apikey:",
            "X-Acme-Thing:",
            "Authorization: ApiKey",
        ] {
            let line = format!("{name} k-abcdefghijklmnop1");
            let sample = Sample::new(&format!("GET /a\n{line}"))
                .answer("401")
                .good(good);
            assert_eq!(strength(&sample), Some(Strength::Full), "{line}");
            let verdict = crate::diagnosis::diagnose(&sample.case).verdict.unwrap();
            assert_eq!(verdict.cause, "api-key-wrong-header-name", "{line}");
        }
    }

    #[test]
    fn a_request_that_passed_shows_it_with_certainty() {
        let sample = Sample::new("GET /a\nApi-Key: k-abcdefghijklmnop1")
            .answer("401")
            .before(-60, "GET /a\nX-Api-Key: k-abcdefghijklmnop1", 200);
        let verdict = crate::diagnosis::diagnose(&sample.case).verdict.unwrap();
        assert_eq!(
            (verdict.cause, verdict.score),
            ("api-key-wrong-header-name", 92)
        );
    }

    #[test]
    fn the_server_names_the_field_it_reads() {
        for (request, words) in [
            (
                "GET /a\nApi-Key: abcdefghijklmnop1",
                "Missing X-Api-Key header",
            ),
            (
                "GET /a\nAuthorization: ApiKey abcdefghijklmnop1",
                "X-API-Key header missing",
            ),
            (
                "GET /a\nX-Api-Key: abcdefghijklmnop1",
                "No API key found in request",
            ),
        ] {
            let sample = Sample::new(request).answer(&told(words));
            assert_eq!(strength(&sample), Some(Strength::Partial), "{words}");
        }
    }

    #[test]
    fn what_is_there_or_needed_besides_is_not_misnamed() {
        for (request, words) in [
            (
                "GET /a\nX-Api-Key: abcdefghijklmnop1",
                "Missing X-Api-Key header",
            ),
            ("GET /a\nApi-Key: abcdefghijklmnop1", "Invalid X-Api-Key"),
            ("GET /a\nApi-Key: abcdefghijklmnop1", "Unauthorized"),
            (
                "GET /a\nAuthorization: Bearer abcdefghijklmnop1",
                "x-api-key header is required",
            ),
            ("GET /a", "Missing X-Api-Key header"),
            (
                "GET /a\nX-Client-Id: abcdefghijklmnop1",
                "No API key found in request",
            ),
        ] {
            let sample = Sample::new(request).answer(&told(words));
            assert_eq!(strength(&sample), None, "{request} {words}");
        }
    }

    #[test]
    fn a_key_sent_twice_by_the_known_good_one_is_only_missing() {
        let sample = Sample::new("GET /a\nAuthorization: Bearer abcdefghijklmnop1")
            .answer("401")
            .good("GET /a\nAuthorization: Bearer abcdefghijklmnop1\napikey: abcdefghijklmnop1");
        assert_eq!(strength(&sample), None);
    }
}
