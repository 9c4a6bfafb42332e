//! The importer of Postman collections beside newman, which runs them with Postman's own runtime:
//! collections that are put together at random are run against a recorder, and what came is compared
//! with what `import::postman` makes of the same file.
//!
//! `WHY401_POSTMAN_RUNS` says how many collections, `WHY401_POSTMAN_SEED` which.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
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

#[path = "../curl_truth/recorder.rs"]
mod recorder;

mod collection;
mod compare;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use common::clients::{bare, folder, runs};
use common::random::Random;
use libtest_mimic::{Arguments, Failed, Trial};
use recorder::{Recorded, Recorder};
use serde_json::Value;
use tempfile::TempDir;
use why401::import::{Environment, Imported, Options, Source, Surroundings, postman};
use why401::model::Timestamp;

/// How many collections a plain run has; newman takes a second to start.
const RUNS: usize = 4;

/// How many requests a collection has.
const REQUESTS: usize = 100;

const SEED: usize = 401;

fn main() {
    let arguments = Arguments::from_args();
    let newman = folder().join("node_modules/newman/bin/newman.js");
    let is_there = newman.is_file() && runs("node", &["--version"]);
    let trials = (0..number("WHY401_POSTMAN_RUNS").unwrap_or(RUNS)).map(|run| {
        let newman = newman.clone();
        let all_agree = move || all_agree(run, &newman);
        Trial::test(format!("postman_truth::collection_{run}"), all_agree)
            .with_ignored_flag(!is_there)
            .with_kind(if is_there { "" } else { "newman is missing" })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// What newman sends for a collection is what the importer says.
fn all_agree(run: usize, newman: &Path) -> Result<(), Failed> {
    let seed = number("WHY401_POSTMAN_SEED").unwrap_or(SEED);
    let random = Random(seed as u64).fork(run as u64);
    let recorder = Recorder::start();
    let base = format!("http://127.0.0.1:{}", recorder.port);
    let (collection, environment) = collection::make(random, &base, REQUESTS);
    let files = lay_out(&collection, &environment);
    send(newman, files.path());
    let sent = recorder.take();
    let read = import(&collection, &environment, files.path());
    let wrong: Vec<String> = (0..REQUESTS)
        .filter_map(|number| {
            let difference = compare::difference(number, &sent, &read)?;
            let item = collection::item(&collection, number);
            Some(format!("{difference}\n{item:#}"))
        })
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let shown = number("WHY401_POSTMAN_SHOWN").unwrap_or(3);
    Err(Failed::from(format!(
        "{} of {REQUESTS} requests differ\n\n{}\n{:?}",
        wrong.len(),
        wrong[..wrong.len().min(shown)].join("\n\n"),
        read.problems
    )))
}

/// What the importer says.
#[derive(Debug)]
pub struct Read {
    /// What would be sent.
    pub requests: Vec<Recorded>,
    /// Why the others would not.
    pub problems: Vec<String>,
}

fn lay_out(collection: &Value, environment: &Value) -> TempDir {
    let files = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &[u8]| fs::write(files.path().join(name), content).unwrap();
    put("collection.json", collection.to_string().as_bytes());
    put("environment.json", environment.to_string().as_bytes());
    put("body.json", b"{\"from\": \"a file\"}\n");
    put("pic.png", b"\x89PNG\r\n\x1a\n\0\xff");
    put("notes", b"plain");
    files
}

fn send(newman: &Path, files: &Path) {
    let output = bare("node")
        .arg(newman)
        .args(["run", "collection.json", "-e", "environment.json"])
        .args(["--working-dir", ".", "--timeout-request", "5000"])
        .args(["--ignore-redirects", "--silent"])
        .current_dir(files)
        .env("HOME", files)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    // A request that cannot be sent fails the run, which goes on after it.
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.is_empty(), "newman said: {words}");
}

fn import(collection: &Value, environment: &Value, files: &Path) -> Read {
    let surroundings = Surroundings {
        variable: &|_name: &str| None,
        file: &|path: &Path| why401::import::files::read(&files.join(path)),
        now: Timestamp::from_secs(1_760_000_000),
    };
    let options = Options {
        environment: Environment::of_file("environment", environment.to_string().as_bytes()),
        ..Options::default()
    };
    let collection = collection.to_string();
    let source = Source::new("collection", collection.as_bytes());
    as_sent(&postman::import(&source, &options, &surroundings))
}

fn as_sent(imported: &Imported) -> Read {
    let requests = imported.requests.iter().map(|imported| {
        let request = &imported.request;
        let mut first = format!("{} ", request.method).into_bytes();
        first.extend_from_slice(&request.target);
        first.extend_from_slice(b" HTTP/1.1");
        let lines = request.fields.lines().iter();
        let lines = lines.map(|line| [line.name(), b":", line.raw_value()].concat());
        Recorded {
            lines: [first].into_iter().chain(lines).collect(),
            body: request.content.bytes.clone(),
        }
    });
    Read {
        requests: requests.collect(),
        problems: imported.problems.iter().map(ToString::to_string).collect(),
    }
}

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}
