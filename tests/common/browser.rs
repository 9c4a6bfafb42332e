//! A real browser: headless Chromium with a throw-away home, which trusts the proxy's CA alone.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use tempfile::TempDir;

use super::binary::Running;
use super::clients::bare;
use super::wait;

/// Which of the programs that this takes is not installed.
pub fn missing() -> Option<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    ["chromium", "certutil"]
        .into_iter()
        .find(|program| !std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Opens a page through the proxy and waits until `seen` has what the page's script found.
///
/// # Panics
/// When the browser ends by itself, or nothing is seen in time.
pub fn visit<T>(proxy: &Running, url: &str, mut seen: impl FnMut() -> Option<T>) -> T {
    let mut browser = Browser::open(proxy, url);
    let found = wait::patiently(|| {
        let ended = browser.child.try_wait().expect("our own child");
        seen().map(Ok).or_else(|| ended.map(Err))
    });
    match found {
        Some(Ok(found)) => found,
        Some(Err(status)) => panic!("the browser ended by itself ({status}): {}", browser.log()),
        None => panic!("the page at {url} reported nothing: {}", browser.log()),
    }
}

/// A browser that ends with its owner, and all of its processes with it.
struct Browser {
    child: Child,
    home: TempDir,
}

impl Browser {
    fn open(proxy: &Running, url: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        trust(&proxy.ca(), home.path());
        let profile = home.path().join("profile");
        allow_third_party_cookies(&profile);
        let log = File::create(log_in(home.path())).expect("a writable home");
        let mut command = bare("chromium");
        command
            .args(QUIET)
            .args(LOOPBACK_ONLY)
            .arg(format!("--proxy-server={}", proxy.proxy_url()))
            .arg(format!("--user-data-dir={}", profile.display()));
        if geteuid().is_root() {
            // As root Chromium does not start with its sandbox.
            command.arg("--no-sandbox");
        }
        let child = command
            .arg(url)
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("chromium starts");
        Self { child, home }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(log_in(self.home.path())).unwrap_or_default()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        kill_process_group(Pid::from_child(&self.child), Signal::KILL).ok();
        drop(self.child.wait());
    }
}

fn log_in(home: &Path) -> PathBuf {
    home.join("stderr.txt")
}

/// Makes the certificate store that Chromium reads below its home, and puts the CA into it.
fn trust(ca: &Path, home: &Path) {
    let store = home.join(".pki/nssdb");
    std::fs::create_dir_all(&store).expect("a writable home");
    let store = format!("sql:{}", store.display());
    certutil(bare("certutil").args(["-d", &store, "-N", "--empty-password"]));
    let add = ["-d", &store, "-A", "-t", "C,,", "-n", "why401", "-i"];
    certutil(bare("certutil").args(add).arg(ca));
}

fn certutil(command: &mut Command) {
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("certutil starts");
    assert!(output.status.success(), "certutil failed: {output:?}");
}

/// Except in private windows, as is Chromium's default; Debian's blocks them everywhere.
fn allow_third_party_cookies(profile: &Path) {
    let folder = profile.join("Default");
    std::fs::create_dir_all(&folder).expect("a writable home");
    let preferences = r#"{"profile":{"cookie_controls_mode":2}}"#;
    std::fs::write(folder.join("Preferences"), preferences).expect("a writable home");
}

/// Of all names only `localhost` goes through the proxy, which without `<-loopback>` would not, and
/// no other is looked up: whatever Chromium wants to call by itself is not found.
const LOOPBACK_ONLY: [&str; 2] = [
    "--proxy-bypass-list=*;<-loopback>",
    "--host-resolver-rules=MAP * ^NOTFOUND, EXCLUDE 127.0.0.1",
];

/// No window, no welcome, and less to do in the background.
const QUIET: [&str; 14] = [
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
];
