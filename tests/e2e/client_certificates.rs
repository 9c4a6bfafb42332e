//! Origins that ask for a client certificate, and what happens when there is none.

use libtest_mimic::Trial;

use crate::common::binary::{Running, Why401};
use crate::common::clients::{bare, runs};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::pki::{self, ClientAuth, Tls};
use crate::common::script::Turn;
use crate::common::{openssl, tunnel};

/// The tests that need no client.
mod plain {
    use super::{
        a_401_of_an_origin_that_asked_is_ours, another_host_is_not_given_it,
        files_that_cannot_be_used_are_named_before_anything_starts, one_from_pem_files_is_given,
        one_that_the_origin_does_not_accept_is_told,
        where_tokens_are_asked_for_the_certificate_is_no_headline,
        without_one_a_tls_1_2_origin_refuses_the_handshake,
        without_one_a_tls_1_3_origin_refuses_after_the_handshake,
    };

    crate::tests![
        without_one_a_tls_1_2_origin_refuses_the_handshake,
        without_one_a_tls_1_3_origin_refuses_after_the_handshake,
        a_401_of_an_origin_that_asked_is_ours,
        another_host_is_not_given_it,
        files_that_cannot_be_used_are_named_before_anything_starts,
        one_from_pem_files_is_given,
        one_that_the_origin_does_not_accept_is_told,
        where_tokens_are_asked_for_the_certificate_is_no_headline,
    ];
}

/// The tests of this file.
pub fn tests() -> Vec<Trial> {
    let mut trials = plain::tests();
    for (name, more) in PKCS12 {
        let trial = Trial::test(format!("client_certificates::pkcs12::{name}"), || {
            one_from_a_pkcs12_file_is_given(more);
            Ok(())
        });
        let there = openssl::is_there();
        let kind = if there { "" } else { "openssl missing" };
        trials.push(trial.with_kind(kind).with_ignored_flag(!there));
    }
    let there = openssl::is_there();
    let trial = Trial::test("client_certificates::one_of_version_1_is_given", || {
        one_of_version_1_is_given();
        Ok(())
    });
    let kind = if there { "" } else { "openssl missing" };
    trials.push(trial.with_kind(kind).with_ignored_flag(!there));
    let there = runs("curl", &["--version"]);
    for version in Tls::BOTH {
        let name = format!(
            "client_certificates::curl_is_told_of_one_that_is_missing::{}",
            version.name()
        );
        let trial = Trial::test(name, move || {
            curl_is_told_of_one_that_is_missing(version);
            Ok(())
        });
        let kind = if there { "" } else { "curl missing" };
        trials.push(trial.with_kind(kind).with_ignored_flag(!there));
    }
    trials
}

/// What OpenSSL writes today, and what Windows and macOS still do.
const PKCS12: [(&str, &[&str]); 2] = [
    ("aes_256", &[]),
    (
        "triple_des",
        &[
            "-keypbe",
            "PBE-SHA1-3DES",
            "-certpbe",
            "PBE-SHA1-3DES",
            "-macalg",
            "sha1",
        ],
    ),
];

/// Writes `client.pem` and `client.key`, and a configuration that names what is wanted.
fn configured(why401: &Why401, host: &str, entry: &str) -> String {
    let (certificate, key) = pki::client_certificate();
    why401.write("client.pem", certificate);
    why401.write("client.key", key);
    let text = format!("[[client_certificate]]\nhost = \"{host}\"\n{entry}\n");
    let path = why401.write("certificates.toml", text);
    path.to_str().unwrap().to_owned()
}

const PEM: &str = "certificate = \"client.pem\"\nkey = \"client.key\"";
const P12: &str = "pkcs12 = \"client.p12\"\npassword_env = \"P12_PASSWORD\"";

fn one_from_pem_files_is_given() {
    let why401 = Why401::new();
    let config = configured(&why401, "localhost", PEM);
    is_given(&why401, &config);
}

fn one_from_a_pkcs12_file_is_given(more: &[&str]) {
    let why401 = Why401::new().with_env("P12_PASSWORD", "correct horse");
    let config = configured(&why401, "localhost", P12);
    openssl::pkcs12(&why401.work(), "correct horse", more);
    is_given(&why401, &config);
    openssl::pkcs12(&why401.work(), "another", more);
    let output = why401.run_in_vain("127.0.0.1:0", &["--config", &config]);
    assert_eq!(output.code(), 2, "{output:#?}");
    assert!(
        output
            .stderr
            .contains("the password of a client certificate is wrong"),
        "{output:#?}"
    );
}

/// rustls reads version 3 only; OpenSSL's servers take the other, too.
fn one_of_version_1_is_given() {
    let why401 = Why401::new();
    let config = configured(&why401, "localhost", PEM);
    let (certificate, key) = pki::version_1_client_certificate();
    why401.write("client.pem", certificate);
    why401.write("client.key", key);
    let server = ["-Verify", "1", "-verify_return_error", "-www"];
    let trusted = ["-CAfile", "ca.pem"];
    let server = openssl::Server::start(2048, &[&server[..], &trusted].concat());
    let proxy = why401.run(&["--config", &config]);
    let host = format!("localhost:{}", server.port());
    let request =
        format!("GET https://{host}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let played = tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
    let answer = String::from_utf8_lossy(&played.received);
    assert!(answer.contains("Client certificate"), "{answer}");
    assert!(answer.contains("Version: 1 "), "{answer}");
    drop(proxy);
    why401.write("client.key", pki::client_certificate().1);
    let output = why401.run_in_vain("127.0.0.1:0", &["--config", &config]);
    assert!(
        output
            .stderr
            .contains("does not belong to its client certificate")
    );
}

/// Origins that require one answer, over both versions, on first connections and on resumed ones.
fn is_given(why401: &Why401, config: &str) {
    let proxy = why401.run(&["--config", config]);
    for version in Tls::BOTH {
        let origin = wanting(ClientAuth::required(version), || {
            Reply::unauthorized("", "{}")
        });
        for path in ["/one", "/two"] {
            let path = format!("{path}-{}", version.name());
            let answer = through_tunnel(&proxy, &origin, &path);
            assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
            assert!(absolute_form(&proxy, &origin, &path).starts_with("HTTP/1.1 401 "));
            let report = why401.report_on(&path);
            assert_ne!(report["verdict"]["cause"], "ours-client-cert", "{report:#}");
        }
        assert_eq!(origin.requests().len(), 4);
    }
}

fn another_host_is_not_given_it() {
    let why401 = Why401::new();
    let config = configured(&why401, "*.acme.test", PEM);
    let proxy = why401.run(&["--config", &config]);
    let origin = wanting(ClientAuth::required(Tls::V12), Reply::ok);
    assert!(through_tunnel(&proxy, &origin, "/other").starts_with("HTTP/1.1 502 "));
    is_ours(&why401, "/other", "got none");
}

fn one_that_the_origin_does_not_accept_is_told() {
    let why401 = Why401::new();
    let config = configured(&why401, "localhost", PEM);
    let stranger = rcgen::generate_simple_self_signed(["stranger.test".to_owned()]).unwrap();
    why401.write("client.pem", stranger.cert.pem());
    why401.write("client.key", stranger.signing_key.serialize_pem());
    let proxy = why401.run(&["--config", &config]);
    let origin = wanting(ClientAuth::required(Tls::V13), Reply::ok);
    assert!(absolute_form(&proxy, &origin, "/stranger").starts_with("HTTP/1.1 502 "));
    let report = why401.report_on("/stranger");
    let cause = &report["verdict"]["cause"];
    assert_eq!(cause, "upstream-client-certificate-refused", "{report:#}");
}

fn files_that_cannot_be_used_are_named_before_anything_starts() {
    let why401 = Why401::new().with_env("P12_PASSWORD", "wrong canary");
    for (entry, words) in [
        (
            "certificate = \"none.pem\"\nkey = \"client.key\"",
            "none.pem",
        ),
        (
            "certificate = \"client.pem\"\nkey = \"client.pem\"",
            "none can be read",
        ),
        (
            "certificate = \"client.pem\"\nkey = \"other.key\"",
            "does not belong",
        ),
        (
            "pkcs12 = \"client.pem\"\npassword_env = \"P12_PASSWORD\"",
            "PKCS#12",
        ),
        ("pkcs12 = \"client.pem\"\npassword_env = \"UNSET\"", "UNSET"),
    ] {
        let config = configured(&why401, "localhost", entry);
        why401.write("other.key", pki::client_certificate().1);
        let output = why401.run_in_vain("127.0.0.1:0", &["--config", &config]);
        assert_eq!(output.code(), 2, "{output:#?}");
        assert!(output.stderr.contains(words), "{entry}: {output:#?}");
        assert!(!output.stderr.contains("canary"), "{output:#?}");
    }
}

fn wanting(wanted: ClientAuth, reply: fn() -> Reply) -> Origin {
    Origin::answering(Transport::ClientAuth(wanted), move |_| reply())
}

fn without_one_a_tls_1_2_origin_refuses_the_handshake() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = wanting(ClientAuth::required(Tls::V12), Reply::ok);
    assert!(through_tunnel(&proxy, &origin, "/tunnel").starts_with("HTTP/1.1 502 "));
    assert!(absolute_form(&proxy, &origin, "/absolute").starts_with("HTTP/1.1 502 "));
    for path in ["/tunnel", "/absolute"] {
        // A reset may overtake the alert.
        is_ours(
            &why401,
            path,
            "asked for a client certificate, got none, and ",
        );
    }
    assert!(origin.requests().is_empty());
}

fn without_one_a_tls_1_3_origin_refuses_after_the_handshake() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = wanting(ClientAuth::required(Tls::V13), Reply::ok);
    // Whether the refusal comes before or after the request is for the network to decide.
    let answer = through_tunnel(&proxy, &origin, "/tunnel");
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 502 "),
        "{answer}"
    );
    assert!(absolute_form(&proxy, &origin, "/absolute").starts_with("HTTP/1.1 502 "));
    for path in ["/tunnel", "/absolute"] {
        is_ours(&why401, path, "alert certificate_required");
    }
    assert!(origin.requests().is_empty());
}

fn a_401_of_an_origin_that_asked_is_ours() {
    for version in Tls::BOTH {
        let why401 = Why401::new();
        let proxy = why401.run(&[]);
        let origin = wanting(ClientAuth::optional(version), || {
            Reply::unauthorized("", "{}")
        });
        // The second connection resumes the session of the first, in which the origin asks no more.
        for path in ["/first", "/second"] {
            assert!(through_tunnel(&proxy, &origin, path).starts_with("HTTP/1.1 401 "));
            let report = why401.report_on(path);
            assert_eq!(report["verdict"]["cause"], "ours-client-cert", "{report:#}");
            assert_eq!(report["verdict"]["side"], "between");
            let fix = report["verdict"]["fix"].to_string();
            assert!(fix.contains("[[client_certificate]]"), "{fix}");
            assert!(
                report["exchange"]["notes"]
                    .to_string()
                    .contains("client-certificate-not-sent"),
                "{report:#}"
            );
        }
    }
}

fn where_tokens_are_asked_for_the_certificate_is_no_headline() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = wanting(ClientAuth::optional(Tls::V13), || {
        Reply::unauthorized("Bearer", "{}")
    });
    assert!(through_tunnel(&proxy, &origin, "/token").starts_with("HTTP/1.1 401 "));
    let report = why401.report_on("/token");
    assert_eq!(
        report["verdict"]["cause"], "authorization-missing",
        "{report:#}"
    );
}

fn curl_is_told_of_one_that_is_missing(version: Tls) {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = wanting(ClientAuth::required(version), Reply::ok);
    let output = bare("curl")
        .args(["-s", "-S", "-m", "20", "-x", &proxy.proxy_url(), "--cacert"])
        .arg(proxy.ca())
        .arg(origin.url("/curl"))
        .output()
        .unwrap();
    let page = String::from_utf8_lossy(&output.stdout);
    // Over TLS 1.3 the request may be on its way already: then curl sees the end of the connection.
    let told = page.contains("wants a client certificate");
    assert!(
        told || (version == Tls::V13 && !output.status.success()),
        "{output:?}"
    );
    is_ours(&why401, "/curl", "asked for a client certificate, got none");
    assert!(origin.requests().is_empty());
}

/// The failure on that path is our own for want of a certificate, and says so in these words.
fn is_ours(why401: &Why401, path: &str, words: &str) {
    let report = why401.report_on(path);
    assert_eq!(report["verdict"]["cause"], "ours-client-cert", "{report:#}");
    let failure = &report["exchange"]["failure"];
    assert_eq!(failure["cause"], "client-certificate", "{failure:#}");
    assert!(
        failure["detail"].as_str().unwrap().contains(words),
        "{failure:#}"
    );
}

fn through_tunnel(proxy: &Running, origin: &Origin, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let turns = [Turn::send(request), Turn::AwaitEnd];
    let transport = Transport::Tls;
    let played = tunnel::play_through(proxy.address(), &proxy.ca(), origin, transport, &turns);
    String::from_utf8_lossy(&played.received).into_owned()
}

fn absolute_form(proxy: &Running, origin: &Origin, path: &str) -> String {
    let (url, authority) = (origin.url(path), origin.authority());
    let request = format!("GET {url} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    let played = tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
    String::from_utf8_lossy(&played.received).into_owned()
}
