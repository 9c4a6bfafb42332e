//! What recording may cost, and where it gets the time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::model::Timestamp;

/// The clock of this process; tests bring their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that asks that function.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// The bounds of recording.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many bytes of a message's content are kept.
    pub content_limit: usize,
    /// How many bytes of content all exchanges in flight may hold together.
    pub content_budget: usize,
    /// How many bytes the failures waiting for the store may hold together.
    pub failure_budget: usize,
    /// How many exchanges the history remembers.
    pub history_exchanges: usize,
    /// How many bytes their heads may hold together.
    pub history_bytes: usize,
    /// How long the history remembers an exchange.
    pub history_window: Duration,
    /// How long the store keeps a failure.
    pub retention: Duration,
    /// Makes a path into its route template.
    pub route: fn(&[u8]) -> String,
}

impl Settings {
    /// The defaults; `route` makes a path into its route template.
    pub fn new(route: fn(&[u8]) -> String) -> Self {
        Self {
            content_limit: 64 << 10,
            content_budget: 16 << 20,
            failure_budget: 32 << 20,
            history_exchanges: 500,
            history_bytes: 8 << 20,
            history_window: Duration::from_secs(30 * 60),
            retention: Duration::from_secs(7 * 24 * 60 * 60),
            route,
        }
    }
}
