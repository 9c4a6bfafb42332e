//! HTTP/2 with the proxy itself: tunnels on streams, and what is refused.

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::common::binary::{Running, Why401};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::{Inbox, Turn, play};
use crate::common::ways::{self, Way};
use crate::common::{frames, tunnel, wait};

crate::tests![
    several_tunnels_share_a_connection,
    what_cannot_be_served_gets_a_page,
    malformed_heads_open_no_tunnel,
    a_head_that_is_too_long_is_refused,
    ends_and_resets_pass_in_both_directions,
];

fn several_tunnels_share_a_connection() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let http1 = Origin::answering(Transport::Tls, |_| Reply::unauthorized("Bearer", "{}"));
    let http2 = Origin::answering(Transport::Http2, |_| Reply::unauthorized("Bearer", "{}"));
    for way in [Way::Http2, Way::Http2InTls] {
        wait::block_on(async {
            let mut requests = way.http2(proxy.address(), &proxy.ca()).await;
            let mut open = Vec::new();
            for n in 0..8 {
                let origin = if n % 2 == 0 { &http1 } else { &http2 };
                let authority = origin.authority();
                let (status, send, receive) = ways::connect(&mut requests, &authority).await;
                assert_eq!(status, 200);
                open.push((n, ways::stream(send, receive)));
            }
            // The last that was opened speaks first, and all of them stay open.
            for (n, stream) in open.into_iter().rev() {
                let path = format!("/{way:?}/{n}");
                let status = if n % 2 == 0 {
                    let request = format!(
                        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                    );
                    let stream = tunnel::tls(stream, &proxy.ca(), &["http/1.1"]).await;
                    let turns = [Turn::send(request), Turn::AwaitEnd];
                    let played = play(stream.unwrap(), &turns, &Inbox::new()).await;
                    String::from_utf8_lossy(&played.received)[9..12].to_owned()
                } else {
                    let stream = tunnel::tls(stream, &proxy.ca(), &["h2"]).await;
                    let (mut inner, connection) =
                        h2::client::handshake(stream.unwrap()).await.unwrap();
                    drop(wait::spawn(async move { drop(connection.await) }));
                    let request = http::Request::get(http2.url(&path)).body(()).unwrap();
                    let (response, _) = inner.send_request(request, true).unwrap();
                    response.await.unwrap().status().as_str().to_owned()
                };
                assert_eq!(status, "401", "{path}");
            }
        });
    }
    let rows = why401.list_of(16);
    assert_eq!(rows.len(), 16);
    let hop = &why401.report_on("/Http2/3")["exchange"]["hop"];
    assert_eq!(hop["entry"], "tunnel");
    assert_eq!(hop["client_tls"]["alpn"], "h2");
}

/// The status, the mark and the text of the answer.
async fn ask(
    requests: &mut SendRequest<Bytes>,
    request: http::Request<()>,
) -> (u16, String, String) {
    let (response, _) = requests.send_request(request, true).unwrap();
    let (parts, content) = response.await.unwrap().into_parts();
    let mark = parts.headers["why401-failure"].to_str().unwrap().to_owned();
    (parts.status.as_u16(), mark, text(content).await)
}

async fn text(mut content: RecvStream) -> String {
    let mut text = Vec::new();
    while let Some(piece) = content.data().await {
        text.extend_from_slice(&piece.unwrap());
    }
    String::from_utf8(text).unwrap()
}

fn refusing() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("localhost:{}", free.local_addr().unwrap().port())
}

fn what_cannot_be_served_gets_a_page() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let refusing = refusing();
    let own = format!("localhost:{}", proxy.address().port());
    let connect = |target: &str| http::Request::connect(target).body(()).unwrap();
    let host_differs = http::Request::connect(&refusing).header("host", "other.test:1");
    let cases = [
        (connect(&refusing), 502, "refused"),
        (connect(&own), 403, "own-listener"),
        (connect("nowhere.invalid:443"), 502, "name-not-found"),
        (connect("localhost"), 400, "refused-message"),
        (connect("me:secret@localhost:1"), 400, "refused-message"),
        (host_differs.body(()).unwrap(), 400, "refused-message"),
        (
            http::Request::get("http://localhost/x").body(()).unwrap(),
            405,
            "refused-message",
        ),
    ];
    wait::block_on(async {
        let mut requests = Way::Http2.http2(proxy.address(), &proxy.ca()).await;
        for (request, status, mark) in cases {
            let asked = format!("{request:?}");
            let (told, marked, text) = ask(&mut requests, request).await;
            assert_eq!((told, marked.as_str()), (status, mark), "{asked}");
            assert!(
                text.contains("why401") && !text.contains("secret"),
                "{text}"
            );
        }
    });
    // What reached for an origin is recorded, as it was asked for.
    let rows = why401.list_of(3);
    assert_eq!(rows.len(), 3, "{rows:#?}");
    let shown = why401.json(&["show", "--json"]);
    assert!(
        shown["url"].as_str().unwrap().contains("nowhere.invalid"),
        "{shown:#}"
    );
    assert_eq!(shown["http_version"], "HTTP/2");
}

/// Kind, stream and payload of each frame.
fn read(mut bytes: &[u8]) -> Vec<(u8, u32, &[u8])> {
    let mut all = Vec::new();
    while let [a, b, c, kind, _, d, e, f, g, rest @ ..] = bytes {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let (payload, after) = rest.split_at(length.min(rest.len()));
        all.push((*kind, u32::from_be_bytes([*d, *e, *f, *g]), payload));
        bytes = after;
    }
    all
}

/// Heads of CONNECT, and two of GET, that no server may take (RFC 9113 sections 8.2, 8.3, 8.5).
fn malformed_heads(target: &str) -> Vec<Vec<(&str, &str)>> {
    let method = (":method", "CONNECT");
    let authority = (":authority", target);
    let with = |field| vec![method, authority, field];
    vec![
        with((":scheme", "https")),
        with((":path", "/")),
        with((":authority", "other.test:1")),
        with((":method", "CONNECT")),
        with((":unknown", "x")),
        with((":status", "200")),
        with((":protocol", "websocket")),
        vec![method, ("x", "1"), authority],
        with(("X-Upper", "1")),
        with(("connection", "close")),
        with(("proxy-connection", "close")),
        with(("keep-alive", "1")),
        with(("transfer-encoding", "chunked")),
        with(("upgrade", "x")),
        with(("te", "gzip")),
        with(("a\0b", "1")),
        with(("x", "a\0b")),
        with(("x", "a\r\nb: c")),
        vec![(":method", "GET"), (":scheme", "http"), authority],
        vec![
            (":method", "GET"),
            (":scheme", "http"),
            authority,
            (":path", ""),
        ],
    ]
}

fn malformed_heads_open_no_tunnel() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let refusing = refusing();
    let method = (":method", "CONNECT");
    let authority = (":authority", refusing.as_str());
    let heads = malformed_heads(&refusing);
    let mut good_ones = 0;
    for head in heads {
        let turns = [
            Turn::send(frames::opening()),
            Turn::send(frames::headers(1, &head, true)),
            // Answered after it, if the fault does not end the connection.
            Turn::send(frames::headers(3, &[method, authority], true)),
            Turn::Saw(b"nothing listens".to_vec()),
            Turn::Finish,
            Turn::AwaitEnd,
        ];
        let played = tunnel::play_on(proxy.address(), &turns);
        let seen = read(&played.received);
        let kinds = |stream| -> Vec<_> {
            let of_it = seen.iter().filter(|it| it.1 == stream);
            of_it.map(|it| it.0).collect()
        };
        let answers_the_next = kinds(3).contains(&frames::HEADERS);
        if answers_the_next {
            good_ones += 1;
            assert_eq!(kinds(1), [frames::RST_STREAM], "{head:?}: {seen:?}");
        } else {
            assert!(kinds(0).contains(&frames::GOAWAY), "{head:?}: {seen:?}");
            assert!(kinds(1).is_empty(), "{head:?}: {seen:?}");
        }
    }
    assert!(good_ones >= 10, "only {good_ones} ended their stream alone");
    assert_eq!(
        why401.list_of(good_ones).len(),
        good_ones,
        "only the good ones"
    );
}

fn a_head_that_is_too_long_is_refused() {
    let why401 = Why401::new();
    let mut proxy = why401.run(&[]);
    let long = "x".repeat(16_000);
    let refusing = refusing();
    let fields = [
        (":method", "CONNECT"),
        (":authority", refusing.as_str()),
        ("x", long.as_str()),
    ];
    let first = frames::frame(
        frames::HEADERS,
        0,
        1,
        &frames::headers(1, &fields, false)[9..],
    );
    let mut sent = [frames::opening(), first].concat();
    for _ in 0..64 {
        sent.extend(frames::continuation(1, &[("x", &long)], false));
    }
    let turns = [Turn::send(sent), Turn::AwaitEnd];
    let played = tunnel::play_on(proxy.address(), &turns);
    let seen = read(&played.received);
    assert!(seen.iter().any(|it| it.0 == frames::GOAWAY), "{seen:?}");
    assert!(proxy.is_alive());
}

/// A stream to an origin of bare bytes, and the origin's end.
async fn pair(proxy: &Running) -> (h2::SendStream<Bytes>, RecvStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let mut requests = Way::Http2.http2(proxy.address(), &proxy.ca()).await;
    let connecting = ways::connect(&mut requests, &authority);
    let ((status, send, receive), accepted) = tokio::join!(connecting, listener.accept());
    assert_eq!(status, 200);
    (send, receive, accepted.unwrap().0)
}

fn ends_and_resets_pass_in_both_directions() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    wait::block_on(async {
        // END_STREAM is FIN, whichever side comes first.
        let (mut send, receive, mut origin) = pair(&proxy).await;
        send.send_data(Bytes::from_static(b"asked"), true).unwrap();
        let mut heard = String::new();
        origin.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "asked");
        origin.write_all(b"answered").await.unwrap();
        origin.shutdown().await.unwrap();
        assert_eq!(text(receive).await, "answered");

        let (mut send, receive, mut origin) = pair(&proxy).await;
        origin.write_all(b"first").await.unwrap();
        origin.shutdown().await.unwrap();
        assert_eq!(text(receive).await, "first");
        send.send_data(Bytes::from_static(b"later"), true).unwrap();
        let mut heard = String::new();
        origin.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "later");

        // RST_STREAM is RST.
        let (mut send, _receive, mut origin) = pair(&proxy).await;
        origin.write_all(b"x").await.unwrap();
        send.send_reset(Reason::CANCEL);
        let error = origin.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

        let (_send, mut receive, origin) = pair(&proxy).await;
        origin.set_zero_linger().unwrap();
        drop(origin);
        let error = receive.data().await.unwrap().unwrap_err();
        assert_eq!(error.reason(), Some(Reason::CONNECT_ERROR));
    });
}
