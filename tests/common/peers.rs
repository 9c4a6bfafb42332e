//! Real servers and clients in other languages, as processes that end with their owner.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::binary::Running;
use super::clients::{bare, folder, python, runs};
use super::origin::Transport;
use super::{pki, wait};

/// Which of the Python packages is not installed.
pub fn missing_in_python(packages: &[&'static str]) -> Option<&'static str> {
    let is_there = |package: &str| runs(&python(), &["-c", &format!("import {package}")]);
    packages.iter().copied().find(|package| !is_there(package))
}

/// Which of the packages for Node is not installed.
pub fn missing_in_node(packages: &[&'static str]) -> Option<&'static str> {
    if !runs("node", &["--version"]) {
        return Some("node");
    }
    let is_there = |package: &str| {
        let file = folder().join("node_modules").join(package);
        file.join("package.json").is_file()
    };
    packages.iter().copied().find(|package| !is_there(package))
}

/// A server written in Python or for Node: it prints its port when it is ready.
pub struct Peer {
    child: Child,
    transport: Transport,
    port: u16,
    _certificate: TempDir,
}

impl Peer {
    /// Starts the program of that name in `tests/clients`.
    ///
    /// # Panics
    /// When it does not say where it listens.
    pub fn start(program: &str, transport: Transport) -> Self {
        let certificate = tempfile::tempdir().expect("a temporary folder");
        let mut command = bare(&interpreter(program));
        command.arg(folder().join(program));
        if transport != Transport::Plain {
            let (chain, key) = pki::identity_pem();
            for (name, content) in [("certificate.pem", chain), ("key.pem", key)] {
                let path = certificate.path().join(name);
                std::fs::write(&path, content).expect("a writable folder");
                command.arg(path);
            }
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the server starts");
        let mut peer = Self {
            child,
            transport,
            port: 0,
            _certificate: certificate,
        };
        let stdout = peer.child.stdout.take().expect("a pipe");
        let (told, port) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).ok();
            told.send(line).ok();
        });
        let line = port
            .recv_timeout(wait::PATIENCE)
            .expect("the server's port");
        peer.port = line.trim().parse().expect("the server's port");
        peer
    }

    /// `localhost:PORT`.
    pub fn authority(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// A URL whose scheme is this one, or this one and an `s` under TLS.
    pub fn url(&self, scheme: &str, path: &str) -> String {
        let s = if self.transport == Transport::Plain {
            ""
        } else {
            "s"
        };
        format!("{scheme}{s}://{}{path}", self.authority())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn interpreter(program: &str) -> String {
    match program.ends_with(".py") {
        true => python(),
        false => "node".to_owned(),
    }
}

/// Runs a client program of `tests/clients`, and reads the JSON that it prints.
///
/// Its arguments are the proxy's URL, the path of the proxy's CA and these.
///
/// # Panics
/// When it fails.
pub fn ask(proxy: &Running, program: &str, arguments: &[&str]) -> Value {
    let ca: PathBuf = proxy.ca();
    let mut child = Own(bare(&interpreter(program))
        .arg(folder().join(program))
        .arg(proxy.proxy_url())
        .arg(&ca)
        .args(arguments)
        .env("REQUESTS_CA_BUNDLE", &ca)
        .env("SSL_CERT_FILE", &ca)
        .env("NODE_EXTRA_CA_CERTS", &ca)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the client starts"));
    // A client prints one line: its pipe cannot fill up.
    let status = wait::until("the client to end", || {
        child.0.try_wait().expect("our own child")
    });
    let mut text = String::new();
    let mut stdout = child.0.stdout.take().expect("a pipe");
    stdout.read_to_string(&mut text).expect("UTF-8");
    assert!(
        status.success(),
        "{program} {arguments:?}: {status}\n{text}"
    );
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("no JSON ({error}): {text}"))
}

struct Own(Child);

impl Drop for Own {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
