//! The start-up block: how to point clients here, and what to do next.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use super::context::shell_word;
use crate::capture::Counts;
use crate::model::Origin;

/// What the block tells.
#[derive(Clone, Debug)]
pub(crate) struct StartUp<'a> {
    /// Where this machine finds the proxy.
    pub(crate) address: SocketAddr,
    /// What others on the network can do, if they can.
    pub(crate) network: Vec<String>,
    /// What the environment says about proxies, and what came of it.
    pub(crate) environment: Vec<String>,
    /// The certificate that clients are to trust.
    pub(crate) ca: &'a Path,
    /// The origin that requests go to which name no host but ours.
    pub(crate) reverse: Option<&'a Origin>,
    /// The command that adds a request that works.
    pub(crate) add_baseline: &'a str,
    /// Whether the commands in the hints below find the data only with its `--data`.
    pub(crate) needs_data_flag: bool,
    /// Hosts whose certificates are not verified.
    pub(crate) insecure: Vec<&'a str>,
    /// How many days the CA is still valid.
    pub(crate) ca_days_left: i64,
    /// Whether somebody asked for the web UI.
    pub(crate) ui_wanted: bool,
}

impl StartUp<'_> {
    /// The block: one command or one variable in each line, so that 80 columns do for most paths.
    /// What is longer is not wrapped: it is there to be copied.
    pub(crate) fn to_text(&self) -> String {
        let proxy = format!("http://{}", self.address);
        let ca = shell_word(self.ca);
        let mut text = format!("why401 {VERSION}  recording on {}\n", self.address);
        let mut line = |label: &str, content: &str| {
            // Writing to a String cannot fail.
            writeln!(text, "  {label:<7}  {content}").unwrap_or_default();
        };
        if let Some(origin) = self.reverse {
            line("reverse", &format!("call {proxy} instead of {origin}"));
        }
        line("curl", &format!("curl -x {proxy} \\"));
        line("", &format!("  --cacert {ca}"));
        line("all", &format!("export HTTP_PROXY={proxy}"));
        line("", &format!("export HTTPS_PROXY={proxy}"));
        line("Node", &format!("export NODE_EXTRA_CA_CERTS={ca}"));
        line("", "export NODE_USE_ENV_PROXY=1");
        line("Python", &format!("export REQUESTS_CA_BUNDLE={ca}"));
        line("", &format!("export SSL_CERT_FILE={ca}"));
        line(
            "browser",
            &format!("HTTP and HTTPS proxy {}; trust", self.address),
        );
        line("", &self.ca.display().to_string());
        line("compare", "with a request that works, pasted as curl:");
        line("", self.add_baseline);
        if self.needs_data_flag {
            line("", "each command below needs this --data, too");
        }
        let mut label = "caution";
        for text in &self.network {
            line(label, text);
            label = "";
        }
        for text in &self.environment {
            line("caution", text);
        }
        for host in &self.insecure {
            line(
                "caution",
                &format!("the certificate of {host} is not verified"),
            );
        }
        if self.ca_days_left < CA_WARNING_DAYS {
            line(
                "caution",
                &format!("the CA expires in {} days", self.ca_days_left),
            );
        }
        if self.ui_wanted {
            line("web UI", "is not there yet: --ui does nothing so far");
        }
        text
    }
}

/// The line that counts what passed, replaced in place on a terminal.
pub(crate) fn status_line(counts: Counts, unicode: bool) -> String {
    let Counts {
        requests,
        failures,
        unanswered,
        not_decoded,
        ..
    } = counts;
    if requests == 0 && failures == 0 && not_decoded == 0 {
        return WAITING.to_owned();
    }
    let times = if unicode { '×' } else { 'x' };
    let requests = match requests {
        1 => "1 request".to_owned(),
        more => format!("{} requests", grouped(more)),
    };
    let refused = grouped(failures.saturating_sub(unanswered));
    let unanswered = match unanswered {
        0 => String::new(),
        some => format!(", {} without an answer", grouped(some)),
    };
    let not_read = match not_decoded {
        0 => String::new(),
        1 => ", 1 connection not fully read".to_owned(),
        some => format!(", {} connections not fully read", grouped(some)),
    };
    format!("  {requests}, {refused} {times} 401{unanswered}{not_read}")
}

/// `1 284`: groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// From here on the end of the CA is told.
pub(crate) const CA_WARNING_DAYS: i64 = 30;
/// The last line of the block.
pub(crate) const WAITING: &str = "  waiting for the first request";

const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR")
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Scheme;

    #[test]
    fn the_block_tells_how_to_point_clients_here() {
        let block = StartUp {
            address: "127.0.0.1:4010".parse().unwrap(),
            network: Vec::new(),
            environment: Vec::new(),
            ca: Path::new("/home/me/.local/share/why401/ca.pem"),
            reverse: None,
            add_baseline: "why401 baseline add --curl -",
            needs_data_flag: false,
            insecure: Vec::new(),
            ca_days_left: 700,
            ui_wanted: false,
        };
        insta::assert_snapshot!(block.to_text() + WAITING);
    }

    #[test]
    fn what_is_not_as_usual_is_told() {
        let origin = Origin::parse(Scheme::Https, b"api.acme.test").unwrap();
        let block = StartUp {
            reverse: Some(&origin),
            address: "[::1]:5000".parse().unwrap(),
            network: vec!["one line".to_owned(), "another".to_owned()],
            environment: vec!["ALL_PROXY is ignored".to_owned()],
            ca: Path::new("/my project/certs/ca.pem"),
            add_baseline: "why401 baseline add --curl - --data /d",
            needs_data_flag: true,
            insecure: vec!["dev.test"],
            ca_days_left: 29,
            ui_wanted: true,
        };
        insta::assert_snapshot!(block.to_text());
    }

    #[test]
    fn the_status_line_counts() {
        let line = |requests, failures, unanswered, unicode| {
            let counts = Counts {
                requests,
                failures,
                unanswered,
                ..Counts::default()
            };
            status_line(counts, unicode)
        };
        assert_eq!(line(0, 0, 0, true), WAITING);
        assert_eq!(line(1284, 37, 0, true), "  1 284 requests, 37 × 401");
        assert_eq!(line(1, 0, 0, false), "  1 request, 0 x 401");
        assert_eq!(
            line(9, 5, 2, true),
            "  9 requests, 3 × 401, 2 without an answer"
        );
        let unread = Counts {
            not_decoded: 2,
            ..Counts::default()
        };
        assert_eq!(
            status_line(unread, true),
            "  0 requests, 0 × 401, 2 connections not fully read"
        );
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1 234 567");
    }
}
