//! Attacks by number: sockets that hold what they can and do next to nothing.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::attacks::Field;

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Between two bytes of somebody slow.
const PACE: Duration = Duration::from_millis(200);

/// Handles for everything else.
const SPARE_HANDLES: u64 = 400;

/// How many tunnels the handles of one process allow: each has two ends here, and two in the proxy.
pub fn most_tunnels(wanted: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let soft: u64 = line.split_whitespace().nth(3).unwrap().parse().unwrap();
    wanted.min(usize::try_from(soft.saturating_sub(SPARE_HANDLES) / 2).unwrap())
}

/// Says nothing.
pub fn silent(field: Field, _sent: Arc<AtomicU64>) -> Boxed {
    Box::pin(async move {
        let mut stream = open(field).await;
        until_dropped(&mut stream).await;
    })
}

/// Begins a request and never ends its head.
pub fn slow_head(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    Box::pin(async move {
        let mut stream = open(field).await;
        let start = format!("GET http://{}/ HTTP/1.1\r\nX-Slow: ", field.sinks.mute);
        drip(&mut stream, start.as_bytes(), &sent).await;
    })
}

/// Begins the content of a request and never ends it.
pub fn slow_body(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    Box::pin(async move {
        let mut stream = open(field).await;
        let host = field.sinks.mute;
        let start = format!(
            "POST http://{host}/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\n"
        );
        drip(&mut stream, start.as_bytes(), &sent).await;
    })
}

/// Asks for an endless answer and hardly reads it.
pub fn slow_read(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    Box::pin(async move {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(field.proxy).await.unwrap();
        let host = field.sinks.endless;
        let request = format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n");
        send(&mut stream, request.as_bytes(), &sent).await;
        while stream.read_u8().await.is_ok() {
            tokio::time::sleep(PACE).await;
        }
    })
}

/// Opens a tunnel, sends a byte, and waits.
pub fn idle_tunnel(field: Field, sent: Arc<AtomicU64>) -> Boxed {
    Box::pin(async move {
        let mut stream = tunnel(field).await;
        send(&mut stream, b"x", &sent).await;
        until_dropped(&mut stream).await;
    })
}

/// Connects and closes.
pub fn connect_and_close(field: Field, _sent: Arc<AtomicU64>) -> Boxed {
    Box::pin(async move {
        loop {
            drop(open(field).await);
            // A port is free again only after a minute: not all of them may be spent.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
}

/// A tunnel to an origin that says nothing.
pub async fn tunnel(field: Field) -> TcpStream {
    let mut stream = open(field).await;
    let host = field.sinks.mute;
    let request = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut head).await.unwrap() > 0, "no tunnel");
    }
    stream
}

/// A connection to the proxy.
pub async fn open(field: Field) -> TcpStream {
    let stream = TcpStream::connect(field.proxy).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends and counts; `false` once the proxy takes no more.
pub async fn send(stream: &mut TcpStream, bytes: &[u8], sent: &AtomicU64) -> bool {
    let taken = stream.write_all(bytes).await.is_ok();
    sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    taken
}

async fn drip(stream: &mut TcpStream, start: &[u8], sent: &AtomicU64) {
    let mut goes_on = send(stream, start, sent).await;
    while goes_on {
        tokio::time::sleep(PACE).await;
        goes_on = send(stream, b"x", sent).await;
    }
}

async fn until_dropped(stream: &mut TcpStream) {
    let mut byte = [0];
    while matches!(stream.read(&mut byte).await, Ok(1..)) {}
}
