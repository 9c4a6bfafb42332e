//! `api-key-wrong-location`: the right key, in the query instead of a field, or the other way round.

use crate::auth::credentials::Carrier;
use crate::diagnosis::facts::{By, Facts, Moved, may_be_meant};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::{ClientKind, Place};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    if facts.sent.is_preflight() {
        return None;
    }
    match Moved::of(facts) {
        Some(moved) if moved.is_between_fields() => None,
        Some(moved) => Some(by_place(facts, &moved)),
        None => by_words(facts),
    }
}

fn by_place(facts: &Facts<'_>, moved: &Moved) -> Suspicion {
    let strength = match moved.by {
        By::Good | By::Route => Strength::Full,
        // Another route may well read it elsewhere.
        By::Origin => Strength::Slight,
    };
    let mut evidence = vec![
        words::who_passes(moved.by)
            .words(format!(" sends it as the {}", kind(&moved.right.place)))
            .captured(moved.name.as_bytes())
            .words(": ")
            .credential(&moved.right),
        Phrase::new("this request sends the same secret in ").then(&in_words(&moved.place)),
    ];
    evidence.extend(facts.answer.and_then(|answer| answer.first_words()));
    Suspicion {
        strength,
        place: Some(moved.place.clone()),
        by_difference: moved.by == By::Good,
        title: title(&moved.right),
        evidence,
        fix: vec![fix(facts.client(), moved)],
        about: about(moved),
        ..Suspicion::default()
    }
}

/// The server finds no key in a field that it names, or none at all, and one stands outside the fields.
fn by_words(facts: &Facts<'_>) -> Option<Suspicion> {
    let answer = facts.answer?;
    let in_field = |carrier: &Carrier| matches!(carrier.place, Place::Header(_));
    let wanted = answer.wanted_fields();
    let name = wanted.first().map_or("key", |wanted| &wanted.name);
    let key = facts
        .sent
        .keys()
        .find(|key| !in_field(key) && may_be_meant(key, name))?;
    let field_too = facts.sent.keys().any(in_field);
    let good_has_it = facts
        .good
        .is_some_and(|good| good.sent.in_place(&key.place).is_some());
    if field_too || good_has_it {
        return None;
    }
    let is_there = |name: &str| facts.sent.request.fields.contains(name);
    if wanted.iter().any(|wanted| is_there(&wanted.name)) {
        return None;
    }
    let (quote, fix) = match wanted.into_iter().next() {
        Some(wanted) => {
            let fix = words::plain_name(&wanted.name).map_or_else(
                || "send it in the field that the server names".to_owned(),
                |name| words::send_field(facts.client(), name),
            );
            (wanted.quote, fix)
        }
        None if answer.misses_key() => (
            answer.first_words()?,
            "send it in the field that this API's documentation names".to_owned(),
        ),
        None => return None,
    };
    Some(Suspicion {
        strength: Strength::Partial,
        place: Some(key.place.clone()),
        by_words: true,
        title: title(key),
        evidence: vec![
            Phrase::new("request has it in ")
                .then(&in_words(&key.place))
                .words(": ")
                .credential(key),
            quote,
        ],
        fix: vec![Phrase::new(fix)],
        about: facts.sent.about(&key.place),
        ..Suspicion::default()
    })
}

fn title(credential: &Carrier) -> String {
    match &credential.place {
        Place::Header(name) if name == "authorization" => "the token stands in the wrong place",
        Place::Cookie(_) => "the session's token stands in the wrong place",
        _ => "the API key stands in the wrong place",
    }
    .into()
}

fn kind(place: &Place) -> &'static str {
    match place {
        Place::Header(_) => "field ",
        Place::Cookie(_) => "cookie ",
        Place::Query(_) => "query parameter ",
        Place::Form(_) => "form parameter ",
        Place::UserInfo => "",
    }
}

fn in_words(place: &Place) -> Phrase {
    match place {
        Place::Form(name) => Phrase::new("the content, as ").captured(name.as_bytes()),
        Place::UserInfo => Phrase::new("the URL"),
        Place::Header(name) | Place::Cookie(name) | Place::Query(name) => {
            Phrase::new(format!("the {}", kind(place))).captured(name.as_bytes())
        }
    }
}

fn about(moved: &Moved) -> Option<(Where, String)> {
    let place = match moved.right.place {
        Place::Header(_) => Where::Header,
        Place::Cookie(_) => Where::Cookie,
        Place::Query(_) => Where::Query,
        Place::Form(_) | Place::UserInfo => return None,
    };
    Some((place, moved.name.clone()))
}

fn fix(client: ClientKind, moved: &Moved) -> Phrase {
    let name = words::plain_name(&moved.name);
    let scheme = moved.right.scheme.as_deref().and_then(words::known_scheme);
    let how = match (&moved.right.place, name, scheme) {
        (Place::Header(_), Some(_), Some(scheme)) => words::send_credentials(client, scheme),
        (Place::Header(_), Some(name), None) => words::send_field(client, name),
        (Place::Query(_), Some(name), _) => format!("add the query parameter {name}"),
        (Place::Cookie(_), Some(name), _) => format!("send it as the cookie {name}"),
        (Place::Form(_), Some(name), _) => format!("send it as the form parameter {name}"),
        _ => "send it where the request that passes has it".into(),
    };
    let fix = Phrase::new(how);
    match moved.place {
        // A cookie goes with every request of its site.
        Place::Cookie(_) => fix,
        _ => fix.words("; take it out of ").then(&in_words(&moved.place)),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    const KEY: &str = "k-abcdefghijklmnop1";

    fn strength(sample: &Sample) -> Option<Strength> {
        sample.check(check).map(|found| found.strength)
    }

    #[test]
    fn the_same_key_in_another_kind_of_place_is_seen() {
        let good = format!("POST /a\nX-Api-Key: {KEY}");
        for request in [
            format!("POST /a?k={KEY}"),
            format!("POST /a\nCookie: a=1; key={KEY}"),
            format!("POST /a\ncookie: a=1\ncookie: key={KEY}"),
            format!("POST /a\nContent-Type: application/json\n\n{{\"apiKey\":\"{KEY}\"}}"),
            format!("POST /a\nContent-Type: application/x-www-form-urlencoded\n\nx=1&key={KEY}"),
        ] {
            let sample = Sample::new(&request).answer("401").good(&good);
            assert_eq!(strength(&sample), Some(Strength::Full), "{request}");
        }
    }

    #[test]
    fn a_request_that_passed_shows_it_too() {
        let failing = || Sample::new(&format!("GET /a?api_key={KEY}")).answer("401");
        let passed = format!("GET /a\nX-Api-Key: {KEY}");
        let here = failing().before(-60, &passed, 200);
        assert_eq!(strength(&here), Some(Strength::Full));
        let elsewhere = failing().before(-60, &passed.replace("/a", "/b"), 200);
        assert_eq!(strength(&elsewhere), Some(Strength::Slight));
        let refused = failing().before(-60, &passed, 401);
        assert_eq!(strength(&refused), None);
    }

    #[test]
    fn the_servers_words_name_the_field() {
        let said =
            "401\nContent-Type: application/json\n\n{\"detail\":\"X-API-Key header missing\"}";
        let request = format!("GET /a?api_key={KEY}");
        let told = Sample::new(&request).answer(said);
        assert_eq!(strength(&told), Some(Strength::Partial));
        let both = Sample::new(&format!("{request}\nX-API-Key: other")).answer(said);
        assert_eq!(strength(&both), None);
        let passes = Sample::new(&request).answer(said).good(&request);
        assert_eq!(strength(&passes), None);
    }

    #[test]
    fn another_key_the_same_place_or_a_short_text_is_no_move() {
        for (request, good) in [
            (
                "GET /a?api_key=other-key-abc",
                "GET /a\nX-Api-Key: k-abcdefghijklmnop1",
            ),
            (
                "GET /a\nX-Api-Key: k-abcdefghijklmnop1",
                "GET /a\nX-Api-Key: k-abcdefghijklmnop1",
            ),
            ("GET /a?v=short", "GET /a\nX-Api-Key: short"),
            (
                "GET /a\nApi-Key: k-abcdefghijklmnop1",
                "GET /a\nX-Api-Key: k-abcdefghijklmnop1",
            ),
            (
                "GET /a?p=dTpwYXNzd29yZA==",
                "GET /a\nAuthorization: Basic dTpwYXNzd29yZA==",
            ),
        ] {
            let sample = Sample::new(request).answer("401").good(good);
            assert_eq!(strength(&sample), None, "{request}");
        }
    }
}
