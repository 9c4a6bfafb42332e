//! One table per load: the ways side by side, and their ratio to the tunnel.

use std::time::Duration;

use crate::load::{Load, Round};
use crate::process::Usage;

/// One way's rounds.
pub struct Row {
    name: &'static str,
    rounds: Vec<(Round, Option<Usage>)>,
}

impl Row {
    /// A way without rounds.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            rounds: Vec::new(),
        }
    }

    /// Adds a round.
    pub fn add(&mut self, round: Round, usage: Option<Usage>) {
        self.rounds.push((round, usage));
    }

    /// The median over the rounds.
    fn median(&self, value: impl Fn(&Round) -> f64) -> f64 {
        let mut values: Vec<_> = self.rounds.iter().map(|(round, _)| value(round)).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    /// The CPU seconds of the process in the middle, over all rounds.
    fn cpu_seconds(&self) -> Option<f64> {
        self.rounds
            .iter()
            .map(|(_, usage)| usage.as_ref().map(|usage| usage.cpu.as_secs_f64()))
            .sum()
    }

    fn peak_memory_mib(&self) -> Option<f64> {
        let (_, usage) = self.rounds.last()?;
        usage.as_ref().map(|usage| usage.peak_memory_mib)
    }

    /// That share of the requests of all rounds took at most so long.
    fn quantile_ms(&self, share: f64) -> f64 {
        let mut all: Vec<Duration> = self
            .rounds
            .iter()
            .flat_map(|(round, _)| round.latencies.iter().copied())
            .collect();
        all.sort();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index below the length"
        )]
        let at = ((all.len() - 1) as f64 * share) as usize;
        all[at].as_secs_f64() * 1e3
    }
}

/// Prints the table of a load.
pub fn print(load: &Load, rounds: usize, rows: &[Row]) {
    println!(
        "\n{}: {} ({} rounds of {}, {} at the same time)",
        load.name, load.title, rounds, load.count, load.parallel
    );
    let (speed, cpu) = match load.bytes {
        0 => ("requests/s", "CPU s/10 000"),
        _ => ("MiB/s", "CPU s/GiB"),
    };
    println!(
        "  {:<8} {speed:>12} {:>10} {:>10} {cpu:>14} {:>10} {:>12}",
        "", "p50 ms", "p99 ms", "to tunnel", "peak MiB"
    );
    let tunnel = rows
        .iter()
        .find(|row| row.name == "tunnel")
        .and_then(Row::cpu_seconds);
    for row in rows {
        print_row(load, rounds, row, tunnel);
    }
}

fn print_row(load: &Load, rounds: usize, row: &Row, tunnel: Option<f64>) {
    let total = (load.count * rounds) as f64;
    let (speed, units) = match load.bytes {
        0 => (row.median(Round::per_second), total / 1e4),
        bytes => {
            let mib = bytes as f64 / f64::from(1 << 20);
            let speed = row.median(|round| mib / round.elapsed.as_secs_f64());
            (speed, total * mib / 1024.0)
        }
    };
    let or_dash = |value: Option<f64>, digits: usize| match value {
        Some(value) => format!("{value:.digits$}"),
        None => "-".to_owned(),
    };
    let cpu = row.cpu_seconds();
    // The system counts in ticks of 10 ms: a ratio of a few ticks says nothing.
    let ratio = cpu
        .zip(tunnel.filter(|seconds| *seconds >= 0.2))
        .map(|(cpu, tunnel)| cpu / tunnel);
    println!(
        "  {:<8} {speed:>12.0} {:>10.3} {:>10.3} {:>14} {:>10} {:>12}",
        row.name,
        row.quantile_ms(0.5),
        row.quantile_ms(0.99),
        or_dash(cpu.map(|cpu| cpu / units), 3),
        or_dash(ratio, 2),
        or_dash(row.peak_memory_mib(), 1),
    );
}
