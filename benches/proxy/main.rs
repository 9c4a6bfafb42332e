//! What the proxy costs: the same load direct, through a blind tunnel, and through why401.
//!
//! `cargo bench --bench proxy` runs all of it on loopback and prints one table per load. After `--`:
//! `--quick` for a smoke run, `--only NAME` for one load, `--soak N` for N exchanges through why401
//! alone with its memory printed on the way, `--streams N` for N streams on one HTTP/2 connection.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that meets something unexpected is worthless and ends; it reports on stdout"
)]
#![expect(
    unreachable_pub,
    reason = "in a benchmark, `pub` says: for the other files"
)]

mod http2;
mod load;
mod origin;
#[expect(
    dead_code,
    reason = "the tests need faulty certificates, this does not"
)]
#[path = "../../tests/common/pki.rs"]
mod pki;
mod process;
mod table;
mod tunnel;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use load::{Load, Round};
use process::{Process, Usage};
use table::Row;
use tokio::runtime::{Builder, Runtime};

/// How much of everything.
struct Size {
    rounds: usize,
    requests: usize,
    connections: usize,
    bytes: u64,
    failures: usize,
    starts: usize,
}

const FULL: Size = Size {
    rounds: 5,
    requests: 40_000,
    connections: 2_000,
    bytes: 1 << 30,
    failures: 10_000,
    starts: 21,
};

const QUICK: Size = Size {
    rounds: 1,
    requests: 2_000,
    connections: 100,
    bytes: 64 << 20,
    failures: 500,
    starts: 3,
};

/// How many connections work at the same time.
const PARALLEL: usize = 8;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value_of = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    if arguments
        .iter()
        .any(|argument| argument == tunnel::ARGUMENT)
    {
        runtime.block_on(tunnel::serve());
        return;
    }
    let origin = runtime.block_on(origin::start());
    if let Some(count) = value_of("--soak") {
        soak(&runtime, origin, count.parse().expect("--soak N"));
        return;
    }
    if let Some(count) = value_of("--streams") {
        streams(&runtime, origin, count.parse().expect("--streams N"));
        return;
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let size = if quick { QUICK } else { FULL };
    let only = value_of("--only").map(String::as_str);
    for load in loads(&size) {
        if only.is_none_or(|name| name == load.name) {
            compare(&runtime, origin, &load, size.rounds);
        }
    }
    if only.is_none_or(|name| name == "start") {
        starts(size.starts);
    }
}

fn loads(size: &Size) -> [Load; 6] {
    let small = Load {
        name: "small",
        title: "small responses, TLS, HTTP/1.1 keep-alive",
        target: "/small".to_owned(),
        count: size.requests,
        parallel: PARALLEL,
        per_connection: usize::MAX,
        streams: None,
        records: false,
        bytes: 0,
    };
    let bulk = Load {
        name: "bulk",
        title: "one download",
        target: format!("/bytes/{}", size.bytes),
        count: 1,
        parallel: 1,
        per_connection: 1,
        bytes: size.bytes,
        ..small.clone()
    };
    let http2 = Load {
        name: "http2",
        title: "small responses, TLS, HTTP/2, 8 streams on each of 4 connections",
        parallel: 4,
        streams: Some(8),
        ..small.clone()
    };
    let http2_bulk = Load {
        name: "http2-bulk",
        title: "one download over HTTP/2",
        streams: Some(1),
        ..bulk.clone()
    };
    let connect = Load {
        name: "connect",
        title: "new connections: CONNECT, full TLS handshake, one small response",
        count: size.connections,
        per_connection: 1,
        ..small.clone()
    };
    let failures = Load {
        name: "failures",
        title: "nothing but 401s, each recorded and explained",
        target: "/refused".to_owned(),
        count: size.failures,
        records: true,
        ..small.clone()
    };
    [small, bulk, http2, http2_bulk, connect, failures]
}

/// One load three ways, interleaved: direct, tunnel, why401, direct, tunnel, why401, …
fn compare(runtime: &Runtime, origin: SocketAddr, load: &Load, rounds: usize) {
    let ways = [
        ("direct", None),
        ("tunnel", Some(Process::tunnel())),
        ("why401", Some(Process::why401())),
    ];
    let mut rows: Vec<Row> = ways.iter().map(|(name, _)| Row::new(name)).collect();
    for (_, process) in &ways {
        // Nobody pays for the first connection, the first leaf and cold caches.
        run_once(runtime, origin, &load.warm_up(), process.as_ref());
    }
    for (_, process) in &ways {
        process.iter().for_each(Process::reset_peak_memory);
    }
    for _ in 0..rounds {
        for ((_, process), row) in ways.iter().zip(&mut rows) {
            let (round, usage) = run_once(runtime, origin, load, process.as_ref());
            row.add(round, usage);
        }
    }
    table::print(load, rounds, &rows);
}

/// One round, and what the process in the middle used for it.
fn run_once(
    runtime: &Runtime,
    origin: SocketAddr,
    load: &Load,
    process: Option<&Process>,
) -> (Round, Option<Usage>) {
    let before = process.map(Process::usage);
    let recorded = process.filter(|_| load.records).map(Process::recorded);
    let protocol = load.streams.map_or("http/1.1", |_| "h2");
    let tls = load::connector(process.and_then(Process::ca), protocol);
    let round = runtime.block_on(load::run(load, origin, process.map(Process::address), tls));
    if let (Some(process), Some(recorded)) = (process, recorded) {
        // Recording and explaining belong to the costs: wait for the store to catch up.
        process.wait_until_recorded(recorded + load.count as u64);
    }
    let usage = process.map(|process| process.usage().since(before.as_ref().unwrap()));
    (round, usage)
}

/// From spawning the process to its first accepted connection.
fn starts(count: usize) {
    println!("\nstart to first accepted connection, median of {count}");
    let folder = tempfile::tempdir().unwrap();
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let first = (0..count)
        .map(|_| Process::time_to_accept(tempfile::tempdir().unwrap().path()))
        .collect();
    Process::time_to_accept(folder.path());
    let later = (0..count)
        .map(|_| Process::time_to_accept(folder.path()))
        .collect();
    for (name, times) in [
        ("why401, first start (makes the CA)", first),
        ("why401, later", later),
    ] {
        println!("  {name:<36} {:>8.1} ms", median(times).as_secs_f64() * 1e3);
    }
}

/// Many exchanges through why401 alone, one in a hundred a 401: does its memory stay flat?
fn soak(runtime: &Runtime, origin: SocketAddr, count: usize) {
    let [mut load, ..] = loads(&FULL);
    load.target = "/mixed".to_owned();
    load.count = count.div_ceil(PARTS);
    println!("soak: {count} exchanges, 1 in 100 a 401");
    in_parts(&load, |process| {
        run_once(runtime, origin, &load, Some(process))
    });
}

/// Many streams on one HTTP/2 connection through why401 alone: does its memory stay flat?
fn streams(runtime: &Runtime, origin: SocketAddr, count: usize) {
    let [_, _, mut load, ..] = loads(&FULL);
    load.parallel = 1;
    load.count = count.div_ceil(PARTS);
    println!("streams: {count} on one connection, 8 at a time");
    let mut connection = None;
    in_parts(&load, |process| {
        let before = process.usage();
        let round = runtime.block_on(async {
            let tls = load::connector(process.ca(), "h2");
            if connection.is_none() {
                connection = Some(http2::open(origin, Some(process.address()), &tls).await);
            }
            let left = Arc::new(AtomicUsize::new(load.count));
            let start = Instant::now();
            let sender = connection.as_ref().unwrap();
            let latencies = http2::ask(sender, &load, 8, &left, origin).await;
            Round {
                elapsed: start.elapsed(),
                latencies,
            }
        });
        (round, Some(process.usage().since(&before)))
    });
}

/// How often memory is printed.
const PARTS: usize = 20;

/// Runs a load through one why401 again and again, prints its memory, and ends if that grows without end.
fn in_parts(load: &Load, mut run: impl FnMut(&Process) -> (Round, Option<Usage>)) {
    let process = Process::why401();
    let files = process.open_files();
    let start = Instant::now();
    let mut memory = Vec::new();
    for part in 1..=PARTS {
        let (round, usage) = run(&process);
        let usage = usage.unwrap();
        memory.push(process.memory_now_mib());
        println!(
            "  {:>9} after {:>5.0} s: {:>7.0} requests/s, {:>5.2} CPU s per 10 000, {:>5.1} MiB now, {:>5.1} MiB peak, {} open files",
            part * load.count,
            start.elapsed().as_secs_f64(),
            round.per_second(),
            usage.cpu.as_secs_f64() * 1e4 / load.count as f64,
            process.memory_now_mib(),
            usage.peak_memory_mib,
            process.open_files(),
        );
    }
    // By then the history and the caches are full.
    let (settled, end) = (memory[PARTS / 4], memory[PARTS - 1]);
    assert!(
        end < settled * 1.25 + 4.0,
        "memory grows: {settled:.1} MiB, then {end:.1} MiB"
    );
    // The last connections may still be closing, and the store's files were not all open at the start.
    let leaked = process.open_files().saturating_sub(files);
    assert!(
        leaked < 2 * PARALLEL + 8,
        "{leaked} more open files than at the start"
    );
}
