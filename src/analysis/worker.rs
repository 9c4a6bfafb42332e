//! The thread that explains failures as they become durable.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::event::Event;
use super::judge::{Judge, is_better, learned_like, verdict};
use super::ledger::{Due, Ledger};
use crate::baseline::Shelf;
use crate::capture::store::{BaselineMark, Ref, ResolveError, Store, StoreError, Verdict};
use crate::capture::{Clock, Notice, Recorded};
use crate::diagnosis::Diagnosis;
use crate::model::{Baseline, Case, ChosenBaseline, Exchange, Fingerprint, Match, Seen, State};

/// Starts the worker. `on_event` runs on its thread, one event at a time, and should not wait long.
///
/// `store` is a connection of its own ([`Store::another`]), `committed` what is known to work besides. The worker ends when the notices end, that
/// is after [`crate::capture::Writer::stop`]; then [`Analysis::join`] waits for it.
///
/// # Errors
/// When no thread can be started.
pub fn start(
    store: Store,
    committed: Vec<Baseline>,
    notices: Receiver<Notice>,
    clock: Clock,
    on_event: impl FnMut(Event) + Send + 'static,
) -> io::Result<Analysis> {
    let worker = Worker::new(Judge::REAL, store, committed, clock, Box::new(on_event));
    let thread = thread::Builder::new()
        .name("analysis".to_owned())
        .spawn(move || worker.run(&notices))?;
    Ok(Analysis { thread })
}

/// The running worker.
#[derive(Debug)]
pub struct Analysis {
    thread: JoinHandle<()>,
}

impl Analysis {
    /// Waits until everything that was recorded is explained and announced. What is still open then has
    /// failed. To be called after [`crate::capture::Writer::stop`]; `false` when the thread panicked.
    pub fn join(self) -> bool {
        self.thread.join().is_ok()
    }
}

/// What the thread owns.
pub(super) struct Worker {
    judge: Judge,
    store: Store,
    clock: Clock,
    on_event: Box<dyn FnMut(Event) + Send>,
    ledger: Ledger,
    known: HashMap<Repeat, Known>,
    /// What the configuration says, whatever the store holds.
    committed: Vec<Baseline>,
    baselines: Shelf,
    mark: Option<BaselineMark>,
    /// What has been learned by now.
    learned: u64,
}

/// What makes a verdict hold for another failure too.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Repeat {
    kind: Fingerprint,
    recovered: bool,
    /// How many exchanges came after it.
    legs: usize,
}

/// A verdict of this run.
struct Known {
    number: u64,
    diagnosis: Arc<Diagnosis>,
    baseline: Option<ChosenBaseline>,
    /// What had been learned then.
    learned: u64,
}

impl Known {
    /// Whether this verdict is that failure's, too: nothing has been learned since that fits better.
    fn holds_for(
        &mut self,
        failing: &Exchange,
        learned: u64,
        best: impl FnOnce(&Exchange) -> Result<Option<ChosenBaseline>, StoreError>,
    ) -> Result<bool, StoreError> {
        let found = self.baseline.as_ref().map(|chosen| chosen.found);
        let settled = found.is_some_and(|found| found <= Match::LearnedSameClient);
        if settled || self.learned == learned {
            return Ok(true);
        }
        if is_better(best(failing)?.as_ref(), self.baseline.as_ref()) {
            return Ok(false);
        }
        self.learned = learned;
        Ok(true)
    }
}

/// A verdict that is drawn, but not kept yet.
struct Drawn {
    case: Box<Case>,
    diagnosis: Arc<Diagnosis>,
    verdict: Verdict,
    /// It was announced before.
    revises: bool,
}

impl Worker {
    pub(super) fn new(
        judge: Judge,
        store: Store,
        committed: Vec<Baseline>,
        clock: Clock,
        on_event: Box<dyn FnMut(Event) + Send>,
    ) -> Self {
        Self {
            judge,
            store,
            clock,
            on_event,
            ledger: Ledger::default(),
            known: HashMap::new(),
            committed,
            baselines: Shelf::default(),
            mark: None,
            learned: 0,
        }
    }

    fn run(mut self, notices: &Receiver<Notice>) {
        loop {
            match notices.recv_timeout(self.wait()) {
                Ok(first) => {
                    let more = notices.try_iter().take(MOST_AT_ONCE);
                    let batch: Vec<Notice> = std::iter::once(first).chain(more).collect();
                    self.take(batch);
                }
                Err(RecvTimeoutError::Timeout) => self.take(Vec::new()),
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
        }
    }

    /// Until the next failure has waited long enough.
    fn wait(&self) -> Duration {
        let now = self.clock.now();
        self.ledger.next_due().map_or(TICK, |at| {
            let micros = u64::try_from(at.micros_since(now)).unwrap_or(0);
            Duration::from_micros(micros).min(TICK)
        })
    }

    /// Takes what has happened, and what the time has brought.
    pub(super) fn take(&mut self, notices: Vec<Notice>) {
        let now = self.clock.now();
        let mut due = Vec::new();
        let mut events = Vec::new();
        for notice in notices {
            match notice {
                Notice::Recorded(recorded) => due.extend(self.ledger.recorded(*recorded, now)),
                Notice::Repeated { key, seen } => due.extend(self.ledger.repeated(key, &seen)),
                Notice::NotDecoded { origin, reason } => {
                    events.push(Event::NotDecoded { origin, reason });
                }
                Notice::Lost(total) => events.push(Event::Lost(total)),
                Notice::StoreFailing(error) => events.push(Event::StoreFailing(error)),
                Notice::StoreWorking => events.push(Event::StoreWorking),
            }
        }
        due.extend(self.ledger.due(now));
        self.settle(due);
        events.into_iter().for_each(&mut self.on_event);
    }

    /// The run is over: what still waits is explained, what is open has failed.
    pub(super) fn end(mut self) {
        let due = self.ledger.end();
        self.settle(due);
        if let Err(error) = self.store.close_open() {
            // Readers take an open record for a failed one as soon as its time is over.
            tracing::warn!(%error, "open records cannot be closed");
        }
    }

    /// Draws the verdicts, keeps them in one transaction, and only then announces them.
    fn settle(&mut self, due: Vec<Due>) {
        if due.is_empty() {
            return;
        }
        if let Err(error) = self.refresh_baselines() {
            tracing::warn!(%error, "baselines cannot be read");
        }
        let drawn: Vec<Drawn> = due.into_iter().filter_map(|due| self.draw(due)).collect();
        let kept = self.store.together(|store| {
            drawn
                .iter()
                .try_for_each(|drawn| store.save_case(&drawn.case, &drawn.verdict))
        });
        if let Err(error) = kept {
            // The failures themselves are durable: they are announced all the same, and a reader
            // draws the verdicts again.
            (self.on_event)(Event::StoreFailing(Arc::new(error)));
        }
        for drawn in drawn {
            (self.on_event)(drawn.into_event());
        }
    }

    /// `None` when the record is gone or damaged.
    fn draw(&mut self, due: Due) -> Option<Drawn> {
        let drawn = match due {
            Due::Explain {
                recorded,
                after,
                state,
            } => self.explain(&recorded, after, state),
            Due::Recovered { recorded, after } => self.revise(recorded.reference, *after),
        };
        drawn
            .inspect_err(|error| tracing::warn!(%error, "a record cannot be explained"))
            .ok()
    }

    fn explain(
        &mut self,
        recorded: &Recorded,
        after: Vec<Seen>,
        state: State,
    ) -> Result<Drawn, ResolveError> {
        let now = self.clock.now();
        let mut case = self.store.case(recorded.reference, now)?;
        if state != State::Open {
            case.state = state;
        }
        let repeat = Repeat {
            kind: recorded.kind,
            recovered: state == State::Recovered,
            legs: after.len(),
        };
        case.context.after = after;
        if let Some(known) = self.known.get_mut(&repeat)
            && known.holds_for(&case.failing, self.learned, |failing| {
                let learned = learned_like(&self.store, failing)?;
                Ok(self.judge.best(failing, &self.baselines, &learned, now))
            })?
        {
            let own = case.baseline.clone();
            case.baseline.clone_from(&known.baseline);
            let diagnosis = self.judge.diagnose(&case);
            // What went before may give the same kind of failure another cause.
            if cause(&diagnosis) == cause(&known.diagnosis) {
                return Ok(Drawn {
                    verdict: verdict(&diagnosis, Some(known.number)),
                    case: Box::new(case),
                    diagnosis: Arc::new(diagnosis),
                    revises: false,
                });
            }
            case.baseline = own;
        }
        let drawn = self.judge(case, false)?;
        self.remember(repeat, &drawn);
        Ok(drawn)
    }

    fn revise(&mut self, reference: Ref, after: Seen) -> Result<Drawn, ResolveError> {
        let mut case = self.store.case(reference, self.clock.now())?;
        case.state = State::Recovered;
        case.context.after.push(after);
        self.judge(case, true)
    }

    fn judge(&self, mut case: Case, revises: bool) -> Result<Drawn, ResolveError> {
        let learned = learned_like(&self.store, &case.failing)?;
        let now = self.clock.now();
        self.judge
            .improve(&mut case, &self.baselines, &learned, now);
        let diagnosis = self.judge.diagnose(&case);
        Ok(Drawn {
            verdict: verdict(&diagnosis, None),
            case: Box::new(case),
            diagnosis: Arc::new(diagnosis),
            revises,
        })
    }

    fn remember(&mut self, repeat: Repeat, drawn: &Drawn) {
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        let known = Known {
            number: drawn.case.number,
            diagnosis: Arc::clone(&drawn.diagnosis),
            baseline: drawn.case.baseline.clone(),
            learned: self.learned,
        };
        self.known.insert(repeat, known);
    }

    /// Another process may have added or removed baselines; then no earlier verdict is reused.
    fn refresh_baselines(&mut self) -> Result<(), StoreError> {
        self.learned = self.store.learned_mark()?;
        let mark = self.store.baseline_mark()?;
        if self.mark != Some(mark) {
            let all = [self.committed.clone(), self.store.baselines()?].concat();
            self.baselines = all.into();
            self.known.clear();
            self.mark = Some(mark);
        }
        Ok(())
    }
}

/// What a verdict names.
fn cause(diagnosis: &Diagnosis) -> Option<&'static str> {
    diagnosis.verdict.as_ref().map(|verdict| verdict.cause)
}

impl Drawn {
    fn into_event(self) -> Event {
        if self.revises {
            Event::Revised {
                number: self.case.number,
                id: self.case.failing.id,
                state: self.case.state,
            }
        } else {
            Event::Explained {
                same_as: self.verdict.same_as,
                case: self.case,
                diagnosis: self.diagnosis,
            }
        }
    }
}

/// The longest that the worker sleeps.
const TICK: Duration = Duration::from_secs(1);

/// So many notices become one transaction.
const MOST_AT_ONCE: usize = 128;

/// So many verdicts are remembered for repeats.
const MOST_KNOWN: usize = 256;
