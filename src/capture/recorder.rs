//! What the proxy path holds: hands exchanges over without ever waiting for the store.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;

use ring::rand::{SecureRandom, SystemRandom};

use super::entry::Entry;
use super::history::History;
use super::learning::Learning;
use super::queue::{Job, Queue};
use super::settings::{Clock, Settings};
use super::store::Store;
use super::watch::Watch;
use super::writer::{Notice, Writer};
use crate::auth::fingerprint::Fingerprinter;
use crate::model::{Content, Exchange, ExchangeId, Origin, Outcome, Timestamp};
use crate::wire::message::MessageHead;

/// An exchange that passed and was no failure; goes to the history ring.
#[derive(Debug)]
pub struct Passed {
    /// When the request head was complete.
    pub at: Timestamp,
    /// When the response ended, in microseconds after `at`.
    pub duration: u64,
    /// The client's address.
    pub client: SocketAddr,
    /// The running number of the client connection.
    pub connection: u64,
    /// Where it went.
    pub origin: Arc<Origin>,
    /// The request head as sent.
    pub request: MessageHead,
    /// The response head as received.
    pub response: MessageHead,
    /// The response's status.
    pub status: u16,
    /// The first bytes of the request's content, as [`content_to_learn`] says.
    ///
    /// [`content_to_learn`]: super::trigger::content_to_learn
    pub content: Content,
    /// The content of a token response, up to the capture limit; `None` for all others.
    pub token_content: Option<Vec<u8>>,
}

impl Passed {
    /// How many bytes it holds, about.
    pub(super) fn bytes(&self) -> usize {
        self.request.size()
            + self.response.size()
            + self.content.bytes.len()
            + self.token_content.as_ref().map_or(0, Vec::len)
    }
}

/// How much of a failing exchange is known when it is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The response head is known, its content is still passing.
    HeadKnown,
    /// The exchange has ended. A `HeadKnown` of the same id may have come before.
    Ended,
}

/// What was counted since the start, for the status line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Exchanges that ended, failures among them.
    pub requests: u64,
    /// Failures that ended.
    pub failures: u64,
    /// Those of them that got no answer from the origin.
    pub unanswered: u64,
    /// Failures that could not be kept.
    pub lost: u64,
    /// Directions of connections that were not decoded to their end.
    pub not_decoded: u64,
    /// Failures that are kept, but were not announced: there were too many at once.
    pub unannounced: u64,
}

/// Starts recording into that store.
///
/// The notices tell, in order, what is durable; whoever does not take them in time misses some, which
/// [`Counts::unannounced`] tells. To stop: end the proxy path, then [`Writer::stop`]; the notices end
/// when everything is written.
///
/// # Errors
/// When no thread can be started.
pub fn start(
    settings: Settings,
    store: Store,
    clock: Clock,
) -> std::io::Result<(Recorder, Writer, Receiver<Notice>)> {
    let shared = Arc::new(Shared {
        seed: random_seed(),
        sequence: AtomicU64::new(0),
        content_held: AtomicUsize::new(0),
        waiting_held: AtomicUsize::new(0),
        counters: Counters::default(),
        history: History::new(&settings),
        learning: Learning::new(&settings),
        watch: Watch::default(),
        queue: Queue::new(settings.failure_budget),
        fingerprinter: store.fingerprinter().clone(),
        settings,
        clock,
    });
    let (writer, notices) = Writer::start(Arc::clone(&shared), store)?;
    Ok((Recorder { shared }, writer, notices))
}

/// The recorder, shared by all connections.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

impl Recorder {
    /// The time, by the clock this process was started with.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// An id for an exchange.
    pub fn next_id(&self, at: Timestamp) -> ExchangeId {
        self.shared.next_id(at)
    }

    /// How many bytes of a message's content are kept.
    pub fn content_limit(&self) -> usize {
        self.shared.settings.content_limit
    }

    /// Takes that many bytes from the process-wide budget for captured content in flight; `false` when
    /// it is spent. Give them back with [`Recorder::release_content`].
    pub fn reserve_content(&self, bytes: usize) -> bool {
        let budget = self.shared.settings.content_budget;
        reserve(&self.shared.content_held, bytes, budget)
    }

    /// Gives back what [`Recorder::reserve_content`] took.
    pub fn release_content(&self, bytes: usize) {
        self.shared.content_held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes room for heads whose exchanges are not over, if what all connections hold allows it.
    pub fn reserve_waiting(&self, bytes: usize) -> bool {
        reserve(&self.shared.waiting_held, bytes, MOST_WAITING)
    }

    /// Gives back what [`Recorder::reserve_waiting`] took.
    pub fn release_waiting(&self, bytes: usize) {
        self.shared.waiting_held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// An exchange that is no failure. Never blocks; under load it is dropped and counted.
    pub fn passed(&self, passed: Passed) {
        let shared = &*self.shared;
        shared.counters.requests.fetch_add(1, Ordering::Relaxed);
        let id = shared.next_id(passed.at);
        let repeats = shared.watch.matching(&passed);
        let lesson = shared.learning.lesson(&passed);
        let entry = Arc::new(Entry::passed(id, passed));
        if let Some(key) = repeats
            && let Some(seen) = entry.seen(&shared.fingerprinter)
        {
            let seen = Box::new(seen.as_ref().clone());
            shared.queue.push_optional(Job::Repeated { key, seen });
        }
        if let Some(lesson) = lesson {
            shared.learning.learn(lesson, &entry);
        }
        shared.history.push(entry);
    }

    /// A failing exchange (a recorded status, or [`crate::model::Outcome::Failure`]). Never blocks.
    ///
    /// # Errors
    /// Gives the exchange back when the budget for failures waiting for the store is spent: wait for
    /// [`Recorder::room`], at most a second, then count it with [`Recorder::lose`].
    pub fn failed(&self, exchange: Box<Exchange>, progress: Progress) -> Result<(), Box<Exchange>> {
        let shared = &*self.shared;
        let key = shared.watch.add(&exchange, shared.clock.now());
        let unanswered = u64::from(matches!(exchange.outcome, Outcome::Failure(_)));
        shared.queue.push_failure(exchange, progress, key)?;
        if progress == Progress::Ended {
            shared.counters.requests.fetch_add(1, Ordering::Relaxed);
            let counters = &shared.counters;
            counters.failures.fetch_add(1, Ordering::Relaxed);
            counters.unanswered.fetch_add(unanswered, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Waits until [`Recorder::failed`] may succeed again.
    pub async fn room(&self) {
        self.shared.queue.room().await;
    }

    /// Counts a failure that could not be kept: said loudly.
    pub fn lose(&self) {
        let counters = &self.shared.counters;
        counters.requests.fetch_add(1, Ordering::Relaxed);
        counters.lost.fetch_add(1, Ordering::Relaxed);
        self.shared.queue.push_optional(Job::Lost);
    }

    /// A direction of a connection that is not decoded from here on; its bytes flow on.
    pub fn not_decoded(&self, origin: &Origin, reason: &'static str) {
        self.shared
            .counters
            .not_decoded
            .fetch_add(1, Ordering::Relaxed);
        let origin = origin.clone();
        self.shared
            .queue
            .push_optional(Job::NotDecoded { origin, reason });
    }

    /// What was counted since the start.
    pub fn counts(&self) -> Counts {
        self.shared.counters.read()
    }
}

/// Heads that wait for the end of their exchanges may take up this much, all connections together.
const MOST_WAITING: usize = 128 << 20;

fn reserve(held: &AtomicUsize, bytes: usize, budget: usize) -> bool {
    let more = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= budget);
    held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
        .is_ok()
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

/// What the recorder and the writer share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) counters: Counters,
    pub(super) history: History,
    pub(super) learning: Learning,
    pub(super) watch: Watch,
    pub(super) queue: Queue,
    pub(super) fingerprinter: Fingerprinter,
    content_held: AtomicUsize,
    waiting_held: AtomicUsize,
    /// Ids differ by the counter, and from those of other processes by the seed.
    seed: u128,
    sequence: AtomicU64,
}

impl Shared {
    fn next_id(&self, at: Timestamp) -> ExchangeId {
        let number = self.sequence.fetch_add(1, Ordering::Relaxed);
        ExchangeId::from_parts(at, self.seed.wrapping_add(u128::from(number)))
    }
}

/// The counters behind [`Counts`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) requests: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) unanswered: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) not_decoded: AtomicU64,
    pub(super) unannounced: AtomicU64,
}

impl Counters {
    fn read(&self) -> Counts {
        Counts {
            requests: self.requests.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            unanswered: self.unanswered.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            not_decoded: self.not_decoded.load(Ordering::Relaxed),
            unannounced: self.unannounced.load(Ordering::Relaxed),
        }
    }
}

/// Ids need to differ, not to be secret: without random bytes they still do within this process.
fn random_seed() -> u128 {
    let mut bytes = [0; 16];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => u128::from_be_bytes(bytes),
        Err(_unspecified) => 0,
    }
}
