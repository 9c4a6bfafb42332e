//! `scheme-mismatch`: `Token` where `Bearer` is asked for, `Basic` where a token is, and so on.

use crate::diagnosis::facts::{Answer, Facts};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let carrier = facts.sent.authorization()?;
    let scheme = words::known_scheme(carrier.scheme.as_deref()?)?;
    let good = facts.good.and_then(|good| good.sent.authorization());
    let good_scheme = good
        .and_then(|good| good.scheme.as_deref())
        .and_then(words::known_scheme);
    let asked = facts.answer.filter(|answer| !answer.challenges.is_empty());
    if good_scheme == Some(scheme) || asked.is_some_and(|answer| answer.offers(scheme)) {
        return None;
    }
    let (strength, wanted) = match (good_scheme, asked) {
        (Some(good), Some(answer)) if answer.offers(good) => (Strength::Full, Some(good)),
        (Some(good), None) => (Strength::Partial, Some(good)),
        (Some(_), Some(_)) | (None, None) => return None,
        (None, Some(answer)) => (by_challenge(scheme, answer), first_known(answer)),
    };
    let mut evidence = vec![Phrase::new("request has Authorization: ").credential(carrier)];
    evidence.extend(asked.and_then(Answer::asked));
    evidence.extend(
        good.filter(|_| good_scheme.is_some())
            .map(|good| Phrase::new("known good sends Authorization: ").credential(good)),
    );
    Some(Suspicion {
        strength,
        place: Some(carrier.place.clone()),
        by_difference: good_scheme.is_some(),
        title: title(scheme, wanted, asked.is_some()),
        evidence,
        fix: vec![Phrase::new(fix(facts, wanted))],
        about: Some((Where::Header, facts.sent.spelling("authorization"))),
        ..Suspicion::default()
    })
}

/// Jira, Nexus, Artifactory, Elasticsearch and a plain nginx in front list Basic only, and take tokens.
fn by_challenge(scheme: &str, answer: &Answer<'_>) -> Strength {
    let only_basic = answer
        .challenges
        .iter()
        .all(|challenge| challenge.is("basic"));
    if only_basic && scheme != "Digest" {
        Strength::Slight
    } else {
        Strength::Partial
    }
}

fn first_known(answer: &Answer<'_>) -> Option<&'static str> {
    answer
        .challenges
        .iter()
        .find_map(|challenge| words::known_scheme(&challenge.scheme))
}

fn title(scheme: &str, wanted: Option<&str>, asked: bool) -> String {
    match (wanted, asked) {
        (Some(wanted), true) => format!("scheme {scheme} was sent, the server asks for {wanted}"),
        (Some(wanted), false) => {
            format!("scheme {scheme} was sent, the known-good one has {wanted}")
        }
        (None, _) => format!("scheme {scheme} was sent, the server asks for another scheme"),
    }
}

fn fix(facts: &Facts<'_>, wanted: Option<&str>) -> String {
    match wanted {
        Some(wanted) => words::send_credentials(facts.client(), wanted),
        None => "use the scheme that the server asks for".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    fn request(scheme: &str) -> String {
        format!("GET /a\nAuthorization: {scheme} abcdefghijklmnop1")
    }

    fn found(sample: &Sample) -> Option<(Strength, String)> {
        sample
            .check(check)
            .map(|found| (found.strength, found.title))
    }

    const BEARER: &str = "401\nWWW-Authenticate: Bearer";
    const BASIC: &str = "401\nWWW-Authenticate: Basic realm=\"x\"";

    #[test]
    fn a_scheme_that_is_not_asked_for_is_named_with_the_one_that_is() {
        let sample = Sample::new(&request("Token")).answer(BEARER);
        let title = "scheme Token was sent, the server asks for Bearer".to_owned();
        assert_eq!(found(&sample), Some((Strength::Partial, title.clone())));
        let compared = sample.good(&request("Bearer"));
        assert_eq!(found(&compared), Some((Strength::Full, title)));
    }

    #[test]
    fn a_list_of_basic_alone_proves_less() {
        let sample = Sample::new(&request("Bearer")).answer(BASIC);
        assert_eq!(found(&sample).unwrap().0, Strength::Slight);
    }

    #[test]
    fn an_offered_scheme_in_any_case_is_right() {
        let both = "401\nWWW-Authenticate: Basic realm=\"x\", Bearer";
        for (scheme, answer) in [("bearer", BEARER), ("BASIC", BASIC), ("Bearer", both)] {
            assert_eq!(found(&Sample::new(&request(scheme)).answer(answer)), None);
        }
    }

    #[test]
    fn a_baseline_with_the_same_scheme_rules_it_out() {
        let sample = Sample::new(&request("Bearer"))
            .answer(BASIC)
            .good(&request("bearer"));
        assert_eq!(found(&sample), None);
    }

    #[test]
    fn nothing_is_said_without_a_challenge_or_a_baseline() {
        assert_eq!(found(&Sample::new(&request("Token")).answer("401")), None);
        let offline = Sample::new(&request("Token")).good(&request("Bearer"));
        assert_eq!(found(&offline).unwrap().0, Strength::Partial);
    }
}
