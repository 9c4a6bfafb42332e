//! The way from the proxy path to the writer: bounded, and nobody waits to put something in.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::recorder::Progress;
use super::watch::RequestKey;
use crate::model::{Exchange, Origin, Seen};

/// What the writer has to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Write a failure.
    Failure {
        exchange: Box<Exchange>,
        progress: Progress,
        key: RequestKey,
        cost: usize,
    },
    /// A request passed that repeats one whose failure is open.
    Repeated { key: RequestKey, seen: Box<Seen> },
    /// A direction of a connection is not decoded from here on.
    NotDecoded {
        origin: Origin,
        reason: &'static str,
    },
    /// Failures were lost: tell.
    Lost,
}

/// Jobs in the order in which they came.
#[derive(Debug)]
pub(super) struct Queue {
    budget: usize,
    inner: Mutex<Inner>,
    filled: Condvar,
    room: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    jobs: VecDeque<Job>,
    /// What all failures cost that are queued or being written.
    cost: usize,
    closed: bool,
}

/// What the writer took.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) jobs: Vec<Job>,
    /// Nothing more will come.
    pub(super) closed: bool,
}

impl Queue {
    /// A queue whose failures may hold that many bytes together.
    pub(super) fn new(budget: usize) -> Self {
        Self {
            budget,
            inner: Mutex::default(),
            filled: Condvar::new(),
            room: Notify::new(),
        }
    }

    /// Puts a failure in, or gives it back when the budget is spent.
    pub(super) fn push_failure(
        &self,
        exchange: Box<Exchange>,
        progress: Progress,
        key: RequestKey,
    ) -> Result<(), Box<Exchange>> {
        let cost = cost(&exchange);
        let mut inner = self.lock();
        // One that is larger than the whole budget goes in when it is alone.
        let fits = inner.cost == 0 || inner.cost.saturating_add(cost) <= self.budget;
        if !fits || inner.jobs.len() >= MOST_JOBS || inner.closed {
            return Err(exchange);
        }
        inner.cost = inner.cost.saturating_add(cost);
        inner.jobs.push_back(Job::Failure {
            exchange,
            progress,
            key,
            cost,
        });
        drop(inner);
        self.filled.notify_one();
        Ok(())
    }

    /// Puts in something that may be left out under load.
    pub(super) fn push_optional(&self, job: Job) {
        let mut inner = self.lock();
        if inner.jobs.len() < MOST_JOBS / 2 && !inner.closed {
            inner.jobs.push_back(job);
            drop(inner);
            self.filled.notify_one();
        }
    }

    /// Waits until [`Queue::push_failure`] is likely to succeed.
    pub(super) async fn room(&self) {
        loop {
            let freed = self.room.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if self.has_room() {
                return;
            }
            freed.await;
        }
    }

    /// Takes up to `most` jobs; waits up to `wait` for the first.
    pub(super) fn take(&self, most: usize, wait: Duration) -> Taken {
        let inner = self.lock();
        let (mut inner, _timeout) = self
            .filled
            .wait_timeout_while(inner, wait, |inner| inner.jobs.is_empty() && !inner.closed)
            .unwrap_or_else(PoisonError::into_inner);
        let most = most.min(inner.jobs.len());
        let jobs: Vec<Job> = inner.jobs.drain(..most).collect();
        Taken {
            closed: inner.closed && inner.jobs.is_empty(),
            jobs,
        }
    }

    /// Waits for that long, or until the queue is closed; whether it is closed.
    pub(super) fn wait_closed(&self, wait: Duration) -> bool {
        let inner = self.lock();
        let (inner, _timeout) = self
            .filled
            .wait_timeout_while(inner, wait, |inner| !inner.closed)
            .unwrap_or_else(PoisonError::into_inner);
        inner.closed
    }

    /// Gives back what failures cost that are written.
    pub(super) fn release(&self, cost: usize) {
        let mut inner = self.lock();
        inner.cost = inner.cost.saturating_sub(cost);
        drop(inner);
        self.room.notify_waiters();
    }

    /// Nothing more goes in; what is in there is still taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
        self.room.notify_waiters();
    }

    /// Half of it free: a failure is small beside that. When closed nobody need wait either.
    fn has_room(&self) -> bool {
        let inner = self.lock();
        let free = inner.cost <= self.budget / 2 && inner.jobs.len() <= MOST_JOBS / 2;
        free || inner.closed
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes that a queued failure holds, about.
fn cost(exchange: &Exchange) -> usize {
    use super::entry::section_bytes;
    let request = &exchange.request;
    let mut cost = EXCHANGE_BYTES
        + request.target.len() * 2
        + section_bytes(&request.fields)
        + request.content.bytes.len()
        + section_bytes(&request.trailers);
    if let Some(response) = exchange.response() {
        cost += section_bytes(&response.fields)
            + response.content.bytes.len()
            + section_bytes(&response.trailers);
    }
    cost
}

/// What an exchange costs besides its text.
const EXCHANGE_BYTES: usize = 1024;

/// So many jobs at most; the budget is nearly always the tighter bound.
const MOST_JOBS: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::sample::{self, START};
    use crate::capture::watch::Watch;

    fn push(queue: &Queue, number: u128) -> Result<(), Box<Exchange>> {
        let exchange = Box::new(sample::failing(number, START));
        let key = Watch::default().key_of_failure(&exchange);
        queue.push_failure(exchange, Progress::Ended, key)
    }

    fn one() -> usize {
        cost(&sample::failing(1, START))
    }

    #[test]
    fn a_spent_budget_gives_the_exchange_back_until_it_is_released() {
        let queue = Queue::new(one() * 2);
        push(&queue, 1).unwrap();
        push(&queue, 2).unwrap();
        let back = push(&queue, 3).unwrap_err();
        assert_eq!(back.id, sample::id(3));
        // Taken is not yet written: it still costs.
        assert_eq!(queue.take(9, Duration::ZERO).jobs.len(), 2);
        assert!(push(&queue, 3).is_err());
        queue.release(one());
        push(&queue, 3).unwrap();
    }

    #[test]
    fn a_failure_larger_than_the_whole_budget_goes_in_alone() {
        let queue = Queue::new(1);
        push(&queue, 1).unwrap();
        assert!(push(&queue, 2).is_err());
    }

    #[test]
    fn jobs_come_out_in_order_and_in_portions() {
        let queue = Queue::new(usize::MAX);
        (1..=5).for_each(|number| push(&queue, number).unwrap());
        let ids = |taken: Taken| -> Vec<_> {
            let of = |job: &Job| match job {
                Job::Failure { exchange, .. } => Some(exchange.id),
                _ => None,
            };
            taken.jobs.iter().filter_map(of).collect()
        };
        assert_eq!(
            ids(queue.take(3, Duration::ZERO)),
            [1, 2, 3].map(sample::id)
        );
        assert_eq!(ids(queue.take(3, Duration::ZERO)), [4, 5].map(sample::id));
        assert!(ids(queue.take(3, Duration::ZERO)).is_empty());
    }

    #[test]
    fn what_is_in_a_closed_queue_still_comes_out_and_nothing_goes_in() {
        let queue = Queue::new(usize::MAX);
        push(&queue, 1).unwrap();
        queue.close();
        assert!(push(&queue, 2).is_err());
        let first = queue.take(9, Duration::ZERO);
        assert!(first.closed && first.jobs.len() == 1);
        assert!(queue.wait_closed(Duration::from_secs(60)));
    }

    #[test]
    fn optional_jobs_are_bounded_too() {
        let queue = Queue::new(0);
        (0..MOST_JOBS).for_each(|_| queue.push_optional(Job::Lost));
        assert_eq!(
            queue.take(MOST_JOBS, Duration::ZERO).jobs.len(),
            MOST_JOBS / 2
        );
    }

    #[tokio::test]
    async fn whoever_waits_for_room_is_woken_when_there_is_some() {
        let queue = std::sync::Arc::new(Queue::new(one()));
        push(&queue, 1).unwrap();
        let waiting = tokio::task::spawn_blocking({
            let queue = std::sync::Arc::clone(&queue);
            move || queue.release(one())
        });
        queue.room().await;
        waiting.await.unwrap();
        push(&queue, 2).unwrap();
        queue.close();
        queue.room().await;
    }
}
