//! Which failures wait for what: a pure account, moved on by what happens and by the time.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::capture::store::RECOVERY_WINDOW;
use crate::capture::{Recorded, RequestKey};
use crate::model::{Seen, State, Timestamp};

/// What is to be done about a failure.
#[derive(Debug)]
pub(super) enum Due {
    /// Draw its verdict and announce it.
    Explain {
        /// The failure.
        recorded: Recorded,
        /// The exchanges that came while it waited.
        after: Vec<Seen>,
        /// Where it stands.
        state: State,
    },
    /// It was announced, and now its client got through.
    Recovered {
        /// The failure.
        recorded: Recorded,
        /// The exchange that got through.
        after: Box<Seen>,
    },
}

/// The failures whose client may still get through.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    open: BTreeMap<u64, Open>,
    by_key: HashMap<RequestKey, BTreeSet<u64>>,
    /// Those that are not explained yet.
    waiting: BTreeSet<u64>,
    /// Requests that passed before the failure which they repeat had ended.
    early: VecDeque<(RequestKey, Seen)>,
}

#[derive(Debug)]
struct Open {
    recorded: Recorded,
    /// When it is to be explained; `None` once it is.
    explain_at: Option<Timestamp>,
    after: Vec<Seen>,
}

impl Ledger {
    /// A failure has become durable. It may be the next leg of one that waits for it.
    pub(super) fn recorded(&mut self, recorded: Recorded, now: Timestamp) -> Vec<Due> {
        let mut due = self.leg_failed(&recorded);
        let key = recorded.key;
        if recorded.awaits_next_leg && self.waiting.len() < MOST_WAITING {
            let explain_at = Some(now.plus(NEXT_LEG_WAIT));
            self.open(recorded, explain_at);
        } else {
            due.push(Due::Explain {
                recorded: recorded.clone(),
                after: Vec::new(),
                state: State::Open,
            });
            self.open(recorded, None);
        }
        let early = std::mem::take(&mut self.early);
        for (early_key, seen) in early {
            if early_key == key {
                due.extend(self.repeated(key, &seen));
            } else {
                self.early.push_back((early_key, seen));
            }
        }
        due
    }

    /// A request passed that repeats open ones: a success ends them all, any other answer ends the
    /// waiting of a handshake.
    pub(super) fn repeated(&mut self, key: RequestKey, seen: &Seen) -> Vec<Due> {
        if !self.by_key.contains_key(&key) {
            self.early.truncate(MOST_EARLY - 1);
            self.early.push_front((key, seen.clone()));
            return Vec::new();
        }
        let got_through = (200..400).contains(&seen.status);
        let mut due = Vec::new();
        for number in self.by_key.get(&key).cloned().unwrap_or_default() {
            let Some(open) = self.open.get_mut(&number) else {
                continue;
            };
            if !open.is_repeated_by(seen) {
                continue;
            }
            match (self.waiting.remove(&number), got_through) {
                (true, _) => {
                    open.explain_at = None;
                    open.remember(seen);
                    due.push(Due::Explain {
                        recorded: open.recorded.clone(),
                        after: open.after.clone(),
                        state: if got_through {
                            State::Recovered
                        } else {
                            State::Open
                        },
                    });
                }
                (false, true) => due.push(Due::Recovered {
                    recorded: open.recorded.clone(),
                    after: Box::new(seen.clone()),
                }),
                (false, false) => {}
            }
            if got_through {
                self.close(number);
            }
        }
        due
    }

    /// What the time has brought: waiting that is over.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Due> {
        let mut due = Vec::new();
        for number in self.waiting.clone() {
            if let Some(open) = self.open.get_mut(&number)
                && open.explain_at.is_some_and(|at| at <= now)
            {
                due.push(open.explain(State::Open));
                self.waiting.remove(&number);
            }
        }
        let over: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, open)| open.until() < now)
            .map(|(number, _)| *number)
            .collect();
        for number in over {
            self.close(number);
        }
        due
    }

    /// When [`Ledger::due`] has something to explain next.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.waiting
            .iter()
            .filter_map(|number| self.open.get(number)?.explain_at)
            .min()
    }

    /// The end of the run: whatever still waits has failed.
    pub(super) fn end(&mut self) -> Vec<Due> {
        let due: Vec<Due> = self
            .waiting
            .iter()
            .filter_map(|number| Some(self.open.get_mut(number)?.explain(State::Failed)))
            .collect();
        *self = Self::default();
        due
    }

    /// The same request with other credentials was refused too: it is remembered as a leg, and unless
    /// the handshake goes on, nobody waits any more.
    fn leg_failed(&mut self, leg: &Recorded) -> Vec<Due> {
        let Some(seen) = leg.seen.as_deref() else {
            return Vec::new();
        };
        let mut due = Vec::new();
        for number in self.waiting.clone() {
            let Some(open) = self.open.get_mut(&number) else {
                continue;
            };
            let is_leg = open.recorded.key == leg.key
                && open.is_repeated_by(seen)
                && !open.sent_the_same(seen);
            if !is_leg {
                continue;
            }
            open.remember(seen);
            if !leg.awaits_next_leg {
                due.push(open.explain(State::Open));
                self.waiting.remove(&number);
            }
        }
        due
    }

    fn open(&mut self, recorded: Recorded, explain_at: Option<Timestamp>) {
        if self.open.len() >= MOST_OPEN
            && let Some(number) = self
                .open
                .keys()
                .find(|number| !self.waiting.contains(number))
        {
            self.close(*number);
        }
        let number = recorded.reference.number;
        self.by_key.entry(recorded.key).or_default().insert(number);
        if explain_at.is_some() {
            self.waiting.insert(number);
        }
        let open = Open {
            recorded,
            explain_at,
            after: Vec::new(),
        };
        self.open.insert(number, open);
    }

    fn close(&mut self, number: u64) {
        let Some(open) = self.open.remove(&number) else {
            return;
        };
        if let Some(numbers) = self.by_key.get_mut(&open.recorded.key) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.by_key.remove(&open.recorded.key);
            }
        }
    }
}

impl Open {
    fn until(&self) -> Timestamp {
        self.recorded.at.plus(RECOVERY_WINDOW)
    }

    /// Whether an exchange with the same key came after it and in time.
    fn is_repeated_by(&self, seen: &Seen) -> bool {
        seen.id != self.recorded.reference.id
            && seen.at >= self.recorded.at
            && seen.at <= self.until()
    }

    fn sent_the_same(&self, seen: &Seen) -> bool {
        self.recorded
            .seen
            .as_ref()
            .is_some_and(|own| own.credentials == seen.credentials)
    }

    fn remember(&mut self, seen: &Seen) {
        if self.after.len() < MOST_AFTER {
            self.after.push(seen.clone());
        }
    }

    fn explain(&mut self, state: State) -> Due {
        self.explain_at = None;
        Due::Explain {
            recorded: self.recorded.clone(),
            after: self.after.clone(),
            state,
        }
    }
}

/// How long the next leg of a handshake is waited for.
const NEXT_LEG_WAIT: Duration = Duration::from_secs(2);

/// So many open failures are followed; older ones are taken to have failed.
const MOST_OPEN: usize = 4096;

/// So many failures wait for their next leg; further ones are explained at once.
const MOST_WAITING: usize = 512;

/// So many early repetitions are kept; the newest are in front.
const MOST_EARLY: usize = 16;

/// A Case remembers so many exchanges after it.
const MOST_AFTER: usize = 8;

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
