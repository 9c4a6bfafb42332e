//! The ways in that curl has an option for.

use libtest_mimic::Trial;

use crate::common::binary::{Running, Why401};
use crate::common::clients::{bare, runs};
use crate::common::origin::{Origin, Reply, Transport};

/// The tests of this file; they need curl.
pub fn tests() -> Vec<Trial> {
    let is_there = runs("curl", &["--version"]);
    let mut trials = Vec::new();
    for option in ["--socks4", "--socks4a", "--socks5", "--socks5-hostname"] {
        let name = format!("ways_in::curl{}", option.replace('-', "_"));
        trials.push(Trial::test(name, move || {
            through(
                &[],
                |_| "socks",
                |proxy| vec![option.to_owned(), proxy.address().to_string()],
            );
            Ok(())
        }));
    }
    trials.push(Trial::test("ways_in::curl_https_proxy", || {
        let entry = |scheme: &str| {
            if scheme == "http" {
                "absolute-form"
            } else {
                "tunnel"
            }
        };
        through(&[], entry, |proxy| {
            let url = format!("https://localhost:{}", proxy.address().port());
            let ca = proxy.ca().display().to_string();
            ["-x", &url, "--proxy-cacert", &ca]
                .map(str::to_owned)
                .to_vec()
        });
        Ok(())
    }));
    let needing_curl = |trial: Trial| trial.with_kind("curl").with_ignored_flag(!is_there);
    trials.into_iter().map(needing_curl).collect()
}

/// curl with these options gets the origin's 401 in every version, and each is recorded with where it
/// went and how it came in.
fn through(
    arguments: &[&str],
    entry: fn(&str) -> &'static str,
    options: impl Fn(&Running) -> Vec<String>,
) {
    let why401 = Why401::new();
    let proxy = why401.run(arguments);
    for (transport, scheme, version) in [
        (Transport::Plain, "http", "HTTP/1.1"),
        (Transport::Tls, "https", "HTTP/1.1"),
        (Transport::Http2, "https", "HTTP/2"),
    ] {
        let origin = Origin::answering(transport, |_| Reply::unauthorized("Bearer", "{}"));
        let path = format!("/{scheme}/{}", version.replace('/', "-"));
        let mut command = bare("curl");
        command.args(["-sS", "-m", "20", "--ipv4"]);
        command.args(options(&proxy));
        command.arg("--cacert").arg(proxy.ca());
        command.args(["-o", "/dev/null", "-w", "%{http_code}"]);
        let output = command.arg(origin.url(&path)).output().unwrap();
        assert!(output.status.success(), "{scheme} {version}: {output:?}");
        assert_eq!(output.stdout, b"401");
        let report = why401.report_on(&path);
        let exchange = &report["exchange"];
        assert_eq!(exchange["hop"]["entry"], entry(scheme));
        assert_eq!(exchange["http_version"], version);
        let url = exchange["url"].as_str().unwrap();
        assert!(url.starts_with(&format!("{scheme}://")), "{url}");
    }
}
