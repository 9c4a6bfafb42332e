//! Runs the real binary, and reads from /proc what it used.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Ticks per second in /proc/PID/stat: the same on every architecture that Linux runs on.
const TICKS_PER_SECOND: u64 = 100;

/// How often its peak is read: a process that has ended no longer tells it.
const INTERVAL: Duration = Duration::from_micros(200);

/// What a process used.
#[derive(Debug)]
pub struct Usage {
    /// User and system time.
    pub cpu: Duration,
    /// The most memory it ever held.
    pub peak_mib: f64,
}

/// `why401 import FORMAT INPUT --json`, to its end.
pub fn import(format: &str, input: &Path, output: &Path) -> Usage {
    let mut child = Command::new(env!("CARGO_BIN_EXE_why401"))
        .args(["import", format, "--json"])
        .arg(input)
        .stdin(Stdio::null())
        .stdout(File::create(output).unwrap())
        .spawn()
        .unwrap();
    let of_child = |file| std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap();
    let mut peak_kib = 0.0;
    let fields = loop {
        let status = of_child("status");
        if let Some((_, after)) = status.split_once("VmHWM:") {
            peak_kib = after.split_whitespace().next().unwrap().parse().unwrap();
        }
        // The name of the program may hold anything; the fields after it do not.
        let stat = of_child("stat");
        let (_, fields) = stat.rsplit_once(')').unwrap();
        if fields.trim_start().starts_with('Z') {
            break fields.to_owned();
        }
        std::thread::sleep(INTERVAL);
    };
    let fields: Vec<_> = fields.split_whitespace().collect();
    let ticks: u64 = [fields[11], fields[12]]
        .iter()
        .map(|ticks| ticks.parse::<u64>().unwrap())
        .sum();
    assert!(child.wait().unwrap().success(), "import {format} failed");
    Usage {
        cpu: Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND),
        peak_mib: peak_kib / 1024.0,
    }
}
