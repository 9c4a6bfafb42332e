//! `wrong-environment-host`: a credential of one environment, sent to a host of another.

use std::time::Duration;

use crate::diagnosis::facts::{Facts, Said, Sent, are_two_environments, is_loopback};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::{Origin, Seen, Url};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    // What ran out has done so everywhere.
    let ran_out = facts
        .answer
        .is_some_and(|answer| answer.says(&[Said::Expired, Said::Revoked]));
    if ran_out
        || facts.sent.is_preflight()
        || facts.sent.credentials().next().is_none()
        || works_here(facts)
    {
        return None;
    }
    by_known_good(facts)
        .or_else(|| by_story(facts))
        .or_else(|| by_token(facts))
}

/// The same credentials pass on another host.
fn by_known_good(facts: &Facts<'_>) -> Option<Suspicion> {
    let good = facts.good?;
    let (here, there) = (
        &facts.sent.request.url.origin,
        &good.sent.request.url.origin,
    );
    let same = facts
        .sent
        .credentials()
        .all(|carrier| good.has_same(carrier));
    let variable = good.sent.is_unresolved(there.host.as_bytes())
        || facts.sent.is_unresolved(here.host.as_bytes());
    if !same || variable || !is_elsewhere(here, there) {
        return None;
    }
    let told = facts.answer.is_some_and(|answer| answer.says(TOLD));
    let two = are_two_environments(&here.host, &there.host);
    let since = just_passed(facts, |seen| seen.request.url.origin == *there);
    let strength = if two && told {
        Strength::Full
    } else if two || told || since.is_some() {
        Strength::Partial
    } else {
        Strength::Slight
    };
    let mut evidence = vec![
        Phrase::new("request goes to ")
            .captured(here.to_string())
            .words(", known good to ")
            .captured(there.to_string()),
        Phrase::new("the credentials are those of the known-good request"),
    ];
    evidence.extend(since.map(|seen| passed(facts, seen)));
    evidence.extend(facts.answer.and_then(|answer| answer.quote(TOLD)));
    Some(Suspicion {
        strength,
        by_difference: true,
        by_words: told,
        title: title(here, there, two),
        evidence,
        fix: vec![fix(here, there)],
        // Of a guess that it is the only difference shows nothing.
        about: (strength > Strength::Slight).then(|| (Where::Url, "host".into())),
        ..Suspicion::default()
    })
}

/// The same credentials passed on the host of another environment just now.
fn by_story(facts: &Facts<'_>) -> Option<Suspicion> {
    let here = &facts.sent.request.url.origin;
    let seen = just_passed(facts, |seen| {
        are_two_environments(&seen.request.url.origin.host, &here.host)
    })?;
    let there = &seen.request.url.origin;
    let told = facts.answer.is_some_and(|answer| answer.says(TOLD));
    let mut evidence = vec![
        Phrase::new("request goes to ").captured(here.to_string()),
        passed(facts, seen),
    ];
    evidence.extend(facts.answer.and_then(|answer| answer.quote(TOLD)));
    Some(Suspicion {
        strength: if told {
            Strength::Full
        } else {
            Strength::Partial
        },
        by_words: told,
        title: title(here, there, true),
        evidence,
        fix: vec![fix(here, there)],
        ..Suspicion::default()
    })
}

/// The token names the host of another environment as its issuer or audience.
fn by_token(facts: &Facts<'_>) -> Option<Suspicion> {
    let here = &facts.sent.request.url.origin;
    let (place, claim, named) = facts
        .sent
        .tokens()
        .filter_map(|(carrier, token)| Some((&carrier.place, token.claims?)))
        .find_map(|(place, claims)| {
            [("aud", "audience"), ("iss", "issuer")]
                .iter()
                .find_map(|(name, words)| {
                    let value = claims.get(*name)?;
                    let one = value
                        .as_str()
                        .or_else(|| value.as_array()?.first()?.as_str())?;
                    let url = Url::parse(one.as_bytes()).ok()?;
                    is_of_another(&url.origin.host, &here.host, *name == "iss")
                        .then_some((place, *words, url.origin))
                })
        })?;
    let same_in_good = facts.good.is_some_and(|good| {
        good.sent.request.url.origin.host == here.host
            && facts
                .sent
                .credentials()
                .any(|carrier| good.sent.in_place(&carrier.place).is_some())
    });
    if same_in_good {
        return None;
    }
    let told = facts
        .answer
        .is_some_and(|answer| answer.says(&[Said::Audience, Said::Issuer, Said::Signature]));
    let mut evidence = vec![
        Phrase::new("request goes to ").captured(here.to_string()),
        Phrase::new(format!("the token's {claim} is ")).captured(named.to_string()),
    ];
    evidence.extend(facts.answer.and_then(|answer| answer.quote(TOLD)));
    Some(Suspicion {
        // One name for all environments is common, too.
        strength: if told {
            Strength::Partial
        } else {
            Strength::Slight
        },
        place: Some(place.clone()),
        by_words: told,
        title: "host and token are of two environments".into(),
        evidence,
        fix: vec![
            Phrase::new("get a token from the issuer of ")
                .captured(here.host.as_bytes())
                .words("'s environment, or call the environment of this one"),
        ],
        ..Suspicion::default()
    })
}

/// Whether the host of a claim is of another environment than the one called. An issuer has a name of its
/// own: only the environment is compared.
fn is_of_another(named: &str, here: &str, is_issuer: bool) -> bool {
    if !is_issuer {
        return !is_loopback(here) && are_two_environments(named, here);
    }
    let without_first = |host: &str| host.split_once('.').map(|(_, rest)| rest.to_owned());
    match (without_first(named), without_first(here)) {
        (Some(named), Some(here)) => are_two_environments(&named, &here),
        _ => false,
    }
}

/// Words of a server that refuses what another one gave out.
const TOLD: &[Said] = &[
    Said::Audience,
    Said::Endpoint,
    Said::Issuer,
    Said::Signature,
];

/// So long ago a token was the same one, valid in the same way.
const RECENT: Duration = Duration::from_secs(10 * 60);

fn is_elsewhere(here: &Origin, there: &Origin) -> bool {
    let bare = |origin: &Origin| origin.host.trim_end_matches('.').to_owned();
    bare(here) != bare(there) || (here.scheme == there.scheme && here.port != there.port)
}

/// A success with the same credentials, not long ago, that fits.
fn just_passed<'a>(facts: &Facts<'a>, fits: impl Fn(&Seen) -> bool) -> Option<&'a Seen> {
    let at = facts.known.case.failing.at;
    facts.known.case.context.before.iter().find(|seen| {
        is_success(seen)
            && seen.at >= at.minus(RECENT)
            && fits(seen)
            && facts.sent.has_credentials_of(&Sent::of(&seen.request))
    })
}

/// Whether this host took one of these credentials before.
fn works_here(facts: &Facts<'_>) -> bool {
    let here = &facts.sent.request.url.origin;
    facts.known.case.context.before.iter().any(|seen| {
        is_success(seen)
            && seen.request.url.origin == *here
            && facts.sent.has_credentials_of(&Sent::of(&seen.request))
    })
}

fn is_success(seen: &Seen) -> bool {
    (200..300).contains(&seen.status)
}

fn passed(facts: &Facts<'_>, seen: &Seen) -> Phrase {
    let ago = facts.known.case.failing.at.micros_since(seen.at) / 1_000_000;
    Phrase::new(format!(
        "{} before, the same credentials passed on ",
        words::span(ago)
    ))
    .captured(seen.request.url.origin.to_string())
}

fn title(here: &Origin, there: &Origin, two: bool) -> String {
    if here.host == there.host {
        "another port than that of the known-good request"
    } else if two {
        "host and credential are of two environments"
    } else {
        "another host than that of the known-good request"
    }
    .into()
}

fn fix(here: &Origin, there: &Origin) -> Phrase {
    Phrase::new("set the base URL to ")
        .captured(there.to_string())
        .words(", or use a credential of ")
        .captured(here.to_string())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::{Sample, jwt};
    use crate::model::{Origin, Scheme};

    const SENT: &str = "GET /a\nAuthorization: Bearer abcdefghijklmnop1";

    fn strength(sample: &Sample) -> Option<Strength> {
        sample.check(check).map(|found| found.strength)
    }

    fn origin(host: &str) -> Origin {
        Origin::parse(Scheme::Https, host.as_bytes()).unwrap()
    }

    fn good_at(sample: Sample, host: &str) -> Sample {
        let mut sample = sample.good(SENT);
        let chosen = sample.case.baseline.as_mut().unwrap();
        chosen.baseline.request.url.origin = origin(host);
        sample
    }

    fn passed_at(sample: Sample, seconds: i64, host: &str) -> Sample {
        let mut sample = sample.before(seconds, SENT, 200);
        let seen = sample.case.context.before.last_mut().unwrap();
        seen.request.url.origin = origin(host);
        sample
    }

    #[test]
    fn the_known_good_one_goes_to_another_environment() {
        let failing = || Sample::new(SENT).answer("401");
        for (host, expected) in [
            ("api.staging.acme.test", Some(Strength::Partial)),
            ("localhost:3000", Some(Strength::Partial)),
            ("orders.acme.test", Some(Strength::Slight)),
            ("api.acme.test:8443", Some(Strength::Slight)),
            ("api.acme.test", None),
        ] {
            assert_eq!(strength(&good_at(failing(), host)), expected, "{host}");
        }
        let said = "401\nWWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"invalid issuer\"";
        let told = good_at(Sample::new(SENT).answer(said), "api.staging.acme.test");
        assert_eq!(strength(&told), Some(Strength::Full));
    }

    #[test]
    fn the_same_credential_just_passed_there() {
        let failing = || Sample::new(SENT).answer("401");
        let there = "api.dev.acme.test";
        let recent = passed_at(failing(), -60, there);
        assert_eq!(strength(&recent), Some(Strength::Partial));
        let both = good_at(passed_at(failing(), -60, there), there);
        assert_eq!(strength(&both), Some(Strength::Partial));
        assert_eq!(strength(&passed_at(failing(), -601, there)), None);
        assert_eq!(strength(&passed_at(failing(), -60, "web.acme.test")), None);
        let here_too = recent.before(-90, SENT, 200);
        assert_eq!(strength(&here_too), None);
    }

    #[test]
    fn what_ran_out_is_no_matter_of_the_host() {
        let said = "401\nContent-Type: application/json\n\n{\"message\":\"Token was revoked.\"}";
        let sample = good_at(Sample::new(SENT).answer(said), "api.staging.acme.test");
        assert_eq!(strength(&sample), None);
    }

    #[test]
    fn another_credential_shows_nothing() {
        let other = SENT.replace("klmnop1", "klmnop2");
        let sample = good_at(Sample::new(&other).answer("401"), "api.staging.acme.test");
        assert_eq!(strength(&sample), None);
        let none = good_at(Sample::new("GET /a").answer("401"), "api.staging.acme.test");
        assert_eq!(strength(&none), None);
    }

    #[test]
    fn the_token_names_another_environment() {
        let said = "401\nContent-Type: application/json\n\n{\"message\":\"jwt issuer invalid\"}";
        for (claims, answer, expected) in [
            (
                r#"{"iss":"https://login.staging.acme.test/"}"#,
                "401",
                Some(Strength::Slight),
            ),
            (
                r#"{"iss":"https://login.staging.acme.test/"}"#,
                said,
                Some(Strength::Partial),
            ),
            (
                r#"{"aud":["https://api.dev.acme.test"]}"#,
                "401",
                Some(Strength::Slight),
            ),
            (r#"{"iss":"https://login.acme.test/"}"#, said, None),
            (r#"{"iss":"https://acme.eu.auth0.test/"}"#, said, None),
            (r#"{"aud":"orders"}"#, said, None),
        ] {
            let request = format!("GET /a\nAuthorization: Bearer {}", jwt(claims));
            let sample = Sample::new(&request).answer(answer);
            assert_eq!(strength(&sample), expected, "{claims}");
        }
    }
}
