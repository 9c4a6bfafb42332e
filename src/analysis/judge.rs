//! From a Case to its verdict: which baseline, which diagnosis, which words in the store.

use crate::baseline::{self, Shelf, route};
use crate::capture::store::{Store, StoreError, Verdict};
use crate::diagnosis::{self, Diagnosis};
use crate::model::{Case, ChosenBaseline, Exchange, Learned, Outcome, Timestamp};

/// The failing exchange, the named baselines, the learned ones, the name of the wanted one, the time.
type Choose = fn(&Exchange, &Shelf, &[Learned], Option<&str>, Timestamp) -> Option<ChosenBaseline>;

/// How a baseline is chosen and a Case diagnosed: [`Judge::REAL`], but in tests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge {
    pub(super) choose: Choose,
    pub(super) diagnose: fn(&Case) -> Diagnosis,
}

impl Judge {
    /// What the product does.
    pub(super) const REAL: Self = Self {
        choose: baseline::choose_among,
        diagnose: diagnosis::diagnose,
    };

    /// Gives the Case a baseline that fits better than the one it has; whether there was one.
    pub(super) fn improve(
        &self,
        case: &mut Case,
        baselines: &Shelf,
        learned: &[Learned],
        now: Timestamp,
    ) -> bool {
        let found = self.best(&case.failing, baselines, learned, now);
        let improved = is_better(found.as_ref(), case.baseline.as_ref());
        if improved {
            case.baseline = found;
        }
        improved
    }

    /// What a failure is best compared with.
    pub(super) fn best(
        &self,
        failing: &Exchange,
        baselines: &Shelf,
        learned: &[Learned],
        now: Timestamp,
    ) -> Option<ChosenBaseline> {
        // A request that got no response has nothing that a working one could explain.
        if matches!(failing.outcome, Outcome::Failure(_)) {
            return None;
        }
        (self.choose)(failing, baselines, learned, None, now)
    }

    /// Diagnoses the Case.
    pub(super) fn diagnose(&self, case: &Case) -> Diagnosis {
        (self.diagnose)(case)
    }
}

/// Whether the first fits better than the second.
pub(super) fn is_better(new: Option<&ChosenBaseline>, old: Option<&ChosenBaseline>) -> bool {
    match (new, old) {
        (Some(new), Some(old)) => new.found < old.found,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// The learned requests that a failing one may be compared with.
pub(super) fn learned_like(store: &Store, failing: &Exchange) -> Result<Vec<Learned>, StoreError> {
    store.learned_like(failing, &route::template(&failing.request.url.path))
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
