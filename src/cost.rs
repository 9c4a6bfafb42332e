//! What work costs, for the tests that hold costs within bounds: CPU time of the thread, which other
//! work on the machine hardly changes.

use std::time::Duration;

/// The CPU time at which something began.
pub(crate) struct CpuTime(Duration);

impl CpuTime {
    pub(crate) fn now() -> Self {
        Self(used())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        used().saturating_sub(self.0)
    }
}

#[cfg(unix)]
fn used() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap()
}

/// Elsewhere wall time, which is never less.
#[cfg(not(unix))]
fn used() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
