//! What only the `openssl` command can make: broken certificates, and servers of old versions.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

use super::{clients, pki, wait};

/// Whether it is installed.
pub fn is_there() -> bool {
    clients::runs("openssl", &["version"])
}

/// A certificate of the tests' CA for `localhost`, signed with SHA-1, and its key.
pub fn sha1_identity() -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let folder = made(
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "-sha1",
    );
    let file = |name: &str| folder.path().join(name);
    let certificate = CertificateDer::from_pem_file(file("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("a key");
    (vec![certificate], key)
}

/// Packs `client.pem` and `client.key` of that folder into `client.p12`.
pub fn pkcs12(folder: &Path, password: &str, more: &[&str]) {
    let password = format!("pass:{password}");
    let files = [
        "-in",
        "client.pem",
        "-inkey",
        "client.key",
        "-out",
        "client.p12",
    ];
    let export = ["pkcs12", "-export", "-passout", &password];
    openssl(folder, &[&export, &files[..], more].concat());
}

/// `server.pem` and `server.key` for `localhost`, issued by the tests' CA.
fn made(key: &[&str], digest: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a writable folder");
    };
    write("ca.pem", pki::ca_pem());
    write("ca.key", pki::ca_key_pem());
    write("extensions", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    let request = ["req", "-new", "-nodes", "-subj", "/CN=localhost"];
    let files = ["-keyout", "server.key", "-out", "server.csr"];
    openssl(folder.path(), &[&request, key, &files[..]].concat());
    let issue = [
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-out",
        "server.pem",
        "-days",
        "2",
    ];
    let by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    let extensions = ["-extfile", "extensions", digest];
    openssl(
        folder.path(),
        &[&issue[..], &by[..], &extensions[..]].concat(),
    );
    folder
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = clients::bare("openssl")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("openssl starts");
    assert!(output.status.success(), "openssl {arguments:?}: {output:?}");
}

/// A running `openssl s_server`.
#[derive(Debug)]
pub struct Server {
    child: Child,
    printed: Arc<Mutex<String>>,
    port: u16,
    _folder: TempDir,
}

impl Server {
    /// One with an RSA key of that many bits, and more arguments.
    pub fn start(bits: u16, arguments: &[&str]) -> Self {
        let folder = made(&["-newkey", &format!("rsa:{bits}")], "-sha256");
        let mut command: Command = clients::bare("openssl");
        command
            .args(["s_server", "-accept", "127.0.0.1:0"])
            .args(["-cert", "server.pem", "-key", "server.key"])
            .args(["-cipher", "ALL:@SECLEVEL=0", "-naccept", "20"])
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("openssl starts");
        let printed = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&printed);
        let stdout = child.stdout.take().expect("a piped stdout");
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let mut sink = sink.lock().expect("no reader panicked");
                sink.push_str(&line);
                sink.push('\n');
            }
        });
        let port = wait::until("openssl s_server to listen", || {
            let printed = printed.lock().expect("no reader panicked");
            let line = printed
                .lines()
                .find_map(|line| line.strip_prefix("ACCEPT "))?;
            line.rsplit_once(':')?.1.parse().ok()
        });
        Self {
            child,
            printed,
            port,
            _folder: folder,
        }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has printed: of the handshakes, and what it was sent.
    pub fn printed(&self) -> String {
        self.printed.lock().expect("no reader panicked").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
