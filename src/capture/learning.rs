//! The newest requests that got a 2xx, in memory: of each route and client, with and without a
//! credential. Bounded, and what has to go goes at once.
//!
//! The proxy path pays for a hash and one lock; heads are read when the writer asks, see
//! [`Learning::due`].

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::entry::Entry;
use super::recorder::{Passed, Shared};
use super::settings::Settings;
use super::store::NewLearned;
use super::watch::path_and_query;
use crate::model::{Exchange, Learned, Origin, Timestamp};

/// What is learned, until it is stored and beyond.
#[derive(Debug)]
pub(super) struct Learning {
    hasher: RandomState,
    gate: Gate,
    route: fn(&[u8]) -> String,
    known: Mutex<Known>,
}

/// Keeps a stream of the same request on one connection from costing more than a look: so many of
/// them are learned in a while, see [`MOST_IN_WINDOW`].
struct Gate(Vec<AtomicU64>);

/// Two generations: what is not used while the young one fills up is forgotten.
#[derive(Debug, Default)]
struct Known {
    young: Generation,
    old: Generation,
    /// When all groups were looked through.
    looked_at: Option<Timestamp>,
    /// How many groups were never stored.
    new_groups: usize,
}

#[derive(Debug, Default)]
struct Generation {
    routes: HashMap<RouteKey, Vec<Group>>,
    groups: usize,
    bytes: usize,
}

/// Method, origin and route template, as a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct RouteKey(u64);

/// Which group of its route a request belongs to, and what it takes up there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lesson {
    route: RouteKey,
    client: u64,
    carries: bool,
    bytes: usize,
}

/// The requests of a route that came from one client, with or without a credential.
#[derive(Debug)]
struct Group {
    client: u64,
    carries: bool,
    /// Oldest first.
    entries: Vec<Kept>,
    /// When some of them were given out to be stored.
    given_out: Option<Timestamp>,
}

#[derive(Debug)]
struct Kept {
    entry: Arc<Entry>,
    bytes: usize,
    /// Whether it was given out to be stored.
    given_out: bool,
}

impl Learning {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            hasher: RandomState::new(),
            gate: Gate((0..GATE).map(|_| AtomicU64::new(0)).collect()),
            route: settings.route,
            known: Mutex::default(),
        }
    }

    /// Where a request that passed belongs; `None` for one that shows nothing: no 2xx, a preflight, an
    /// answer from a cache, one that is too large.
    pub(super) fn lesson(&self, passed: &Passed) -> Option<Lesson> {
        if !(200..300).contains(&passed.status) {
            return None;
        }
        let (method, target) = (passed.request.method(), passed.request.target());
        let repeats = self.hash((passed.connection, method, target));
        if !self.gate.lets_in(repeats, passed.at) {
            return None;
        }
        let bytes = passed.bytes();
        let path = path_and_query(target).split(|b| *b == b'?').next()?;
        if method == b"OPTIONS" || bytes > LARGEST {
            return None;
        }
        let is_cached = |age: &[u8]| age != b"0";
        if passed.response.field("age").is_some_and(is_cached) {
            return None;
        }
        let request = &passed.request;
        let agent = request.field("user-agent").unwrap_or_default();
        Some(Lesson {
            route: self.route(method, &passed.origin, path),
            client: self.hash((passed.client.ip(), agent)),
            carries: request.field("authorization").is_some() || request.field("cookie").is_some(),
            bytes,
        })
    }

    /// Remembers a request in its group, and forgets the oldest there.
    pub(super) fn learn(&self, lesson: Lesson, entry: &Arc<Entry>) {
        let kept = Kept {
            entry: Arc::clone(entry),
            bytes: lesson.bytes,
            given_out: false,
        };
        let mut known = self.lock();
        let gone = known.keep(lesson, kept);
        drop(known);
        // Freed when the lock is given back.
        drop(gone);
    }

    /// What is to be stored now: of each group what is new, at most once a minute; whatever the pace,
    /// all that is new of the routes of `failing`, and with `all` everything.
    pub(super) fn due<'a>(
        &self,
        failing: impl Iterator<Item = &'a Exchange>,
        now: Timestamp,
        all: bool,
    ) -> Vec<Arc<Entry>> {
        let keys: Vec<RouteKey> = failing.map(|exchange| self.route_of(exchange)).collect();
        self.lock().due(&keys, now, all)
    }

    fn route_of(&self, exchange: &Exchange) -> RouteKey {
        let request = &exchange.request;
        let url = &request.url;
        self.route(request.method.as_bytes(), &url.origin, &url.path)
    }

    fn route(&self, method: &[u8], origin: &Origin, path: &[u8]) -> RouteKey {
        let path = path.get(..LONGEST_PATH).unwrap_or(path);
        RouteKey(self.hash((method, origin, (self.route)(path))))
    }

    fn hash(&self, what: impl Hash) -> u64 {
        self.hasher.hash_one(what)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate {
    /// Threads may overtake each other here: then one more or one less is learned.
    fn lets_in(&self, hash: u64, at: Timestamp) -> bool {
        let slot = usize::try_from(hash % GATE).unwrap_or_default();
        let Some(slot) = self.0.get(slot) else {
            return true;
        };
        // From the top: bits of the hash, the window, the count.
        let window = at.micros().unsigned_abs() / WINDOW_MICROS;
        let now = (hash >> STAMP_BITS << STAMP_BITS) | (window << COUNT_BITS & WINDOW_MASK);
        let seen = slot.load(Ordering::Relaxed);
        let count = seen & MOST_IN_WINDOW;
        if seen - count != now {
            slot.store(now, Ordering::Relaxed);
            return true;
        }
        if count < MOST_IN_WINDOW {
            slot.store(seen + 1, Ordering::Relaxed);
        }
        count < MOST_IN_WINDOW
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

/// Reads what is to be stored now, see [`Learning::due`].
pub(super) fn lessons_due<'a>(
    shared: &Shared,
    failing: impl Iterator<Item = &'a Exchange>,
    all: bool,
) -> Vec<NewLearned> {
    let due = shared.learning.due(failing, shared.clock.now(), all);
    let read = |entry: Arc<Entry>| {
        let (route, fingerprinter) = (shared.settings.route, &shared.fingerprinter);
        Some(NewLearned::of(entry.learned()?, route, fingerprinter))
    };
    due.into_iter().filter_map(read).collect()
}

impl Known {
    /// Returns what is forgotten for it.
    fn keep(&mut self, lesson: Lesson, kept: Kept) -> (Option<Kept>, Option<Generation>) {
        let forgotten = (self.young.groups >= MOST_GROUPS || self.young.bytes >= MOST_BYTES)
            .then(|| std::mem::replace(&mut self.old, std::mem::take(&mut self.young)));
        let back = if self.young.routes.contains_key(&lesson.route) {
            None
        } else {
            self.old.take(lesson.route)
        };
        if let Some(groups) = back {
            self.young.put(lesson.route, groups);
        }
        let (pushed_out, is_new) = self.young.keep(lesson, kept);
        self.new_groups += usize::from(is_new);
        (pushed_out, forgotten)
    }

    fn due(&mut self, failing: &[RouteKey], now: Timestamp, all: bool) -> Vec<Arc<Entry>> {
        let mut due = Vec::new();
        for key in failing {
            let groups = [&mut self.young, &mut self.old]
                .into_iter()
                .filter_map(|generation| generation.routes.get_mut(key))
                .flatten();
            groups.for_each(|group| group.give_out(now, &mut due));
        }
        let is_time = |last: Timestamp| now >= last.plus(LOOK) || now < last;
        if all || self.new_groups > 0 || self.looked_at.is_none_or(is_time) {
            self.looked_at = Some(now);
            let mut new_groups = 0;
            let groups = [&mut self.young, &mut self.old]
                .into_iter()
                .flat_map(|generation| generation.routes.values_mut())
                .flatten();
            for group in groups {
                if due.len() >= MOST_AT_ONCE && !all {
                    new_groups += usize::from(group.given_out.is_none());
                } else if all || group.is_due(now) {
                    group.give_out(now, &mut due);
                }
            }
            self.new_groups = new_groups;
        }
        due
    }
}

impl Generation {
    fn keep(&mut self, lesson: Lesson, kept: Kept) -> (Option<Kept>, bool) {
        let groups = self.routes.entry(lesson.route).or_default();
        let own =
            |group: &&mut Group| group.client == lesson.client && group.carries == lesson.carries;
        self.bytes += kept.bytes;
        if let Some(group) = groups.iter_mut().find(own) {
            let pushed_out = (group.entries.len() >= usize::from(Learned::NEWEST))
                .then(|| group.entries.remove(0));
            group.entries.push(kept);
            let less = pushed_out.as_ref().map_or(0, |kept| kept.bytes);
            self.bytes = self.bytes.saturating_sub(less);
            return (pushed_out, false);
        }
        if groups.len() >= MOST_CLIENTS {
            // The one that has been quiet for longest.
            let quiet = |group: &Group| group.entries.last().map(|kept| kept.entry.at);
            let longest = (0..groups.len()).min_by_key(|at| groups.get(*at).map(quiet));
            if let Some(at) = longest {
                let gone = groups.swap_remove(at);
                self.groups -= 1;
                self.bytes = self.bytes.saturating_sub(gone.bytes());
            }
        }
        groups.push(Group {
            client: lesson.client,
            carries: lesson.carries,
            entries: vec![kept],
            given_out: None,
        });
        self.groups += 1;
        (None, true)
    }

    fn take(&mut self, route: RouteKey) -> Option<Vec<Group>> {
        let groups = self.routes.remove(&route)?;
        self.groups -= groups.len();
        self.bytes -= groups.iter().map(Group::bytes).sum::<usize>();
        Some(groups)
    }

    fn put(&mut self, route: RouteKey, groups: Vec<Group>) {
        self.groups += groups.len();
        self.bytes += groups.iter().map(Group::bytes).sum::<usize>();
        self.routes.insert(route, groups);
    }
}

impl Group {
    fn bytes(&self) -> usize {
        self.entries.iter().map(|kept| kept.bytes).sum()
    }

    fn is_due(&self, now: Timestamp) -> bool {
        // A clock that was set back must not keep anything from being stored.
        self.given_out
            .is_none_or(|last| now >= last.plus(PACE) || now < last)
    }

    fn give_out(&mut self, now: Timestamp, due: &mut Vec<Arc<Entry>>) {
        for kept in self.entries.iter_mut().filter(|kept| !kept.given_out) {
            kept.given_out = true;
            self.given_out = Some(now);
            due.push(Arc::clone(&kept.entry));
        }
    }
}

/// How many requests are looked out for at a time.
const GATE: u64 = 512;

/// In microseconds: a tenth of a second.
const WINDOW_MICROS: u64 = 100_000;

/// One and so many more of the same request on the same connection are learned in a window; fills the
/// bits of the count.
const MOST_IN_WINDOW: u64 = (1 << COUNT_BITS) - 1;
const COUNT_BITS: u32 = 2;

/// Windows and counts take up so many bits.
const STAMP_BITS: u32 = 26;
const WINDOW_MASK: u64 = (1 << STAMP_BITS) - (1 << COUNT_BITS);

/// Groups are stored again no more often than this.
const PACE: Duration = Duration::from_secs(60);

/// All groups are looked through no more often than this, but for new ones.
const LOOK: Duration = Duration::from_secs(1);

/// So many groups in each of the two generations.
const MOST_GROUPS: usize = 1000;

/// About as many bytes may each of the two generations hold.
const MOST_BYTES: usize = 4 << 20;

/// So many groups of one route.
const MOST_CLIENTS: usize = 8;

/// Heads and content of one exchange.
const LARGEST: usize = 16 << 10;

/// Longer paths are told apart by this much of them.
const LONGEST_PATH: usize = 2048;

/// So many go to the store with one transaction, but for those of a failure's route.
const MOST_AT_ONCE: usize = 256;

#[cfg(test)]
#[path = "learning_tests.rs"]
mod tests;
