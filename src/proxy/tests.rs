//! The data path over real sockets: a client of bare bytes, the proxy, an origin of bare bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::sample::Recording;
use super::{Limits, Listener, Reverse, Shared};
use crate::ca::Authority;
use crate::capture::sample;
use crate::capture::store::{Filter, Store};
use crate::model::{ContentEnd, Origin, Scheme};
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
        Self::start(settings, None).await
    }

    /// In front of its origin; `keep_host` says whether that is told the host that clients ask for.
    async fn in_reverse(keep_host: bool) -> Self {
        Self::start(DialerSettings::default(), Some(keep_host)).await
    }

    async fn start(settings: DialerSettings, reverse_keeping_host: Option<bool>) -> Self {
        let recording = Recording::start();
        let tls = UpstreamTls::new(&[], Vec::new()).unwrap();
        let ca = recording.folder().join("ca");
        let authority = Authority::load_or_create(&ca, sample::START, tls.provider()).unwrap();
        let dialer = Dialer::new(settings, tls);
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let origin = TcpListener::bind(any).await.unwrap();
        let to = origin.local_addr().unwrap().to_string();
        let reverse = reverse_keeping_host.map(|keep_host| Reverse {
            origin: Origin::parse(Scheme::Http, to.as_bytes()).unwrap(),
            keep_host,
        });
        let shared = Shared::new(
            recording.recorder.clone(),
            authority,
            dialer,
            Limits::default(),
        );
        let shared = Arc::new(shared.with_reverse(reverse));
        let listener = Listener::bind(any).await.unwrap();
        let proxy = listener.local_addr();
        let serving = listener.serve(Arc::clone(&shared), CancellationToken::new());
        Self {
            proxy,
            origin,
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

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn in_reverse_mode_what_names_no_host_but_ours_goes_to_the_origin() {
    for keep_host in [false, true] {
        let bench = Bench::in_reverse(keep_host).await;
        let host = if keep_host { "localhost" } else { "AUTHORITY" };
        let mut client = bench
            .client("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await;
        let mut origin = bench.accept().await;
        for (sent, received) in [
            (None, format!("GET /a HTTP/1.1\r\nHost: {host}\r\n\r\n")),
            (
                Some("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                format!("OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            ),
            (
                Some("POST /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi"),
                format!("POST /b HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nhi"),
            ),
        ] {
            bench.send(&mut client, sent.unwrap_or_default()).await;
            bench.expect(&mut origin, &received).await;
            origin.write_all(OK.as_bytes()).await.unwrap();
            bench.expect(&mut client, OK).await;
        }
        bench.send(&mut client, GET).await;
        let mut named = bench.accept().await;
        bench.expect(&mut named, GOT).await;
        named.write_all(OK.as_bytes()).await.unwrap();
        bench.expect(&mut client, OK).await;
        bench
            .send(&mut client, "GET / HTTP/1.1\r\nHost:\r\n\r\n")
            .await;
        let page = rest(&mut client).await.unwrap();
        assert!(page.starts_with("HTTP/1.1 400 "), "{page}");
        let (mut client, mut origin) = bench.tunnel().await;
        bench.send(&mut client, GOT).await;
        bench.expect(&mut origin, GOT).await;
    }
}

#[tokio::test]
async fn in_reverse_mode_a_connection_may_be_upgraded() {
    let bench = Bench::in_reverse(false).await;
    let (mut client, mut origin) = bench.exchange(UPGRADED, UPGRADED).await;
    origin.write_all(SWITCHING.as_bytes()).await.unwrap();
    bench.expect(&mut client, SWITCHING).await;
    client.write_all(b"\0frame").await.unwrap();
    bench.expect(&mut origin, "\0frame").await;
}

/// Begins HTTP/2: the preface and an empty SETTINGS frame.
const HTTP2: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test]
async fn in_reverse_mode_http2_goes_on_untouched_where_the_host_is_kept() {
    let bench = Bench::in_reverse(true).await;
    let (mut client, mut origin) = bench.exchange(HTTP2, HTTP2).await;
    let (_, settings) = HTTP2.split_at(24);
    origin.write_all(settings.as_bytes()).await.unwrap();
    bench.expect(&mut client, settings).await;
}

#[tokio::test]
async fn in_reverse_mode_http2_is_told_to_keep_the_host() {
    let bench = Bench::in_reverse(false).await;
    let page = http2_page(bench.client("").await).await;
    assert!(
        page.contains("505") && page.contains("--reverse-keep-host"),
        "{page}"
    );
    let bench = Bench::in_reverse(true).await;
    let proxy = bench.proxy;
    drop(bench.origin);
    let page = http2_page(TcpStream::connect(proxy).await.unwrap()).await;
    assert!(page.contains("502") && page.contains("refuses"), "{page}");
    wait_for(|| bench.shared.recorder.counts().failures == 1).await;
}

async fn wait_for(done: impl Fn() -> bool) {
    soon(async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Status and text of the answer to GET over HTTP/2 in clear.
async fn http2_page(stream: TcpStream) -> String {
    let (mut sender, connection) = soon(h2::client::handshake(stream)).await.unwrap();
    let driving = AbortOnDropHandle::new(tokio::spawn(connection));
    let request = http::Request::get("http://localhost/").body(()).unwrap();
    let (answer, _) = sender.send_request(request, true).unwrap();
    let answer = soon(answer).await.unwrap();
    let status = answer.status();
    let mut content = answer.into_body();
    let mut text = Vec::new();
    while let Some(piece) = soon(content.data()).await {
        text.extend_from_slice(&piece.unwrap());
    }
    drop(driving);
    format!("{status}: {}", String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn our_own_site_has_the_certificate_and_no_more() {
    let bench = Bench::new().await;
    let ask = async |request: &str| rest(&mut bench.client(request).await).await.unwrap();
    let get = async |path: &str| {
        let request =
            format!("GET http://why401.local{path} HTTP/1.1\r\nHost: why401.local\r\n\r\n");
        ask(&request).await
    };
    let site = get("/").await;
    assert!(site.starts_with("HTTP/1.1 200 OK\r\n"), "{site}");
    for needed in [
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        "href=\"/ca.pem\"",
        "href=\"/ca.crt\"",
    ] {
        assert!(site.contains(needed), "{needed}: {site}");
    }
    let pem = get("/ca.pem").await;
    let file = std::fs::read_to_string(bench.shared.authority.certificate_path()).unwrap();
    let (head, content) = pem.split_once("\r\n\r\n").unwrap();
    assert_eq!(content.trim(), file.replace("\r\n", "\n").trim());
    assert!(!pem.contains("PRIVATE"));
    assert!(head.contains("Content-Type: application/x-pem-file\r\n"));
    assert!(head.contains("Content-Disposition: attachment"));
    for path in ["/ca.key", "/../ca.key", "/x"] {
        assert!(get(path).await.starts_with("HTTP/1.1 404 "), "{path}");
    }
    let post = "POST http://why401.local/ HTTP/1.1\r\nHost: why401.local\r\n\r\n";
    assert!(ask(post).await.starts_with("HTTP/1.1 405 "));
    let head = ask(&post.replace("POST", "HEAD")).await;
    assert!(
        head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    let https = "GET https://why401.local/ HTTP/1.1\r\nHost: why401.local\r\n\r\n";
    let connect = "CONNECT why401.local:443 HTTP/1.1\r\nHost: why401.local:443\r\n\r\n";
    for elsewhere in [https, connect] {
        let page = ask(elsewhere).await;
        assert!(page.starts_with("HTTP/1.1 421 "), "{page}");
        assert!(page.contains("http://why401.local/"), "{page}");
    }
}

#[tokio::test]
async fn our_own_site_is_there_in_a_tunnel_too() {
    let bench = Bench::new().await;
    let mut client = bench
        .client("CONNECT WHY401.local:80 HTTP/1.1\r\nHost: why401.local\r\n\r\n")
        .await;
    let established = "HTTP/1.1 200 Connection Established\r\n\r\n";
    bench.expect(&mut client, established).await;
    is_the_certificate(&bench, client).await;
    let socks = "\x05\x01\0\x05\x01\0\x03\x0cwhy401.local\0\x50";
    let mut client = bench.client(socks).await;
    bench
        .expect(&mut client, "\x05\0\x05\0\0\x01\0\0\0\0\0\0")
        .await;
    is_the_certificate(&bench, client).await;
    assert_eq!(bench.shared.recorder.counts().requests, 0);
}

async fn is_the_certificate(bench: &Bench, mut client: TcpStream) {
    let get = "GET /ca.der HTTP/1.1\r\nHost: why401.local\r\n\r\n";
    bench.send(&mut client, get).await;
    let mut answer = Vec::new();
    soon(client.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(answer.ends_with(bench.shared.authority.certificate()));
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
