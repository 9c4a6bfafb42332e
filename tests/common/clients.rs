//! Real HTTP clients: which are installed, and how each is pointed at the proxy.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::binary::Running;
use super::wait;

/// A request that a client is told to send.
#[derive(Clone, Debug)]
pub struct Ask {
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Ask {
    /// `POST` of that JSON text to that URL.
    pub fn post(url: impl Into<String>, body: impl Into<String>) -> Self {
        let ask = Self {
            method: "POST",
            url: url.into(),
            headers: Vec::new(),
            body: body.into(),
        };
        ask.with("Content-Type", "application/json")
    }

    /// With that header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// As a curl command, as a person would paste it.
    pub fn as_curl(&self) -> String {
        let mut words = vec![format!("curl '{}'", self.url)];
        words.push(format!("-X {}", self.method));
        for (name, value) in &self.headers {
            words.push(format!("-H '{name}: {value}'"));
        }
        words.push(format!("--data-raw '{}'", self.body));
        words.join(
            " \\
  ",
        ) + "
"
    }

    fn as_json(&self) -> Value {
        let headers: serde_json::Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        json!({"method": self.method, "url": self.url, "headers": headers, "body": self.body})
    }
}

/// A real HTTP client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// The command-line program.
    Curl,
    /// Python's requests.
    Requests,
    /// Python's httpx.
    Httpx,
    /// axios as it is today: CONNECT.
    Axios,
    /// axios up to 1.7: absolute-form `https://` targets.
    AxiosAbsoluteForm,
    /// undici with its `ProxyAgent`.
    Undici,
}

impl Client {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Curl,
        Self::Requests,
        Self::Httpx,
        Self::Axios,
        Self::AxiosAbsoluteForm,
        Self::Undici,
    ];

    /// The name in the list of tests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Requests => "requests",
            Self::Httpx => "httpx",
            Self::Axios => "axios",
            Self::AxiosAbsoluteForm => "axios-absolute-form",
            Self::Undici => "undici",
        }
    }

    /// Whether it is installed.
    pub fn is_there(self) -> bool {
        match self {
            Self::Curl => runs("curl", &["--version"]),
            Self::Requests | Self::Httpx => {
                runs(&python(), &["-c", &format!("import {}", self.name())])
            }
            Self::Axios | Self::AxiosAbsoluteForm | Self::Undici => {
                let package = folder().join("node_modules").join(self.name());
                package.join("package.json").is_file() && runs("node", &["--version"])
            }
        }
    }

    /// Whether it can speak HTTP/2 through a proxy, and does where the origin offers it.
    pub fn speaks_http2(self) -> bool {
        matches!(self, Self::Curl | Self::Httpx | Self::Undici)
    }

    /// A command that sends one GET, with what the environment says about proxies and CAs, and prints
    /// the status.
    pub fn plain_command(self, url: &str) -> Vec<String> {
        let node = |code: &str| {
            let here = folder().join("here.js");
            let here = here.to_str().expect("a UTF-8 path").to_owned();
            let load = "require('node:module').createRequire(process.argv[1])";
            let code = format!("{load}('{}').{code}", self.name());
            vec!["node".to_owned(), "-e".to_owned(), code, here]
        };
        let python = |code: &str| {
            let code = format!("import {0}, sys; {code}", self.name());
            vec![python(), "-c".to_owned(), code]
        };
        let mut command = match self {
            Self::Curl => ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}\n"]
                .map(str::to_owned)
                .to_vec(),
            Self::Requests => python("print(requests.get(sys.argv[1]).status_code)"),
            Self::Httpx => python("print(httpx.get(sys.argv[1]).status_code)"),
            Self::Axios | Self::AxiosAbsoluteForm => node(
                "get(process.argv[2], { validateStatus: () => true })\
                 .then(response => console.log(response.status))",
            ),
            Self::Undici => node(
                "request(process.argv[2])\
                 .then(response => console.log(response.statusCode))",
            ),
        };
        command.push(url.to_owned());
        command
    }

    /// Sends the requests one after the other; returns the statuses.
    ///
    /// # Panics
    /// When the client fails.
    pub fn send(self, proxy: &Running, asks: &[Ask]) -> Vec<u16> {
        let url = proxy.proxy_url();
        let mut command = self.command(&url, &proxy.ca(), asks);
        let mut child = command
            .env("REQUESTS_CA_BUNDLE", proxy.ca())
            .env("SSL_CERT_FILE", proxy.ca())
            .env("NODE_EXTRA_CA_CERTS", proxy.ca())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the client starts");
        let asks: Vec<_> = asks.iter().map(Ask::as_json).collect();
        let input = serde_json::to_vec(&asks).expect("plain JSON");
        // curl does not read its input.
        drop(child.stdin.take().expect("a pipe").write_all(&input));
        let guard = OwnChild(child);
        let (status, stdout, stderr) = guard.finish();
        assert!(
            status.success(),
            "{} failed: {status}\n{stdout}\n{stderr}",
            self.name()
        );
        read_statuses(&stdout)
    }

    fn command(self, proxy: &str, ca: &Path, asks: &[Ask]) -> Command {
        let (program, script) = match self {
            Self::Curl => return curl(proxy, ca, asks),
            Self::Requests => (python(), "requests_client.py"),
            Self::Httpx => (python(), "httpx_client.py"),
            Self::Axios | Self::AxiosAbsoluteForm => ("node".to_owned(), "axios_client.mjs"),
            Self::Undici => ("node".to_owned(), "undici_client.mjs"),
        };
        let mut command = bare(&program);
        command
            .arg(folder().join(script))
            .arg(proxy)
            .arg(self.name());
        command
    }
}

fn curl(proxy: &str, ca: &Path, asks: &[Ask]) -> Command {
    let mut command = bare("curl");
    for (index, ask) in asks.iter().enumerate() {
        if index > 0 {
            command.arg("--next");
        }
        command.args(["-sS", "-m", "20", "-x", proxy, "-X", ask.method]);
        command.arg("--cacert").arg(ca);
        for (name, value) in &ask.headers {
            command.arg("-H").arg(format!("{name}: {value}"));
        }
        command.args(["--data-raw", &ask.body]);
        command.args(["-o", "/dev/null", "-w", "%{http_code} ", &ask.url]);
    }
    command
}

/// `[200, 401]` or `200 401`.
fn read_statuses(text: &str) -> Vec<u16> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

/// A command without the caller's environment, whose proxy settings would get in the way.
pub fn bare(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LANG", "C.UTF-8");
    command
}

/// Whether a program is installed.
pub fn runs(program: &str, arguments: &[&str]) -> bool {
    bare(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The interpreter that has the clients of `requirements.txt`.
pub fn python() -> String {
    let path = folder().join("venv/bin/python");
    path.to_str().expect("a UTF-8 path").to_owned()
}

/// Where the client programs are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// A client process that ends with its test.
struct OwnChild(std::process::Child);

impl OwnChild {
    fn finish(mut self) -> (std::process::ExitStatus, String, String) {
        // Clients print a few lines only: their pipes cannot fill up.
        let status = wait::until("the client to end", || {
            self.0.try_wait().expect("our own child")
        });
        let read = |pipe: Option<&mut dyn std::io::Read>| {
            let mut text = String::new();
            pipe.map(|pipe| pipe.read_to_string(&mut text));
            text
        };
        let stdout = read(
            self.0
                .stdout
                .as_mut()
                .map(|pipe| pipe as &mut dyn std::io::Read),
        );
        let stderr = read(
            self.0
                .stderr
                .as_mut()
                .map(|pipe| pipe as &mut dyn std::io::Read),
        );
        (status, stdout, stderr)
    }
}

impl Drop for OwnChild {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
