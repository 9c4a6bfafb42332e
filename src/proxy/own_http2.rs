//! HTTP/2 with the proxy itself: CONNECT makes a tunnel of a stream (RFC 9113 section 8.5).

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use h2::RecvStream;
use h2::server::{Connection, SendResponse};
use http_body_util::BodyExt;
use hyper::body::Bytes;
use hyper::header::HOST;
use hyper::{Method, Request, Response};
use tokio::task::JoinSet;

use super::Shared;
use super::connection::{Accepted, LAST_WORDS};
use super::pages::Page;
use super::stream::Stream;
use super::transport::Link;
use super::tunnel::Tunnel;
use crate::model::{Entry, Origin, Scheme};
use crate::net::Socket;
use crate::wire::field_block::FieldBlockBuilder;
use crate::wire::message::MessageHead;

/// Serves a client whose connection begins with the preface of HTTP/2.
pub(super) async fn serve(accepted: Accepted<'_>, client: Link) {
    let header_list = accepted.shared.limits.own_header_list;
    let handshake = limits(header_list).handshake::<_, Bytes>(client);
    let mut connection =
        match tokio::time::timeout(accepted.shared.limits.head_timeout, handshake).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return tracing::debug!(%error, "a client broke HTTP/2"),
            Err(_elapsed) => return tracing::debug!("a client began HTTP/2 and stopped"),
        };
    let mut streams = JoinSet::new();
    loop {
        let next = tokio::select! {
            next = connection.accept() => next,
            Some(_ended) = streams.join_next() => continue,
            () = tokio::time::sleep(IDLE), if streams.is_empty() => {
                return shut_down(connection).await;
            }
        };
        match next {
            Some(Ok((request, mut respond))) => {
                let room = Arc::clone(&accepted.shared.room).try_acquire_owned().ok();
                match room.filter(|_| streams.len() < STREAM_LIMIT) {
                    Some(room) => {
                        let stream = serve_stream(Owned::of(accepted), request, respond);
                        streams.spawn(async move {
                            stream.await;
                            drop(room);
                        });
                    }
                    None => respond.send_reset(h2::Reason::REFUSED_STREAM),
                }
            }
            Some(Err(error)) => break tracing::debug!(%error, "a client broke HTTP/2"),
            None => break,
        }
    }
    // The tunnels see the end of the connection as well, and pass it on to their origins.
    let ends = async { while streams.join_next().await.is_some() {} };
    drop(tokio::time::timeout(LAST_WORDS, ends).await);
}

/// Says goodbye to a client that has had no tunnel for long.
async fn shut_down(mut connection: Connection<Link, Bytes>) {
    connection.graceful_shutdown();
    let end = async { while let Some(Ok(_too_late)) = connection.accept().await {} };
    drop(tokio::time::timeout(LAST_WORDS, end).await);
}

fn limits(header_list: usize) -> h2::server::Builder {
    let mut builder = h2::server::Builder::new();
    builder
        .max_header_list_size(u32::try_from(header_list).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS_AT_A_TIME)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(STREAM_WINDOW * STREAMS_AT_A_TIME)
        .max_send_buffer_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(Some(1024));
    builder
}

/// What a stream's task needs of its connection.
struct Owned {
    shared: Arc<Shared>,
    number: u64,
    client: std::net::SocketAddr,
    local: std::net::IpAddr,
    tls: Option<crate::model::TlsParameters>,
}

impl Owned {
    /// Each stream counts as a connection: what it carries has nothing to do with the others.
    fn of(accepted: Accepted<'_>) -> Self {
        let shared = Arc::clone(accepted.shared);
        Self {
            number: shared.connections.fetch_add(1, Ordering::Relaxed),
            shared,
            client: accepted.client,
            local: accepted.local,
            tls: accepted.tls.cloned(),
        }
    }

    fn accepted(&self) -> Accepted<'_> {
        Accepted {
            shared: &self.shared,
            number: self.number,
            client: self.client,
            local: self.local,
            tls: self.tls.as_ref(),
        }
    }
}

/// Serves one stream to its end.
async fn serve_stream(owned: Owned, request: Request<RecvStream>, respond: SendResponse<Bytes>) {
    if request.method() != Method::CONNECT {
        return answer(respond, other_request(&request)).await;
    }
    match asked(&request) {
        Ok(origin) => Box::pin(open(owned.accepted(), origin, request, respond)).await,
        Err(sentence) => answer(respond, Page::refusal(400, "Bad Request", sentence)).await,
    }
}

/// What is not CONNECT is for us, or misdirected.
fn other_request(_request: &Request<RecvStream>) -> Page {
    let sentence =
        "Over HTTP/2 this proxy takes CONNECT only: use http/1.1 for other requests to it.";
    Page::refusal(405, "Method Not Allowed", sentence)
}

/// Where a CONNECT leads. That it has neither scheme nor path, the codec has seen to.
fn asked(request: &Request<RecvStream>) -> Result<Origin, &'static str> {
    let no_target = "The target of CONNECT is not host:port.";
    let authority = request.uri().authority().ok_or(no_target)?;
    let host_differs = |host| authority.as_str().as_bytes() != host;
    let mut hosts = request.headers().get_all(HOST).iter();
    if hosts.any(|host| host_differs(host.as_bytes())) {
        return Err("Host names another authority than the target.");
    }
    authority.port_u16().ok_or(no_target)?;
    let origin = Origin::parse(Scheme::Https, authority.as_str().as_bytes());
    origin.map_err(|_cannot_be| no_target)
}

/// Opens the tunnel that a CONNECT asks for, unless the client gives it up meanwhile.
async fn open(
    accepted: Accepted<'_>,
    origin: Origin,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let mut tunnel = Tunnel::new(accepted, Entry::Tunnel, origin, Some(head(&request)));
    let dialled = tokio::select! {
        dialled = tunnel.dial() => dialled,
        _given_up = poll_fn(|cx| respond.poll_reset(cx)) => return,
    };
    match dialled {
        Ok(upstream) => {
            if let Ok(send) = respond.send_response(Response::new(()), false) {
                let stream = Stream::new(send, request.into_body());
                let client = Link::new(Socket::Within(Box::new(stream)), Vec::new());
                tunnel.carry(client, upstream).await;
            }
        }
        Err(failure) => {
            tunnel.record(&failure);
            answer(respond, Page::of_failure(&failure)).await;
        }
    }
}

async fn answer(mut respond: SendResponse<Bytes>, page: Page) {
    let (parts, body) = page.response().into_parts();
    let content = match body.collect().await {
        Ok(content) => content.to_bytes(),
        Err(never) => match never {},
    };
    let sent = respond
        .send_response(Response::from_parts(parts, ()), false)
        .and_then(|mut stream| stream.send_data(content, true));
    if let Err(error) = sent {
        tracing::debug!(%error, "the client left before it could be answered");
    }
}

/// The request for the record. The codec has put fields of one name together.
fn head(request: &Request<RecvStream>) -> MessageHead {
    let mut fields = FieldBlockBuilder::default();
    fields.push(b":method", request.method().as_str().as_bytes(), false);
    if let Some(authority) = request.uri().authority() {
        fields.push(b":authority", authority.as_str().as_bytes(), false);
    }
    for (name, value) in request.headers() {
        fields.push(
            name.as_str().as_bytes(),
            value.as_bytes(),
            value.is_sensitive(),
        );
    }
    MessageHead::Fields(fields.finish())
}

/// Tunnels at a time over one connection.
const STREAMS_AT_A_TIME: u32 = 256;

/// The same for streams whose tunnels have still to notice that their client has gone.
const STREAM_LIMIT: usize = 512;

/// What a client may send on a stream before the origin has taken it. The connection's window is that of
/// all streams together: none holds up another.
const STREAM_WINDOW: u32 = 64 * 1024;

/// What waits on a stream for the client to take it.
const SEND_BUFFER: usize = 64 * 1024;

/// A connection without a tunnel is kept so long.
const IDLE: Duration = Duration::from_mins(5);
