//! Orders what was found, and decides what is a headline.

use std::cmp::Reverse;

use super::causes::{Cause, Class};
use super::finding::Confidence;
use super::suspicion::Suspicion;

/// A suspicion with its corrected score.
#[derive(Clone)]
pub(crate) struct Candidate {
    pub(crate) cause: &'static Cause,
    pub(crate) suspicion: Suspicion,
    pub(crate) score: u8,
}

/// The answer's findings in order.
#[derive(Default)]
pub(crate) struct Ranked {
    pub(crate) headline: Option<Candidate>,
    pub(crate) alternatives: Vec<Candidate>,
}

/// Ranks candidates: one headline of 60 or more, at most two others worth reading. Without a headline
/// every hint is.
pub(crate) fn rank(candidates: &[Candidate]) -> Ranked {
    let mut kept: Vec<Candidate> = candidates
        .iter()
        .filter(|candidate| !is_folded(candidate, candidates))
        .cloned()
        .collect();
    kept.sort_by_key(order);
    let Some(first) = kept.first() else {
        return Ranked::default();
    };
    let (is_headline, is_expected) = (
        first.score >= HEADLINE,
        first.cause.class <= Class::Expected,
    );
    let least = if is_headline {
        first.score.saturating_sub(NEAR).max(WORTH_READING)
    } else {
        HINT
    };
    let mut rest = kept.into_iter();
    let headline = if is_headline { rest.next() } else { None };
    let alternatives = if is_headline && is_expected {
        Vec::new()
    } else {
        rest.filter(|candidate| candidate.score >= least)
            .take(MOST_ALTERNATIVES)
            .collect()
    };
    Ranked {
        headline,
        alternatives,
    }
}

const HEADLINE: u8 = 60;
const WORTH_READING: u8 = 40;
/// The least that is worth showing at all.
const HINT: u8 = 20;
const NEAR: u8 = 25;
const MOST_ALTERNATIVES: usize = 2;

/// A symptom is folded under the headline-worthy cause that explains it, and a cause that yields under any.
fn is_folded(candidate: &Candidate, all: &[Candidate]) -> bool {
    all.iter()
        .filter(|other| other.score >= HEADLINE && other.cause.id != candidate.cause.id)
        .any(|other| {
            other.cause.explains.contains(&candidate.cause.id)
                || (candidate.cause.yields && !other.cause.yields)
        })
}

/// What is expected or ours comes first. Then what is certain: its evidence holds by itself, so no class may
/// put a merely likely cause before it. Among equally sure ones the class decides, then the score, then how
/// little is assumed; the table's order decides the rest.
fn order(candidate: &Candidate) -> impl Ord + use<> {
    let class = candidate.cause.class;
    let before_all = class <= Class::Expected && candidate.score >= HEADLINE;
    (
        !before_all,
        Reverse(Confidence::of_score(candidate.score)),
        class,
        Reverse(candidate.score),
        candidate.cause.needs,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::causes::CAUSES;

    fn ranked(found: &[(&str, u8)]) -> (Option<&'static str>, Vec<&'static str>) {
        let candidates: Vec<Candidate> = found
            .iter()
            .map(|(id, score)| Candidate {
                cause: CAUSES.iter().find(|cause| cause.id == *id).unwrap(),
                suspicion: Suspicion::default(),
                score: *score,
            })
            .collect();
        let ranked = rank(&candidates);
        (
            ranked.headline.map(|candidate| candidate.cause.id),
            ranked
                .alternatives
                .iter()
                .map(|candidate| candidate.cause.id)
                .collect(),
        )
    }

    #[test]
    fn nothing_below_sixty_is_a_headline() {
        assert_eq!(ranked(&[]), (None, vec![]));
        assert_eq!(
            ranked(&[
                ("authorization-missing", 59),
                ("jwt-expired", 20),
                ("wrong-password", 19)
            ]),
            (None, vec!["authorization-missing", "jwt-expired"])
        );
        assert_eq!(
            ranked(&[("authorization-missing", 60)]),
            (Some("authorization-missing"), vec![])
        );
    }

    #[test]
    fn of_equally_sure_causes_the_class_decides() {
        assert_eq!(
            ranked(&[("jwt-expired", 99), ("bearer-doubled", 90)]),
            (Some("bearer-doubled"), vec!["jwt-expired"])
        );
    }

    #[test]
    fn a_certain_cause_is_not_hidden_by_a_likely_one() {
        assert_eq!(
            ranked(&[("scheme-mismatch", 85), ("jwt-expired", 97)]),
            (Some("jwt-expired"), vec!["scheme-mismatch"])
        );
    }

    #[test]
    fn a_second_certain_fault_is_the_first_alternative() {
        assert_eq!(
            ranked(&[
                ("api-key-missing", 85),
                ("bearer-doubled", 98),
                ("jwt-expired", 97),
            ]),
            (
                Some("bearer-doubled"),
                vec!["jwt-expired", "api-key-missing"]
            )
        );
    }

    #[test]
    fn a_symptom_is_folded_under_its_cause() {
        assert_eq!(
            ranked(&[
                ("placeholder-unresolved", 97),
                ("scheme-mismatch", 93),
                ("bearer-invalid-token-unspecified", 80),
            ]),
            (Some("placeholder-unresolved"), vec![])
        );
        assert_eq!(
            ranked(&[
                ("cookie-missing-session", 50),
                ("authorization-missing", 75)
            ]),
            (
                Some("authorization-missing"),
                vec!["cookie-missing-session"]
            ),
            "a mere guess explains nothing away"
        );
    }

    #[test]
    fn the_server_is_blamed_only_when_nothing_else_is() {
        assert_eq!(
            ranked(&[("same-as-known-good", 90), ("jwt-expired", 60)]),
            (Some("jwt-expired"), vec![])
        );
        assert_eq!(
            ranked(&[
                ("same-as-known-good", 75),
                ("bearer-invalid-token-unspecified", 70)
            ]),
            (Some("same-as-known-good"), vec![])
        );
    }

    #[test]
    fn what_is_expected_stands_alone() {
        assert_eq!(
            ranked(&[("challenge-round-trip", 95), ("authorization-missing", 99)]),
            (Some("challenge-round-trip"), vec![])
        );
    }

    #[test]
    fn alternatives_are_two_at_most_and_near() {
        assert_eq!(
            ranked(&[
                ("bearer-doubled", 98),
                ("scheme-mismatch", 85),
                ("api-key-missing", 85),
                ("wrong-password", 80),
                ("jwt-expired", 60),
            ])
            .1,
            ["api-key-missing", "wrong-password"],
            "scheme-mismatch is a symptom of the doubled word"
        );
    }
}
