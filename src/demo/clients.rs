//! Clients: each sends one request through the proxy, as its library would.

use std::io;
use std::net::SocketAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::api::Api;

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    method: &'static str,
    path: &'static str,
    /// As they are sent, but for Host.
    fields: Vec<(&'static str, String)>,
}

impl Call {
    fn get(path: &'static str, agent: &str) -> Self {
        Self {
            method: "GET",
            path,
            fields: Vec::new(),
        }
        .with("User-Agent", agent)
        .with("Accept", "*/*")
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// What it asks for, in a word that can be a name.
    pub fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// As a curl command, as a browser or Postman copies one.
    pub fn as_curl(&self, api: SocketAddr) -> String {
        let mut command = format!("curl 'http://{api}{}'", self.path);
        for (name, value) in &self.fields {
            // Nothing in a demo needs more quoting than that.
            command.push_str(" -H '");
            command.push_str(name);
            command.push_str(": ");
            command.push_str(value);
            command.push('\'');
        }
        command
    }

    /// Sends it through the proxy; the status of the answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, proxy: SocketAddr, api: SocketAddr) -> io::Result<u16> {
        let mut head = format!(
            "{} http://{api}{} HTTP/1.1\r\nHost: {api}\r\n",
            self.method, self.path
        );
        for (name, value) in &self.fields {
            for part in [*name, ": ", value, "\r\n"] {
                head.push_str(part);
            }
        }
        head.push_str("Connection: close\r\n\r\n");
        let mut stream = TcpStream::connect(proxy).await?;
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let status = answer.split(|b| *b == b' ').nth(1).unwrap_or_default();
        let status = std::str::from_utf8(status).ok();
        status
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| io::Error::other("the answer has no status"))
    }
}

/// The requests that work, one for each route, and those that do not: each is what somebody's code sends
/// on a bad day.
pub fn calls(api: &Api) -> (Vec<Call>, Vec<Call>) {
    let minutes = Duration::minutes;
    let jwt = api.token(minutes(-10), minutes(50));
    let old_jwt = api.token(minutes(-71), minutes(-11));
    let login = |password: &str| BASE64_STANDARD.encode(format!("ann:{password}"));
    let orders = |agent| Call::get("/v1/orders", agent);
    let good = vec![
        orders(CURL).with("Authorization", format!("Bearer {jwt}")),
        Call::get("/v1/invoices", POSTMAN)
            .with("Authorization", format!("Bearer {}", api.access_token)),
        Call::get("/v1/stock", CURL).with("Authorization", format!("Bearer {}", api.stock_token)),
        Call::get("/v1/reports", CURL).with("X-API-Key", &api.api_key),
        Call::get("/account", BROWSER).with(
            "Cookie",
            format!("theme=dark; laravel_session={}", api.session),
        ),
        Call::get("/metrics", CURL)
            .with("Authorization", format!("Basic {}", login(&api.password))),
    ];
    let failing = vec![
        // The token was read once, when the program started.
        orders(AXIOS).with("Authorization", format!("Bearer {old_jwt}")),
        // The interceptor is not registered on this instance.
        orders(AXIOS),
        // localStorage.getItem() before the login has ended.
        orders(NODE).with("Authorization", "Bearer undefined"),
        // Both the settings file and the code add the word.
        orders(REQUESTS).with("Authorization", format!("Bearer Bearer {jwt}")),
        // Neither does.
        orders(AXIOS).with("Authorization", jwt.clone()),
        // The examples of another API were followed.
        orders(REQUESTS).with("Authorization", format!("Token {jwt}")),
        // The environment of the collection is not selected.
        Call::get("/v1/invoices", POSTMAN).with("Authorization", "Bearer {{token}}"),
        // The variable is not set where the program was deployed to.
        Call::get("/v1/reports", REQUESTS),
        // fetch() to another port without credentials: 'include'.
        Call::get("/account", BROWSER).with("Cookie", "theme=dark"),
        // Somebody has changed it.
        Call::get("/metrics", REQUESTS).with(
            "Authorization",
            format!("Basic {}", login("last-years-password")),
        ),
        // Nothing is wrong with this one, but see what the API does in the meantime.
        Call::get("/v1/stock", CURL).with("Authorization", format!("Bearer {}", api.stock_token)),
    ];
    (good, failing)
}

const AXIOS: &str = "axios/1.7.9";
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CURL: &str = "curl/8.5.0";
const NODE: &str = "node";
const POSTMAN: &str = "PostmanRuntime/7.43.0";
const REQUESTS: &str = "python-requests/2.32.3";
