//! Bounds: what is not taken waits and is told, and nothing that was recorded is lost.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustix::process::Signal;

use crate::common::binary::Why401;
use crate::common::origin::{Origin, Reply, Transport};

crate::tests![
    when_file_handles_are_used_up_new_connections_wait,
    when_connections_are_used_up_new_ones_wait,
    the_bounds_of_a_head_are_those_that_were_chosen,
    our_own_pages_wait_no_longer_than_was_chosen,
    a_tunnel_that_never_ends_is_cut_after_the_grace_period,
    a_second_ctrl_c_ends_at_once,
];

fn when_file_handles_are_used_up_new_connections_wait() {
    let why401 = Why401::new();
    // The files are to run out first.
    let file = why401.write("mine.toml", "[limits]\nconnections = 1000\n");
    let proxy = why401.run_with_open_files(64, &["--config", file.to_str().unwrap()]);
    let origin = refusing();
    let mut early = connect(proxy.address());
    refused(&mut early, &origin, "/before");

    let idle: Vec<_> = (0..64).map(|_| connect(proxy.address())).collect();
    let told = proxy.says("all file handles are used up");
    assert!(told.contains("64 in all"), "{told}");
    refused(&mut early, &origin, "/meanwhile");
    drop(idle);
    proxy.says("new connections are taken again");
    refused(&mut connect(proxy.address()), &origin, "/after");

    assert_eq!(why401.list_of(3).len(), 3);
    let ended = proxy.stop();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(ended.stderr.matches("used up").count(), 1, "{ended:?}");
    assert_eq!(ended.stderr.matches("taken again").count(), 1, "{ended:?}");
}

fn when_connections_are_used_up_new_ones_wait() {
    let why401 = Why401::new();
    let file = why401.write("mine.toml", "[limits]\nconnections = 3\n");
    let proxy = why401.run(&["--config", file.to_str().unwrap()]);
    let origin = refusing();
    let mut open: Vec<_> = (0..3).map(|_| connect(proxy.address())).collect();
    proxy.says("3 connections are open");

    let mut waiting = connect(proxy.address());
    ask(&mut waiting, &origin, "/waits");
    waiting
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    assert!(
        waiting.read(&mut [0]).is_err(),
        "it was not to be served yet"
    );
    drop(open.pop());
    waiting.set_read_timeout(Some(PATIENCE)).unwrap();
    read_refusal(&mut waiting);
    drop((open, waiting));
    proxy.says("new connections are taken again");
    let ended = proxy.stop();
    assert!(ended.status.success(), "{ended:?}");
}

fn the_bounds_of_a_head_are_those_that_were_chosen() {
    let why401 = Why401::new();
    let file = why401.write(
        "mine.toml",
        "[limits]\nhead_bytes = \"8 KiB\"\nhead_fields = 5\nrequest_line = \"1 KiB\"\n\
         chunk_extensions = \"1 KiB\"\nhead_timeout = \"200 ms\"\n",
    );
    let proxy = why401.run(&["--config", file.to_str().unwrap()]);
    let origin = refusing();
    let (url, host) = (origin.url("/x"), origin.authority());
    let status = |request: String| {
        let mut client = connect(proxy.address());
        // It may be answered before all of it is read.
        drop(client.write_all(request.as_bytes()));
        let mut answer = Vec::new();
        drop(client.read_to_end(&mut answer));
        let answer = String::from_utf8(answer).unwrap();
        let status = answer.split(' ').nth(1).map(str::to_owned);
        status.unwrap_or_else(|| panic!("no answer: {answer:?}"))
    };
    let get = |url: &str, fields: &str| {
        format!("GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n")
    };
    assert_eq!(status(get(&url, &"A: 1\r\n".repeat(3))), "401");
    assert_eq!(status(get(&url, &"A: 1\r\n".repeat(4))), "431");
    assert_eq!(
        status(get(&url, &format!("A: {}\r\n", "x".repeat(9000)))),
        "431"
    );
    assert_eq!(
        status(get(&format!("{url}?{}", "x".repeat(1000)), "")),
        "414"
    );
    assert_eq!(status(format!("GET {url} HTTP/1.1\r\nHost: ")), "408");
    let chunked = |extension| {
        let post = get(&url, "Transfer-Encoding: chunked\r\n").replace("GET", "POST");
        format!("{post}1;a={}\r\nx\r\n0\r\n\r\n", "x".repeat(extension))
    };
    assert_eq!(status(chunked(900)), "401");
    assert_eq!(status(chunked(1100)), "400");
}

fn our_own_pages_wait_no_longer_than_was_chosen() {
    let why401 = Why401::new();
    let file = why401.write("mine.toml", "[limits]\nhead_timeout = \"1 s\"\n");
    let proxy = why401.run(&["--config", file.to_str().unwrap()]);
    let mut silent = connect(proxy.address());
    silent
        .write_all(b"CONNECT why401.local:80 HTTP/1.1\r\nHost: why401.local:80\r\n\r\n")
        .unwrap();
    // Half of what they wait for otherwise.
    silent
        .set_read_timeout(Some(Duration::from_secs(15)))
        .unwrap();
    let mut told = String::new();
    silent.read_to_string(&mut told).unwrap();
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
}

fn a_tunnel_that_never_ends_is_cut_after_the_grace_period() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = refusing();
    let mut client = connect(proxy.address());
    refused(&mut client, &origin, "/recorded");
    let mut tunnel = open_tunnel(proxy.address(), &origin);
    let address = proxy.address();

    let ended = proxy.stop();
    assert!(ended.status.success(), "{ended:?}");
    assert!(TcpStream::connect(address).is_err(), "nobody listens");
    assert!(
        matches!(tunnel.read(&mut [0]), Ok(0) | Err(_)),
        "it was cut"
    );
    assert_eq!(why401.list_of(1).len(), 1);
}

fn a_second_ctrl_c_ends_at_once() {
    let why401 = Why401::new();
    let file = why401.write("mine.toml", "[limits]\nshutdown_grace = \"10 m\"\n");
    let mut proxy = why401.run(&["--config", file.to_str().unwrap()]);
    let origin = refusing();
    let _tunnel = open_tunnel(proxy.address(), &origin);

    proxy.send(Signal::INT);
    // Signals this close together count as one.
    std::thread::sleep(Duration::from_millis(700));
    assert!(proxy.is_alive(), "the tunnel is given its time");
    let ended = proxy.signal(Signal::INT);
    assert_eq!(ended.code(), 1);
    assert!(ended.stderr.contains("ended at once"), "{ended:?}");
}

fn refusing() -> Origin {
    Origin::answering(Transport::Plain, |_| Reply::unauthorized("Bearer", "{}"))
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A request over that connection, and its 401.
fn refused(client: &mut TcpStream, origin: &Origin, path: &str) {
    ask(client, origin, path);
    read_refusal(client);
}

fn ask(client: &mut TcpStream, origin: &Origin, path: &str) {
    let (url, host) = (origin.url(path), origin.authority());
    write!(client, "GET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
}

fn read_refusal(client: &mut TcpStream) {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"{}") {
        client.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
    assert!(seen.starts_with(b"HTTP/1.1 401 "));
}

fn open_tunnel(address: SocketAddr, origin: &Origin) -> TcpStream {
    let mut client = connect(address);
    let host = origin.authority();
    write!(client, "CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
    assert!(seen.starts_with(b"HTTP/1.1 200 "));
    client
}

const PATIENCE: Duration = Duration::from_secs(30);
