//! HTTP/2 through the proxy: every byte unchanged, every stream read.

use serde_json::{Value, json};

use crate::common::binary::{Running, Why401};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::pki::Fault;
use crate::common::script::{End, Played, Turn};
use crate::common::{frames, tunnel, wait};

crate::tests![
    every_frame_passes_unchanged_and_is_read,
    streams_that_interleave_keep_their_responses,
    a_stream_that_is_reset_keeps_what_came_of_its_401,
    damaged_frames_flow_on_and_are_counted,
    an_origin_may_speak_before_its_client,
    a_certificate_that_does_not_verify_is_explained_over_http2,
    the_origin_is_offered_what_the_client_offers,
];

const REQUEST: [(&str, &str); 9] = [
    (":path", "/v1/orders?page=2"),
    (":scheme", "https"),
    (":authority", "localhost"),
    (":method", "POST"),
    ("cookie", "a=1"),
    ("x-one", " kept "),
    ("cookie", "b=2"),
    ("x-One", "odd case"),
    ("authorization", "Bearer 0123456789abcdef0123"),
];

const RESPONSE: [(&str, &str); 4] = [
    (":status", "401"),
    ("www-authenticate", "Bearer error=\"invalid_token\""),
    ("set-cookie", "s=1"),
    ("set-cookie", "t=2"),
];

/// A client's side of one exchange with whatever HTTP/2 allows.
fn odd_request() -> Vec<u8> {
    let (first, rest) = REQUEST.split_at(5);
    [
        frames::PREFACE.to_vec(),
        frames::frame(frames::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]),
        frames::frame(0xfa, 0x0f, 7, b"an unknown frame"),
        frames::padded_headers(1, first, 200),
        frames::continuation(1, &rest[..2], false),
        frames::continuation(1, &rest[2..], true),
        frames::frame(frames::WINDOW_UPDATE, 0, 1, &[0, 1, 0, 0]),
        frames::padded_data(1, b"{\"q\":", 255, false),
        frames::frame(frames::PING, 0, 0, b"12345678"),
        frames::frame(frames::DATA, 0, 1, b"1}"),
        frames::headers(1, &[("x-sum", "9f")], true),
    ]
    .concat()
}

/// The answer to it: interim response, head, content, trailers.
fn odd_response() -> Vec<u8> {
    [
        frames::frame(frames::SETTINGS, 0, 0, &[]),
        frames::frame(frames::SETTINGS, 1, 0, &[]),
        frames::headers(1, &[(":status", "103"), ("link", "</a.css>")], false),
        frames::headers(1, &RESPONSE, false),
        frames::padded_data(1, b"{\"error\":", 10, false),
        frames::frame(frames::DATA, 0, 1, b"\"no\"}"),
        frames::headers(1, &[("x-trailer", "1")], true),
        frames::frame(frames::GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]),
    ]
    .concat()
}

fn every_frame_passes_unchanged_and_is_read() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    for transport in [Transport::Http2, Transport::Plain] {
        for piece in [usize::MAX, 1] {
            hold(&proxy, transport, piece, &odd_request(), &odd_response());
        }
    }
    let rows = why401.list_of(4);
    for row in &rows {
        let shown = why401.json(&["show", row["id"].as_str().unwrap(), "--json"]);
        is_the_odd_exchange(&shown);
    }
}

fn is_the_odd_exchange(exchange: &Value) {
    assert_eq!(exchange["http_version"], json!("HTTP/2"), "{exchange:#}");
    assert_eq!(exchange["status"], json!(401));
    assert_eq!(exchange["path"], json!("/v1/orders"));
    let names = |list: &Value| -> Vec<String> {
        let pairs = list.as_array().unwrap().iter();
        pairs
            .map(|pair| pair[0].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&exchange["request_pseudo_headers"]),
        [":path", ":scheme", ":authority", ":method"]
    );
    assert_eq!(
        names(&exchange["request_headers"]),
        ["cookie", "x-one", "cookie", "x-One", "authorization"]
    );
    assert_eq!(names(&exchange["request_trailers"]), ["x-sum"]);
    assert_eq!(
        names(&exchange["response_headers"]),
        ["www-authenticate", "set-cookie", "set-cookie"]
    );
    assert_eq!(names(&exchange["response_trailers"]), ["x-trailer"]);
    assert_eq!(exchange["request_content"]["length"], json!(7));
    assert_eq!(exchange["response_content"]["length"], json!(14));
    assert_eq!(exchange["response_content"]["end"], json!("complete"));
}

/// Sends these bytes through a tunnel, answers with those, and compares both streams.
fn hold(proxy: &Running, transport: Transport, piece: usize, sent: &[u8], answered: &[u8]) {
    let origin = Origin::playing(
        transport,
        vec![
            Turn::Received(sent.len()),
            Turn::Send(answered.to_vec(), piece),
            Turn::AwaitEnd,
            Turn::Finish,
        ],
    );
    let client = tunnel::play_through(
        proxy.address(),
        &proxy.ca(),
        &origin,
        transport,
        &[
            Turn::Send(sent.to_vec(), piece),
            Turn::Received(answered.len()),
            Turn::Finish,
            Turn::AwaitEnd,
        ],
    );
    let place = format!("{transport:?}, pieces of {piece}");
    assert!(client.received == answered, "{place}: response");
    let heard = heard(&origin);
    assert!(heard.received == sent, "{place}: request");
    assert_eq!((client.end, heard.end), (End::Finished, End::Finished));
}

fn heard(origin: &Origin) -> Played {
    wait::until("the origin's connection to end", || {
        let last = origin.connections().pop()?;
        (last.end != End::Open).then_some(last)
    })
}

fn get(stream: u32, path: &str) -> Vec<u8> {
    let fields = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", path),
    ];
    frames::headers(stream, &fields, true)
}

fn streams_that_interleave_keep_their_responses() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let mut sent = frames::opening();
    let mut answered = frames::frame(frames::SETTINGS, 0, 0, &[]);
    let streams = (0..50).map(|n| 2 * n + 1);
    for stream in streams.clone() {
        sent.extend(get(stream, &format!("/s/{stream}")));
    }
    // The newest first, heads before contents; every fifth is refused.
    for stream in streams.clone().rev() {
        let status = if stream % 5 == 0 { "401" } else { "200" };
        answered.extend(frames::headers(stream, &[(":status", status)], false));
    }
    for stream in streams {
        let content = stream.to_string();
        answered.extend(frames::frame(frames::DATA, 1, stream, content.as_bytes()));
    }
    hold(&proxy, Transport::Http2, 13, &sent, &answered);
    let rows = why401.list_of(10);
    let mut seen: Vec<u32> = rows
        .iter()
        .map(|row| {
            let url = row["url"].as_str().unwrap();
            let stream: u32 = url.rsplit('/').next().unwrap().parse().unwrap();
            let shown = why401.json(&["show", row["id"].as_str().unwrap(), "--json"]);
            let content = &shown["response_content"];
            assert_eq!(content["text"], json!(stream.to_string()), "{shown:#}");
            stream
        })
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]);
}

fn a_stream_that_is_reset_keeps_what_came_of_its_401() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let sent = [frames::opening(), get(1, "/cut"), get(3, "/never")].concat();
    let answered = [
        frames::frame(frames::SETTINGS, 0, 0, &[]),
        frames::headers(1, &[(":status", "401")], false),
        frames::frame(frames::DATA, 0, 1, b"part"),
        frames::frame(frames::RST_STREAM, 0, 1, &[0, 0, 0, 2]),
        frames::frame(frames::RST_STREAM, 0, 3, &[0, 0, 0, 7]),
    ]
    .concat();
    hold(&proxy, Transport::Http2, usize::MAX, &sent, &answered);
    let rows = why401.list_of(1);
    let shown = why401.json(&["show", rows[0]["id"].as_str().unwrap(), "--json"]);
    let content = &shown["response_content"];
    assert_eq!(content["end"], json!("cut-off"), "{shown:#}");
    assert_eq!(content["length"], json!(4));
}

fn damaged_frames_flow_on_and_are_counted() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    // An index beyond both tables: HPACK cannot be resumed after it.
    let damaged = frames::frame(frames::HEADERS, 5, 1, &[0xff, 0xff, 0x03]);
    let sent = [frames::opening(), damaged, get(3, "/after")].concat();
    let answered = [
        frames::frame(frames::SETTINGS, 0, 0, &[]),
        frames::headers(3, &[(":status", "401")], true),
    ]
    .concat();
    hold(&proxy, Transport::Http2, usize::MAX, &sent, &answered);
    let ended = proxy.stop();
    assert!(ended.stderr.contains("not read any further"), "{ended:#?}");
}

fn an_origin_may_speak_before_its_client() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let settings = frames::frame(frames::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]);
    let answer = frames::headers(1, &[(":status", "401")], true);
    let sent = [frames::opening(), get(1, "/late")].concat();
    let origin = Origin::playing(
        Transport::Plain,
        vec![
            Turn::send(settings.clone()),
            Turn::Received(sent.len()),
            Turn::send(answer),
            Turn::AwaitEnd,
        ],
    );
    tunnel::play_through(
        proxy.address(),
        &proxy.ca(),
        &origin,
        Transport::Plain,
        &[
            Turn::Received(settings.len()),
            Turn::send(sent),
            Turn::Saw(vec![0, 0, 0, 1]),
            Turn::Finish,
            Turn::AwaitEnd,
        ],
    );
    let rows = why401.list_of(1);
    assert!(rows[0]["url"].as_str().unwrap().ends_with("/late"));
}

/// The status and fields of the answer to a GET over HTTP/2, through the proxy.
fn ask(proxy: &Running, origin: &Origin, path: &str, offers: &[&str]) -> (u16, http::HeaderMap) {
    wait::block_on(async {
        let (stream, _) = tunnel::connect(proxy.address(), &origin.authority()).await;
        let stream = tunnel::tls(stream, &proxy.ca(), offers).await.unwrap();
        let (sender, connection) = h2::client::handshake(stream).await.unwrap();
        drop(wait::spawn(async move { drop(connection.await) }));
        let request = http::Request::get(origin.url(path)).body(()).unwrap();
        let mut sender = sender.ready().await.unwrap();
        let (response, _) = sender.send_request(request, true).unwrap();
        let response = response.await.unwrap();
        (response.status().as_u16(), response.headers().clone())
    })
}

fn a_certificate_that_does_not_verify_is_explained_over_http2() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    let origin = Origin::answering(Transport::BadTls(Fault::Expired), |_| Reply::ok());
    let (status, fields) = ask(&proxy, &origin, "/expired", &["h2", "http/1.1"]);
    assert_eq!(status, 502);
    assert_eq!(fields["why401-failure"], "certificate-expired");
    let report = why401.report_on("/expired");
    assert_eq!(report["exchange"]["http_version"], json!("HTTP/2"));
    assert!(origin.requests().is_empty(), "no request may reach it");
}

fn the_origin_is_offered_what_the_client_offers() {
    let why401 = Why401::new();
    let proxy = why401.run(&[]);
    // This origin speaks HTTP/1.1 only, this client HTTP/2 only: they would not have met without us.
    let origin = Origin::answering(Transport::Tls, |_| Reply::ok());
    let (status, fields) = ask(&proxy, &origin, "/", &["h2"]);
    assert_eq!(status, 502);
    assert_eq!(fields["why401-failure"], "protocol");
    // This one takes either, as its client wishes.
    let origin = Origin::answering(Transport::Http2, |_| Reply::ok());
    assert_eq!(ask(&proxy, &origin, "/two", &["h2"]).0, 200);
    let turns = [
        Turn::send("GET /one HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        Turn::AwaitEnd,
    ];
    let one = tunnel::play_through(
        proxy.address(),
        &proxy.ca(),
        &origin,
        Transport::Tls,
        &turns,
    );
    assert!(one.received.starts_with(b"HTTP/1.1 200 "), "{one:?}");
    let targets: Vec<_> = origin.requests().iter().map(|it| it.target()).collect();
    assert_eq!(targets, ["/two", "/one"]);
}
