//! `bearer-prefix-missing`: a bare token in Authorization.

use crate::auth::credentials::Carrier;
use crate::diagnosis::facts::{Facts, has_scheme};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::{ClientKind, Shape};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let carrier = facts.sent.authorization()?;
    // The word may stand in a variable.
    if !is_bare_token(carrier) || facts.sent.is_unresolved(&carrier.raw) {
        return None;
    }
    let good = facts.good.and_then(|good| good.sent.authorization());
    let (strength, second) = match good {
        Some(good) if has_scheme(good, "bearer") => (
            Strength::Full,
            Phrase::new("known good sends Authorization: ").credential(good),
        ),
        // Some APIs take the token without a word before it.
        Some(_) => return None,
        None => {
            let answer = facts.answer.filter(|answer| answer.saw_no_token())?;
            (Strength::Partial, answer.asked()?)
        }
    };
    Some(Suspicion {
        strength,
        place: Some(carrier.place.clone()),
        by_difference: good.is_some(),
        title: "the word Bearer is missing before the token".into(),
        evidence: vec![
            Phrase::new("request has Authorization: ").credential(carrier),
            second,
        ],
        fix: vec![Phrase::new(fix(facts.client()))],
        about: Some((Where::Header, facts.sent.spelling("authorization"))),
        ..Suspicion::default()
    })
}

fn is_bare_token(carrier: &Carrier) -> bool {
    let value = carrier.raw.trim_ascii();
    let glued = value
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"bearer"));
    let shaped = match carrier.shape {
        Shape::JwtJws | Shape::JwtJwe | Shape::Prefixed => true,
        Shape::Opaque => value.len() >= SHORTEST,
        _ => false,
    };
    let one_word = value
        .iter()
        .all(|b| b.is_ascii_graphic() && !b"\"',".contains(b));
    carrier.scheme.is_none() && shaped && !glued && one_word
}

/// Shorter than this, text is hardly a token.
const SHORTEST: usize = 16;

fn fix(client: ClientKind) -> String {
    match client {
        ClientKind::Postman | ClientKind::Insomnia => {
            "choose the auth type Bearer Token: it puts the word in front by itself".into()
        }
        _ => words::send_credentials(client, "Bearer"),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJl";
    const SILENT: &str = "401\nWWW-Authenticate: Bearer";

    fn request(value: &str) -> String {
        format!("GET /a\nAuthorization: {value}")
    }

    fn strength(sample: &Sample) -> Option<Strength> {
        sample.check(check).map(|found| found.strength)
    }

    #[test]
    fn a_bare_token_where_bearer_is_asked_for() {
        let sample = Sample::new(&request(TOKEN)).answer(SILENT);
        assert_eq!(strength(&sample), Some(Strength::Partial));
        let compared = sample.good(&request(&format!("Bearer {TOKEN}")));
        assert_eq!(strength(&compared), Some(Strength::Full));
    }

    #[test]
    fn an_api_that_takes_bare_tokens_is_not_blamed() {
        let sample = Sample::new(&request(TOKEN))
            .answer(SILENT)
            .good(&request(TOKEN));
        assert_eq!(strength(&sample), None);
        let refused = "401\nWWW-Authenticate: Bearer error=\"invalid_token\"";
        assert_eq!(
            strength(&Sample::new(&request(TOKEN)).answer(refused)),
            None
        );
    }

    #[test]
    fn other_faults_of_the_value_are_not_this_one() {
        for value in [
            "undefined",
            "BearereyJhbGciOiJIUzI1NiJ9.e30.c2ln",
            "abc",
            "Bearer x",
        ] {
            let sample = Sample::new(&request(value)).answer(SILENT);
            assert_eq!(strength(&sample), None, "{value}");
        }
    }
}
