//! Readers of hostile input, fed with what nobody would write: none may panic, hang or grow, and none
//! may depend on how its input is cut.
//!
//! `cargo test` runs each target for a moment. `cargo test --release --test fuzz -- --seconds 60 [NAME...]`
//! runs them one after the other for that long, `--seed N` with other inputs, `--iteration N` a single
//! input again, as the message of a failure says.

#![expect(
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that meets something unexpected shall say so at once; the long form reports on stdout"
)]
#![expect(
    unreachable_pub,
    reason = "in a test crate, `pub` says: for the other files"
)]

#[expect(dead_code, reason = "other tests need more of the kit than these")]
#[path = "../common"]
mod common {
    pub mod binary;
    pub mod frames;
    pub mod pki;
    pub mod random;
    pub mod wait;
}

/// The shapes are what inputs are made of, the lanes how they reach the proxy.
#[expect(dead_code, reason = "the transparency test needs more of them")]
#[path = "../transparency"]
mod transparency {
    pub mod lane;
    pub mod play;
    pub mod read;
    pub mod shape;
}

mod driver;
mod mutate;
mod targets;
mod wire;

use std::process::ExitCode;
use std::time::Duration;

use driver::Plan;
use libtest_mimic::{Arguments, Failed, Trial};
use targets::TARGETS;

/// What each target gets in `cargo test`.
const MOMENT: Duration = Duration::from_secs(2);

const SEED: u64 = 401;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_long = |argument: &String| OPTIONS.contains(&argument.as_str());
    if arguments.iter().any(is_long) {
        long(&arguments)
    } else {
        short()
    }
}

const OPTIONS: [&str; 3] = ["--seconds", "--seed", "--iteration"];

/// As tests among others.
fn short() -> ExitCode {
    let plan = Plan {
        duration: MOMENT,
        seed: SEED,
        first: 0,
    };
    let trials = TARGETS.iter().map(|target| {
        let run = move || driver::run(target, plan).map(drop).map_err(Failed::from);
        Trial::test(target.name, run)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn long(arguments: &[String]) -> ExitCode {
    let mut plan = Plan {
        duration: MOMENT,
        seed: SEED,
        first: 0,
    };
    let mut names = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut number = || {
            rest.next()
                .and_then(|text| text.parse().ok())
                .expect("a number")
        };
        match argument.as_str() {
            "--seconds" => plan.duration = Duration::from_secs(number()),
            "--seed" => plan.seed = number(),
            "--iteration" => (plan.first, plan.duration) = (number(), Duration::ZERO),
            name => names.push(name),
        }
    }
    for name in &names {
        let is_there = TARGETS.iter().any(|target| target.name == *name);
        assert!(is_there, "no target is named {name}");
    }
    let mut code = ExitCode::SUCCESS;
    for target in TARGETS {
        if names.is_empty() || names.contains(&target.name) {
            match driver::run(target, plan) {
                Ok(line) => println!("{line}"),
                Err(failure) => {
                    eprintln!("{failure}");
                    code = ExitCode::FAILURE;
                }
            }
        }
    }
    code
}
