//! The process in the middle: starts it, and reads from /proc what it used.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{pki, tunnel};

/// Ticks per second in /proc/PID/stat: the same on every architecture that Linux runs on.
const TICKS_PER_SECOND: u64 = 100;

/// What a process used.
pub struct Usage {
    /// User and system time.
    pub cpu: Duration,
    /// The most memory it ever held since its peak was last reset.
    pub peak_memory_mib: f64,
}

impl Usage {
    /// What was used since then.
    pub fn since(self, before: &Self) -> Self {
        Self {
            cpu: self.cpu - before.cpu,
            ..self
        }
    }
}

/// A process in the middle; ends with its owner.
pub struct Process {
    child: Child,
    address: SocketAddr,
    ca: Option<PathBuf>,
    folder: TempDir,
}

impl Process {
    /// A blind tunnel.
    pub fn tunnel() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(tunnel::ARGUMENT)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        Self {
            child,
            address: line.trim().parse().unwrap(),
            ca: None,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The real binary.
    pub fn why401() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = why401(folder.path(), "127.0.0.1:0")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut text = String::new();
        let mut after = |mark: &str| loop {
            if let Some((_, after)) = text.split_once(mark) {
                return after.split_whitespace().next().unwrap().to_owned();
            }
            text.push_str(&stderr.next().expect("the start-up block").unwrap());
            text.push('\n');
        };
        let address = after("recording on ").parse().unwrap();
        let ca = after("--cacert ").trim_matches('\'').into();
        // What it says later is not read, but must not block it.
        std::thread::spawn(move || stderr.for_each(drop));
        Self {
            child,
            address,
            ca: Some(ca),
            folder,
        }
    }

    /// How long a fresh process takes to accept its first connection.
    pub fn time_to_accept(folder: &Path) -> Duration {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let mut command = why401(folder, &port.to_string());
        command.stderr(Stdio::null());
        let start = Instant::now();
        let mut child = command.spawn().unwrap();
        let elapsed = loop {
            if TcpStream::connect(port).is_ok() {
                break start.elapsed();
            }
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "it never accepts"
            );
            std::thread::sleep(Duration::from_micros(100));
        };
        child.kill().unwrap();
        child.wait().unwrap();
        elapsed
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CA that its clients must trust.
    pub fn ca(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// What it has used so far.
    pub fn usage(&self) -> Usage {
        let stat = self.proc("stat");
        // The name of the program may hold anything; the fields after it do not.
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let fields: Vec<_> = fields.split_whitespace().collect();
        let ticks: u64 = [fields[11], fields[12]]
            .iter()
            .map(|ticks| ticks.parse::<u64>().unwrap())
            .sum();
        Usage {
            cpu: Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND),
            peak_memory_mib: self.memory_mib("VmHWM:"),
        }
    }

    /// The memory it holds now.
    pub fn memory_now_mib(&self) -> f64 {
        self.memory_mib("VmRSS:")
    }

    /// How many file handles it has open.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id()))
            .unwrap()
            .count()
    }

    /// Forgets the peak so far (`clear_refs` of proc(5)).
    pub fn reset_peak_memory(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }

    /// How many failures its store holds; 0 for a tunnel.
    pub fn recorded(&self) -> u64 {
        if self.ca.is_none() {
            return 0;
        }
        let list = Command::new(env!("CARGO_BIN_EXE_why401"))
            .args(["list", "--json", "--limit", "1"])
            .arg("--data")
            .arg(self.data())
            .output()
            .unwrap();
        let rows: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
        rows[0]["n"].as_u64().unwrap_or(0)
    }

    /// Waits until its store holds that many failures.
    pub fn wait_until_recorded(&self, count: u64) {
        let start = Instant::now();
        while self.ca.is_some() && self.recorded() < count {
            assert!(
                start.elapsed() < Duration::from_secs(120),
                "failures were lost"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn memory_mib(&self, name: &str) -> f64 {
        let status = self.proc("status");
        let (_, after) = status.split_once(name).unwrap();
        let kib = after.split_whitespace().next().unwrap();
        kib.parse::<f64>().unwrap() / 1024.0
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn why401(folder: &Path, listen: &str) -> Command {
    let ca = folder.join("upstream-ca.pem");
    std::fs::write(&ca, pki::ca_pem()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_why401"));
    command
        .args(["run", "--json", "--listen", listen, "--ui", "off"])
        .arg("--data")
        .arg(folder.join("data"))
        .arg("--upstream-ca")
        .arg(ca)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}
