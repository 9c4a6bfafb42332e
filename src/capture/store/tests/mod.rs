//! The store as its users see it: what is written is read again, and nobody else reads it.

mod learned;
mod opening;
mod records;

use super::{Store, Verdict};
use crate::capture::sample::{self, START, after_secs};
use crate::model::{Case, ChosenBaseline, Context, Match, State};

pub(super) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub(super) fn verdict(same_as: Option<u64>) -> Verdict {
    Verdict {
        cause: Some("jwt-expired".to_owned()),
        side: "client".to_owned(),
        confidence: "certain".to_owned(),
        same_as,
    }
}

pub(super) fn chosen(name: &str) -> ChosenBaseline {
    ChosenBaseline {
        baseline: sample::baseline(name),
        found: Match::SameOrigin,
        distrust: vec!["old".to_owned()],
        varying: Vec::new(),
    }
}

/// A Case with something in every part of it.
pub(super) fn full_case(store: &Store) -> Case {
    let failing = sample::failing(1, START);
    let before = [sample::seen(2, START, 200), sample::seen(3, START, 204)];
    let reference = sample::write(store, &failing, &before);
    let case = Case {
        number: reference.number,
        failing,
        unresolved: Vec::new(),
        state: State::Recovered,
        baseline: Some(chosen("good")),
        context: Context {
            before: before.to_vec(),
            after: vec![sample::seen(4, after_secs(1), 200)],
            credentials: Vec::new(),
            lost: 0,
        },
    };
    store.save_case(&case, &verdict(None)).unwrap();
    case
}
