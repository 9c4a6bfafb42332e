//! From a Case to its verdict: which baseline, which diagnosis, which words in the store.

use crate::baseline;
use crate::capture::store::Verdict;
use crate::diagnosis::{self, Diagnosis};
use crate::model::{Baseline, Case, ChosenBaseline, Outcome, Request, Timestamp};

/// How a baseline is chosen and a Case diagnosed: [`Judge::REAL`], but in tests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge {
    pub(super) choose: fn(&Request, &[Baseline], Option<&str>, Timestamp) -> Option<ChosenBaseline>,
    pub(super) diagnose: fn(&Case) -> Diagnosis,
}

impl Judge {
    /// What the product does.
    pub(super) const REAL: Self = Self {
        choose: baseline::choose,
        diagnose: diagnosis::diagnose,
    };

    /// Gives the Case a baseline that fits better than the one it has; whether there was one.
    pub(super) fn improve(&self, case: &mut Case, baselines: &[Baseline], now: Timestamp) -> bool {
        // A request that got no response has nothing that a working one could explain.
        if matches!(case.failing.outcome, Outcome::Failure(_)) || baselines.is_empty() {
            return false;
        }
        let found = (self.choose)(&case.failing.request, baselines, None, now);
        let is_better = match (&found, &case.baseline) {
            (Some(new), Some(old)) => new.found < old.found,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if is_better {
            case.baseline = found;
        }
        is_better
    }

    /// Diagnoses the Case.
    pub(super) fn diagnose(&self, case: &Case) -> Diagnosis {
        (self.diagnose)(case)
    }
}

/// The plain columns of a diagnosis.
pub(super) fn verdict(diagnosis: &Diagnosis, same_as: Option<u64>) -> Verdict {
    Verdict {
        cause: diagnosis
            .verdict
            .as_ref()
            .map(|finding| finding.cause.to_owned()),
        side: diagnosis.side().as_str().to_owned(),
        confidence: diagnosis.confidence().as_str().to_owned(),
        same_as,
    }
}
