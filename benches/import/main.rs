//! What importing large files costs: wall time, CPU time and peak memory of the real binary.
//!
//! `cargo bench --bench import` runs all of it and prints one row per file. After `--`: `--quick` for
//! a smoke run with smaller files, `--only NAME` for one of them. CPU time and memory come from
//! `/proc`, so this runs on Linux only.

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

mod files;
mod process;

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

const MIB: u64 = 1024 * 1024;

/// A file to import.
struct Load {
    name: &'static str,
    format: &'static str,
    write: fn(&mut dyn Write, Size) -> std::io::Result<usize>,
    size: Size,
}

/// How much of it, whichever its writer goes by.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// As many requests.
    pub requests: usize,
    /// Or requests until there are as many bytes.
    pub bytes: u64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let only = arguments.iter().position(|argument| argument == "--only");
    let only = only.map(|at| arguments[at + 1].as_str());
    let bare_mib = bare_mib();
    println!("An import of one request takes {bare_mib:.1} MiB.\n");
    println!("| file | MiB | requests | wall s | CPU s | peak MiB | above one request's ÷ file |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
    for load in loads(quick) {
        if only.is_none_or(|only| only == load.name) {
            measure(&load, bare_mib);
        }
    }
}

fn loads(quick: bool) -> Vec<Load> {
    let requests = if quick { 1000 } else { 10_000 };
    let load = |name, format, write, mib: u64| Load {
        name,
        format,
        write,
        size: Size {
            requests,
            bytes: mib * MIB,
        },
    };
    let mut loads = vec![
        load("postman", "postman", files::postman, 0),
        load("curl", "curl", files::curl, 0),
    ];
    if quick {
        loads.push(load("har", "har", files::har, 16));
    } else {
        loads.push(load("har", "har", files::har, 100));
        loads.push(load("har-gib", "har", files::har, 1024));
    }
    loads
}

/// What the program takes by itself. It ends soon: the most of several runs is what was there.
fn bare_mib() -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("input"), folder.path().join("output"));
    std::fs::write(&input, "curl https://api.acme.test/\n").unwrap();
    let runs = (0..100).map(|_| process::import("curl", &input, &output).peak_mib);
    runs.fold(0.0, f64::max)
}

fn measure(load: &Load, bare_mib: f64) {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("input"), folder.path().join("output"));
    let mut writer = BufWriter::new(File::create(&input).unwrap());
    let written = (load.write)(&mut writer, load.size).unwrap();
    writer.into_inner().unwrap();
    let size = std::fs::metadata(&input).unwrap().len();
    let start = Instant::now();
    let usage = process::import(load.format, &input, &output);
    let wall = start.elapsed().as_secs_f64();
    assert_eq!(count(&output), written, "requests of {}", load.name);
    let mib = size as f64 / MIB as f64;
    let (name, cpu, peak) = (load.name, usage.cpu.as_secs_f64(), usage.peak_mib);
    let ratio = (peak - bare_mib) / mib;
    println!("| {name} | {mib:.1} | {written} | {wall:.2} | {cpu:.2} | {peak:.1} | {ratio:.2} |");
}

/// How many requests were printed.
fn count(output: &Path) -> usize {
    struct Counter;
    impl<'de> Visitor<'de> for Counter {
        type Value = usize;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<usize, A::Error> {
            let mut count = 0;
            while list.next_element::<IgnoredAny>()?.is_some() {
                count += 1;
            }
            Ok(count)
        }
    }
    let file = BufReader::new(File::open(output).unwrap());
    let mut json = serde_json::Deserializer::from_reader(file);
    json.deserialize_seq(Counter).unwrap()
}
