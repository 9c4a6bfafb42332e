//! `authorization-missing`: no credential where one is needed.

use crate::auth::credentials::Carrier;
use crate::diagnosis::facts::{Facts, Said};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::Note;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let sent = facts.sent;
    // A preflight never carries credentials; a login carries them in its content.
    if sent.authorization().is_some() || sent.is_preflight() || sent.is_login() {
        return None;
    }
    // At a token endpoint this is about the application, not about a user.
    if facts
        .answer
        .is_some_and(|answer| answer.says(&[Said::Client, Said::Grant]))
    {
        return None;
    }
    match facts.good.and_then(|good| good.sent.authorization()) {
        Some(good) => Some(by_difference(facts, good)),
        None => by_answer(facts),
    }
}

fn by_difference(facts: &Facts<'_>, good: &Carrier) -> Suspicion {
    let others: Vec<&Carrier> = facts.sent.credentials().collect();
    let replaced = others.iter().any(|carrier| {
        facts
            .good
            .is_none_or(|good| good.sent.in_place(&carrier.place).is_none())
    });
    let strength = match (replaced, others.is_empty()) {
        (true, _) => Strength::Slight,
        (false, true) => Strength::Full,
        (false, false) => Strength::Partial,
    };
    let name = facts
        .good
        .map_or_else(String::new, |good| good.sent.spelling("Authorization"));
    let mut evidence = vec![
        Phrase::new("request has no Authorization"),
        Phrase::new("known good sends Authorization: ").credential(good),
    ];
    evidence.extend(what_the_server_says(facts));
    Suspicion {
        strength,
        by_difference: true,
        title: "no Authorization was sent".into(),
        evidence,
        fix: vec![Phrase::new(fix(facts, good.scheme.as_deref()))],
        about: Some((Where::Header, name)),
        ..Suspicion::default()
    }
}

fn by_answer(facts: &Facts<'_>) -> Option<Suspicion> {
    let answer = facts.answer?;
    let works_otherwise = facts
        .good
        .is_some_and(|good| good.sent.credentials().next().is_some());
    if works_otherwise || facts.sent.credentials().next().is_some() {
        return None;
    }
    let by_words = answer.says(&[Said::Missing, Said::NotAuthenticated]);
    let asked = !answer.challenges.is_empty();
    // A cookie of an unknown name may well be a session.
    let cookies = facts.sent.has_unknown_cookies();
    let strength = if asked || (by_words && !cookies) {
        Strength::Partial
    } else {
        Strength::Slight
    };
    let mut evidence = vec![Phrase::new(if cookies {
        "request has no Authorization and no API key, only cookies"
    } else {
        "request has no Authorization, no API key and no session cookie"
    })];
    evidence.extend(what_the_server_says(facts));
    let scheme = answer
        .challenges
        .first()
        .map(|challenge| challenge.scheme.as_str());
    Some(Suspicion {
        strength,
        by_words: by_words && !asked,
        title: if cookies {
            "no Authorization was sent".into()
        } else {
            "no credentials were sent".into()
        },
        evidence,
        fix: vec![Phrase::new(fix(facts, scheme))],
        ..Suspicion::default()
    })
}

fn what_the_server_says(facts: &Facts<'_>) -> Vec<Phrase> {
    let mut said = Vec::new();
    if let Some(answer) = facts.answer {
        said.extend(answer.asked());
        said.extend(answer.quote(&[Said::Missing, Said::NotAuthenticated]));
    }
    if facts
        .known
        .case
        .failing
        .notes
        .contains(&Note::ProxyAuthorizationRemoved)
    {
        said.push(Phrase::new(
            "request had Proxy-Authorization: that is for the proxy, no origin sees it",
        ));
    }
    said
}

fn fix(facts: &Facts<'_>, scheme: Option<&str>) -> String {
    scheme.and_then(words::known_scheme).map_or_else(
        || "send the credentials that this API asks for".into(),
        |scheme| words::send_credentials(facts.client(), scheme),
    )
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    const BEARER: &str = "401\nWWW-Authenticate: Bearer realm=\"x\"";

    fn strength(sample: &Sample) -> Option<Strength> {
        sample.check(check).map(|found| found.strength)
    }

    #[test]
    fn the_known_good_one_shows_it_best() {
        let bare = Sample::new("GET /a").answer("401");
        assert_eq!(strength(&bare), Some(Strength::Slight));
        let asked = Sample::new("GET /a").answer(BEARER);
        assert_eq!(strength(&asked), Some(Strength::Partial));
        let compared = asked.good("GET /a\nAuthorization: Bearer abcdefghijklmnop");
        assert_eq!(strength(&compared), Some(Strength::Full));
    }

    #[test]
    fn it_is_silent_where_no_authorization_is_to_be_expected() {
        for request in [
            "GET /a\nAuthorization: Bearer abcdefghijklmnop",
            "GET /a\nX-Api-Key: abcdefghijklmnop",
            "GET /a\nCookie: sessionid=abcdefghijklmnop",
            "OPTIONS /a\nOrigin: https://a.test\nAccess-Control-Request-Method: GET",
            "POST /login\nContent-Type: application/json\n\n{\"user\":\"u\",\"password\":\"p\"}",
            "POST /token\nContent-Type: application/x-www-form-urlencoded\n\ngrant_type=password&password=p",
        ] {
            assert_eq!(
                strength(&Sample::new(request).answer(BEARER)),
                None,
                "{request}"
            );
        }
    }

    #[test]
    fn a_baseline_that_works_with_a_cookie_rules_it_out() {
        let sample = Sample::new("GET /a")
            .answer(BEARER)
            .good("GET /a\nCookie: sessionid=abcdefghijklmnop");
        assert_eq!(strength(&sample), None);
    }

    #[test]
    fn a_cookie_of_an_unknown_name_may_be_a_session() {
        let said = "401\nContent-Type: application/json\n\n{\"message\":\"No token provided\"}";
        let with = |cookie: &str| Sample::new(&format!("GET /a\nCookie: {cookie}")).answer(said);
        assert_eq!(strength(&with("theme=dark")), Some(Strength::Partial));
        assert_eq!(
            strength(&with("acme_who=9f2c7Qd1XvR8sLm4")),
            Some(Strength::Slight)
        );
    }

    #[test]
    fn a_credential_elsewhere_makes_it_a_guess() {
        let sample = Sample::new("GET /a\nX-Api-Key: abcdefghijklmnop")
            .answer(BEARER)
            .good("GET /a\nAuthorization: Bearer abcdefghijklmnop");
        assert_eq!(strength(&sample), Some(Strength::Slight));
    }

    #[test]
    fn a_refused_client_application_is_another_matter() {
        let sample = Sample::new("POST /oauth/token")
            .answer("401\nContent-Type: application/json\n\n{\"error\":\"invalid_client\"}");
        assert_eq!(strength(&sample), None);
    }

    #[test]
    fn without_an_answer_and_a_baseline_nothing_is_known() {
        assert_eq!(strength(&Sample::new("GET /a")), None);
    }
}
