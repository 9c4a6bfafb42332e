//! HTTP/2 on both ends of the load: the h2 crate asks and answers.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::SendRequest;
use h2::server::SendResponse;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::server::TlsStream;

use crate::load::{self, Load};
use crate::origin::{Answer, Answers, CHALLENGE, REFUSED_BODY};

/// How much a receiver lets its sender send ahead.
const WINDOW: u32 = 1 << 20;

/// One connection with its streams.
pub async fn client(
    load: &Load,
    streams: usize,
    left: &Arc<AtomicUsize>,
    origin: SocketAddr,
    proxy: Option<SocketAddr>,
    tls: &TlsConnector,
) -> Vec<Duration> {
    let sender = open(origin, proxy, tls).await;
    ask(&sender, load, streams, left, origin).await
}

/// Opens a connection, which ends with its last sender.
pub async fn open(
    origin: SocketAddr,
    proxy: Option<SocketAddr>,
    tls: &TlsConnector,
) -> SendRequest<Bytes> {
    let stream = load::open(origin, proxy, tls).await;
    let mut builder = h2::client::Builder::new();
    builder
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let (sender, connection) = builder.handshake(stream).await.unwrap();
    // Should it break, the requests on it fail, too.
    tokio::task::spawn(async move { drop(connection.await) });
    sender
}

/// So many streams at a time: each takes requests from what is left until nothing is.
pub async fn ask(
    sender: &SendRequest<Bytes>,
    load: &Load,
    streams: usize,
    left: &Arc<AtomicUsize>,
    origin: SocketAddr,
) -> Vec<Duration> {
    let url = format!("https://localhost:{}{}", origin.port(), load.target);
    let mut workers = JoinSet::new();
    for _ in 0..streams {
        workers.spawn(stream_after_stream(
            sender.clone(),
            url.clone(),
            Arc::clone(left),
        ));
    }
    workers.join_all().await.concat()
}

async fn stream_after_stream(
    sender: SendRequest<Bytes>,
    url: String,
    left: Arc<AtomicUsize>,
) -> Vec<Duration> {
    let mut latencies = Vec::new();
    while load::take(&left) {
        let request = http::Request::get(&url)
            .header("user-agent", "bench/1")
            .header("accept", "*/*")
            .header(
                "authorization",
                "Bearer 0123456789abcdefghijklmnopqrstuvwxyz",
            )
            .body(())
            .unwrap();
        let asked = Instant::now();
        let mut ready = sender.clone().ready().await.unwrap();
        let (response, _) = ready.send_request(request, true).unwrap();
        let mut content = response.await.unwrap().into_body();
        while let Some(piece) = content.data().await {
            let length = piece.unwrap().len();
            content.flow_control().release_capacity(length).unwrap();
        }
        latencies.push(asked.elapsed());
    }
    latencies
}

/// Serves one connection.
pub async fn serve(stream: TlsStream<TcpStream>, answers: &Arc<Answers>) {
    let mut builder = h2::server::Builder::new();
    builder
        .initial_connection_window_size(WINDOW)
        .max_send_buffer_size(WINDOW as usize);
    let Ok(mut connection) = builder.handshake(stream).await else {
        return;
    };
    let mut count = 0;
    while let Some(Ok((request, respond))) = connection.accept().await {
        count += 1;
        match Answer::to(request.uri().path(), count) {
            Answer::Bulk(length) => {
                tokio::task::spawn(bulk(respond, length, answers.piece.clone()));
            }
            Answer::Small => send(respond, http::Response::builder(), answers.body.clone()),
            Answer::Refused => {
                let response = http::Response::builder()
                    .status(401)
                    .header("www-authenticate", CHALLENGE);
                send(respond, response, REFUSED_BODY.into());
            }
        }
    }
}

fn send(mut respond: SendResponse<Bytes>, response: http::response::Builder, content: Bytes) {
    let response = response
        .header("content-type", "application/json")
        .header("server", "bench")
        .header("content-length", content.len())
        .body(())
        .unwrap();
    let mut stream = respond.send_response(response, false).unwrap();
    stream.send_data(content, true).unwrap();
}

async fn bulk(mut respond: SendResponse<Bytes>, length: u64, piece: Bytes) {
    let response = http::Response::builder()
        .header("content-length", length)
        .body(())
        .unwrap();
    let mut stream = respond.send_response(response, false).unwrap();
    let mut left = usize::try_from(length).unwrap();
    while left > 0 {
        stream.reserve_capacity(left.min(piece.len()));
        let capacity = poll_fn(|cx| stream.poll_capacity(cx)).await;
        // A client that has gone needs no more.
        let Some(Ok(capacity)) = capacity else { return };
        let now = capacity.min(left).min(piece.len());
        left -= now;
        stream.send_data(piece.slice(..now), left == 0).unwrap();
    }
}
