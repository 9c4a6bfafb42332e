//! `token-truncated`: a part of the token is missing, as its own form or the known-good one shows.

use crate::auth::credentials::Carrier;
use crate::diagnosis::cut::{Cut, of_jwt};
use crate::diagnosis::facts::{Facts, Good, Said, has_scheme, one_word};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::model::{ClientKind, Place};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let (carrier, cut) = facts
        .sent
        .credentials()
        .filter(|carrier| !facts.sent.is_unresolved(&carrier.raw))
        .filter_map(|carrier| Some((carrier, cut(facts.good, carrier)?)))
        .max_by_key(|(_, cut)| cut.strength())?;
    let mut evidence = vec![
        words::place(&carrier.place)
            .words(" holds ")
            .credential(carrier),
        Phrase::new(cut.told()),
    ];
    let good = facts
        .good
        .and_then(|good| good.sent.in_place(&carrier.place));
    if let (Cut::Piece { .. }, Some(good)) = (&cut, good) {
        evidence.push(Phrase::new("known good sends ").credential(good));
    }
    evidence.extend(
        facts
            .answer
            .and_then(|answer| answer.quote(&[Said::Signature])),
    );
    Some(Suspicion {
        strength: cut.strength(),
        place: Some(carrier.place.clone()),
        by_difference: matches!(cut, Cut::Piece { .. }),
        title: cut.title().into(),
        evidence,
        fix: vec![Phrase::new(fix(facts.client(), carrier, &cut))],
        // Being the only difference is no proof where the length is none.
        about: facts
            .sent
            .about(&carrier.place)
            .filter(|_| cut.strength() == Strength::Full),
        ..Suspicion::default()
    })
}

fn cut(good: Option<&Good<'_>>, carrier: &Carrier) -> Option<Cut> {
    let word = match &carrier.place {
        Place::Cookie(_) => carrier.normalised.clone(),
        _ => one_word(carrier)?.into_owned(),
    };
    if has_scheme(carrier, "basic") {
        return None;
    }
    piece_of_good(good, carrier, &word)
        .or_else(|| has_dots(&word).then_some(Cut::Dots))
        .or_else(|| of_jwt(&word))
}

fn piece_of_good(good: Option<&Good<'_>>, carrier: &Carrier, word: &[u8]) -> Option<Cut> {
    let good = good?;
    let there = good.sent.in_place(&carrier.place)?;
    let whole = match &there.place {
        Place::Cookie(_) => there.normalised.clone(),
        _ => one_word(there)?.into_owned(),
    };
    let is_less = word.len() >= SHORTEST_PIECE && word.len() < whole.len();
    if !is_less || good.sent.is_unresolved(&there.raw) {
        return None;
    }
    let is_start = whole.starts_with(word);
    (is_start || whole.ends_with(word)).then_some(Cut::Piece {
        is_start,
        length: word.len(),
        of: whole.len(),
    })
}

/// By chance no token begins with so many characters of another one, but for a public prefix.
const SHORTEST_PIECE: usize = 12;

/// `eyJhbGciOiJI…` and `sk_live_51H...`, as consoles show them.
fn has_dots(word: &[u8]) -> bool {
    let ellipsis = "\u{2026}".as_bytes();
    let at = memchr::memmem::find(word, ellipsis)
        .or_else(|| word.ends_with(b"...").then(|| word.len() - 3));
    at.and_then(|at| word.get(..at))
        .is_some_and(|before| before.len() >= 4 && before.iter().all(is_token_byte))
}

fn is_token_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte)
}

fn fix(client: ClientKind, carrier: &Carrier, cut: &Cut) -> &'static str {
    if matches!(cut, Cut::Dots) {
        return "copy the whole token: what is shown with dots is for reading only";
    }
    if matches!(carrier.place, Place::Cookie(_)) {
        return "set the token anew: a cookie holds 4096 bytes at most, with its name and attributes";
    }
    match client {
        ClientKind::Curl | ClientKind::HTTPie | ClientKind::Postman | ClientKind::Insomnia => {
            "copy the whole token, in one piece and up to its last character"
        }
        _ => "send the whole token: look for a column, variable or buffer that is too short for it",
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::{Sample, jwt};

    fn found(request: &str) -> Option<(Strength, String)> {
        let found = Sample::new(&format!("GET /a\n{request}")).check(check)?;
        Some((found.strength, format!("{:?}", found.evidence)))
    }

    #[test]
    fn dots_of_a_shortened_text_are_seen() {
        for value in [
            "eyJhbGciOiJI\u{2026}",
            "sk_live_51H...",
            "eyJhbGci\u{2026}c2ln",
        ] {
            assert!(
                found(&format!("Authorization: Bearer {value}")).is_some(),
                "{value}"
            );
        }
    }

    #[test]
    fn the_known_good_token_shows_what_is_missing() {
        let compared = |sent: &str, good: &str| {
            Sample::new(&format!("GET /a\nX-Api-Key: {sent}"))
                .good(&format!("GET /a\nX-Api-Key: {good}"))
                .check(check)
                .map(|found| found.title)
        };
        let good = "51Hq9zKxT0abQ7wE22mmP0";
        assert_eq!(
            compared("51Hq9zKxT0abQ7wE", good).as_deref(),
            Some("the end of the token is missing")
        );
        assert_eq!(
            compared("KxT0abQ7wE22mmP0", good).as_deref(),
            Some("the beginning of the token is missing")
        );
        assert_eq!(compared(good, good), None);
        assert_eq!(compared("51Hq9zKxT0abXXXX", good), None);
        assert_eq!(compared("51Hq", good), None);
        assert_eq!(compared(good, "51Hq9zKxT0abQ7wE"), None);
    }

    #[test]
    fn a_cut_jwt_is_seen_in_every_place() {
        let token = jwt("{}");
        let cut = token.split_at(token.len() - 5).0;
        for request in [
            format!("Authorization: Bearer {cut}"),
            format!("Cookie: token={cut}"),
            format!("X-Access-Token: {cut}"),
        ] {
            let (strength, evidence) = found(&request).unwrap();
            assert_eq!(strength, Strength::Full);
            assert!(evidence.contains("its signature has"), "{evidence}");
        }
    }

    #[test]
    fn whole_tokens_and_passwords_are_left_alone() {
        for request in [
            format!("Authorization: Bearer {}", jwt("{}")),
            "Authorization: Bearer ...".to_owned(),
            "Authorization: Bearer abcdefghijklmnop1".to_owned(),
            "Authorization: Basic eyJhbGci...".to_owned(),
        ] {
            assert_eq!(found(&request), None, "{request}");
        }
    }
}
