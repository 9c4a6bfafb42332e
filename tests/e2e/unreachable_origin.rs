//! An origin that cannot be reached: a 502 that says why, recorded and listed.

use std::net::TcpListener;

use tokio::net::{TcpSocket, TcpStream};

use crate::common::binary::{Running, Why401};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::pki::Fault;
use crate::common::script::{Inbox, Turn, play};
use crate::common::{tunnel, wait};

crate::tests![
    a_name_that_does_not_resolve,
    a_port_where_nobody_listens,
    a_host_that_does_not_answer,
    a_certificate_that_does_not_verify,
    a_certificate_that_the_user_said_not_to_verify,
    an_origin_that_speaks_no_tls,
    an_origin_that_closes_before_it_answers,
];

fn a_name_that_does_not_resolve() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let secret = "canary-in-the-path";
    refused_tunnel(&proxy, "nowhere.invalid:443", &["resolve"]);
    let page = absolute_form(&proxy, &format!("http://nowhere.invalid/{secret}"));
    is_our_page(&page, &["resolve"]);
    assert!(
        !page.contains(secret),
        "nothing of the request is reflected: {page}"
    );
    let rows = why401.list_of(2);
    assert!(rows.iter().all(|row| row["status"] == 502), "{rows:#?}");
    assert!(
        rows.iter()
            .all(|row| row["url"].as_str().unwrap().contains("nowhere.invalid")),
        "{rows:#?}"
    );
    let shown = why401.command(&["show"]);
    assert!(shown.stdout.contains("resolve"), "{shown:#?}");
}

fn a_port_where_nobody_listens() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    refused_tunnel(&proxy, &free.to_string(), &["refused"]);
    is_our_page(
        &absolute_form(&proxy, &format!("http://{free}/")),
        &["refused"],
    );
    is_our_page(
        &absolute_form(&proxy, &format!("https://{free}/")),
        &["refused"],
    );
    assert_eq!(why401.list_of(3).len(), 3);
}

fn a_host_that_does_not_answer() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    // A listener that never accepts, with its queue full: further connections get no answer.
    let (listener, address, _queue) = wait::block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        let patience = std::time::Duration::from_millis(300);
        while let Ok(stream) = tokio::time::timeout(patience, TcpStream::connect(address)).await {
            queue.push(stream);
        }
        (listener, address, queue)
    });
    refused_tunnel(&proxy, &address.to_string(), &["time", "answer"]);
    assert_eq!(why401.list_of(1)[0]["status"], 502);
    drop(listener);
}

fn a_certificate_that_does_not_verify() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let faults: [(Fault, &[&str]); 5] = [
        (Fault::Expired, &["expired"]),
        (Fault::NotYetValid, &["not valid yet", "not yet valid"]),
        (Fault::WrongName, &["name"]),
        (Fault::UnknownIssuer, &["issuer", "trust"]),
        (Fault::SelfSigned, &["issuer", "trust", "self-signed"]),
    ];
    for (fault, words) in faults {
        let transport = Transport::BadTls(fault);
        let origin = Origin::answering(transport, |_| Reply::ok());
        let page = tunnel::play_through(
            proxy.address(),
            &proxy.ca(),
            &origin,
            transport,
            &[
                Turn::send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
                Turn::AwaitEnd,
            ],
        );
        is_our_page(&String::from_utf8_lossy(&page.received), words);
        is_our_page(&absolute_form(&proxy, &origin.url("/")), words);
        assert!(origin.requests().is_empty(), "no request may reach it");
    }
    let rows = why401.list_of(10);
    assert!(rows.iter().all(|row| row["status"] == 502), "{rows:#?}");
}

fn a_certificate_that_the_user_said_not_to_verify() {
    let why401 = Why401::new();
    let proxy = why401.run(&["--insecure-upstream", "localhost"]);
    let transport = Transport::BadTls(Fault::SelfSigned);
    let origin = Origin::answering(transport, |_| Reply::unauthorized("Bearer", "{}"));
    let answer = absolute_form(&proxy, &origin.url("/x"));
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let report = why401.report_on("/x");
    assert!(
        report["exchange"].to_string().contains("insecure"),
        "each exchange is marked: {report:#}"
    );
}

fn an_origin_that_speaks_no_tls() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::playing(
        Transport::Plain,
        vec![Turn::send("220 hello\r\n"), Turn::AwaitEnd],
    );
    let url = format!("https://{}/", origin.authority());
    is_our_page(&absolute_form(&proxy, &url), &["TLS"]);
    assert_eq!(why401.list_of(1)[0]["status"], 502);
}

fn an_origin_that_closes_before_it_answers() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::playing(
        Transport::Plain,
        vec![Turn::Saw(b"\r\n\r\n".to_vec()), Turn::Finish],
    );
    is_our_page(&absolute_form(&proxy, &origin.url("/")), &["closed"]);
    assert_eq!(why401.list_of(1)[0]["status"], 502);
}

/// CONNECT is answered with a 502 that has one of the words.
fn refused_tunnel(proxy: &Running, authority: &str, words: &[&str]) {
    let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    is_our_page(&ask(proxy, request), words);
}

/// Sends a request in absolute form and returns what came back.
fn absolute_form(proxy: &Running, url: &str) -> String {
    let (_, after) = url.split_once("://").unwrap();
    let authority = after.split('/').next().unwrap();
    ask(
        proxy,
        format!("GET {url} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n"),
    )
}

fn ask(proxy: &Running, request: String) -> String {
    let inbox = Inbox::new();
    let played = wait::block_on(async {
        let stream = tunnel::dial(proxy.address()).await;
        play(stream, &[Turn::send(request), Turn::AwaitEnd], &inbox).await
    });
    String::from_utf8_lossy(&played.received).into_owned()
}

/// A 502 in plain text that names the reason, and cannot be taken for the origin's.
fn is_our_page(page: &str, words: &[&str]) {
    let lower = page.to_lowercase();
    assert!(lower.starts_with("http/1.1 502 "), "{page}");
    assert!(lower.contains("content-type: text/plain"), "{page}");
    assert!(lower.contains("x-content-type-options: nosniff"), "{page}");
    assert!(lower.contains("why401"), "{page}");
    assert!(
        words
            .iter()
            .any(|word| lower.contains(&word.to_lowercase())),
        "none of {words:?} in: {page}"
    );
}
