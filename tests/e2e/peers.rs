//! Peers that others have written: what a real client gets from a real server through the proxy is what it gets
//! without.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use libtest_mimic::Trial;

use crate::common::binary::{Running, Why401};
use crate::common::clients::{Client, bare, runs};
use crate::common::ntlm::{Leg, NtlmOrigin};
use crate::common::origin::{Origin, Received, Reply, Transport};
use crate::common::wait::PATIENCE;
use crate::common::web_server::{Kind, LARGE, WebServer};

/// The tests of this file; each is ignored by the name of the program that is missing.
pub fn tests() -> Vec<Trial> {
    let curl = (Client::Curl.is_there(), "curl");
    let java = (
        runs("java", &["-version"]) && runs("keytool", &["-help"]),
        "java",
    );
    let mut trials = vec![
        trial("ntlm_needs_its_connection::http", curl, || {
            ntlm(Transport::Plain, &[]);
        }),
        trial("ntlm_needs_its_connection::https", curl, || {
            ntlm(Transport::Tls, &[]);
        }),
        trial("ntlm_needs_its_connection::tunnel", curl, || {
            ntlm(Transport::Plain, &["-p"]);
        }),
        trial(
            "an_upload_of_unknown_length",
            curl,
            an_upload_of_unknown_length,
        ),
        trial(
            "an_early_401_spares_the_upload",
            (curl.0 && Kind::Nginx.is_there(), "nginx"),
            an_early_401_spares_the_upload,
        ),
        trial("events_arrive_one_by_one", curl, events_arrive_one_by_one),
        trial("java_speaks_both_versions", java, java_speaks_both_versions),
    ];
    for kind in Kind::ALL {
        let needed = (kind.is_there() && curl.0, kind.program());
        let name = format!("a_web_server_answers_as_without_us::{}", kind.program());
        trials.push(trial(&name, needed, move || web_server(kind)));
    }
    trials
}

fn trial(
    name: &str,
    (is_there, program): (bool, &str),
    run: impl FnOnce() + Send + 'static,
) -> Trial {
    let kind = match is_there {
        true => String::new(),
        false => format!("needs {program}"),
    };
    Trial::test(format!("peers::{name}"), move || {
        run();
        Ok(())
    })
    .with_kind(kind)
    .with_ignored_flag(!is_there)
}

/// Each request twice: direct, and through the proxy.
fn web_server(kind: Kind) {
    let server = WebServer::start(kind);
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let (http, https) = (server.http, server.https);
    let bases = [
        (format!("http://localhost:{http}"), "--http1.1"),
        (format!("https://localhost:{https}"), "--http1.1"),
        (format!("https://localhost:{https}"), "--http2"),
    ];
    for (base, version) in &bases {
        let etag = field_of(
            &curl(None, &[version, &format!("{base}/hello.txt")]),
            "etag",
        );
        let if_changed = format!("If-None-Match: {etag}");
        let hello = format!("{base}/hello.txt");
        let secret = format!("{base}/private/secret.txt");
        let large = format!("{base}/large.bin");
        let upload = "x".repeat(5000);
        for (arguments, status) in [
            (vec![hello.as_str()], "200"),
            (vec!["-I", &hello], "200"),
            (vec!["-H", &if_changed, &hello], "304"),
            (vec![&secret], "401"),
            (vec!["-u", "user:wrong", &secret], "401"),
            (vec!["-u", "user:password", &secret], "200"),
            (
                vec!["-d", &upload, "-H", "Expect: 100-continue", &secret],
                "401",
            ),
            (
                vec!["-d", "x", "-H", "Transfer-Encoding: chunked", &secret],
                "401",
            ),
            (vec![&large], "200"),
            (vec!["-r", "5-9", &large], "206"),
            (vec![&hello, &hello], "200"),
        ] {
            // A server may end a stream before all of a refused upload has come, which this curl takes for an error.
            if *version == "--http2" && arguments.contains(&"-d") {
                continue;
            }
            let arguments: Vec<&str> = [version].into_iter().copied().chain(arguments).collect();
            let direct = curl(None, &arguments);
            let proxied = curl(Some(&proxy), &arguments);
            let told = String::from_utf8_lossy(&direct[..direct.len().min(300)]).into_owned();
            assert!(
                told.contains(&format!(" {status}")),
                "{arguments:?}: {told}"
            );
            assert_eq!(
                without_dates(&direct),
                without_dates(&proxied),
                "{arguments:?}"
            );
        }
        assert!(curl(Some(&proxy), &[version, &large]).len() > LARGE);
    }
    // Two of the uploads are refused over HTTP/1.1 only.
    let rows = why401.list_of(4 * bases.len() - 2);
    assert!(rows.iter().all(|row| row["status"] == 401), "{rows:#?}");
}

/// What curl prints: heads and contents.
fn curl(proxy: Option<&Running>, arguments: &[&str]) -> Vec<u8> {
    let output = curl_command(proxy, arguments).output().expect("curl runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    output.stdout
}

/// curl, directly or through the proxy.
fn curl_command(proxy: Option<&Running>, arguments: &[&str]) -> Command {
    let mut command = bare("curl");
    command.args([
        "-q",
        "-ski",
        "--max-time",
        "20",
        "--suppress-connect-headers",
    ]);
    command.args(["--noproxy", ""]);
    if let Some(proxy) = proxy {
        command.args(["-x", &proxy.proxy_url()]);
    }
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A message without what changes from one second to the next.
fn without_dates(message: &[u8]) -> Vec<&[u8]> {
    let is_date = |line: &&[u8]| {
        line.get(..5)
            .is_some_and(|name| name.eq_ignore_ascii_case(b"date:"))
    };
    message
        .split(|byte| *byte == b'\n')
        .filter(|line| !is_date(line))
        .collect()
}

fn field_of(message: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(message);
    let mut fields = text.lines().filter_map(|line| line.split_once(": "));
    let found = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
    found.expect("the field").1.trim().to_owned()
}

/// The three legs go over one connection, and none of the 401s in between is a failure.
fn ntlm(transport: Transport, more: &[&str]) {
    let origin = NtlmOrigin::start(transport);
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let url = origin.url("/a");
    let mut arguments = more.to_vec();
    arguments.extend(["--ntlm", "-u", "user:password", &url]);
    let answer = curl(Some(&proxy), &arguments);
    assert!(
        String::from_utf8_lossy(&answer).contains(" 200 "),
        "{answer:?}"
    );
    let legs = origin.legs();
    let messages: Vec<(u8, u16)> = legs
        .iter()
        .map(|leg: &Leg| (leg.message, leg.status))
        .collect();
    assert_eq!(
        messages,
        [(1, 401), (3, 200)],
        "curl begins with its own message"
    );
    assert_eq!(legs[0].connection, legs[1].connection);
    let rows = crate::common::wait::until("the handshake to be told apart", || {
        let rows = why401.list();
        let recovered = |row: &serde_json::Value| row["state"] == "recovered";
        (!rows.is_empty() && rows.iter().all(recovered)).then_some(rows)
    });
    assert_eq!(rows.len(), 1, "{rows:#?}");
}

fn java_speaks_both_versions() {
    let origin = Origin::answering(Transport::Http2, |_| {
        Reply::json(
            "401 Unauthorized",
            "WWW-Authenticate: Bearer\r\n",
            r#"{"error":"no token"}"#,
        )
    });
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let store = why401.work().join("trust.p12");
    let imported = bare("keytool")
        .args([
            "-importcert",
            "-noprompt",
            "-alias",
            "why401",
            "-storetype",
            "PKCS12",
        ])
        .args(["-storepass", "changeit", "-file"])
        .arg(proxy.ca())
        .arg("-keystore")
        .arg(&store)
        .output()
        .expect("keytool runs");
    assert!(imported.status.success(), "{imported:?}");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    for (version, told) in [("HTTP_1_1", "HTTP_1_1 401"), ("HTTP_2", "HTTP_2 401")] {
        let address = proxy.address();
        let mut command: Command = bare("java");
        command
            .arg(format!("-Djavax.net.ssl.trustStore={}", store.display()))
            .arg("-Djavax.net.ssl.trustStorePassword=changeit")
            .arg(folder.join("JavaClient.java"))
            .args([
                &address.ip().to_string(),
                &address.port().to_string(),
                version,
            ])
            .args([origin.url("/a"), origin.url("/b")]);
        let output = command.stdin(Stdio::null()).output().expect("java runs");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(printed.matches(told).count(), 2, "{output:?}");
    }
    let rows = why401.list_of(4);
    assert!(
        rows.iter()
            .all(|row| row["cause"] == "authorization-missing"),
        "{rows:#?}"
    );
}

/// What comes from standard input is sent in chunks, and arrives in the same ones.
fn an_upload_of_unknown_length() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    for transport in Transport::BOTH {
        let origin = Origin::answering(transport, |_| Reply::ok());
        let url = origin.url("/up");
        for proxy in [None, Some(&proxy)] {
            let arguments = ["-p", "--http1.1", "-T", "-", &url];
            let mut child = curl_command(proxy, &arguments);
            let mut child = child.stdin(Stdio::piped()).spawn().expect("curl runs");
            let mut input = child.stdin.take().expect("a pipe");
            input.write_all(&[b'x'; 100_000]).expect("curl reads");
            drop(input);
            let output = child.wait_with_output().expect("curl ends");
            assert!(output.status.success(), "{output:?}");
        }
        let [direct, proxied] = &origin.requests()[..] else {
            panic!("two requests");
        };
        assert_eq!(direct.head, proxied.head);
        assert!(direct.field("transfer-encoding").is_some());
        let content = |request: &Received| request.body.iter().filter(|b| **b == b'x').count();
        assert_eq!((content(direct), content(proxied)), (100_000, 100_000));
    }
}

/// The origin refuses at the head: the client learns it before it has sent the content, as without us.
fn an_early_401_spares_the_upload() {
    let server = WebServer::start(Kind::Nginx);
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let url = format!("http://localhost:{}/private/secret.txt", server.http);
    let upload = "x".repeat(100_000);
    let file = why401.write("upload", upload);
    let data = format!("@{}", file.display());
    for more in [vec![], vec!["-p"]] {
        let mut arguments = more;
        let options = ["-H", "Expect: 100-continue", "--expect100-timeout", "10"];
        arguments.extend(options.iter().chain(&["-w", "%{size_upload}"]));
        arguments.extend(["--data-binary", &data, &url]);
        for proxy in [None, Some(&proxy)] {
            let printed = curl(proxy, &arguments);
            let printed = String::from_utf8_lossy(&printed);
            assert!(printed.starts_with("HTTP/1.1 401"), "{printed}");
            assert!(
                printed.ends_with("</html>\r\n0"),
                "nothing was sent: {printed}"
            );
        }
    }
    assert_eq!(why401.list_of(2).len(), 2);
}

/// The second event is only written once the first has been read.
fn events_arrive_one_by_one() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    let (seen, is_seen) = mpsc::channel::<()>();
    let origin = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut head = [0; 4096];
            assert!(stream.read(&mut head).expect("a request") > 0);
            stream
                .write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n",
                )
                .expect("the client reads");
            is_seen
                .recv_timeout(PATIENCE)
                .expect("the first event came by itself");
            stream
                .write_all(b"data: second\n\n")
                .expect("the client reads");
        }
    });
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let url = format!("http://localhost:{port}/events");
    for arguments in [vec!["-N", &url], vec!["-N", "-p", &url]] {
        let mut child = curl_command(Some(&proxy), &arguments)
            .spawn()
            .expect("curl runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut until =
            |text: &str| lines.find(|line| line.as_ref().is_ok_and(|line| line == text));
        assert!(until("data: first").is_some());
        seen.send(()).expect("the origin waits");
        assert!(until("data: second").is_some());
        assert!(child.wait().expect("curl ends").success());
    }
    origin.join().expect("the origin did its part");
}
