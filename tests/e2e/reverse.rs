//! Calls that name the proxy itself, which leads them to one origin.

use tokio::net::TcpStream;

use crate::common::binary::{Running, Why401};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::pki::Fault;
use crate::common::script::Turn;
use crate::common::{tunnel, wait};

crate::tests![
    a_401_of_the_one_origin_is_explained,
    a_name_that_others_may_have_led_here_is_refused,
    http2_in_clear_reaches_an_origin_that_speaks_it_over_tls,
    http2_in_clear_is_told_when_the_origin_does_not_speak_it,
    an_origin_that_is_not_trusted_gets_no_request,
];

fn a_401_of_the_one_origin_is_explained() {
    for transport in Transport::BOTH {
        let origin = Origin::answering(transport, |_| Reply::unauthorized("Bearer", "{}"));
        let why401 = Why401::new();
        let proxy = why401.run(&["--reverse", &origin.url("")]);
        let answer = get(&proxy, "/orders");
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        let request = origin.requests().remove(0);
        assert_eq!(request.target(), "/orders");
        assert_eq!(request.field("host"), Some(origin.authority()));
        let report = why401.report_on("/orders");
        let exchange = report["exchange"].to_string();
        assert!(exchange.contains("reverse"), "{exchange}");
        let row = why401.list_of(1).remove(0);
        let url = row["url"].as_str().unwrap();
        assert!(url.starts_with(&origin.url("/orders")), "{row:#}");
    }
}

fn a_name_that_others_may_have_led_here_is_refused() {
    let origin = Origin::answering(Transport::Plain, |_| Reply::unauthorized("Bearer", "{}"));
    let why401 = Why401::new();
    let proxy = why401.run(&["--reverse", &origin.url("")]);
    let status = |host: &str| {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let turns = [Turn::send(request), Turn::AwaitEnd];
        let played = tunnel::play_on(proxy.address(), &turns);
        String::from_utf8_lossy(&played.received)[9..12].to_owned()
    };
    for host in [
        "attacker.example",
        "attacker.example:4010",
        "127.0.0.1.attacker.example",
        "localhost.attacker.example",
    ] {
        assert_eq!(status(host), "421", "{host}");
    }
    assert_eq!(origin.accepted(), 0);
    let own = origin.authority();
    for host in [
        "127.0.0.1:4010",
        "[::1]",
        "LOCALHOST",
        "why401:4010",
        "api.test",
        &own,
    ] {
        assert_eq!(status(host), "401", "{host}");
    }
}

fn http2_in_clear_reaches_an_origin_that_speaks_it_over_tls() {
    let origin = Origin::answering(Transport::Http2, |_| Reply::unauthorized("Bearer", "{}"));
    let why401 = Why401::new();
    let proxy = why401.run(&["--reverse", &origin.url(""), "--reverse-keep-host"]);
    assert_eq!(http2_status(&proxy), 401);
    assert_eq!(why401.list_of(1)[0]["status"], 401);
}

fn http2_in_clear_is_told_when_the_origin_does_not_speak_it() {
    let origin = Origin::answering(Transport::Tls, |_| Reply::ok());
    let why401 = Why401::new();
    let proxy = why401.run(&["--reverse", &origin.url(""), "--reverse-keep-host"]);
    assert_eq!(http2_status(&proxy), 502);
    assert!(origin.requests().is_empty());
    assert_eq!(why401.list_of(1)[0]["status"], 502);
}

fn an_origin_that_is_not_trusted_gets_no_request() {
    let transport = Transport::BadTls(Fault::Expired);
    let origin = Origin::answering(transport, |_| Reply::ok());
    let why401 = Why401::new();
    let proxy = why401.run(&["--reverse", &origin.url("")]);
    let answer = get(&proxy, "/");
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    assert!(answer.contains("expired"), "{answer}");
    assert!(origin.requests().is_empty());
}

fn get(proxy: &Running, target: &str) -> String {
    let fields = "Host: localhost\r\nConnection: close";
    let request = format!("GET {target} HTTP/1.1\r\n{fields}\r\n\r\n");
    let turns = [Turn::send(request), Turn::AwaitEnd];
    let played = tunnel::play_on(proxy.address(), &turns);
    String::from_utf8(played.received).unwrap()
}

/// The status of a request that begins HTTP/2 without asking (prior knowledge).
fn http2_status(proxy: &Running) -> u16 {
    wait::block_on(async {
        let stream: TcpStream = tunnel::dial(proxy.address()).await;
        let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
        drop(wait::spawn(connection));
        let url = format!("http://{}/", proxy.address());
        let request = http::Request::get(url).body(()).unwrap();
        let (answer, _) = sender.send_request(request, true).unwrap();
        answer.await.unwrap().status().as_u16()
    })
}
