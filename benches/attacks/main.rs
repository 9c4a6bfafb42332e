//! What other clients feel while the proxy is under attack, and what the attack costs it.
//!
//! `cargo bench --bench attacks` runs every attack on loopback against the release binary while one
//! ordinary client goes on with its work. After `--`: `--quick` for a smoke run, `--only NAME` for one
//! attack. It fails when the ordinary client is not served, or when memory is not bounded; it never fails
//! for being slow.

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

mod attacks;
mod floods;
#[expect(dead_code, reason = "of the tests' frames, few are needed here")]
#[path = "../../tests/common/frames.rs"]
mod frames;
#[path = "../proxy/http2.rs"]
mod http2;
#[expect(dead_code, reason = "the loads of the other benchmark")]
#[path = "../proxy/load.rs"]
mod load;
mod ordinary;
#[path = "../proxy/origin.rs"]
mod origin;
#[expect(
    dead_code,
    reason = "the tests need faulty certificates, this does not"
)]
#[path = "../../tests/common/pki.rs"]
mod pki;
#[expect(dead_code, reason = "what a process used, as the other benchmark asks")]
#[path = "../proxy/process.rs"]
mod process;
mod sinks;
mod sockets;
#[expect(dead_code, reason = "the yardstick of the other benchmark")]
#[path = "../proxy/tunnel.rs"]
mod tunnel;

use std::net::SocketAddr;
use std::time::Duration;

use attacks::{Attack, Field};
use ordinary::Latencies;
use process::Process;
use sinks::Sinks;
use tokio::runtime::{Builder, Runtime};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let only = arguments
        .iter()
        .skip_while(|argument| *argument != "--only")
        .nth(1);
    let quick = has("--quick");
    // The attackers have a thread of their own: they may be slow, the ordinary client must not be.
    let attackers = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let bystanders = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let origin = bystanders.block_on(origin::start());
    let sinks = attackers.block_on(sinks::start());
    println!("{HEADING}");
    for attack in attacks::all(quick) {
        if only.is_none_or(|name| name == attack.name) {
            run(&attackers, &bystanders, &attack, origin, sinks);
        }
    }
}

/// One attack on a proxy of its own, with an ordinary client before and meanwhile.
fn run(
    attackers: &Runtime,
    bystanders: &Runtime,
    attack: &Attack,
    origin: SocketAddr,
    sinks: Sinks,
) {
    let proxy = Process::why401();
    let field = Field {
        proxy: proxy.address(),
        sinks,
    };
    let work = |requests| bystanders.block_on(ordinary::work(&proxy, origin, requests));
    work(attack.requests.div_ceil(10));
    let alone = work(attack.requests);
    proxy.reset_peak_memory();
    let before = proxy.memory_now_mib();
    let mut assault = attackers.block_on(attack.begin(field));
    let cpu = proxy.usage();
    let meanwhile = work(attack.requests);
    std::thread::sleep(attack.lasts);
    let used = proxy.usage().since(&cpu);
    let report = attackers.block_on(assault.end());
    let row = Row {
        attack,
        alone,
        meanwhile,
        before,
        peak: used.peak_memory_mib,
        cpu: used.cpu,
        report,
    };
    row.print();
    row.is_bounded();
    // It serves afterwards as it did before.
    work(attack.requests.div_ceil(10));
}

struct Row<'a> {
    attack: &'a Attack,
    alone: Latencies,
    meanwhile: Latencies,
    before: f64,
    peak: f64,
    cpu: Duration,
    report: String,
}

const HEADING: &str = "| attack | what | p50 ms alone | under attack | p99 ms alone | under attack | peak MiB (before) | CPU s |\n\
| --- | --- | --: | --: | --: | --: | --: | --: |";

impl Row<'_> {
    fn print(&self) {
        let Self {
            attack,
            alone,
            meanwhile,
            before,
            peak,
            cpu,
            report,
        } = self;
        println!(
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {peak:.1} ({before:.1}) | {:.2} |",
            attack.name,
            report,
            alone.quantile_ms(0.5),
            meanwhile.quantile_ms(0.5),
            alone.quantile_ms(0.99),
            meanwhile.quantile_ms(0.99),
            cpu.as_secs_f64(),
        );
    }

    fn is_bounded(&self) {
        let most = self.attack.most_mib();
        assert!(
            self.peak < most,
            "{}: {:.1} MiB, at most {most:.1} expected",
            self.attack.name,
            self.peak
        );
    }
}
