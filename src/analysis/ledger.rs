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
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::capture::sample::{self, START, after_secs};
    use crate::capture::store::Ref;
    use crate::model::{CredentialFact, Fingerprint, Place, Shape};

    fn key(number: u64) -> RequestKey {
        RequestKey::for_tests(number)
    }

    /// A failure of the one request that all tests repeat.
    fn recorded(number: u64, secs: u64, awaits_next_leg: bool) -> Recorded {
        let at = after_secs(secs);
        Recorded {
            reference: Ref {
                number,
                id: sample::id(number.into()),
            },
            at,
            key: key(1),
            kind: Fingerprint([0; 10]),
            awaits_next_leg,
            seen: Some(Arc::new(sample::seen(number.into(), at, 401))),
        }
    }

    fn with_credentials(mut recorded: Recorded) -> Recorded {
        let mut seen = recorded.seen.as_deref().unwrap().clone();
        seen.credentials.push(CredentialFact {
            place: Place::Header("authorization".to_owned()),
            scheme: Some("basic".to_owned()),
            raw: Fingerprint([1; 10]),
            normalised: Fingerprint([2; 10]),
            shape: Shape::Basic,
        });
        recorded.seen = Some(Arc::new(seen));
        recorded
    }

    fn passed(secs: u64, status: u16) -> Seen {
        sample::seen(1000 + u128::from(secs), after_secs(secs), status)
    }

    /// `E#1 open +2`: explain number 1, open, with two exchanges after it; `R#1`: recovered.
    fn told(due: &[Due]) -> Vec<String> {
        due.iter()
            .map(|due| match due {
                Due::Explain {
                    recorded,
                    after,
                    state,
                } => format!(
                    "E#{} {} +{}",
                    recorded.reference.number,
                    state.as_str(),
                    after.len()
                ),
                Due::Recovered { recorded, .. } => format!("R#{}", recorded.reference.number),
            })
            .collect()
    }

    #[test]
    fn an_ordinary_failure_is_explained_at_once() {
        let mut ledger = Ledger::default();
        let due = ledger.recorded(recorded(1, 0, false), START);
        assert_eq!(told(&due), ["E#1 open +0"]);
        assert_eq!(ledger.next_due(), None);
    }

    #[test]
    fn a_challenge_waits_two_seconds_for_the_next_leg() {
        let mut ledger = Ledger::default();
        assert!(ledger.recorded(recorded(1, 0, true), START).is_empty());
        assert_eq!(ledger.next_due(), Some(after_secs(2)));
        assert!(ledger.due(after_secs(1)).is_empty());
        assert_eq!(told(&ledger.due(after_secs(2))), ["E#1 open +0"]);
        assert!(ledger.due(after_secs(3)).is_empty());
    }

    #[test]
    fn a_leg_that_succeeds_ends_the_waiting_as_recovered() {
        let mut ledger = Ledger::default();
        ledger.recorded(recorded(1, 0, true), START);
        let due = ledger.repeated(key(1), &passed(1, 200));
        assert_eq!(told(&due), ["E#1 recovered +1"]);
        assert!(ledger.repeated(key(1), &passed(2, 200)).is_empty());
    }

    #[test]
    fn a_leg_that_is_answered_otherwise_ends_the_waiting_only() {
        let mut ledger = Ledger::default();
        ledger.recorded(recorded(1, 0, true), START);
        let due = ledger.repeated(key(1), &passed(1, 404));
        assert_eq!(told(&due), ["E#1 open +1"]);
        assert_eq!(told(&ledger.repeated(key(1), &passed(2, 204))), ["R#1"]);
    }

    #[test]
    fn a_leg_with_credentials_that_is_refused_too_ends_the_waiting() {
        let mut ledger = Ledger::default();
        ledger.recorded(recorded(1, 0, true), START);
        let due = ledger.recorded(with_credentials(recorded(2, 1, false)), after_secs(1));
        assert_eq!(told(&due), ["E#1 open +1", "E#2 open +0"]);
    }

    #[test]
    fn the_same_request_again_without_credentials_is_no_leg() {
        let mut ledger = Ledger::default();
        ledger.recorded(recorded(1, 0, true), START);
        assert!(
            ledger
                .recorded(recorded(2, 1, true), after_secs(1))
                .is_empty()
        );
        assert_eq!(told(&ledger.due(after_secs(2))), ["E#1 open +0"]);
    }

    #[test]
    fn the_three_legs_of_ntlm_recover_together() {
        let mut ledger = Ledger::default();
        ledger.recorded(recorded(1, 0, true), START);
        let second = with_credentials(recorded(2, 1, true));
        assert!(ledger.recorded(second, after_secs(1)).is_empty());
        let due = ledger.repeated(key(1), &passed(1, 200));
        assert_eq!(told(&due), ["E#1 recovered +2", "E#2 recovered +1"]);
    }

    #[test]
    fn a_success_within_thirty_seconds_revises_every_open_failure_of_that_request() {
        let mut ledger = Ledger::default();
        ledger.recorded(recorded(1, 0, false), START);
        ledger.recorded(recorded(2, 5, false), after_secs(5));
        assert!(ledger.repeated(key(2), &passed(6, 200)).is_empty());
        assert!(ledger.repeated(key(1), &passed(6, 500)).is_empty());
        let due = ledger.repeated(key(1), &passed(30, 302));
        assert_eq!(told(&due), ["R#1", "R#2"]);
        assert!(ledger.repeated(key(1), &passed(31, 200)).is_empty());
    }

    #[test]
    fn a_success_after_thirty_seconds_or_before_the_failure_revises_nothing() {
        let mut ledger = Ledger::default();
        ledger.recorded(recorded(1, 10, false), after_secs(10));
        assert!(ledger.repeated(key(1), &passed(9, 200)).is_empty());
        assert!(ledger.repeated(key(1), &passed(41, 200)).is_empty());
        ledger.due(after_secs(41));
        assert!(ledger.open.is_empty() && ledger.by_key.is_empty());
    }

    #[test]
    fn a_success_that_overtakes_the_end_of_the_failure_counts() {
        let mut ledger = Ledger::default();
        assert!(ledger.repeated(key(1), &passed(1, 200)).is_empty());
        assert!(ledger.repeated(key(2), &passed(1, 200)).is_empty());
        let due = ledger.recorded(recorded(1, 0, false), after_secs(2));
        assert_eq!(told(&due), ["E#1 open +0", "R#1"]);
        assert_eq!(ledger.early.len(), 1);
    }

    #[test]
    fn the_end_of_the_run_fails_what_still_waits() {
        let mut ledger = Ledger::default();
        ledger.recorded(recorded(1, 0, true), START);
        ledger.recorded(recorded(2, 0, false), START);
        assert_eq!(told(&ledger.end()), ["E#1 failed +0"]);
        assert!(ledger.end().is_empty());
    }

    #[test]
    fn everything_is_bounded() {
        let mut ledger = Ledger::default();
        for number in 0..MOST_OPEN as u64 + 50 {
            ledger.recorded(recorded(number, 0, false), START);
            ledger.repeated(key(number + 2), &passed(1, 200));
        }
        assert_eq!(ledger.open.len(), MOST_OPEN);
        assert_eq!(ledger.early.len(), MOST_EARLY);
        assert_eq!(
            ledger.by_key.values().map(BTreeSet::len).sum::<usize>(),
            MOST_OPEN
        );
    }
}
