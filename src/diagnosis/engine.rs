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
/// A request without a response has no cause: what failed is said in [`Diagnosis::unknown`].
pub fn diagnose(case: &Case) -> Diagnosis {
    if let Outcome::Failure(failure) = &case.failing.outcome {
        return transport::explain(case, failure);
    }
    let known = Known::of(case);
    let ranked = rank::rank(candidates(&known));
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

/// The veto (`causes.md` 1.9): a trait that a request had which passed is not the cause. The rule itself is
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
        let value = facts.sent.in_place(place).map(|carrier| &carrier.raw);
        value.is_some_and(|raw| {
            facts
                .known
                .good
                .as_ref()
                .is_some_and(|good| good.is_unresolved(raw))
        })
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
