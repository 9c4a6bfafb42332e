//! The stages from a Case to an answer, in order.

use super::causes::{CAUSES, Cause, Veto};
use super::facts::{Clock, Facts, Known, Sent};
use super::finding::{Diagnosis, Finding};
use super::rank::{self, Candidate};
use super::suspicion::Suspicion;
use super::{score, transport, unknown};
use crate::model::{Case, Outcome};

/// Diagnoses a Case. Deterministic: the same Case gives the same answer, byte for byte.
///
/// A request without a response has a cause of its own: what failed on the way.
pub fn diagnose(case: &Case) -> Diagnosis {
    if let Outcome::Failure(failure) = &case.failing.outcome {
        return transport::explain(case, failure);
    }
    let known = Known::of(case);
    let ranked = rank::rank(&candidates(&known));
    let mut diagnosis = Diagnosis {
        verdict: ranked.headline.map(finding),
        alternatives: ranked.alternatives.into_iter().map(finding).collect(),
        ..Diagnosis::default()
    };
    unknown::describe(&known, &mut diagnosis);
    diagnosis.differences = known.differences;
    diagnosis
}

/// What each rule says, without what is cleared, with its score corrected.
fn candidates(known: &Known<'_>) -> Vec<Candidate> {
    let facts = known.failing();
    CAUSES
        .iter()
        .filter_map(|cause| {
            let mut suspicion = (cause.check)(&facts)?;
            if is_cleared(known, cause, &suspicion) {
                return None;
            }
            let score = score::corrected(cause, &mut suspicion, &facts);
            Some(Candidate {
                cause,
                suspicion,
                score,
            })
        })
        .collect()
}

/// The veto: a trait that a request had which passed is not the cause. The rule itself is
/// asked, with the request that passed in the place of the failing one.
fn is_cleared(known: &Known<'_>, cause: &Cause, suspicion: &Suspicion) -> bool {
    match cause.veto {
        Veto::Nothing => false,
        Veto::Passed => {
            cleared_by_history(known, cause, suspicion)
                || known
                    .baseline_instead()
                    .is_some_and(|facts| shows_same(cause, suspicion, &facts))
        }
        Veto::PassedThen => cleared_by_history(known, cause, suspicion),
    }
}

fn cleared_by_history(known: &Known<'_>, cause: &Cause, suspicion: &Suspicion) -> bool {
    known.passed.iter().any(|seen| {
        let sent = Sent::of(&seen.request);
        let clock = Clock::of(seen.at, seen.duration, Some(&seen.response_fields));
        let facts = known.instead(&sent, clock);
        // A weaker form that passed clears no stronger one: a minute of leeway is not an hour's.
        (cause.check)(&facts).is_some_and(|then| {
            then.place == suspicion.place && then.strength >= suspicion.strength
        })
    })
}

/// A value with an unresolved variable is unknown, so it clears nothing.
fn shows_same(cause: &Cause, suspicion: &Suspicion, facts: &Facts<'_>) -> bool {
    let unresolved = suspicion.place.as_ref().is_some_and(|place| {
        let carrier = facts.sent.in_place(place);
        carrier.is_some_and(|carrier| facts.sent.is_unresolved(&carrier.raw))
    });
    !unresolved && (cause.check)(facts).is_some_and(|there| there.place == suspicion.place)
}

fn finding(candidate: Candidate) -> Finding {
    let Suspicion {
        title,
        evidence,
        fix,
        about,
        ..
    } = candidate.suspicion;
    Finding {
        cause: candidate.cause.id,
        side: candidate.cause.side,
        score: candidate.score,
        title,
        evidence,
        fix,
        about,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::diagnose;
    use crate::cost::CpuTime;
    use crate::diagnosis::FaultSide;
    use crate::diagnosis::sample::{Sample, jwt};
    use crate::model::{Failure, FailureCause, Outcome, Side, Stage};

    proptest! {
        #[test]
        fn whatever_is_sent_and_answered_gets_an_answer(
            authorization in "\\PC{0,60}",
            cookie in "\\PC{0,60}",
            target in "/[!-~]{0,40}",
            challenge in "\\PC{0,80}",
            content in "\\PC{0,120}",
        ) {
            let request = format!("POST {target}\nAuthorization: {authorization}\nCookie: {cookie}\n\n{content}");
            let answer = format!("401\nWWW-Authenticate: {challenge}\nContent-Type: application/json\n\n{content}");
            let sample = Sample::new(&request)
                .answer(&answer)
                .good("POST /a\nAuthorization: Bearer abcdefghijklmnop1\nCookie: sessionid=a")
                .before(-60, &request, 200);
            let diagnosis = diagnose(&sample.case);
            prop_assert!(diagnosis.alternatives.len() <= 2);
            prop_assert!(diagnosis.verdict.iter().all(|verdict| (60..=99).contains(&verdict.score)));
            prop_assert!(diagnosis == diagnose(&sample.case));
        }
    }

    fn verdict(sample: &Sample) -> Option<&'static str> {
        diagnose(&sample.case).verdict.map(|finding| finding.cause)
    }

    #[test]
    fn a_trait_that_passed_on_this_route_is_not_the_cause() {
        let request = "GET /a/1\nAuthorization: Bearer undefined";
        let sample = Sample::new(request).answer("401");
        assert_eq!(verdict(&sample), Some("bearer-literal-undefined"));
        let passed = sample.before(-60, "GET /a/2\nAuthorization: Bearer null", 200);
        assert_eq!(verdict(&passed), None);
    }

    #[test]
    fn what_failed_or_passed_elsewhere_clears_nothing() {
        let request = "GET /a\nAuthorization: Bearer undefined";
        for (other, status) in [
            (request, 401),
            ("GET /b\nAuthorization: Bearer undefined", 200),
            ("POST /a\nAuthorization: Bearer undefined", 200),
            ("GET /a\nX-Api-Key: undefined", 200),
        ] {
            let sample = Sample::new(request)
                .answer("401")
                .before(-60, other, status);
            assert_eq!(
                verdict(&sample),
                Some("bearer-literal-undefined"),
                "{other}"
            );
        }
    }

    #[test]
    fn the_known_good_request_clears_what_it_has_itself_unless_it_is_unresolved() {
        let request = "GET /a\nAuthorization: Bearer {{token}}";
        let same = || Sample::new(request).answer("401").good(request);
        assert_ne!(verdict(&same()), Some("placeholder-unresolved"));
        let unresolved = same().unresolved("{{token}}");
        assert_eq!(verdict(&unresolved), Some("placeholder-unresolved"));
    }

    #[test]
    fn a_success_before_expiry_clears_no_expiry() {
        let token = jwt("{\"exp\":\"T-400\"}");
        let request = format!("GET /a\nAuthorization: Bearer {token}");
        let before = Sample::new(&request)
            .answer("401")
            .before(-430, &request, 200);
        assert_eq!(verdict(&before), Some("jwt-expired"));
        let after = Sample::new(&request)
            .answer("401")
            .before(-50, &request, 200);
        assert_eq!(verdict(&after), None);
    }

    #[test]
    fn without_a_cause_it_is_said_what_is_known_and_what_is_not() {
        let request = "GET /a\nAuthorization: Bearer abcdefghijklmnop1";
        let sample = Sample::new(request).answer("401\nX-Request-Id: 7d1f");
        let diagnosis = diagnose(&sample.case);
        assert_eq!(diagnosis.side(), FaultSide::Undecided);
        assert!(diagnosis.verdict.is_none() && diagnosis.alternatives.is_empty());
        assert_eq!(diagnosis.unknown.len(), 3, "{:?}", diagnosis.unknown);
        let next = format!("{:?}", diagnosis.next);
        assert!(next.contains("why401 baseline add --curl -"), "{next}");
        assert!(next.contains("why401 show 12"), "{next}");
    }

    #[test]
    fn a_request_without_an_answer_has_a_cause_of_its_own() {
        let mut sample = Sample::new("GET /a");
        sample.case.failing.outcome = Outcome::Failure(Failure {
            side: Side::Upstream,
            stage: Stage::Connect,
            cause: FailureCause::Refused,
            detail: "api.acme.test:443 refused the connection".into(),
        });
        let diagnosis = diagnose(&sample.case);
        let verdict = diagnosis.verdict.unwrap();
        assert_eq!(verdict.cause, "upstream-refused");
        assert!(format!("{:?}", verdict.evidence).contains("refused the connection"));
        assert!(!verdict.fix.is_empty() && !diagnosis.next.is_empty());
    }

    #[test]
    fn thousands_of_credentials_are_no_burden() {
        let cookies: String = (0..1000)
            .map(|n| format!("token{n}.token=abcdefghijk{n}; "))
            .collect();
        let query: String = (0..1000)
            .map(|n| format!("&token=abcdefghijk{n}"))
            .collect();
        let request = |path: &str| {
            format!(
                "GET {path}?a{query}\nSec-Fetch-Site: same-site\nSec-Fetch-Mode: cors\nCookie: {cookies}"
            )
        };
        let failing = request("/a");
        let mut sample = Sample::new(&failing).answer("401");
        for n in 1..=16 {
            sample = sample
                .before(-n, &request("/a").replace("hijk", "hijl"), 200)
                .before(-n, &request("/b").replace("hijk", "hijm"), 200);
        }
        for n in 1..=8 {
            sample = sample.after(n, &request("/a").replace("hijk", "hijn"), 200);
        }
        let start = CpuTime::now();
        let diagnosis = diagnose(&sample.case);
        assert!(diagnosis.alternatives.len() <= 2);
        let took = start.elapsed();
        assert!(took < std::time::Duration::from_secs(60), "{took:?}");
    }

    #[test]
    fn an_answer_holds_captured_bytes_only_where_they_will_be_masked() {
        let canary = "canary-7f3a9c";
        let sample = Sample::new(&format!(
            "GET /a?api_key={canary}\nAuthorization: Token {canary}\nCookie: sessionid={canary}"
        ))
        .answer(&format!(
            "401\nWWW-Authenticate: Bearer realm=\"{canary}\"\nContent-Type: application/json\n\n{{\"message\":\"no {canary}\"}}"
        ))
        .good(&format!("GET /a\nAuthorization: Bearer {canary}"));
        let diagnosis = diagnose(&sample.case);
        assert!(diagnosis.verdict.is_some());
        assert!(!format!("{diagnosis:?}").contains(canary));
        let titles = diagnosis.verdict.iter().chain(&diagnosis.alternatives);
        assert!(
            titles
                .into_iter()
                .all(|finding| !finding.title.contains(canary))
        );
    }
}
