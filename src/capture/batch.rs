//! What the writer does in one transaction: jobs in order, with all that can be made ready before.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::entry::{Entry, seen_of_failure};
use super::kind::kind;
use super::learning::lessons_due;
use super::plain::plain;
use super::queue::Job;
use super::recorder::{Progress, Shared};
use super::snapshot::{Snapshot, snapshot};
use super::store::{NewLearned, Plain, Ref};
use super::trigger::awaits_next_leg;
use super::watch::RequestKey;
use super::writer::{Notice, Recorded};
use crate::model::{Exchange, ExchangeId, Fingerprint, Seen};

/// The jobs of one transaction, in order.
pub(super) struct Batch {
    pub(super) steps: Vec<Step>,
    /// Requests that passed, those of the failures' routes among them.
    pub(super) learned: Vec<NewLearned>,
    /// What its failures cost of the queue's budget.
    pub(super) cost: usize,
}

/// A thing to do.
pub(super) enum Step {
    /// Write a failure, and tell when it has ended.
    Write(Box<Written>),
    /// Only tell, once what came before is durable.
    Tell(Notice),
}

/// A failure, ready to be written.
pub(super) struct Written {
    pub(super) exchange: Box<Exchange>,
    pub(super) complete: bool,
    pub(super) snapshot: Snapshot,
    pub(super) plain: Plain,
    key: RequestKey,
    kind: Fingerprint,
    awaits_next_leg: bool,
    seen: Option<Arc<Seen>>,
}

impl Batch {
    /// Makes everything ready. A failure whose end is here too is written once.
    pub(super) fn prepare(shared: &Shared, jobs: Vec<Job>) -> Self {
        let ended: HashSet<ExchangeId> = jobs.iter().filter_map(ended).collect();
        let mut cost_sum: usize = 0;
        let mut steps = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job {
                Job::Failure {
                    exchange,
                    progress,
                    key,
                    cost,
                } => {
                    cost_sum = cost_sum.saturating_add(cost);
                    let complete = progress == Progress::Ended;
                    if complete || !ended.contains(&exchange.id) {
                        let written = Written::prepare(shared, exchange, complete, key);
                        steps.push(Step::Write(Box::new(written)));
                    }
                }
                Job::Repeated { key, seen } => {
                    steps.push(Step::Tell(Notice::Repeated { key, seen }));
                }
                Job::NotDecoded { origin, reason } => {
                    steps.push(Step::Tell(Notice::NotDecoded { origin, reason }));
                }
                Job::Lost => {
                    let lost = shared.counters.lost.load(Ordering::Relaxed);
                    steps.push(Step::Tell(Notice::Lost(lost)));
                }
            }
        }
        let failing = steps.iter().filter_map(Step::written);
        let failing = failing.map(|written| &*written.exchange);
        Self {
            learned: lessons_due(shared, failing, false),
            steps,
            cost: cost_sum,
        }
    }

    /// How many failures it holds.
    pub(super) fn failures(&self) -> usize {
        self.steps.iter().filter_map(Step::written).count()
    }
}

impl Step {
    pub(super) fn written(&self) -> Option<&Written> {
        match self {
            Self::Write(written) => Some(written),
            Self::Tell(_) => None,
        }
    }
}

impl Written {
    fn prepare(shared: &Shared, exchange: Box<Exchange>, complete: bool, key: RequestKey) -> Self {
        let remembered = shared.history.remembered(exchange.at);
        let snapshot = snapshot(&exchange, &remembered, &shared.fingerprinter);
        let plain = plain(&exchange, shared.settings.route);
        let seen = complete
            .then(|| seen_of_failure(&exchange, snapshot.credentials.clone()))
            .flatten()
            .map(Arc::new);
        if let Some(seen) = &seen {
            let entry = Entry::failed(Arc::clone(seen));
            shared.history.push(Arc::new(entry));
        }
        Self {
            complete,
            key,
            kind: kind(
                &exchange,
                &plain.route,
                &snapshot.credentials,
                &shared.fingerprinter,
            ),
            awaits_next_leg: awaits_next_leg(&exchange)
                || snapshot.has_refreshed(exchange.client_key().as_ref(), &shared.fingerprinter),
            snapshot,
            plain,
            seen,
            exchange,
        }
    }

    /// What is told of it once it is durable.
    pub(super) fn recorded(self, reference: Ref) -> Recorded {
        Recorded {
            reference,
            at: self.exchange.at,
            key: self.key,
            kind: self.kind,
            awaits_next_leg: self.awaits_next_leg,
            seen: self.seen.filter(|seen| size(seen) <= LARGEST_SEEN),
        }
    }
}

/// About what it takes up.
fn size(seen: &Seen) -> usize {
    let lines = seen.request.fields.lines().iter();
    let lines = lines.chain(seen.response_fields.lines());
    let fields: usize = lines
        .map(|line| line.name().len() + line.value().len() + LINE_COST)
        .sum();
    fields + seen.request.target.len()
}

/// What each field line takes up beside its bytes.
const LINE_COST: usize = 64;

/// Thousands of failures are waited for at the same time: one with longer heads is not remembered in the story of
/// an earlier one.
const LARGEST_SEEN: usize = 16 * 1024;

fn ended(job: &Job) -> Option<ExchangeId> {
    match job {
        Job::Failure {
            exchange,
            progress: Progress::Ended,
            ..
        } => Some(exchange.id),
        Job::Failure { .. } | Job::Repeated { .. } | Job::NotDecoded { .. } | Job::Lost => None,
    }
}
