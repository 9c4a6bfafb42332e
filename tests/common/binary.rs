//! The real binary with a data folder of its own.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;
use tempfile::TempDir;

use super::{pki, wait};

/// What a command printed and how it ended.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// The exit code.
    ///
    /// # Panics
    /// When a signal ended it.
    pub fn code(&self) -> i32 {
        self.status
            .code()
            .unwrap_or_else(|| panic!("ended by a signal: {self:?}"))
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// When the command failed or printed something else.
    pub fn json(&self) -> Value {
        assert!(self.status.success(), "the command failed: {self:#?}");
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {self:#?}"))
    }
}

/// A home of its own for the binary: data folder, working folder, environment.
#[derive(Debug)]
pub struct Why401 {
    home: TempDir,
    data: PathBuf,
    environment: Vec<(&'static str, &'static str)>,
}

impl Why401 {
    /// A fresh home.
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(home.path().join("work")).expect("a working folder");
        std::fs::write(home.path().join("upstream-ca.pem"), pki::ca_pem()).expect("a CA file");
        let data = home.path().join("data");
        Self {
            home,
            data,
            environment: Vec::new(),
        }
    }

    /// With another data folder.
    pub fn with_data(self, data: PathBuf) -> Self {
        Self { data, ..self }
    }

    /// With a variable in its environment.
    pub fn with_env(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// The data folder; made by the binary.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The store's file.
    pub fn sqlite_file(&self) -> PathBuf {
        let is_sqlite = |path: &PathBuf| {
            let mut start = [0; 16];
            let mut file = std::fs::File::open(path).expect("a readable file");
            file.read_exact(&mut start).is_ok() && start == *b"SQLite format 3\0"
        };
        std::fs::read_dir(&self.data)
            .expect("a data folder")
            .map(|entry| entry.expect("a readable folder").path())
            .filter(|path| path.is_file())
            .find(is_sqlite)
            .expect("a SQLite file in the data folder")
    }

    /// The folder that commands run in.
    pub fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// Writes a file into the working folder and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        std::fs::write(&path, content).expect("a writable working folder");
        path
    }

    /// The temporary folder that all of this lives in.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Starts `run` as all tests do, with more arguments.
    pub fn run(&self, more: &[&str]) -> Running {
        Running::start(self.spawn_run("127.0.0.1:0", more))
    }

    /// The same, listening elsewhere.
    pub fn run_on(&self, listen: &str, more: &[&str]) -> Running {
        Running::start(self.spawn_run(listen, more))
    }

    /// The same with so many open files and no more.
    pub fn run_with_open_files(&self, most: u32, more: &[&str]) -> Running {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -n \"$0\" && exec \"$@\"", &most.to_string()]);
        shell.arg(env!("CARGO_BIN_EXE_why401"));
        Running::start(self.spawn_run_as(self.at_home(shell), "127.0.0.1:0", more))
    }

    /// Runs `run` where it is expected not to start.
    pub fn run_in_vain(&self, listen: &str, more: &[&str]) -> Output {
        let child = self.spawn_run(listen, more);
        finish(Guard(child), None)
    }

    /// Runs `run -- CHILD` to its end.
    pub fn run_child<A: AsRef<OsStr>>(
        &self,
        more: &[&str],
        child: &[A],
        input: Option<&[u8]>,
    ) -> Output {
        finish(Guard(self.spawn_child(FREE_PORT, more, child)), input)
    }

    /// The same, on the port that `run` takes by itself.
    pub fn run_child_on_the_usual_port<A: AsRef<OsStr>>(&self, child: &[A]) -> Output {
        finish(Guard(self.spawn_child(&[], &[], child)), None)
    }

    /// Starts `run -- CHILD`.
    pub fn start_child<A: AsRef<OsStr>>(&self, more: &[&str], child: &[A]) -> Running {
        Running::start(self.spawn_child(FREE_PORT, more, child))
    }

    fn spawn_child<A: AsRef<OsStr>>(&self, port: &[&str], more: &[&str], child: &[A]) -> Child {
        let mut command = self.binary();
        command.arg("run").arg("--data").arg(self.data());
        command
            .arg("--upstream-ca")
            .arg(self.home.path().join("upstream-ca.pem"));
        if !more.contains(&"--listen") {
            command.args(port);
        }
        command.args(more).arg("--").args(child);
        command.spawn().expect("the binary starts")
    }

    /// Runs another command on the same data folder.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Output {
        self.command_with_input(arguments, None)
    }

    /// The same, with something on standard input.
    pub fn command_with_input<A: AsRef<OsStr>>(
        &self,
        arguments: &[A],
        input: Option<&[u8]>,
    ) -> Output {
        let mut command = self.binary();
        command.args(arguments).arg("--data").arg(self.data());
        finish(Guard(command.spawn().expect("the binary starts")), input)
    }

    /// The same with so much memory and no more, where the system can bound it.
    pub fn command_with_memory<A: AsRef<OsStr>>(
        &self,
        most_mib: u32,
        arguments: &[A],
        input: Option<&[u8]>,
    ) -> Output {
        if !cfg!(target_os = "linux") {
            return self.command_with_input(arguments, input);
        }
        let mut shell = Command::new("sh");
        let most_kib = (most_mib * 1024).to_string();
        shell.args(["-c", "ulimit -v \"$0\" && exec \"$@\"", &most_kib]);
        shell.arg(env!("CARGO_BIN_EXE_why401"));
        let mut command = self.at_home(shell);
        command.args(arguments).arg("--data").arg(self.data());
        finish(Guard(command.spawn().expect("a shell")), input)
    }

    /// Runs another command and reads its JSON.
    pub fn json<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Value {
        self.command(arguments).json()
    }

    /// The rows of `list --json`, newest first.
    pub fn list(&self) -> Vec<Value> {
        let rows = self.json(&["list", "--json", "--limit", "1000000"]);
        rows.as_array().expect("list --json is an array").clone()
    }

    /// Waits until `list --json` has that many rows.
    pub fn list_of(&self, count: usize) -> Vec<Value> {
        wait::until(&format!("{count} recorded failures"), || {
            let rows = self.list();
            (rows.len() >= count).then_some(rows)
        })
    }

    /// Waits until the newest recorded failure on a path has its verdict; returns its report.
    pub fn report_on(&self, path: &str) -> Value {
        let id = wait::until(&format!("a recorded failure on {path}"), || {
            self.list().into_iter().find_map(|row| {
                let url = row["url"].as_str()?;
                (url.ends_with(path)).then(|| row["id"].as_str().unwrap_or_default().to_owned())
            })
        });
        self.json(&["why", &id, "--json"])
    }

    /// `baseline add NAME --curl -` with that text.
    pub fn add_baseline(&self, name: &str, curl: &str) {
        let output = self.command_with_input(
            &["baseline", "add", name, "--curl", "-"],
            Some(curl.as_bytes()),
        );
        assert!(output.status.success(), "baseline add failed: {output:#?}");
    }

    fn spawn_run(&self, listen: &str, more: &[&str]) -> Child {
        self.spawn_run_as(self.binary(), listen, more)
    }

    fn spawn_run_as(&self, mut command: Command, listen: &str, more: &[&str]) -> Child {
        command
            .args(["run", "--listen", listen])
            .arg("--data")
            .arg(self.data())
            .arg("--upstream-ca")
            .arg(self.home.path().join("upstream-ca.pem"))
            .args(more);
        if !more.contains(&"--ui") {
            command.args(["--ui", "off"]);
        }
        command.spawn().expect("the binary starts")
    }

    /// The binary with nothing of the caller's environment but what a program cannot do without.
    fn binary(&self) -> Command {
        self.at_home(Command::new(env!("CARGO_BIN_EXE_why401")))
    }

    fn at_home(&self, mut command: Command) -> Command {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("LANG", "C.UTF-8")
            .envs(self.environment.iter().copied())
            .current_dir(self.work())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

const FREE_PORT: &[&str] = &["--listen", "127.0.0.1:0"];

/// A child that ends with its owner.
#[derive(Debug)]
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// `why401 run` while it runs.
#[derive(Debug)]
pub struct Running {
    child: Guard,
    stdout: Lines,
    stderr: Lines,
    address: SocketAddr,
}

impl Running {
    fn start(mut child: Child) -> Self {
        drop(child.stdin.take());
        let stdout = Lines::of(child.stdout.take().expect("a piped stdout"));
        let stderr = Lines::of(child.stderr.take().expect("a piped stderr"));
        let mut child = Guard(child);
        let address = wait::until("the start-up block", || {
            let lines = stderr.so_far();
            if let Some(status) = child.0.try_wait().expect("our own child") {
                panic!("the proxy ended by itself ({status}): {lines:#?}");
            }
            // Warnings come before it.
            let mut lines = lines.iter();
            let (_, address) = lines.find_map(|line| line.split_once("recording on "))?;
            address.split_whitespace().next()?.parse().ok()
        });
        Self {
            child,
            stdout,
            stderr,
            address,
        }
    }

    /// Where the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// As a proxy URL.
    pub fn proxy_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The CA certificate, by the path that the start-up block tells users.
    pub fn ca(&self) -> PathBuf {
        wait::until("the CA's path in the start-up block", || {
            let text = self.stderr.so_far().join("\n");
            let (_, after) = text.split_once("--cacert ")?;
            let path = PathBuf::from(after.lines().next()?.trim().trim_matches(['\'', '"']));
            path.is_file().then_some(path)
        })
    }

    /// The lines on standard output so far.
    pub fn stdout(&self) -> Vec<String> {
        self.stdout.so_far()
    }

    /// The objects on standard output so far (`--json`).
    pub fn announced(&self) -> Vec<Value> {
        self.stdout()
            .iter()
            .map(|line| serde_json::from_str(line).expect("one JSON object per line"))
            .collect()
    }

    /// Waits for a line on standard output that holds the text.
    pub fn prints(&self, text: &str) -> String {
        wait::until(&format!("{text:?} on standard output"), || {
            let lines = self.stdout();
            lines.into_iter().find(|line| line.contains(text))
        })
    }

    /// Waits for a line on standard error that holds the text.
    pub fn says(&self, text: &str) -> String {
        wait::until(&format!("{text:?} on standard error"), || {
            let lines = self.stderr.so_far();
            lines.into_iter().find(|line| line.contains(text))
        })
    }

    /// Whether it is still there.
    pub fn is_alive(&mut self) -> bool {
        self.child.0.try_wait().expect("our own child").is_none()
    }

    /// Stops it as Ctrl-C does; returns what it printed.
    pub fn stop(self) -> Output {
        self.signal(rustix::process::Signal::INT)
    }

    /// Sends it a signal and waits for its end; returns what it printed.
    pub fn signal(mut self, signal: rustix::process::Signal) -> Output {
        self.send(signal);
        self.end()
    }

    /// Sends it a signal.
    pub fn send(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child.0);
        rustix::process::kill_process(id, signal).expect("our own child");
    }

    /// Ends it as `kill -9` does; returns what it printed.
    pub fn kill(mut self) -> Output {
        self.child.0.kill().expect("our own child");
        self.end()
    }

    fn end(&mut self) -> Output {
        let status = wait::until("the proxy to end", || {
            self.child.0.try_wait().expect("our own child")
        });
        Output {
            status,
            stdout: self.stdout.rest(),
            stderr: self.stderr.rest(),
        }
    }
}

/// Collects the lines of a pipe.
#[derive(Debug)]
struct Lines {
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe
                .read_until(b'\n', &mut line)
                .is_ok_and(|count| count > 0)
            {
                let text = String::from_utf8_lossy(&line);
                let text = text.trim_end_matches('\n').to_owned();
                sink.lock().expect("no reader panicked").push(text);
                line.clear();
            }
        });
        Self {
            lines,
            reader: Some(reader),
        }
    }

    fn so_far(&self) -> Vec<String> {
        self.lines.lock().expect("no reader panicked").clone()
    }

    fn rest(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader did not panic");
        }
        self.so_far().join("\n")
    }
}

/// Waits for a command to end and collects what it printed.
fn finish(mut child: Guard, input: Option<&[u8]>) -> Output {
    let mut stdout = Lines::of(child.0.stdout.take().expect("a piped stdout"));
    let mut stderr = Lines::of(child.0.stderr.take().expect("a piped stderr"));
    if let Some(mut stdin) = child.0.stdin.take() {
        // A command that needs no input may be gone by now.
        drop(stdin.write_all(input.unwrap_or_default()));
    }
    let status = wait::until("a command to end", || {
        child.0.try_wait().expect("our own child")
    });
    Output {
        status,
        stdout: stdout.rest(),
        stderr: stderr.rest(),
    }
}
