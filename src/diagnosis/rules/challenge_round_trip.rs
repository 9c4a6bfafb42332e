//! `challenge-round-trip`: a client that waits to be asked, as NTLM, Negotiate and Digest require.

use std::time::Duration;

use crate::diagnosis::facts::{Answer, Facts};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::model::{ClientKind, Place, Seen};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let answer = facts.answer?;
    let offered: Vec<&'static str> = HANDSHAKES
        .iter()
        .copied()
        .filter(|scheme| answer.offers(scheme))
        .collect();
    if offered.is_empty() || !is_first_leg(facts, answer) {
        return None;
    }
    let (scheme, leg) = answered(facts, &offered)?;
    let after = match leg.at.micros_since(facts.known.case.failing.at) / 1000 {
        millis @ ..1000 => format!("{millis} ms"),
        millis => words::span(millis / 1000),
    };
    let mut evidence: Vec<Phrase> = answer.asked().into_iter().collect();
    evidence.push(Phrase::new(format!(
        "the client sent {scheme} credentials {after} later, and got {}",
        leg.status
    )));
    Some(Suspicion {
        strength: Strength::Full,
        title: "not a failure: challenge and answer".into(),
        evidence,
        fix: vec![Phrase::new(fix(facts.client(), scheme))],
        ..Suspicion::default()
    })
}

/// Schemes whose clients commonly wait for a challenge.
const HANDSHAKES: &[&str] = &["Negotiate", "NTLM", "Digest", "Basic"];

/// The longest time between two legs.
const PAUSE: Duration = Duration::from_secs(10);

/// Legs after the first: NTLM and Negotiate take up to three.
const MOST_LEGS: usize = 3;

/// Without credentials; or with the opening message of a handshake that the answer carries on.
fn is_first_leg(facts: &Facts<'_>, answer: &Answer<'_>) -> bool {
    let Some(carrier) = facts.sent.authorization() else {
        return true;
    };
    let scheme = carrier.scheme.as_deref().unwrap_or_default();
    let carries_on = |challenge: &crate::auth::challenge::Challenge| {
        challenge.is(scheme)
            && (challenge.token68.is_some()
                || challenge
                    .parameter("stale")
                    .is_some_and(|stale| stale.eq_ignore_ascii_case(b"true")))
    };
    answer.challenges.iter().any(carries_on)
}

/// The leg that was not refused, and its scheme.
fn answered<'a>(facts: &Facts<'a>, offered: &[&'static str]) -> Option<(&'static str, &'a Seen)> {
    let mut legs = legs(facts).filter_map(|leg| Some((scheme_of(leg, offered)?, leg)));
    let (scheme, first) = legs.next()?;
    if !is_bound_to_connection(scheme) {
        return is_through(first).then_some((scheme, first));
    }
    let connection = facts.known.case.failing.hop.as_ref()?.connection;
    std::iter::once((scheme, first))
        .chain(legs)
        .take(MOST_LEGS)
        .find(|(scheme, leg)| {
            is_bound_to_connection(scheme) && leg.connection == connection && is_through(leg)
        })
}

/// The same request of the same client, again and soon.
fn legs<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Seen> {
    let failing = &facts.known.case.failing;
    let client = failing.client_key();
    let until = failing.at.plus(PAUSE);
    facts.after().iter().filter(move |seen| {
        seen.at <= until
            && Some(&seen.client) == client.as_ref()
            && seen.request.method == failing.request.method
            && seen.request.url == failing.request.url
    })
}

fn scheme_of(leg: &Seen, offered: &[&'static str]) -> Option<&'static str> {
    leg.credentials
        .iter()
        .filter(|fact| matches!(&fact.place, Place::Header(name) if name == "authorization"))
        .find_map(|fact| {
            let scheme = fact.scheme.as_deref()?;
            offered
                .iter()
                .copied()
                .find(|known| known.eq_ignore_ascii_case(scheme))
        })
}

fn is_bound_to_connection(scheme: &str) -> bool {
    matches!(scheme, "Negotiate" | "NTLM")
}

/// 502 may be our own word for "no answer".
fn is_through(leg: &Seen) -> bool {
    !matches!(leg.status, 401 | 407 | 502)
}

fn fix(client: ClientKind, scheme: &str) -> String {
    if scheme != "Basic" {
        return format!("nothing to fix: {scheme} begins this way");
    }
    match client {
        ClientKind::Curl => {
            "nothing to fix; curl --basic -u … sends them at once, without this round trip".into()
        }
        _ => format!(
            "nothing to fix; to save the round trip send them at once: {}",
            words::send_password(client)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::sample::Sample;

    const ASKED: &str = "401\nWWW-Authenticate: Basic realm=\"x\"\nWWW-Authenticate: Digest realm=\"x\", nonce=\"n\"";
    const ASKED_NTLM: &str = "401\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM";

    #[test]
    fn a_leg_that_passes_with_the_offered_scheme_is_the_answer() {
        let sample = Sample::new("GET /a").answer(ASKED).after(
            1,
            "GET /a\nAuthorization: Digest username=\"u\", nonce=\"n\"",
            200,
        );
        let found = sample.check(check).unwrap();
        assert_eq!(found.title, "not a failure: challenge and answer");
    }

    #[test]
    fn without_a_second_leg_or_with_a_refused_one_it_is_a_failure() {
        let first = Sample::new("GET /a").answer(ASKED);
        assert!(first.check(check).is_none());
        let refused = first.after(1, "GET /a\nAuthorization: Basic dTpw", 401);
        assert!(refused.check(check).is_none());
    }

    #[test]
    fn another_request_or_a_late_one_is_no_second_leg() {
        for (seconds, request) in [
            (1, "GET /b\nAuthorization: Basic dTpw"),
            (1, "POST /a\nAuthorization: Basic dTpw"),
            (1, "GET /a\nAuthorization: Bearer abcdefghijklmnop"),
            (11, "GET /a\nAuthorization: Basic dTpw"),
        ] {
            let sample = Sample::new("GET /a")
                .answer(ASKED)
                .after(seconds, request, 200);
            assert!(sample.check(check).is_none(), "{request}");
        }
    }

    #[test]
    fn ntlm_needs_three_legs_on_one_connection() {
        let sample = Sample::new("GET /a")
            .answer(ASKED_NTLM)
            .after(1, "GET /a\nAuthorization: NTLM TlRMTVNTUAABAAAA", 401)
            .after(2, "GET /a\nAuthorization: NTLM TlRMTVNTUAADAAAA", 200);
        assert!(sample.check(check).is_some());
        assert!(sample.on_other_connection().check(check).is_none());
    }

    #[test]
    fn the_middle_leg_of_ntlm_is_expected_too() {
        let sample = Sample::new("GET /a\nAuthorization: NTLM TlRMTVNTUAABAAAA")
            .answer("401\nWWW-Authenticate: NTLM TlRMTVNTUAACAAAA")
            .after(1, "GET /a\nAuthorization: NTLM TlRMTVNTUAADAAAA", 200);
        assert!(sample.check(check).is_some());
    }

    #[test]
    fn refused_basic_credentials_are_no_first_leg() {
        let sample = Sample::new("GET /a\nAuthorization: Basic dTp4")
            .answer(ASKED)
            .after(1, "GET /a\nAuthorization: Basic dTpw", 200);
        assert!(sample.check(check).is_none());
    }
}
