//! Clients that refuse the certificate of this proxy: recorded, with what to do about it.

use libtest_mimic::Trial;
use serde_json::Value;

use crate::common::binary::{Running, Why401};
use crate::common::clients::{bare, runs};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::{pki, tunnel, wait};

/// The tests of this file.
pub fn tests() -> Vec<Trial> {
    let alert = "with the TLS alert unknown_ca";
    let clients: [(&str, bool, Refuse, &str); 2] = [
        ("rustls", true, rustls, alert),
        ("curl", runs("curl", &["--version"]), curl, alert),
    ];
    clients
        .into_iter()
        .map(|(name, there, refuse, evidence)| {
            let trial = Trial::test(format!("untrusting_clients::{name}"), move || {
                is_recorded(refuse, evidence);
                Ok(())
            });
            let kind = match there {
                true => String::new(),
                false => format!("{name} missing"),
            };
            trial.with_kind(kind).with_ignored_flag(!there)
        })
        .collect()
}

type Refuse = fn(&Running, &Origin);

fn is_recorded(refuse: Refuse, words: &str) {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::answering(Transport::Tls, |_| Reply::ok());
    refuse(&proxy, &origin);
    let row = why401.list_of(1).remove(0);
    let id = row["id"].as_str().unwrap();
    let report = wait::until("the verdict", || {
        let report = why401.json(&["why", id, "--json"]);
        report["verdict"]["cause"].is_string().then_some(report)
    });
    let verdict = &report["verdict"];
    assert_eq!(
        (&verdict["cause"], &verdict["side"]),
        (&"ours-pinning".into(), &"between".into())
    );
    let evidence = verdict["evidence"].to_string();
    assert!(evidence.contains(words), "{evidence}");
    let fix: Vec<&str> = verdict["fix"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(fix[0].contains("trust ca.pem"), "{fix:?}");
    assert!(
        fix.ends_with(&["[[passthrough]]", "host = \"localhost\""]),
        "{fix:?}"
    );
    let listed = why401.json(&["list", "--json", "--cause", "ours-pinning"]);
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed:#}");
    let told = why401.command(&["why"]);
    assert!(told.stdout.contains("it got no answer"), "{told:#?}");
    assert!(origin.requests().is_empty(), "no request may reach it");
}

/// Trusts the origin's CA, and not ours.
fn rustls(proxy: &Running, origin: &Origin) {
    wait::block_on(async {
        let (stream, _) = tunnel::connect(proxy.address(), &origin.authority()).await;
        let config = pki::client_config(pki::ca_pem().as_bytes(), &["http/1.1"]);
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let refused = tokio_rustls::TlsConnector::from(config).connect(name, stream);
        assert!(refused.await.is_err());
    });
}

fn curl(proxy: &Running, origin: &Origin) {
    let output = bare("curl")
        .args(["-s", "-m", "20", "-x", &proxy.proxy_url(), &origin.url("/")])
        .output()
        .unwrap();
    // "Peer's certificate cannot be authenticated".
    assert_eq!(output.status.code(), Some(60), "{output:?}");
}
