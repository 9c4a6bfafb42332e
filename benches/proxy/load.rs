//! The load: clients that send the same request again and again and time each answer.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::{http2, pki};

/// What is asked for.
#[derive(Clone)]
pub struct Load {
    /// For `--only`.
    pub name: &'static str,
    /// For the table.
    pub title: &'static str,
    /// The request target.
    pub target: String,
    /// How many requests in all.
    pub count: usize,
    /// How many connections at the same time.
    pub parallel: usize,
    /// How many requests on each connection; HTTP/2 connections stay.
    pub per_connection: usize,
    /// How many HTTP/2 streams at the same time on each connection; HTTP/1.1 without.
    pub streams: Option<usize>,
    /// Whether why401 records them.
    pub records: bool,
    /// How long one answer is, where that is what matters.
    pub bytes: u64,
}

impl Load {
    /// A little of it.
    pub fn warm_up(&self) -> Self {
        Self {
            count: self.count.div_ceil(20),
            ..self.clone()
        }
    }
}

/// One round's result.
pub struct Round {
    /// How long it took.
    pub elapsed: Duration,
    /// How long each request took.
    pub latencies: Vec<Duration>,
}

impl Round {
    /// Requests per second.
    pub fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }
}

/// A client's TLS, which trusts the tests' CA and that of the proxy; it resumes no session.
pub fn connector(ca: Option<&Path>, protocol: &str) -> TlsConnector {
    let mut pem = pki::ca_pem().as_bytes().to_vec();
    if let Some(path) = ca {
        pem.extend(std::fs::read(path).unwrap());
    }
    let mut config = Arc::unwrap_or_clone(pki::client_config(&pem, &[protocol]));
    config.resumption = Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

/// Runs one round.
pub async fn run(
    load: &Load,
    origin: SocketAddr,
    proxy: Option<SocketAddr>,
    tls: TlsConnector,
) -> Round {
    let left = Arc::new(AtomicUsize::new(load.count));
    let mut clients = JoinSet::new();
    let start = Instant::now();
    for _ in 0..load.parallel {
        let (load, left, tls) = (load.clone(), Arc::clone(&left), tls.clone());
        clients.spawn(async move {
            match load.streams {
                None => client(&load, &left, origin, proxy, &tls).await,
                Some(streams) => http2::client(&load, streams, &left, origin, proxy, &tls).await,
            }
        });
    }
    let latencies = clients.join_all().await.concat();
    Round {
        elapsed: start.elapsed(),
        latencies,
    }
}

/// One client: takes requests from what is left until nothing is.
pub async fn client(
    load: &Load,
    left: &AtomicUsize,
    origin: SocketAddr,
    proxy: Option<SocketAddr>,
    tls: &TlsConnector,
) -> Vec<Duration> {
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: localhost:{}\r\nUser-Agent: bench/1\r\nAccept: */*\r\n\
         Authorization: Bearer 0123456789abcdefghijklmnopqrstuvwxyz\r\n\r\n",
        load.target,
        origin.port()
    );
    let mut latencies = Vec::new();
    let mut buffer = vec![0; 256 * 1024];
    while take(left) {
        let mut asked = Instant::now();
        let mut stream = open(origin, proxy, tls).await;
        for sent in 1.. {
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            read_response(&mut stream, &mut buffer).await;
            latencies.push(asked.elapsed());
            if sent >= load.per_connection || !take(left) {
                break;
            }
            asked = Instant::now();
        }
        stream.shutdown().await.unwrap();
    }
    latencies
}

/// Takes one request from what is left.
pub fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
        count.checked_sub(1)
    })
    .is_ok()
}

/// Opens a connection to the origin, through the proxy if there is one.
pub async fn open(
    origin: SocketAddr,
    proxy: Option<SocketAddr>,
    tls: &TlsConnector,
) -> TlsStream<TcpStream> {
    let mut stream = TcpStream::connect(proxy.unwrap_or(origin)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    if proxy.is_some() {
        let authority = format!("127.0.0.1:{}", origin.port());
        let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut head).await.unwrap() > 0, "no tunnel");
        }
        assert!(head.starts_with(b"HTTP/1.1 200 "), "no tunnel");
    }
    let name = ServerName::try_from("localhost").unwrap();
    tls.connect(name, stream).await.unwrap()
}

/// Reads one response to its end, by its Content-Length.
async fn read_response(stream: &mut TlsStream<TcpStream>, buffer: &mut [u8]) {
    let mut filled = 0;
    let head_end = loop {
        let read = stream.read(&mut buffer[filled..]).await.unwrap();
        assert!(read > 0, "the connection ended inside a response head");
        filled += read;
        if let Some(at) = memchr::memmem::find(&buffer[..filled], b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = std::str::from_utf8(&buffer[..head_end]).unwrap();
    let (_, after) = head.split_once("Content-Length: ").unwrap();
    let length: usize = after.split("\r\n").next().unwrap().parse().unwrap();
    let mut left = length - (filled - head_end);
    while left > 0 {
        let read = stream.read(buffer).await.unwrap();
        assert!(read > 0, "the connection ended inside a response");
        left -= read;
    }
}
