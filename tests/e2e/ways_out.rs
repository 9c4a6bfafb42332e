//! Where requests go: through an upstream proxy, to an address that the user named, unread where the user
//! wants it; never back to the proxy itself.

use std::net::TcpListener;

use crate::common::binary::{Running, Why401};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::pki::{self, Fault};
use crate::common::script::{Inbox, Turn, play};
use crate::common::upstream_proxy::{Manner, UpstreamProxy};
use crate::common::{tunnel, wait};

crate::tests![
    every_kind_of_upstream_proxy_leads_to_every_kind_of_origin,
    an_upstream_proxy_passes_every_byte_both_ways,
    a_server_that_speaks_first_is_heard_through_an_upstream_proxy,
    user_and_password_from_the_configuration_are_used_and_shown_nowhere,
    an_upstream_proxy_that_does_not_help_is_named,
    hosts_that_need_no_proxy_are_reached_without,
    the_environments_proxy_is_used_but_not_for_this_machine,
    a_variable_that_leads_to_ourselves_is_ignored_and_said,
    an_override_says_where_a_host_is,
    a_host_that_is_let_through_shows_its_own_certificate,
    our_own_listener_is_refused_however_it_is_spelled,
    another_port_of_this_machine_is_reached_however_it_is_spelled,
];

fn every_kind_of_upstream_proxy_leads_to_every_kind_of_origin() {
    for (scheme, manner) in [
        ("http", Manner::Connect),
        ("https", Manner::ConnectOverTls(Fault::None)),
        ("socks5", Manner::Socks),
        ("socks5h", Manner::Socks),
    ] {
        let upstream = UpstreamProxy::start(manner);
        let why401 = Why401::new();
        let address = upstream.address();
        let proxy = why401.run(&["--upstream-proxy", &format!("{scheme}://{address}")]);
        for transport in [Transport::Plain, Transport::Tls] {
            let origin = Origin::answering(transport, |_| Reply::unauthorized("Bearer", "{}"));
            let url = origin.url(&format!("/{scheme}/{}", transport.name()));
            let answer = ask(&proxy, "GET", &url, &origin.authority());
            assert!(answer.starts_with("HTTP/1.1 401 "), "{url}: {answer}");
            let asked = upstream.asked().pop().unwrap();
            let expected = match scheme {
                "socks5" => origin.authority().replace("localhost", "127.0.0.1"),
                _ => origin.authority(),
            };
            assert_eq!(asked, expected, "{url}");
        }
        let rows = why401.list_of(2);
        let id = rows[0]["id"].as_str().unwrap();
        let shown = why401.command(&["show", id]).stdout;
        assert!(shown.contains(&address.to_string()), "{shown}");
    }
}

/// A dialogue in which a single changed byte would show.
const ODD_REQUEST: &str = "POST /up?a=b%20c HTTP/1.1\r\nhOsT:  localhost\r\nX-A: 1\r\nx-a:2\t\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n0\r\nX-T: 1\r\n\r\n";
const ODD_RESPONSE: &str = "HTTP/1.1 401 Very  Well \r\nSet-Cookie: a=1\r\nX-Mid:  x\r\nset-cookie: b=2\r\nCONTENT-length: 2\r\n\r\nok";

fn an_upstream_proxy_passes_every_byte_both_ways() {
    for (scheme, manner) in [
        ("http", Manner::Connect),
        ("https", Manner::ConnectOverTls(Fault::None)),
        ("socks5h", Manner::Socks),
    ] {
        let upstream = UpstreamProxy::start(manner);
        let why401 = Why401::new();
        let url = format!("{scheme}://{}", upstream.address());
        let proxy = why401.run(&["--upstream-proxy", &url]);
        for transport in [Transport::Plain, Transport::Tls, Transport::Http2] {
            // What it speaks over TLS is for the peers to say: a script is as good as HTTP/2.
            let origin = Origin::playing(
                transport,
                vec![
                    Turn::Saw(b"X-T: 1\r\n\r\n".to_vec()),
                    Turn::send(ODD_RESPONSE),
                    Turn::Finish,
                    Turn::AwaitEnd,
                ],
            );
            let turns = [Turn::dribble(ODD_REQUEST), Turn::AwaitEnd];
            let ca = proxy.ca();
            let played = tunnel::play_through(proxy.address(), &ca, &origin, transport, &turns);
            let received = String::from_utf8_lossy(&played.received);
            assert_eq!(received, ODD_RESPONSE, "{scheme} {}", transport.name());
            let heard = &origin.connections()[0].received;
            assert_eq!(String::from_utf8_lossy(heard), ODD_REQUEST);
        }
        assert_eq!(upstream.asked().len(), 3);
    }
}

fn a_server_that_speaks_first_is_heard_through_an_upstream_proxy() {
    let upstream = UpstreamProxy::start(Manner::Connect);
    let why401 = Why401::new();
    let url = format!("http://{}", upstream.address());
    let proxy = why401.run(&["--upstream-proxy", &url]);
    let origin = Origin::playing(
        Transport::Plain,
        vec![
            Turn::send("220 ready\r\n"),
            Turn::Saw(b"QUIT\r\n".to_vec()),
            Turn::send("221 bye\r\n"),
            Turn::Finish,
        ],
    );
    let turns = [
        Turn::Saw(b"220 ready\r\n".to_vec()),
        Turn::send("QUIT\r\n"),
        Turn::AwaitEnd,
    ];
    let ca = proxy.ca();
    let played = tunnel::play_through(proxy.address(), &ca, &origin, Transport::Plain, &turns);
    assert_eq!(played.received, b"220 ready\r\n221 bye\r\n");
}

fn user_and_password_from_the_configuration_are_used_and_shown_nowhere() {
    // "me" and "p@ss:canary", as RFC 7617 encodes them.
    let basic = "Basic bWU6cEBzczpjYW5hcnk=";
    for (scheme, manner) in [
        ("http", Manner::ConnectFor(basic)),
        ("socks5h", Manner::SocksFor("me", "p@ss:canary")),
    ] {
        let upstream = UpstreamProxy::start(manner);
        let origin = Origin::answering(Transport::Tls, |_| Reply::unauthorized("Bearer", "{}"));
        let why401 = Why401::new();
        let address = upstream.address();
        let config = |userinfo: &str| {
            let file = format!("[upstream]\nproxy = \"{scheme}://{userinfo}{address}\"\n");
            why401.write("ways.toml", file).to_str().unwrap().to_owned()
        };
        let proxy = why401.run(&["--config", &config("me:p%40ss%3Acanary@")]);
        let answer = ask(&proxy, "GET", &origin.url("/in"), &origin.authority());
        assert!(answer.starts_with("HTTP/1.1 401 "), "{scheme}: {answer}");
        let ended = proxy.stop();
        let shown = why401.command(&["show"]);
        for text in [&ended.stdout, &ended.stderr, &shown.stdout, &answer] {
            assert!(!text.contains("canary"), "{text}");
            assert!(!text.contains("bWU6cEBzczpjYW5hcnk"), "{text}");
        }
        for userinfo in ["", "me:wrong-canary@"] {
            let proxy = why401.run(&["--config", &config(userinfo)]);
            let page = ask(&proxy, "GET", &origin.url("/out"), &origin.authority());
            is_a_502(&page, "upstream-proxy-authentication");
            let report = why401.report_on("/out").to_string();
            assert!(report.contains(&address.to_string()), "{report}");
            assert!(!report.contains("canary"), "{report}");
        }
    }
}

fn an_upstream_proxy_that_does_not_help_is_named() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = nobody.local_addr().unwrap();
    drop(nobody);
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("localhost:{}", unused.local_addr().unwrap().port());
    drop(unused);
    let cases = [
        ("http", None, "upstream-proxy-unreachable"),
        ("http", Some(Manner::Connect), "upstream-proxy-refused"),
        ("socks5h", Some(Manner::Socks), "upstream-proxy-refused"),
        (
            "http",
            Some(Manner::Says(b"HTTP/1.1 403 Forbidden\r\n\r\n")),
            "upstream-proxy-refused",
        ),
        (
            "http",
            Some(Manner::Says(b"220 smtp.test ESMTP\r\n")),
            "upstream-proxy-broken",
        ),
        (
            "socks5h",
            Some(Manner::Says(b"HTTP/1.1 400 Bad\r\n\r\n")),
            "upstream-proxy-broken",
        ),
        ("http", Some(Manner::Endless), "upstream-proxy-broken"),
        ("http", Some(Manner::Says(b"")), "upstream-proxy-broken"),
        (
            "https",
            Some(Manner::ConnectOverTls(Fault::Expired)),
            "upstream-proxy-unreachable",
        ),
        ("https", Some(Manner::Connect), "upstream-proxy-unreachable"),
    ];
    for (scheme, manner, word) in cases {
        let upstream = manner.map(UpstreamProxy::start);
        let address = upstream.as_ref().map_or(closed, UpstreamProxy::address);
        let why401 = Why401::new();
        let file = format!(
            "[upstream]\nproxy = \"{scheme}://{address}\"\n[limits]\nconnect_timeout = \"2s\"\ntls_timeout = \"1s\"\n"
        );
        let file = why401.write("ways.toml", file);
        let proxy = why401.run(&["--config", file.to_str().unwrap()]);
        for (method, target) in [
            ("CONNECT", nowhere.clone()),
            ("GET", format!("http://{nowhere}/x")),
        ] {
            let page = ask(&proxy, method, &target, &nowhere);
            is_a_502(&page, word);
        }
        let report = why401.report_on("/x").to_string();
        assert!(report.contains(&address.to_string()), "{word}: {report}");
    }
}

fn hosts_that_need_no_proxy_are_reached_without() {
    let upstream = UpstreamProxy::start(Manner::Connect);
    let why401 = Why401::new();
    let file = format!(
        "[upstream]\nproxy = \"http://{}\"\nno_proxy = [\".localhost\", \"127.0.0.0/8\"]\n",
        upstream.address()
    );
    let file = why401.write("ways.toml", file);
    let proxy = why401.run(&["--config", file.to_str().unwrap()]);
    let origin = Origin::answering(Transport::Plain, |_| Reply::ok());
    let port = origin.authority().replace("localhost:", "");
    for host in ["localhost", "app.localhost", "127.0.0.1"] {
        let authority = format!("{host}:{port}");
        let answer = ask(&proxy, "GET", &format!("http://{authority}/"), &authority);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
    }
    assert!(upstream.asked().is_empty(), "{:?}", upstream.asked());
    let authority = format!("api.acme.test:{port}");
    let answer = ask(&proxy, "GET", &format!("http://{authority}/"), &authority);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(upstream.asked(), [authority]);
}

fn the_environments_proxy_is_used_but_not_for_this_machine() {
    let upstream = UpstreamProxy::start(Manner::Connect);
    let url: &'static str = format!("http://{}", upstream.address()).leak();
    let why401 = Why401::new()
        .with_env("HTTPS_PROXY", url)
        .with_env("http_proxy", url)
        .with_env("NO_PROXY", "direct.test");
    let proxy = why401.run(&["--insecure-upstream", "api.acme.test"]);
    let mut expected = Vec::new();
    for transport in [Transport::Plain, Transport::Tls] {
        let origin = Origin::answering(transport, |_| Reply::ok());
        let authority = origin.authority().replace("localhost", "api.acme.test");
        let target = format!("{}://{authority}/", transport.scheme());
        let answer = ask(&proxy, "GET", &target, &authority);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{target}: {answer}");
        expected.push(authority);
        let answer = ask(&proxy, "GET", &origin.url("/"), &origin.authority());
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let direct = origin.authority().replace("localhost", "direct.test");
        let target = format!("{}://{direct}/", transport.scheme());
        is_a_502(&ask(&proxy, "GET", &target, &direct), "name-not-found");
    }
    assert_eq!(upstream.asked(), expected);
}

fn a_variable_that_leads_to_ourselves_is_ignored_and_said() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap();
    drop(free);
    let ours: &'static str = format!("http://localhost:{}", listen.port()).leak();
    let why401 = Why401::new().with_env("http_proxy", ours);
    let proxy = why401.run_on(&listen.to_string(), &[]);
    let page = ask(&proxy, "GET", "http://nowhere.invalid/", "nowhere.invalid");
    is_a_502(&page, "name-not-found");
    let ended = proxy.stop();
    let said = ended.stderr.contains("http_proxy") && ended.stderr.contains("ignored");
    assert!(said, "{}", ended.stderr);
}

fn an_override_says_where_a_host_is() {
    let why401 = Why401::new();
    let origin = Origin::answering(Transport::Tls, |_| Reply::unauthorized("Bearer", "{}"));
    let port = origin.authority().replace("localhost:", "");
    let file = format!(
        "[[resolve]]\nhost = \"api.acme.test\"\nport = 443\naddress = \"127.0.0.1:{port}\"\n"
    );
    let file = why401.write("ways.toml", file);
    let config = file.to_str().unwrap();
    let proxy = why401.run(&["--config", config, "--insecure-upstream", "api.acme.test"]);
    let answer = ask(
        &proxy,
        "GET",
        "https://api.acme.test/there",
        "api.acme.test",
    );
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let host = origin.requests()[0].field("host");
    assert_eq!(host.as_deref(), Some("api.acme.test"));
    assert_eq!(why401.list_of(1)[0]["url"], "https://api.acme.test/there");
    let elsewhere = ask(&proxy, "GET", "http://api.acme.test/", "api.acme.test");
    is_a_502(&elsewhere, "name-not-found");
}

fn a_host_that_is_let_through_shows_its_own_certificate() {
    let why401 = Why401::new();
    let file = why401.write("ways.toml", "[[passthrough]]\nhost = \"localhost\"\n");
    let proxy = why401.run(&["--config", file.to_str().unwrap()]);
    let origin = Origin::answering(Transport::Tls, |_| Reply::unauthorized("Bearer", "{}"));
    let pem = why401.write("origins-ca.pem", pki::ca_pem());
    // By the name in CONNECT, and by the server name inside a tunnel to an address.
    let port = origin.authority().replace("localhost:", "");
    for authority in [origin.authority(), format!("127.0.0.1:{port}")] {
        let inbox = Inbox::new();
        let played = wait::block_on(async {
            let (stream, head) = tunnel::connect(proxy.address(), &authority).await;
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
            let stream = tunnel::tls(stream, &pem, &["http/1.1"]).await;
            let stream = stream.expect("a certificate of the origin's own CA");
            let request = "GET /own HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            play(stream, &[Turn::send(request), Turn::AwaitEnd], &inbox).await
        });
        let answer = String::from_utf8_lossy(&played.received).into_owned();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{authority}: {answer}");
    }
    drop(proxy.stop());
    assert!(why401.list().is_empty(), "what is let through is not read");
}

/// A 502 of our own, marked with that word.
fn is_a_502(page: &str, word: &str) {
    let mark = format!("why401-failure: {word}\r\n");
    let is_ours = page.starts_with("HTTP/1.1 502 ") && page.contains(&mark);
    assert!(is_ours, "no 502 marked {word}: {page}");
}

/// This machine, as URLs may write it.
const THIS_MACHINE: [&str; 10] = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "app.localhost",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "017700000001",
];

/// Addresses that a client could mean it by besides.
const MORE_OF_IT: [&str; 8] = [
    "127.0.0.9",
    "0",
    "0.0.0.0",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
];

fn our_own_listener_is_refused_however_it_is_spelled() {
    let why401 = Why401::new();
    let mut proxy = why401.run(&[]);
    let port = proxy.address().port();
    let mut asked = 0;
    for host in THIS_MACHINE.iter().chain(&MORE_OF_IT) {
        let authority = format!("{host}:{port}");
        for (form, target) in [
            ("CONNECT", authority.clone()),
            ("GET", format!("http://{authority}/")),
            ("GET", format!("https://{authority}/")),
        ] {
            let page = ask(&proxy, form, &target, &authority);
            let is_refused = page.starts_with("HTTP/1.1 403 ")
                && page.contains("why401-failure: own-listener\r\n");
            assert!(is_refused, "{form} {target}: {page}");
            asked += 1;
        }
    }
    let rows = why401.list_of(asked);
    assert_eq!(rows.len(), asked, "one record each: nothing came round");
    assert!(proxy.is_alive());
}

fn another_port_of_this_machine_is_reached_however_it_is_spelled() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::answering(Transport::Plain, |_| Reply::ok());
    let port = origin.authority().replace("localhost:", "");
    for host in THIS_MACHINE {
        let authority = format!("{host}:{port}");
        let answer = ask(&proxy, "GET", &format!("http://{authority}/"), &authority);
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{host}: {answer}");
    }
    assert_eq!(origin.requests().len(), THIS_MACHINE.len());
}

/// Sends the proxy a request and returns what came back.
fn ask(proxy: &Running, method: &str, target: &str, authority: &str) -> String {
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    let inbox = Inbox::new();
    let played = wait::block_on(async {
        let stream = tunnel::dial(proxy.address()).await;
        play(stream, &[Turn::send(request), Turn::AwaitEnd], &inbox).await
    });
    String::from_utf8_lossy(&played.received).into_owned()
}
