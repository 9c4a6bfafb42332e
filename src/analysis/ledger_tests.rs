//! The ledger, told what happens and what time it is.

use std::sync::Arc;

use super::*;
use crate::capture::sample::{self, START, after_secs};
use crate::capture::store::Ref;
use crate::model::{CredentialFact, Fingerprint, Place, Shape};

fn key(number: u64) -> RequestKey {
    RequestKey::for_tests(number)
}

/// A failure of the one request that all tests repeat.
fn recorded(number: u64, secs: u64, awaits_next_leg: bool) -> Recorded {
    let at = after_secs(secs);
    Recorded {
        reference: Ref {
            number,
            id: sample::id(number.into()),
        },
        at,
        key: key(1),
        kind: Fingerprint([0; 10]),
        awaits_next_leg,
        seen: Some(Arc::new(sample::seen(number.into(), at, 401))),
    }
}

fn with_credentials(mut recorded: Recorded) -> Recorded {
    let mut seen = recorded.seen.as_deref().unwrap().clone();
    seen.credentials.push(CredentialFact {
        place: Place::Header("authorization".to_owned()),
        scheme: Some("basic".to_owned()),
        raw: Fingerprint([1; 10]),
        normalised: Fingerprint([2; 10]),
        shape: Shape::Basic,
    });
    recorded.seen = Some(Arc::new(seen));
    recorded
}

fn passed(secs: u64, status: u16) -> Seen {
    sample::seen(1000 + u128::from(secs), after_secs(secs), status)
}

/// `E#1 open +2`: explain number 1, open, with two exchanges after it; `R#1`: recovered.
fn told(due: &[Due]) -> Vec<String> {
    due.iter()
        .map(|due| match due {
            Due::Explain {
                recorded,
                after,
                state,
            } => format!(
                "E#{} {} +{}",
                recorded.reference.number,
                state.as_str(),
                after.len()
            ),
            Due::Recovered { recorded, .. } => format!("R#{}", recorded.reference.number),
        })
        .collect()
}

#[test]
fn an_ordinary_failure_is_explained_at_once() {
    let mut ledger = Ledger::default();
    let due = ledger.recorded(recorded(1, 0, false), START);
    assert_eq!(told(&due), ["E#1 open +0"]);
    assert_eq!(ledger.next_due(), None);
}

#[test]
fn a_challenge_waits_two_seconds_for_the_next_leg() {
    let mut ledger = Ledger::default();
    assert!(ledger.recorded(recorded(1, 0, true), START).is_empty());
    assert_eq!(ledger.next_due(), Some(after_secs(2)));
    assert!(ledger.due(after_secs(1)).is_empty());
    assert_eq!(told(&ledger.due(after_secs(2))), ["E#1 open +0"]);
    assert!(ledger.due(after_secs(3)).is_empty());
}

#[test]
fn a_leg_that_succeeds_ends_the_waiting_as_recovered() {
    let mut ledger = Ledger::default();
    ledger.recorded(recorded(1, 0, true), START);
    let due = ledger.repeated(key(1), &passed(1, 200));
    assert_eq!(told(&due), ["E#1 recovered +1"]);
    assert!(ledger.repeated(key(1), &passed(2, 200)).is_empty());
}

#[test]
fn a_leg_that_is_answered_otherwise_ends_the_waiting_only() {
    let mut ledger = Ledger::default();
    ledger.recorded(recorded(1, 0, true), START);
    let due = ledger.repeated(key(1), &passed(1, 404));
    assert_eq!(told(&due), ["E#1 open +1"]);
    assert_eq!(told(&ledger.repeated(key(1), &passed(2, 204))), ["R#1"]);
}

#[test]
fn a_leg_with_credentials_that_is_refused_too_ends_the_waiting() {
    let mut ledger = Ledger::default();
    ledger.recorded(recorded(1, 0, true), START);
    let due = ledger.recorded(with_credentials(recorded(2, 1, false)), after_secs(1));
    assert_eq!(told(&due), ["E#1 open +1", "E#2 open +0"]);
}

#[test]
fn the_same_request_again_without_credentials_is_no_leg() {
    let mut ledger = Ledger::default();
    ledger.recorded(recorded(1, 0, true), START);
    assert!(
        ledger
            .recorded(recorded(2, 1, true), after_secs(1))
            .is_empty()
    );
    assert_eq!(told(&ledger.due(after_secs(2))), ["E#1 open +0"]);
}

#[test]
fn the_three_legs_of_ntlm_recover_together() {
    let mut ledger = Ledger::default();
    ledger.recorded(recorded(1, 0, true), START);
    let second = with_credentials(recorded(2, 1, true));
    assert!(ledger.recorded(second, after_secs(1)).is_empty());
    let due = ledger.repeated(key(1), &passed(1, 200));
    assert_eq!(told(&due), ["E#1 recovered +2", "E#2 recovered +1"]);
}

#[test]
fn a_success_within_thirty_seconds_revises_every_open_failure_of_that_request() {
    let mut ledger = Ledger::default();
    ledger.recorded(recorded(1, 0, false), START);
    ledger.recorded(recorded(2, 5, false), after_secs(5));
    assert!(ledger.repeated(key(2), &passed(6, 200)).is_empty());
    assert!(ledger.repeated(key(1), &passed(6, 500)).is_empty());
    let due = ledger.repeated(key(1), &passed(30, 302));
    assert_eq!(told(&due), ["R#1", "R#2"]);
    assert!(ledger.repeated(key(1), &passed(31, 200)).is_empty());
}

#[test]
fn a_success_after_thirty_seconds_or_before_the_failure_revises_nothing() {
    let mut ledger = Ledger::default();
    ledger.recorded(recorded(1, 10, false), after_secs(10));
    assert!(ledger.repeated(key(1), &passed(9, 200)).is_empty());
    assert!(ledger.repeated(key(1), &passed(41, 200)).is_empty());
    ledger.due(after_secs(41));
    assert!(ledger.open.is_empty() && ledger.by_key.is_empty());
}

#[test]
fn a_success_that_overtakes_the_end_of_the_failure_counts() {
    let mut ledger = Ledger::default();
    assert!(ledger.repeated(key(1), &passed(1, 200)).is_empty());
    assert!(ledger.repeated(key(2), &passed(1, 200)).is_empty());
    let due = ledger.recorded(recorded(1, 0, false), after_secs(2));
    assert_eq!(told(&due), ["E#1 open +0", "R#1"]);
    assert_eq!(ledger.early.len(), 1);
}

#[test]
fn the_end_of_the_run_fails_what_still_waits() {
    let mut ledger = Ledger::default();
    ledger.recorded(recorded(1, 0, true), START);
    ledger.recorded(recorded(2, 0, false), START);
    assert_eq!(told(&ledger.end()), ["E#1 failed +0"]);
    assert!(ledger.end().is_empty());
}

#[test]
fn everything_is_bounded() {
    let mut ledger = Ledger::default();
    for number in 0..MOST_OPEN as u64 + 50 {
        ledger.recorded(recorded(number, 0, false), START);
        ledger.repeated(key(number + 2), &passed(1, 200));
    }
    assert_eq!(ledger.open.len(), MOST_OPEN);
    assert_eq!(ledger.early.len(), MOST_EARLY);
    assert_eq!(
        ledger.by_key.values().map(BTreeSet::len).sum::<usize>(),
        MOST_OPEN
    );
}
