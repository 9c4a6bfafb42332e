//! The importer of curl commands beside the curl that is installed: a real shell and a real curl run
//! commands that are put together at random, and what a recorder received is compared with what
//! `import::curl` makes of the same text.
//!
//! `WHY401_CURL_COMMANDS` says how many commands, `WHY401_CURL_SEED` which; a failure names the
//! number of its command, and `WHY401_CURL_ONLY` runs that one again.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::format_push_string,
    reason = "a test that meets something unexpected shall say so at once"
)]
#![expect(
    unreachable_pub,
    reason = "in a test crate, `pub` says: for the other files"
)]

#[expect(dead_code, reason = "other tests need more of the kit than these")]
#[path = "../common"]
mod common {
    pub mod binary;
    pub mod clients;
    pub mod pki;
    pub mod random;
    pub mod wait;
}

mod command;
mod compare;
mod curl;
mod families;
mod recorder;
mod run;
mod shell;
mod since;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use common::clients::Client;
use common::random::Random;
use curl::Curl;
use families::{FAMILIES, Family};
use libtest_mimic::{Arguments, Failed, Trial};
use run::Bench;

/// How many commands a plain run has.
const COMMANDS: usize = 1600;

const SEED: usize = 401;

/// How many commands of a family run at once.
const AT_ONCE: usize = 4;

/// How many differences a failure shows.
const SHOWN: usize = 5;

fn main() {
    let arguments = Arguments::from_args();
    let is_there = Client::Curl.is_there();
    let skipped = Arc::new(Mutex::new(BTreeSet::new()));
    let trials = FAMILIES.iter().map(|family| {
        let skipped = Arc::clone(&skipped);
        let run = move || all_agree(family, &skipped);
        let name = format!("curl_truth::{}", family.name);
        Trial::test(name, run)
            .with_ignored_flag(!is_there)
            .with_kind(if is_there { "" } else { "curl is missing" })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    let skipped = skipped.lock().unwrap();
    if !skipped.is_empty() {
        let names: Vec<String> = skipped.iter().cloned().collect();
        eprintln!("this curl has no {}", names.join(", "));
    }
    drop(skipped);
    conclusion.exit();
}

/// All commands of a family: what curl sends is what the importer says.
fn all_agree(family: &'static Family, skipped: &Mutex<BTreeSet<String>>) -> Result<(), Failed> {
    let curl = Curl::ask();
    let only = number("WHY401_CURL_ONLY");
    let count = number("WHY401_CURL_COMMANDS").unwrap_or(COMMANDS) * family.share / 100;
    let next = AtomicUsize::new(only.unwrap_or(0));
    let end = only.map_or(count, |only| only + 1);
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let bench = Bench::new();
                let missing = RefCell::new(BTreeSet::new());
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        break;
                    }
                    let difference = one(family, number, &bench, &curl, &missing);
                    let difference =
                        difference.map(|difference| format!("command {number}: {difference}"));
                    wrong.lock().unwrap().extend(difference);
                }
                skipped.lock().unwrap().append(&mut missing.borrow_mut());
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    if wrong.is_empty() {
        return Ok(());
    }
    let shown = number("WHY401_CURL_SHOWN").unwrap_or(SHOWN);
    let shown: Vec<String> = wrong.iter().take(shown).cloned().collect();
    Err(Failed::from(format!(
        "{} of {count} commands differ\n\n{}",
        wrong.len(),
        shown.join("\n\n")
    )))
}

fn one(
    family: &Family,
    number: usize,
    bench: &Bench,
    curl: &Curl,
    missing: &RefCell<BTreeSet<String>>,
) -> Option<String> {
    let seed = self::number("WHY401_CURL_SEED").unwrap_or(SEED);
    let name: u64 = family
        .name
        .bytes()
        .fold(0, |sum, byte| sum * 31 + u64::from(byte));
    let random = Random(seed as u64 ^ name).fork(number as u64);
    let maker = command::Maker::new(random, bench.recorder.port, curl, missing);
    let command = (family.make)(maker);
    let ran = bench.run(&command);
    let read = bench.import(&command);
    compare::difference(curl, &command, &ran, &read)
}

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}
