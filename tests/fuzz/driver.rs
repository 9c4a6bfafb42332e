//! Runs a target over and over, and tells how to repeat what went wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::mutate::mutated;
use super::targets::Target;
use crate::common::random::Random;

/// How long one execution may take, in a debug build on a busy machine too.
const TIME_BOUND: Duration = Duration::from_secs(30);

/// By how much memory may grow while a target runs.
const MOST_GROWTH: u64 = 512 * 1024 * 1024;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub duration: Duration,
    pub seed: u64,
    /// The first iteration; with `duration` zero the only one.
    pub first: u64,
}

/// Runs a target; a line about it, or what went wrong.
pub fn run(target: &Target, plan: Plan) -> Result<String, String> {
    let corpus = (target.corpus)();
    assert!(
        !corpus.is_empty(),
        "{} has nothing to begin with",
        target.name
    );
    let mut execute = (target.start)();
    let watchdog = Watchdog::start(target.name, plan.seed);
    let before = memory();
    let (mut largest, mut slowest) = (before, Duration::ZERO);
    let start = Instant::now();
    let mut iteration = plan.first;
    loop {
        let mut random = Random(plan.seed ^ hash(target.name)).fork(iteration);
        // The corpus itself goes first.
        let input = match usize::try_from(iteration)
            .ok()
            .and_then(|at| corpus.get(at))
        {
            Some(seed) => seed.clone(),
            None => mutated(&corpus, target.words, &mut random),
        };
        let input = Arc::new(input);
        let began = watchdog.begin(iteration, &input);
        let outcome = catch_unwind(AssertUnwindSafe(|| execute(&input, &mut random)));
        watchdog.end();
        slowest = slowest.max(began.elapsed());
        if let Err(panic) = outcome {
            let what = words(panic.as_ref());
            return Err(describe(target.name, plan.seed, iteration, &input, &what));
        }
        iteration += 1;
        if iteration.is_multiple_of(256) {
            largest = largest.max(memory());
        }
        if start.elapsed() >= plan.duration {
            break;
        }
    }
    drop(execute);
    let growth = largest.max(memory()).saturating_sub(before);
    if growth > MOST_GROWTH {
        return Err(format!(
            "{}: memory grew by {} MiB",
            target.name,
            growth >> 20
        ));
    }
    let executions = iteration - plan.first;
    let seconds = start.elapsed().as_secs_f64();
    Ok(format!(
        "{:<16} {executions:>10} executions in {seconds:>5.1} s, {:>8.0}/s, slowest {:>7.1} ms, memory +{:.1} MiB",
        target.name,
        executions as f64 / seconds,
        slowest.as_secs_f64() * 1000.0,
        growth as f64 / f64::from(1 << 20),
    ))
}

fn describe(name: &str, seed: u64, iteration: u64, input: &[u8], what: &str) -> String {
    let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{name}: {what}\ninput ({} bytes): {hex}\nrepeat: cargo test --release --test fuzz -- --seed {seed} --iteration {iteration} {name}",
        input.len()
    )
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}

/// FNV-1a.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What this process holds in memory; 0 where the system does not tell.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_u64) * 4096
}

/// Ends the process, with the input, when an execution takes too long.
struct Watchdog {
    shared: Arc<Watched>,
}

#[derive(Default)]
struct Watched {
    running: Mutex<Option<Execution>>,
    over: AtomicBool,
}

/// When it began, its iteration and its input.
type Execution = (Instant, u64, Arc<Vec<u8>>);

impl Watchdog {
    fn start(name: &'static str, seed: u64) -> Self {
        let shared = Arc::new(Watched::default());
        let watched = Arc::clone(&shared);
        std::thread::spawn(move || {
            while !watched.over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(100));
                let running = watched.running.lock().unwrap();
                if let Some((began, iteration, input)) = &*running
                    && began.elapsed() > TIME_BOUND
                {
                    let what = format!("not done after {TIME_BOUND:?}");
                    eprintln!("{}", describe(name, seed, *iteration, input, &what));
                    std::process::abort();
                }
            }
        });
        Self { shared }
    }

    fn begin(&self, iteration: u64, input: &Arc<Vec<u8>>) -> Instant {
        let now = Instant::now();
        *self.shared.running.lock().unwrap() = Some((now, iteration, Arc::clone(input)));
        now
    }

    fn end(&self) {
        *self.shared.running.lock().unwrap() = None;
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
    }
}
