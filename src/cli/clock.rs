//! The one place that asks what time it is; everybody else takes `now` as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

use time::UtcOffset;

use crate::model::Timestamp;

/// The time now.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that the others are handed"
)]
pub fn now() -> Timestamp {
    timestamp(SystemTime::now())
}

/// A time that the system tells.
pub fn timestamp(time: SystemTime) -> Timestamp {
    let micros = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |m| -m),
    };
    Timestamp::from_micros(micros)
}

/// How far local time is from UTC. To be asked before any thread is started: only then can the
/// environment be read safely. UTC where it cannot be told.
pub fn local_offset() -> UtcOffset {
    UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC)
}
