//! The one thread that writes what is recorded: everything that waits becomes one transaction.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::batch::{Batch, Step, Written};
use super::learning::lessons_due;
use super::recorder::Shared;
use super::store::{NewFailure, Ref, Store, StoreError};
use super::watch::RequestKey;
use crate::model::{Fingerprint, Origin, Seen, Timestamp};

/// What has happened, told in the order in which it became durable.
#[derive(Debug)]
pub enum Notice {
    /// A failure has ended and is durable.
    Recorded(Box<Recorded>),
    /// A request passed that repeats one whose failure is open.
    Repeated {
        /// Which request it repeats.
        key: RequestKey,
        /// The exchange.
        seen: Box<Seen>,
    },
    /// A direction of a connection is not decoded from here on.
    NotDecoded {
        /// Where it goes.
        origin: Origin,
        /// Why not.
        reason: &'static str,
    },
    /// So many failures in all could not be kept.
    Lost(u64),
    /// The store cannot be written; what is recorded waits in memory, within its budget.
    StoreFailing(Arc<StoreError>),
    /// The store can be written again.
    StoreWorking,
}

/// A failure that has ended and is durable; the rest of it is in the store.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What it is called.
    pub reference: Ref,
    /// When its request head was complete.
    pub at: Timestamp,
    /// The request, for telling whether a later one repeats it.
    pub key: RequestKey,
    /// The same for failures of the same client, route, status, credentials and challenges.
    pub kind: Fingerprint,
    /// Whether the client's next request may well decide whether this is a failure at all.
    pub awaits_next_leg: bool,
    /// What an earlier failure of the same request remembers of it.
    pub seen: Option<Arc<Seen>>,
}

/// The writer thread.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Store>>,
}

impl Writer {
    pub(super) fn start(shared: Arc<Shared>, store: Store) -> io::Result<(Self, Receiver<Notice>)> {
        let (notices, receiver) = sync_channel(MOST_NOTICES);
        let worker = Worker {
            shared: Arc::clone(&shared),
            store,
            notices,
            failing: false,
            sweeping: true,
            swept: shared.clock.now(),
            untrimmed: 0,
        };
        let thread = thread::Builder::new()
            .name("store writer".to_owned())
            .spawn(move || worker.run())?;
        let writer = Self {
            shared,
            thread: Some(thread),
        };
        Ok((writer, receiver))
    }

    /// Writes what is left and ends the thread and the notices. Gives the store back, which holds the
    /// right to record into its folder; `None` when the thread panicked.
    pub fn stop(mut self) -> Option<Store> {
        self.join()
    }

    fn join(&mut self) -> Option<Store> {
        self.shared.queue.close();
        self.thread.take()?.join().ok()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.join());
    }
}

/// What the thread owns.
struct Worker {
    shared: Arc<Shared>,
    store: Store,
    notices: SyncSender<Notice>,
    /// Whether the last transaction failed.
    failing: bool,
    /// Whether there may be records older than the retention.
    sweeping: bool,
    /// When a sweep began.
    swept: Timestamp,
    /// How many learned requests were written since the table was last trimmed.
    untrimmed: usize,
}

impl Worker {
    fn run(mut self) -> Store {
        loop {
            let wait = if self.sweeping { SWEEP_PAUSE } else { TICK };
            let taken = self.shared.queue.take(MOST_JOBS, wait);
            if taken.jobs.is_empty() {
                self.learn(false);
                self.tidy();
            } else {
                self.write(Batch::prepare(&self.shared, taken.jobs));
            }
            if taken.closed {
                self.learn(true);
                return self.store;
            }
        }
    }

    /// Stores what passed. What cannot be stored is lost: it comes again with the next request.
    fn learn(&mut self, all: bool) {
        let learned = lessons_due(&self.shared, std::iter::empty(), all);
        if learned.is_empty() || self.failing {
            return;
        }
        let written = self
            .store
            .together(|store| learned.iter().try_for_each(|new| store.write_learned(new)));
        if let Err(error) = written {
            tracing::warn!(%error, "requests that passed cannot be kept");
        }
        self.trim(learned.len());
    }

    /// Keeps the table of learned requests within its bound, after so many more were written.
    fn trim(&mut self, more: usize) {
        self.untrimmed = self.untrimmed.saturating_add(more);
        if self.untrimmed >= TRIM_AFTER {
            self.untrimmed = 0;
            if let Err(error) = self.store.trim_learned(MOST_LEARNED) {
                tracing::warn!(%error, "learned requests cannot be removed");
            }
        }
    }

    /// What can be done while nothing waits.
    fn tidy(&mut self) {
        let shared = &self.shared;
        let now = shared.clock.now();
        shared.watch.expire(now);
        if now >= self.swept.plus(SWEEP_AGAIN) {
            self.swept = now;
            self.sweeping = true;
        }
        if self.sweeping {
            let settings = &shared.settings;
            let cutoff = now.minus(settings.retention);
            let swept = self
                .store
                .sweep(cutoff, settings.history_window, SWEEP_ROWS);
            // On an error the next start sweeps again.
            self.sweeping = swept.is_ok_and(|rows| rows > 0);
        }
    }

    /// Writes a batch, again and again until it is durable; at the end of the run once more only.
    fn write(&mut self, batch: Batch) {
        let cost = batch.cost;
        let written = match self.commit(&batch) {
            Ok(written) => Some(written),
            Err(error) => self.retry(&batch, error),
        };
        match written {
            Some(references) => {
                self.set_failing(None);
                self.trim(batch.learned.len());
                self.tell(batch, references);
            }
            None => {
                let lost = batch.failures() as u64;
                self.shared.counters.lost.fetch_add(lost, Ordering::Relaxed);
                self.send(Notice::Lost(
                    self.shared.counters.lost.load(Ordering::Relaxed),
                ));
            }
        }
        self.shared.queue.release(cost);
    }

    fn retry(&mut self, batch: &Batch, mut error: StoreError) -> Option<Vec<Ref>> {
        loop {
            self.set_failing(Some(error));
            let last = self.shared.queue.wait_closed(RETRY);
            match self.commit(batch) {
                Ok(written) => return Some(written),
                Err(_again) if last => return None,
                Err(again) => error = again,
            }
        }
    }

    /// One transaction; the references in the order of the batch's failures.
    fn commit(&self, batch: &Batch) -> Result<Vec<Ref>, StoreError> {
        let mut fresh = HashSet::new();
        let references = self.store.together(|store| {
            let mut references = Vec::new();
            for written in batch.steps.iter().filter_map(Step::written) {
                references.push(write_one(store, &self.shared, written, &mut fresh)?);
            }
            // Whatever a failure is compared with is as durable as the failure.
            batch
                .learned
                .iter()
                .try_for_each(|new| store.write_learned(new))?;
            Ok(references)
        })?;
        for written in batch.steps.iter().filter_map(Step::written) {
            for entry in &written.snapshot.before {
                entry.set_stored();
            }
        }
        Ok(references)
    }

    fn tell(&self, batch: Batch, references: Vec<Ref>) {
        let mut references = references.into_iter();
        for step in batch.steps {
            match step {
                Step::Write(written) => {
                    let reference = references.next();
                    if let (true, Some(reference)) = (written.complete, reference) {
                        self.send(Notice::Recorded(Box::new(written.recorded(reference))));
                    }
                }
                Step::Tell(notice) => self.send(notice),
            }
        }
    }

    fn set_failing(&mut self, error: Option<StoreError>) {
        match error {
            Some(error) if !self.failing => {
                self.failing = true;
                self.send(Notice::StoreFailing(Arc::new(error)));
            }
            None if self.failing => {
                self.failing = false;
                self.send(Notice::StoreWorking);
            }
            Some(_) | None => {}
        }
    }

    /// Never waits for whoever reads the notices: recording goes on without announcing.
    fn send(&self, notice: Notice) {
        if let Err(TrySendError::Full(Notice::Recorded(_))) = self.notices.try_send(notice) {
            let unannounced = &self.shared.counters.unannounced;
            unannounced.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn write_one(
    store: &Store,
    shared: &Shared,
    written: &Written,
    fresh: &mut HashSet<crate::model::ExchangeId>,
) -> Result<Ref, StoreError> {
    let snapshot = &written.snapshot;
    for entry in &snapshot.before {
        if !entry.is_stored()
            && fresh.insert(entry.id)
            && let Some(seen) = entry.seen(&shared.fingerprinter)
        {
            store.write_seen(seen)?;
        }
    }
    store.write_failure(NewFailure {
        exchange: &written.exchange,
        complete: written.complete,
        before: snapshot.before.iter().map(|entry| entry.id).collect(),
        credentials: &snapshot.credentials,
        lost: snapshot.lost,
        plain: &written.plain,
    })
}

/// One blocking take and up to 511 more (measured: larger transactions gain nothing).
const MOST_JOBS: usize = 512;

/// So many notices wait for the analysis at most.
const MOST_NOTICES: usize = 4096;

/// So many learned requests are stored, about.
const MOST_LEARNED: u32 = 6000;
const TRIM_AFTER: usize = 256;

const TICK: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_secs(1);

/// Old records go in small steps, so that new ones need not wait.
const SWEEP_ROWS: u32 = 256;
const SWEEP_AGAIN: Duration = Duration::from_secs(60 * 60);
const SWEEP_PAUSE: Duration = Duration::from_millis(20);
