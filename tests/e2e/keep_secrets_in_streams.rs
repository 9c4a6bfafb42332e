//! Canaries in what flows on after a head: frames of a WebSocket, messages and trailers of gRPC.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

use bytes::Bytes;
use http::{HeaderMap, Response};
use tungstenite::protocol::frame::CloseFrame;
use tungstenite::protocol::{Message, Role, WebSocket};

use crate::common::binary::{Running, Why401};
use crate::common::canaries::{Cage, nothing_leaked};
use crate::common::{tunnel, wait};

crate::tests![
    no_canary_of_a_web_socket_leaves_the_sealed_store,
    no_canary_of_a_grpc_call_leaves_the_sealed_store,
];

fn no_canary_of_a_web_socket_leaves_the_sealed_store() {
    let mut cage = Cage::default();
    let why401 = Why401::new().with_env("WHY401_LOG", "trace");
    let proxy = why401.run(&[]);
    talk_over_a_web_socket(&proxy, &mut cage);
    let recorded = ["subprotocol", "JSON message", "reason of a close"];
    shows_and_leaks_nothing(&cage, &why401, proxy, "4401", &recorded);
}

fn no_canary_of_a_grpc_call_leaves_the_sealed_store() {
    let mut cage = Cage::default();
    let why401 = Why401::new().with_env("WHY401_LOG", "trace");
    let proxy = why401.run(&[]);
    wait::block_on(call_over_grpc(&proxy, &mut cage));
    let recorded = ["metadata", "grpc-message", "trailer of a response"];
    shows_and_leaks_nothing(&cage, &why401, proxy, "16", &recorded);
}

/// Everything that shows the only failure, `sign` among it, shows no canary, though those of the places
/// in `recorded` are there for who asks; nor does any file.
fn shows_and_leaks_nothing(
    cage: &Cage,
    why401: &Why401,
    proxy: Running,
    sign: &str,
    recorded: &[&str],
) {
    why401.list_of(1);
    let revealed = why401.command(&["show", "--reveal"]).stdout;
    let hits = cage.hits(revealed.as_bytes(), "show --reveal");
    for place in recorded {
        let is_there = hits.iter().any(|hit| hit.starts_with(place));
        assert!(is_there, "{place}: {revealed}");
    }
    let mut screens = Vec::new();
    for command in [
        "list",
        "list --json",
        "show",
        "show --raw",
        "show --as curl",
        "show --json",
        "why",
        "why --json",
        "baseline list --learned --json",
    ] {
        let output = why401.command(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(output.code(), 0, "{command}: {output:#?}");
        // As received are the heads alone.
        if command.starts_with("show") && !["show --raw", "show --as curl"].contains(&command) {
            assert!(output.stdout.contains(sign), "{command}: {output:#?}");
        }
        screens.push((command.to_owned(), output.stdout + &output.stderr));
    }
    // Before the store is closed, while its log is still there.
    nothing_leaked(cage, why401, &screens);
    let ended = proxy.stop();
    screens.push(("run".to_owned(), ended.stdout + &ended.stderr));
    nothing_leaked(cage, why401, &screens);
}

/// The token where people put it for want of a header: in the query, the subprotocol, a cookie, the
/// first message. The origin repeats it and closes.
fn talk_over_a_web_socket(proxy: &Running, cage: &mut Cage) {
    let answer = format!(
        r#"{{"error":"bad token","token":"{}"}}"#,
        cage.put("message of a server")
    );
    let reason = format!("no token {}", cage.put("reason of a close"));
    let (origin, server) = web_socket_origin(answer, reason);
    let (stream, _) = wait::block_on(tunnel::connect(proxy.address(), &origin.to_string()));
    let mut stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(wait::PATIENCE)).unwrap();
    let handshake = format!(
        "GET /live?access_token={} HTTP/1.1\r\nHost: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\
         Sec-WebSocket-Protocol: bearer, {}\r\nCookie: sid={}\r\n\r\n",
        cage.put("query of a handshake"),
        cage.put("subprotocol"),
        cage.put("cookie of a handshake"),
    );
    stream.write_all(handshake.as_bytes()).unwrap();
    read_head(&mut stream);
    let mut socket = WebSocket::from_raw_socket(stream, Role::Client, None);
    let login = format!(
        r#"{{"type":"auth","token":"{}"}}"#,
        cage.put("JSON message")
    );
    let words = format!("AUTH {}", cage.put("text message"));
    let binary = [&[0, 1, 255], cage.put("binary message").as_bytes()].concat();
    for message in [
        Message::text(login),
        Message::text(words),
        Message::binary(binary),
        Message::Ping(cage.put("ping").into_bytes().into()),
    ] {
        socket.send(message).unwrap();
    }
    while socket.read().is_ok() {}
    server.join().unwrap();
}

/// From RFC 6455 section 1.3, as is what answers it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Answers the third message of the only client, and closes with 4401.
fn web_socket_origin(answer: String, reason: String) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(wait::PATIENCE)).unwrap();
        read_head(&mut stream);
        let response = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                        Sec-WebSocket-Accept: s3pPLBmTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        stream.write_all(response.as_bytes()).unwrap();
        let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
        for _ in 0..3 {
            socket.read().unwrap();
        }
        socket.send(Message::text(answer)).unwrap();
        let code = 4401.into();
        let reason = reason.into();
        socket.close(Some(CloseFrame { code, reason })).unwrap();
        while socket.read().is_ok() {}
    });
    (address, server)
}

/// Byte by byte: nothing of what follows the head may be swallowed.
fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
}

/// A call with a token in its metadata and its message, refused in the trailers.
async fn call_over_grpc(proxy: &Running, cage: &mut Cage) {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "16".parse().unwrap());
    for (name, place) in [
        ("grpc-message", "grpc-message"),
        ("x-session-token", "trailer of a response"),
        ("grpc-status-details-bin", "binary trailer"),
    ] {
        trailers.insert(name, cage.put(place).parse().unwrap());
    }
    let answer = message(&cage.put("message of a response"));
    let origin = grpc_origin(answer, trailers).await;

    let request = http::Request::post(format!("http://{origin}/acme.Shop/Orders"))
        .header("content-type", "application/grpc")
        .header("authorization", format!("Bearer {}", cage.put("metadata")))
        .header("x-token-bin", cage.put("binary metadata"))
        .body(())
        .unwrap();
    let (stream, _) = tunnel::connect(proxy.address(), &origin.to_string()).await;
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    drop(wait::spawn(async move { drop(connection.await) }));
    let mut sender = sender.ready().await.unwrap();
    let (response, mut sending) = sender.send_request(request, false).unwrap();
    let content = message(&format!(
        r#"{{"password":"{}"}}"#,
        cage.put("message of a request")
    ));
    sending.send_data(content, true).unwrap();
    let mut content = response.await.unwrap().into_body();
    while content.data().await.is_some() {}
    let trailers = content.trailers().await.unwrap().unwrap();
    assert_eq!(trailers["grpc-status"], "16");
}

/// A message with its prefix: not compressed, and its length.
fn message(text: &str) -> Bytes {
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    [&[0], &length[..], text.as_bytes()].concat().into()
}

/// Answers the only call with that message and those trailers.
async fn grpc_origin(answer: Bytes, trailers: HeaderMap) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(wait::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let response = Response::builder().header("content-type", "application/grpc");
            let response = response.body(()).unwrap();
            let mut stream = respond.send_response(response, false).unwrap();
            stream.send_data(answer.clone(), false).unwrap();
            stream.send_trailers(trailers.clone()).unwrap();
        }
    }));
    address
}
