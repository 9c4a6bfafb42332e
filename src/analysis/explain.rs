//! The same answer in any process: a verdict drawn from the stored Case.

use thiserror::Error;

use super::judge::{Judge, learned_like, verdict};
use crate::capture::store::{BaselineError, Ref, ResolveError, Store, StoreError};
use crate::diagnosis::Diagnosis;
use crate::model::{Baseline, Case, Timestamp};

/// Why a record cannot be explained.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// There is no such baseline.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// There is no such record.
    #[error(transparent)]
    Record(#[from] ResolveError),
}

impl From<StoreError> for ExplainError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

/// Explains a recorded failure.
///
/// With `pinned`, compares with the baseline of that name, and keeps nothing of it. Otherwise, where
/// the store or `committed` now holds a baseline that fits better than the one the Case was judged with, that one is
/// chosen and kept, so that every later reader gets the same answer.
///
/// # Errors
/// When there is no such record or baseline, or the store cannot be read.
pub fn explain(
    store: &Store,
    reference: Ref,
    pinned: Option<&str>,
    committed: &[Baseline],
    now: Timestamp,
) -> Result<(Case, Diagnosis), ExplainError> {
    explain_by(Judge::REAL, store, reference, pinned, committed, now)
}

pub(super) fn explain_by(
    judge: Judge,
    store: &Store,
    reference: Ref,
    pinned: Option<&str>,
    committed: &[Baseline],
    now: Timestamp,
) -> Result<(Case, Diagnosis), ExplainError> {
    if let Some(name) = pinned {
        let mut case = store.case(reference, now)?;
        let named = match store.known_good(name) {
            Err(unknown @ BaselineError::NotFound { .. }) => {
                let found = committed.iter().find(|baseline| baseline.name == name);
                found.cloned().ok_or(unknown)?
            }
            found => found?,
        };
        let learned = learned_like(store, &case.failing)?;
        case.baseline = (judge.choose)(
            &case.failing,
            &vec![named].into(),
            &learned,
            Some(name),
            now,
        );
        let diagnosis = judge.diagnose(&case);
        return Ok((case, diagnosis));
    }
    let answer = Answer::draw(judge, store, reference, committed, now)?;
    if answer.is_settled(store, reference)? {
        return Ok((answer.case, answer.diagnosis));
    }
    // Drawn again inside the transaction: the recording process may have added to the Case since.
    let kept = store.together(|store| {
        let again = Answer::draw(judge, store, reference, committed, now);
        if let Ok(again) = &again {
            store.save_verdict(&again.case, &verdict(&again.diagnosis, None))?;
        }
        Ok(again)
    });
    match kept {
        Ok(again) => again.map(|answer| (answer.case, answer.diagnosis)),
        Err(error) => {
            // The answer is as good; the next reader draws it again.
            tracing::warn!(%error, "the verdict cannot be kept");
            Ok((answer.case, answer.diagnosis))
        }
    }
}

struct Answer {
    case: Case,
    diagnosis: Diagnosis,
    /// Whether the Case got a better baseline than it had.
    improved: bool,
}

impl Answer {
    fn draw(
        judge: Judge,
        store: &Store,
        reference: Ref,
        committed: &[Baseline],
        now: Timestamp,
    ) -> Result<Self, ExplainError> {
        let mut case = store.case(reference, now)?;
        let learned = learned_like(store, &case.failing)?;
        let named = [committed, &store.baselines()?].concat().into();
        let improved = judge.improve(&mut case, &named, &learned, now);
        Ok(Self {
            diagnosis: judge.diagnose(&case),
            case,
            improved,
        })
    }

    /// Whether the store says the same already, or must not be told yet.
    fn is_settled(&self, store: &Store, reference: Ref) -> Result<bool, ExplainError> {
        if !store.is_complete(reference)? {
            return Ok(true);
        }
        let stored = store.verdict(reference)?;
        let same_as = stored.as_ref().and_then(|verdict| verdict.same_as);
        Ok(!self.improved && stored == Some(verdict(&self.diagnosis, same_as)))
    }
}
