//! Deadlines, and the runtime on which origins and raw clients run.

use std::future::Future;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// How long anything may take before a test gives up: generous, for a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a tokio runtime starts")
});

/// Runs a future to its end.
///
/// # Panics
/// When it takes longer than [`PATIENCE`].
pub fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(async {
        tokio::time::timeout(PATIENCE, future)
            .await
            .expect("the test's network part ended in time")
    })
}

/// Runs a future beside the test.
pub fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    RUNTIME.spawn(future)
}

/// Asks again and again until there is an answer.
///
/// # Panics
/// With `what` when [`PATIENCE`] is over.
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    patiently(ask).unwrap_or_else(|| panic!("gave up waiting for {what}"))
}

/// Asks again and again until there is an answer, or [`PATIENCE`] is over.
pub fn patiently<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || start.elapsed() >= PATIENCE {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
