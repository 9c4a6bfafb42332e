//! `wrong-password`: a well-formed login that the server refuses.

use crate::auth::credentials::Carrier;
use crate::diagnosis::Strength;
use crate::diagnosis::facts::{Answer, Facts, Said, has_scheme, user_and_password};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diff::Where;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let basic = facts
        .sent
        .authorization()
        .filter(|carrier| has_scheme(carrier, "basic"));
    let login = match basic {
        Some(carrier) => Some(user_and_password(carrier)?),
        None if facts.sent.is_login() => None,
        None => return None,
    };
    let by_words = facts.answer.is_some_and(names_a_password);
    let other_password = basic
        .zip(login.as_ref())
        .and_then(|(carrier, login)| password_differs(facts, carrier, &login.0));
    let asked_again = facts.answer.is_some_and(|answer| answer.offers("basic"));
    let strength = match (by_words, other_password) {
        (true, _) => Strength::Full,
        (false, Some(true)) => Strength::Partial,
        // The very credentials that are known to be good.
        (false, Some(false)) => return None,
        (false, None) if basic.is_some() && asked_again => Strength::Slight,
        (false, None) => return None,
    };
    let mut evidence = Vec::new();
    if let Some(carrier) = basic {
        evidence.push(Phrase::new("request has Authorization: ").credential(carrier));
    } else {
        evidence.push(Phrase::new("request carries a password in its content"));
    }
    if other_password == Some(true) {
        evidence.push(Phrase::new(
            "known good sends another password for the same user",
        ));
    }
    if let Some(answer) = facts.answer {
        evidence.extend(answer.quote(&[Said::Password]).or_else(|| answer.asked()));
    }
    Some(Suspicion {
        strength,
        place: basic.map(|carrier| carrier.place.clone()),
        by_difference: strength == Strength::Partial,
        by_words,
        title: "the server refuses user name or password".into(),
        evidence,
        fix: vec![Phrase::new(
            "check user and password; many APIs take no account password, but a token made for them",
        )],
        about: basic.map(|_| (Where::Header, facts.sent.spelling("authorization"))),
    })
}

fn names_a_password(answer: &Answer<'_>) -> bool {
    answer.says(&[Said::Password]) && !answer.says(&[Said::Client, Said::ApiKeyMissing])
}

/// Whether the known-good request has another password for that user; `None` when it tells nothing.
fn password_differs(facts: &Facts<'_>, carrier: &Carrier, user: &[u8]) -> Option<bool> {
    let good = facts.good?;
    let there = good
        .sent
        .authorization()
        .filter(|there| has_scheme(there, "basic"))?;
    if good.sent.is_unresolved(&there.raw) || facts.sent.is_unresolved(&carrier.raw) {
        return None;
    }
    let (good_user, good_password) = user_and_password(there)?;
    if good.sent.is_unresolved(&good_user) || good.sent.is_unresolved(&good_password) {
        return None;
    }
    if there.secret == carrier.secret {
        return Some(false);
    }
    (good_user == user).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    const BASIC: &str = "GET /a\nAuthorization: Basic dTpw";
    const ASKED: &str = "401\nWWW-Authenticate: Basic realm=\"x\"";
    const SAID: &str =
        "401\nContent-Type: application/json\n\n{\"detail\":\"Invalid username/password.\"}";

    fn strength(sample: &Sample) -> Option<Strength> {
        sample.check(check).map(|found| found.strength)
    }

    #[test]
    fn the_servers_words_decide() {
        for request in [
            BASIC,
            "POST /login\nContent-Type: application/json\n\n{\"email\":\"a@b.test\",\"password\":\"x\"}",
            "POST /token\nContent-Type: application/x-www-form-urlencoded\n\ngrant_type=password&username=u&password=x",
        ] {
            assert_eq!(
                strength(&Sample::new(request).answer(SAID)),
                Some(Strength::Full)
            );
        }
    }

    #[test]
    fn a_token_is_no_password() {
        let sample = Sample::new("GET /a\nAuthorization: Bearer abcdefghijklmnop1")
            .answer("401\nContent-Type: application/json\n\n{\"message\":\"Bad credentials\"}");
        assert_eq!(strength(&sample), None);
        assert_eq!(strength(&Sample::new("GET /a").answer(SAID)), None);
    }

    #[test]
    fn being_asked_again_is_a_guess_and_the_known_good_one_tells_more() {
        let asked = Sample::new(BASIC).answer(ASKED);
        assert_eq!(strength(&asked), Some(Strength::Slight));
        let other = asked.good("GET /a\nAuthorization: Basic dTpvdGhlcg==");
        assert_eq!(strength(&other), Some(Strength::Partial));
    }

    #[test]
    fn the_known_good_password_is_not_called_wrong_without_words() {
        assert_eq!(
            strength(&Sample::new(BASIC).answer(ASKED).good(BASIC)),
            None
        );
    }

    #[test]
    fn undecodable_credentials_are_another_fault() {
        let sample = Sample::new("GET /a\nAuthorization: Basic u:p").answer(SAID);
        assert_eq!(strength(&sample), None);
    }
}
