//! The newest exchanges, in memory: bounded by count, by bytes and by age.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entry::Entry;
use super::settings::Settings;
use crate::model::Timestamp;

/// The history ring.
#[derive(Debug)]
pub(super) struct History {
    bounds: Bounds,
    ring: Mutex<Ring>,
}

#[derive(Debug)]
struct Bounds {
    exchanges: usize,
    bytes: usize,
    window: std::time::Duration,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    /// How many were not kept although count and age would have allowed it.
    lost: u64,
    lost_at: Timestamp,
}

/// The history as a failure finds it.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    /// Newest first.
    pub(super) entries: Vec<Arc<Entry>>,
    /// How many are missing.
    pub(super) lost: u64,
}

impl History {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            bounds: Bounds {
                exchanges: settings.history_exchanges,
                bytes: settings.history_bytes,
                window: settings.history_window,
            },
            ring: Mutex::default(),
        }
    }

    /// Remembers an exchange; whatever has to go for it goes. One lock, held briefly.
    pub(super) fn push(&self, entry: Arc<Entry>) {
        let bytes = entry.bytes();
        if bytes > self.bounds.bytes / OVERSIZED || self.bounds.exchanges == 0 {
            return self.lose(entry.at);
        }
        let at = entry.at;
        // Dropped after the lock is given back.
        let mut gone: Vec<Arc<Entry>> = Vec::new();
        let mut ring = self.lock();
        while ring.entries.len() >= self.bounds.exchanges {
            gone.extend(ring.pop());
        }
        while ring.bytes + bytes > self.bounds.bytes
            && let Some(oldest) = ring.pop()
        {
            if oldest.at >= at.minus(self.bounds.window) {
                ring.lose(at);
            }
            gone.push(oldest);
        }
        ring.bytes += bytes;
        ring.entries.push_back(entry);
        drop(ring);
    }

    /// What is remembered at `now`, newest first.
    pub(super) fn remembered(&self, now: Timestamp) -> Remembered {
        let oldest = now.minus(self.bounds.window);
        let mut ring = self.lock();
        let mut gone = Vec::new();
        while ring.entries.front().is_some_and(|entry| entry.at < oldest) {
            gone.extend(ring.pop());
        }
        if ring.lost_at < oldest {
            ring.lost = 0;
        }
        let remembered = Remembered {
            entries: ring.entries.iter().rev().cloned().collect(),
            lost: ring.lost,
        };
        drop(ring);
        drop(gone);
        remembered
    }

    fn lose(&self, at: Timestamp) {
        self.lock().lose(at);
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn pop(&mut self) -> Option<Arc<Entry>> {
        let entry = self.entries.pop_front()?;
        self.bytes = self.bytes.saturating_sub(entry.bytes());
        Some(entry)
    }

    fn lose(&mut self, at: Timestamp) {
        self.lost = self.lost.saturating_add(1);
        self.lost_at = at;
    }
}

/// Heads of more than this fraction of the whole history's bytes are not remembered.
const OVERSIZED: usize = 32;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::capture::sample::{self, START, after_secs};

    fn history(exchanges: usize, bytes: usize) -> History {
        let mut settings = Settings::new(|path| String::from_utf8_lossy(path).into_owned());
        settings.history_exchanges = exchanges;
        settings.history_bytes = bytes;
        settings.history_window = Duration::from_secs(60);
        History::new(&settings)
    }

    fn entry(number: u64, path: &str) -> Arc<Entry> {
        let at = after_secs(number);
        Arc::new(Entry::passed(
            sample::id(u128::from(number)),
            sample::passed(path, at, 200),
        ))
    }

    fn seconds(remembered: &Remembered) -> Vec<i64> {
        let entries = remembered.entries.iter();
        entries
            .map(|entry| entry.at.secs() - START.secs())
            .collect()
    }

    #[test]
    fn the_newest_are_remembered_newest_first_and_the_oldest_go() {
        let history = history(3, 1 << 20);
        (1..=5).for_each(|number| history.push(entry(number, "/a")));
        let remembered = history.remembered(after_secs(5));
        assert_eq!(seconds(&remembered), [5, 4, 3]);
        assert_eq!(remembered.lost, 0, "that is what the bound is for");
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let history = history(10, 1 << 20);
        for number in [1, 30, 70] {
            history.push(entry(number, "/a"));
        }
        assert_eq!(seconds(&history.remembered(after_secs(75))), [70, 30]);
        assert_eq!(seconds(&history.remembered(after_secs(131))), [0; 0]);
    }

    #[test]
    fn heads_stay_within_their_bytes_and_what_is_missing_is_counted() {
        let one = entry(1, "/a").bytes();
        let history = history(1000, one * 40);
        (1..=50).for_each(|number| history.push(entry(number, "/a")));
        let remembered = history.remembered(after_secs(50));
        assert_eq!((remembered.entries.len(), remembered.lost), (40, 10));
        let ring = history.lock();
        assert!(ring.bytes <= one * 40);
        assert_eq!(
            ring.bytes,
            ring.entries
                .iter()
                .map(|entry| entry.bytes())
                .sum::<usize>()
        );
    }

    #[test]
    fn oversized_heads_are_not_remembered_but_counted_for_a_while() {
        let history = history(10, 32 << 10);
        history.push(entry(1, &"/a".repeat(2000)));
        history.push(entry(2, "/a"));
        let remembered = history.remembered(after_secs(3));
        assert_eq!((seconds(&remembered), remembered.lost), (vec![2], 1));
        assert_eq!(history.remembered(after_secs(99)).lost, 0);
    }
}
