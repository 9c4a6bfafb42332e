//! The data path over real sockets: a client of bare bytes, the proxy, an origin of bare bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::sample::Recording;
use super::{Limits, Listener, Shared};
use crate::ca::Authority;
use crate::capture::sample;
use crate::capture::store::{Filter, Store};
use crate::model::ContentEnd;
use crate::net::{Dialer, DialerSettings, UpstreamTls};

/// A proxy that runs until it is dropped, and the listener of its one origin.
struct Bench {
    proxy: SocketAddr,
    origin: TcpListener,
    shared: Arc<Shared>,
    _serving: AbortOnDropHandle<()>,
    recording: Recording,
}

impl Bench {
    async fn new() -> Self {
        Self::with(DialerSettings::default()).await
    }

    async fn with(settings: DialerSettings) -> Self {
        let recording = Recording::start();
        let tls = UpstreamTls::new(&[], Vec::new()).unwrap();
        let ca = recording.folder().join("ca");
        let authority = Authority::load_or_create(&ca, sample::START, tls.provider()).unwrap();
        let dialer = Dialer::new(settings, tls);
        let shared = Arc::new(Shared::new(
            recording.recorder.clone(),
            authority,
            dialer,
            Limits::default(),
        ));
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::bind(any).await.unwrap();
        let proxy = listener.local_addr();
        let serving = listener.serve(Arc::clone(&shared), CancellationToken::new());
        Self {
            proxy,
            origin: TcpListener::bind(any).await.unwrap(),
            shared,
            _serving: AbortOnDropHandle::new(tokio::spawn(serving)),
            recording,
        }
    }

    fn authority(&self) -> String {
        self.origin.local_addr().unwrap().to_string()
    }

    /// A client that has sent this; `AUTHORITY` stands for the origin.
    async fn client(&self, bytes: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.proxy).await.unwrap();
        self.send(&mut client, bytes).await;
        client
    }

    async fn send(&self, client: &mut TcpStream, bytes: &str) {
        let bytes = bytes.replace("AUTHORITY", &self.authority());
        client.write_all(bytes.as_bytes()).await.unwrap();
    }

    async fn accept(&self) -> TcpStream {
        soon(self.origin.accept()).await.unwrap().0
    }

    /// A client that asked for this and the origin that received it, `received` long.
    async fn exchange(&self, sent: &str, received: &str) -> (TcpStream, TcpStream) {
        let client = self.client(sent).await;
        let mut origin = self.accept().await;
        self.expect(&mut origin, received).await;
        (client, origin)
    }

    /// Reads exactly these bytes.
    async fn expect(&self, stream: &mut TcpStream, bytes: &str) {
        let bytes = bytes.replace("AUTHORITY", &self.authority());
        let mut seen = vec![0; bytes.len()];
        soon(stream.read_exact(&mut seen)).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&seen), bytes);
    }

    /// How the responses of that many recorded failures ended, once all have.
    async fn recorded_ends(&self, count: usize) -> Vec<ContentEnd> {
        let store = Store::open(self.recording.folder()).unwrap();
        let read = async {
            loop {
                let rows = store.list(&Filter::default(), sample::START).unwrap();
                let ends: Vec<ContentEnd> = rows
                    .iter()
                    .map(|row| store.case(row.reference, sample::START).unwrap().failing)
                    .map(|exchange| exchange.response().unwrap().content.end)
                    .filter(|end| *end != ContentEnd::Pending)
                    .collect();
                if ends.len() >= count {
                    return ends;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon(read).await
    }

    /// A client in a tunnel, and its origin.
    async fn tunnel(&self) -> (TcpStream, TcpStream) {
        let mut client = self
            .client("CONNECT AUTHORITY HTTP/1.1\r\nHost: AUTHORITY\r\n\r\n")
            .await;
        let origin = self.accept().await;
        let established = "HTTP/1.1 200 Connection Established\r\n\r\n";
        self.expect(&mut client, established).await;
        (client, origin)
    }
}

/// What happens by itself happens in this time, however busy the machine is.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    let patience = Duration::from_secs(10);
    tokio::time::timeout(patience, what).await.expect("in time")
}

async fn rest(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await?;
    Ok(String::from_utf8(bytes).unwrap())
}

fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}

const GET: &str = "GET http://AUTHORITY/a HTTP/1.1\r\nHost: AUTHORITY\r\n\r\n";
const GOT: &str = "GET /a HTTP/1.1\r\nHost: AUTHORITY\r\n\r\n";
const UPGRADE: &str = "GET http://AUTHORITY/ws HTTP/1.1\r\nHost: AUTHORITY\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
const UPGRADED: &str =
    "GET /ws HTTP/1.1\r\nHost: AUTHORITY\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n";

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order_over_one_connection() {
    let bench = Bench::new().await;
    let two = GET.repeat(2);
    let (mut client, mut origin) = bench.exchange(&two, GOT).await;
    let first = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1";
    origin.write_all(first.as_bytes()).await.unwrap();
    bench.expect(&mut origin, GOT).await;
    let second = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2";
    origin.write_all(second.as_bytes()).await.unwrap();
    bench.expect(&mut client, &format!("{first}{second}")).await;
    assert_eq!(bench.shared.recorder.counts().requests, 2);
}

#[tokio::test]
async fn a_response_to_head_ends_at_its_head() {
    let bench = Bench::new().await;
    let head = GET.replace("GET", "HEAD");
    let (mut client, mut origin) = bench.exchange(&head, &GOT.replace("GET", "HEAD")).await;
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    origin.write_all(answer.as_bytes()).await.unwrap();
    bench.expect(&mut client, answer).await;
    bench.send(&mut client, GET).await;
    bench.expect(&mut origin, GOT).await;
}

#[tokio::test]
async fn a_response_that_its_origin_cuts_off_is_not_complete() {
    let bench = Bench::new().await;
    let answer = "HTTP/1.1 401 Unauthorized\r\n\r\nuntil the";
    for in_tunnel in [false, true] {
        let (mut client, mut origin) = if in_tunnel {
            let (mut client, mut origin) = bench.tunnel().await;
            bench.send(&mut client, GOT).await;
            bench.expect(&mut origin, GOT).await;
            (client, origin)
        } else {
            bench.exchange(GET, GOT).await
        };
        origin.write_all(answer.as_bytes()).await.unwrap();
        bench.expect(&mut client, answer).await;
        reset(origin);
        assert!(rest(&mut client).await.is_err(), "mirrored as a reset");
    }
    let ends = bench.recorded_ends(2).await;
    assert_eq!(ends, [ContentEnd::CutOff; 2]);
}

#[tokio::test]
async fn after_an_upgrade_the_end_of_the_origin_reaches_the_client() {
    let bench = Bench::new().await;
    let (mut client, mut origin) = bench.exchange(UPGRADE, UPGRADED).await;
    let bytes = format!("{SWITCHING}frame");
    origin.write_all(bytes.as_bytes()).await.unwrap();
    bench.expect(&mut client, &bytes).await;
    client.write_all(b"answer").await.unwrap();
    bench.expect(&mut origin, "answer").await;
    origin.shutdown().await.unwrap();
    assert_eq!(rest(&mut client).await.unwrap(), "");
    client.write_all(b"late").await.unwrap();
    drop(client);
    assert_eq!(rest(&mut origin).await.unwrap(), "late");
}

#[tokio::test]
async fn bytes_sent_ahead_of_an_upgrade_go_on_after_it() {
    let bench = Bench::new().await;
    let (mut client, mut origin) = bench.exchange(&format!("{UPGRADE}ahead"), UPGRADED).await;
    origin.write_all(SWITCHING.as_bytes()).await.unwrap();
    bench.expect(&mut client, SWITCHING).await;
    bench.expect(&mut origin, "ahead").await;
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut origin).await.unwrap(), "");
    origin.write_all(b"bye").await.unwrap();
    drop(origin);
    assert_eq!(rest(&mut client).await.unwrap(), "bye");
}

#[tokio::test]
async fn a_client_that_breaks_off_its_request_is_no_failure_of_the_origin() {
    let bench = Bench::new().await;
    let post = "POST http://AUTHORITY/ HTTP/1.1\r\nHost: AUTHORITY\r\nContent-Length: 9\r\n\r\nabc";
    let got = "POST / HTTP/1.1\r\nHost: AUTHORITY\r\nContent-Length: 9\r\n\r\nabc";
    let (client, mut origin) = bench.exchange(post, got).await;
    reset(client);
    assert!(rest(&mut origin).await.is_err(), "mirrored as a reset");
    let (mut client, mut origin) = bench.exchange(post, got).await;
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut origin).await.unwrap(), "");
    drop(origin);
    assert_eq!(rest(&mut client).await.unwrap(), "");
    assert_eq!(bench.shared.recorder.counts().failures, 0);
}

#[tokio::test]
async fn a_client_that_leaves_while_it_waits_is_mirrored() {
    let bench = Bench::new().await;
    let (client, mut origin) = bench.exchange(GET, GOT).await;
    reset(client);
    assert!(rest(&mut origin).await.is_err());
    let (mut client, mut origin) = bench.exchange(GET, GOT).await;
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut origin).await.unwrap(), "", "only the end");
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    origin.write_all(answer.as_bytes()).await.unwrap();
    assert_eq!(rest(&mut client).await.unwrap(), answer);
    assert_eq!(bench.shared.recorder.counts().failures, 0);
}

#[tokio::test]
async fn an_early_401_and_its_end_reach_a_client_that_holds_its_content_back() {
    let bench = Bench::new().await;
    let fields = "Host: AUTHORITY\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
    let sent = format!("PUT http://AUTHORITY/ HTTP/1.1\r\n{fields}");
    for framing in ["Content-Length: 0\r\nConnection: close\r\n", ""] {
        let got = format!("PUT / HTTP/1.1\r\n{fields}");
        let (mut client, mut origin) = bench.exchange(&sent, &got).await;
        let answer = format!("HTTP/1.1 401 Unauthorized\r\n{framing}\r\n");
        origin.write_all(answer.as_bytes()).await.unwrap();
        origin.shutdown().await.unwrap();
        assert_eq!(rest(&mut client).await.unwrap(), answer);
    }
    assert_eq!(bench.shared.recorder.counts().failures, 2);
}

#[tokio::test]
async fn content_after_an_early_response_still_reaches_the_origin() {
    let bench = Bench::new().await;
    let fields = "Host: AUTHORITY\r\nContent-Length: 9\r\n\r\n";
    let sent = format!("PUT http://AUTHORITY/ HTTP/1.1\r\n{fields}");
    let (mut client, mut origin) = bench
        .exchange(&sent, &format!("PUT / HTTP/1.1\r\n{fields}"))
        .await;
    let answer = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
    origin.write_all(answer.as_bytes()).await.unwrap();
    bench.expect(&mut client, answer).await;
    bench.send(&mut client, &format!("123456789{GET}")).await;
    bench.expect(&mut origin, &format!("123456789{GOT}")).await;
}

#[tokio::test]
async fn an_origin_that_drops_a_kept_connection_is_mirrored_a_fresh_one_is_explained() {
    let bench = Bench::new().await;
    let (mut client, mut origin) = bench.exchange(GET, GOT).await;
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    origin.write_all(answer.as_bytes()).await.unwrap();
    bench.expect(&mut client, answer).await;
    bench.send(&mut client, GET).await;
    bench.expect(&mut origin, GOT).await;
    drop(origin);
    assert_eq!(rest(&mut client).await.unwrap(), "", "the client may retry");
    assert_eq!(bench.shared.recorder.counts().failures, 0);
    let (mut client, origin) = bench.exchange(GET, GOT).await;
    drop(origin);
    let page = rest(&mut client).await.unwrap();
    assert!(page.starts_with("HTTP/1.1 502 "), "{page}");
    assert_eq!(bench.shared.recorder.counts().failures, 1);
}

#[tokio::test]
async fn an_origin_that_closes_its_idle_connection_is_dialled_anew() {
    let bench = Bench::new().await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other_authority = other.local_addr().unwrap().to_string();
    let to_other = |text: &str| text.replace("AUTHORITY", &other_authority);
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let (mut client, mut first) = bench.exchange(GET, GOT).await;
    first.write_all(ok.as_bytes()).await.unwrap();
    bench.expect(&mut client, ok).await;
    bench.send(&mut client, &to_other(GET)).await;
    let mut second = soon(other.accept()).await.unwrap().0;
    for closed_by in ["FIN", "RST"] {
        bench.expect(&mut second, &to_other(GOT)).await;
        second.write_all(ok.as_bytes()).await.unwrap();
        bench.expect(&mut client, ok).await;
        match closed_by {
            "FIN" => drop(first),
            _ => reset(first),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        bench.send(&mut client, GET).await;
        first = bench.accept().await;
        bench.expect(&mut first, GOT).await;
        first.write_all(ok.as_bytes()).await.unwrap();
        bench.expect(&mut client, ok).await;
        bench.send(&mut client, &to_other(GET)).await;
    }
    bench.expect(&mut second, &to_other(GOT)).await;
    assert_eq!(bench.shared.recorder.counts().failures, 0);
}

#[tokio::test]
async fn what_only_looks_like_tls_passes_untouched() {
    let bench = Bench::new().await;
    // No handshake message at all, and one that no client begins with (to which TLS has an alert).
    for bytes in ["\x16\x03\x01\0\x05hello", "\x16\x03\x01\0\x04\0\0\0\0"] {
        let (mut client, mut origin) = bench.tunnel().await;
        client.write_all(bytes.as_bytes()).await.unwrap();
        bench.expect(&mut origin, bytes).await;
        origin.write_all(b"and back").await.unwrap();
        drop(origin);
        assert_eq!(rest(&mut client).await.unwrap(), "and back");
    }
}

#[tokio::test]
async fn a_client_that_ends_after_the_first_byte_of_a_record_is_mirrored() {
    let bench = Bench::new().await;
    let (mut client, mut origin) = bench.tunnel().await;
    client.write_all(b"\x16").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut origin).await.unwrap(), "\x16");
    drop(origin);
    assert_eq!(rest(&mut client).await.unwrap(), "");
}

#[tokio::test]
async fn in_a_tunnel_either_side_may_speak_first_and_endings_are_mirrored() {
    let bench = Bench::new().await;
    let (mut client, mut origin) = bench.tunnel().await;
    origin.write_all(b"220 ready\r\n").await.unwrap();
    bench.expect(&mut client, "220 ready\r\n").await;
    client.write_all(b"EHLO\r\n").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut origin).await.unwrap(), "EHLO\r\n");
    origin.write_all(b"250 late\r\n").await.unwrap();
    reset(origin);
    let mut late = [0; 10];
    soon(client.read_exact(&mut late)).await.unwrap();
    assert!(rest(&mut client).await.is_err(), "mirrored as a reset");
}

#[tokio::test]
async fn a_tunnel_to_a_host_that_is_let_through_is_not_read() {
    let bench = Bench::with(DialerSettings {
        passthrough: Box::new(|host| host == "127.0.0.1"),
        ..DialerSettings::default()
    })
    .await;
    let (mut client, mut origin) = bench.tunnel().await;
    bench.send(&mut client, GOT).await;
    bench.expect(&mut origin, GOT).await;
    let answer = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
    origin.write_all(answer.as_bytes()).await.unwrap();
    drop(origin);
    assert_eq!(rest(&mut client).await.unwrap(), answer);
    let counts = bench.shared.recorder.counts();
    let all = (counts.requests, counts.failures, counts.not_decoded);
    assert_eq!(all, (0, 0, 0));
}

#[tokio::test]
async fn a_server_name_that_is_let_through_keeps_its_tls() {
    let bench = Bench::with(DialerSettings {
        passthrough: Box::new(|host| host == "pinned.test"),
        ..DialerSettings::default()
    })
    .await;
    let hello = client_hello("pinned.test");
    let (mut client, mut origin) = bench.tunnel().await;
    let (start, end) = hello.split_at(hello.len() / 2);
    client.write_all(start).await.unwrap();
    client.write_all(end).await.unwrap();
    let mut seen = vec![0; hello.len()];
    soon(origin.read_exact(&mut seen)).await.unwrap();
    assert_eq!(seen, hello, "the client's own hello");
    origin.write_all(b"the origin's own").await.unwrap();
    drop(origin);
    assert_eq!(rest(&mut client).await.unwrap(), "the origin's own");
    assert_eq!(bench.shared.recorder.counts().not_decoded, 0);
    let (mut client, mut origin) = bench.tunnel().await;
    let other = client_hello("other.test");
    client.write_all(&other).await.unwrap();
    let mut seen = vec![0; other.len()];
    soon(origin.read_exact(&mut seen)).await.unwrap();
    assert_ne!(seen, other, "TLS of our own");
}

/// What a TLS client says first that asks for that name.
fn client_hello(name: &'static str) -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let name = name.try_into().unwrap();
    let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    hello
}
