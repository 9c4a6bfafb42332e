//! Which known-good request a failing one is compared with, and how far to trust it.

pub mod route;

use crate::model::{Baseline, ChosenBaseline, Request, Timestamp};

/// Chooses the baseline for a request; `pinned` names one that the user asked for.
pub fn choose(
    _request: &Request,
    _candidates: &[Baseline],
    _pinned: Option<&str>,
    _now: Timestamp,
) -> Option<ChosenBaseline> {
    unimplemented!()
}
