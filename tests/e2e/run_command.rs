//! Run a command: its requests come by, its streams and its exit status stay its own.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use rustix::process::Signal;

use crate::common::binary::Why401;
use crate::common::clients::Client;
use crate::common::origin::{Origin, Reply, Transport};

crate::tests![
    the_exit_status_is_the_commands,
    what_cannot_be_run_has_a_status_of_its_own,
    our_own_failures_have_a_status_of_their_own,
    the_streams_are_the_commands,
    arguments_arrive_as_they_are,
    the_environment_leads_through_the_proxy,
    a_signal_is_handed_on,
    a_taken_port_is_no_obstacle,
    json_goes_to_standard_error,
    what_came_last_is_told,
];

fn refusing(transport: Transport) -> Origin {
    Origin::answering(transport, |_| {
        Reply::unauthorized("Bearer realm=\"api\"", "{}")
    })
}

fn the_exit_status_is_the_commands() {
    let why401 = Why401::new();
    let status = |script: &str| why401.run_child(&[], &["sh", "-c", script], None).code();
    assert_eq!(status("exit 0"), 0);
    assert_eq!(status("exit 7"), 7);
    assert_eq!(status("exit 2"), 2);
    assert_eq!(status("kill -TERM $$"), 128 + 15);
    assert_eq!(status("kill -KILL $$"), 128 + 9);
}

fn what_cannot_be_run_has_a_status_of_its_own() {
    let why401 = Why401::new();
    let absent = why401.run_child(&[], &["no-such-program-here"], None);
    assert_eq!(absent.code(), 127);
    assert!(
        absent.stderr.contains("there is no no-such-program-here"),
        "{absent:#?}"
    );
    let file = why401.write("data.txt", "no program");
    let plain = why401.run_child(&[], &[file], None);
    assert_eq!(plain.code(), 126);
    assert_eq!(plain.stdout, "");
}

fn our_own_failures_have_a_status_of_their_own() {
    let why401 = Why401::new();
    let touch = ["sh", "-c", "touch ran"];
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    for flags in [
        &["--listen", &taken] as &[&str],
        &["--no-such-flag"],
        &["--config", "absent.toml"],
        &["--upstream-ca", "absent.pem"],
    ] {
        let output = why401.run_child(flags, &touch, None);
        assert_eq!(output.code(), 125, "{flags:?}: {output:#?}");
    }
    assert!(
        !why401.work().join("ran").exists(),
        "the command was run all the same"
    );
    // Without a command the usual numbers stay.
    assert_eq!(
        why401
            .run_in_vain("127.0.0.1:0", &["--no-such-flag"])
            .code(),
        2
    );
}

fn the_streams_are_the_commands() {
    let origin = refusing(Transport::Tls);
    let why401 = Why401::new();
    let script = format!("cat; curl -sS {}; echo to-stderr >&2", origin.url("/x"));
    let output = why401.run_child(&[], &["sh", "-c", &script], Some(b"from stdin\n"));
    assert_eq!(output.stdout, "from stdin\n{}");
    assert!(output.stderr.contains("to-stderr"));
    assert!(output.stderr.contains("401  GET "), "{output:#?}");
}

fn arguments_arrive_as_they_are() {
    let why401 = Why401::new();
    let child = [
        OsString::from("printf"),
        OsString::from("%s\\n"),
        OsString::from("a b"),
        OsString::from("$HOME `id` ; \"'*"),
        OsString::from("--data"),
        OsString::from(""),
        OsString::from("--"),
    ];
    let output = why401.run_child(&[], &child, None);
    assert_eq!(output.stdout, "a b\n$HOME `id` ; \"'*\n--data\n\n--");
    // Not UTF-8, which a file name may be.
    let child = [
        OsString::from("sh"),
        OsString::from("-c"),
        OsString::from("printf %s \"$1\" | od -An -tx1"),
        OsString::from("sh"),
        OsString::from_vec(vec![0xff, b'a']),
    ];
    assert_eq!(why401.run_child(&[], &child, None).stdout.trim(), "ff 61");
    // Whoever lists processes sees the command as it was given.
    let child = ["cat", "/proc/self/cmdline"];
    let output = why401.run_child(&[], &child, None);
    assert_eq!(output.stdout, "cat\0/proc/self/cmdline\0");
}

fn the_environment_leads_through_the_proxy() {
    let why401 = Why401::new()
        .with_env("NO_PROXY", "localhost")
        .with_env("NODE_OPTIONS", "--no-warnings")
        .with_env("MINE", "untouched");
    let running = why401.start_child(&[], &["sh", "-c", "env; echo ready; exec sleep 600"]);
    running.prints("ready");
    let lines = running.stdout();
    let value = |name: &str| {
        let line = lines
            .iter()
            .find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("{name} is not set: {lines:#?}"))
    };
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
        "ALL_PROXY",
    ] {
        assert_eq!(value(name), running.proxy_url());
    }
    assert_eq!(value("NO_PROXY"), "");
    assert_eq!(value("no_proxy"), "");
    assert_eq!(value("MINE"), "untouched");
    assert_eq!(value("NODE_USE_ENV_PROXY"), "1");
    assert!(value("NODE_OPTIONS").ends_with(" --no-warnings"));
    let ca = std::fs::read_to_string(value("NODE_EXTRA_CA_CERTS")).unwrap();
    for name in [
        "SSL_CERT_FILE",
        "CURL_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "GIT_SSL_CAINFO",
    ] {
        let bundle = std::fs::read_to_string(value(name)).unwrap();
        assert!(bundle.ends_with(&ca), "{name} lacks the CA");
        assert!(!bundle.contains("PRIVATE KEY"));
    }
    // The command ends by the signal that is handed on to it.
    assert_eq!(running.signal(Signal::TERM).code(), 128 + 15);
}

fn a_signal_is_handed_on() {
    let why401 = Why401::new();
    for (signal, name) in [
        (Signal::TERM, "TERM"),
        (Signal::INT, "INT"),
        (Signal::HUP, "HUP"),
    ] {
        let script = format!(
            "trap 'echo got {name}; exit 9' {name}; echo ready; while :; do sleep 0.05; done"
        );
        let running = why401.start_child(&[], &["sh", "-c", &script]);
        running.prints("ready");
        let output = running.signal(signal);
        assert_eq!(output.code(), 9, "{output:#?}");
        assert_eq!(output.stdout, format!("ready\ngot {name}"));
    }
}

fn a_taken_port_is_no_obstacle() {
    // Whoever has the usual port, we or another program: it is taken now.
    let _holder = std::net::TcpListener::bind("127.0.0.1:4010");
    let why401 = Why401::new();
    let output = why401.run_child_on_the_usual_port(&["true"]);
    assert_eq!(output.code(), 0, "{output:#?}");
    assert!(!output.stderr.contains("127.0.0.1:4010"), "{output:#?}");
}

fn json_goes_to_standard_error() {
    let origin = refusing(Transport::Plain);
    let why401 = Why401::new();
    let curl = Client::Curl.plain_command(&origin.url("/x"));
    let output = why401.run_child(&["--json"], &curl, None);
    assert_eq!(output.stdout, "401");
    let reports: Vec<serde_json::Value> = output
        .stderr
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0]["schema"], "why401.report/1");
}

/// A challenge that may have a next leg is held back for 2 s; the end of the command ends the wait.
fn what_came_last_is_told() {
    let origin = Origin::answering(Transport::Tls, |_| {
        Reply::unauthorized("Basic realm=\"api\"", "{}")
    });
    let why401 = Why401::new();
    let curl = Client::Curl.plain_command(&origin.url("/last"));
    let output = why401.run_child(&[], &curl, None);
    assert!(output.stderr.contains("GET "), "{output:#?}");
    assert!(output.stderr.contains("/last"), "{output:#?}");
}
