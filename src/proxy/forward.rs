//! The message relay: requests that name their own destination (RFC 9112 section 3.2.2).
//!
//! Each message is framed by the decoder and passes byte for byte, but for the edits of
//! `request_line.rs`. One upstream connection per client connection and origin.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use super::HEAD_LIMIT;
use super::connection::Accepted;
use super::edit::{self, Edited};
use super::exchanges::Exchanges;
use super::flow::{Flow, Passage, Stop};
use super::pages::Page;
use super::refuse;
use super::transport::{Tcp, Transport};
use crate::model::{ContentEnd, Entry, Failure, FailureCause, Origin, Scheme, Side, Stage, Url};
use crate::wire::head::{Head, RequestLine, StatusLine};
use crate::wire::http1::{Decoder, Event, Framing, HEAD_TOO_LONG, Role};

/// A client connection on which requests in absolute form come.
pub(super) struct Forwarding<'a> {
    accepted: Accepted<'a>,
    client: Transport,
    up: Flow,
    requests: Decoder,
    upstreams: Vec<Upstream>,
}

/// What a client wants next.
pub(super) enum Next {
    /// A request to forward.
    Forward(Wanted),
    /// A tunnel to that origin; the head that asked for it.
    Tunnel(Origin, Head),
    /// Nothing that can be forwarded: say so and close.
    Answer(Page),
    /// The client has gone, or speaks something else.
    Over,
}

/// A request to forward, and where.
pub(super) struct Wanted {
    head: Head,
    url: Url,
}

/// A connection to an origin, kept as long as the client's.
struct Upstream {
    origin: Arc<Origin>,
    transport: Transport,
    down: Flow,
    responses: Decoder,
    exchanges: Exchanges,
}

/// What is known of the exchange in progress.
#[derive(Default)]
struct Progress {
    request_over: bool,
    response_over: bool,
    /// Bytes of the response have gone to the client.
    response_begun: bool,
    /// Both directions carry something else now (101).
    upgraded: bool,
    /// The connections cannot be used again.
    close: bool,
    /// A message could not be followed: nothing more of it may pass.
    broken: Option<Side>,
}

/// A request head that has begun must be complete in this time (`trust.md` section 4).
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// A plain HTTP client talks to few origins at a time over one proxy connection.
const UPSTREAM_LIMIT: usize = 8;

impl<'a> Forwarding<'a> {
    pub(super) fn new(accepted: Accepted<'a>, stream: TcpStream) -> Self {
        Self {
            accepted,
            client: Transport::Clear(Tcp::new(stream, Vec::new())),
            up: Flow::new(),
            requests: Decoder::new(Role::Requests, HEAD_LIMIT),
            upstreams: Vec::new(),
        }
    }

    /// Waits for the next request head: as long as it takes for its first byte, then 30 s.
    pub(super) async fn next(&mut self) -> Next {
        if self.up.waiting().is_empty()
            && !matches!(self.up.read_more(&mut self.client).await, Ok(1..))
        {
            return Next::Over;
        }
        match tokio::time::timeout(HEAD_TIMEOUT, self.read_head()).await {
            Ok(Some(Ok(head))) => route(head),
            Ok(Some(Err(page))) => Next::Answer(page),
            Ok(None) => Next::Over,
            Err(_elapsed) => {
                let sentence = "The request head did not arrive within 30 seconds.";
                Next::Answer(Page::refusal(408, "Request Timeout", sentence))
            }
        }
    }

    /// The client's connection, with whatever it sent after the last request.
    pub(super) fn into_client(self) -> Tcp {
        let waiting = self.up.into_waiting();
        match self.client {
            Transport::Clear(tcp) => Tcp::new(tcp.into_stream(), waiting),
            Transport::Client(tls) => tls.into_inner().0,
            Transport::Origin(tls) => tls.into_inner().0,
        }
    }

    /// Forwards a request and its response; `None` when the connection is over after it.
    pub(super) async fn forward(mut self, wanted: Wanted) -> Option<Self> {
        let edited = edit::for_origin(&wanted.head, &wanted.url);
        let mut upstream = match self.upstream(&wanted.url.origin).await {
            Ok(upstream) => upstream,
            Err((exchanges, failure)) => return self.fail(exchanges, edited, failure).await,
        };
        let sent =
            tokio::time::timeout(HEAD_TIMEOUT, send(&mut upstream.transport, &edited.head)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return self
                .fail(upstream.exchanges, edited, no_response(&upstream.origin))
                .await;
        }
        let close = wants_close(&edited.head);
        upstream.exchanges.request(edited.head, edited.notes);
        let mut progress = Progress {
            close,
            ..Progress::default()
        };
        self.request_without_content(&mut upstream, &mut progress);
        self.up.next_message();
        upstream.down.next_message();
        let stop = poll_fn(|cx| self.poll_exchange(cx, &mut upstream, &mut progress)).await;
        self.after(stop, upstream, &progress).await
    }

    async fn read_head(&mut self) -> Option<Result<Head, Page>> {
        loop {
            let (taken, event) = self.requests.decode(self.up.waiting());
            let nothing = event.is_none();
            let head = match event {
                Some(Event::Head(head)) => Some(Ok(head)),
                Some(Event::GaveUp(HEAD_TOO_LONG)) => Some(Err(head_too_long())),
                Some(Event::GaveUp(_)) => return None,
                Some(Event::Content(_) | Event::End(_)) | None => None,
            };
            self.up.take(taken);
            if head.is_some() {
                return head;
            }
            if nothing
                && self.up.waiting().is_empty()
                && !matches!(self.up.read_more(&mut self.client).await, Ok(1..))
            {
                return None;
            }
        }
    }

    /// The connection to that origin: the one this client has, or a new one.
    async fn upstream(&mut self, origin: &Origin) -> Result<Upstream, (Exchanges, Failure)> {
        if let Some(at) = self
            .upstreams
            .iter()
            .position(|upstream| *upstream.origin == *origin)
        {
            let mut upstream = self.upstreams.swap_remove(at);
            if upstream.is_alive() {
                return Ok(upstream);
            }
        }
        if self.upstreams.len() >= UPSTREAM_LIMIT {
            self.upstreams.remove(0);
        }
        self.accepted.connect(Arc::new(origin.clone())).await
    }

    /// A request without content is over before another byte is read.
    fn request_without_content(&mut self, upstream: &mut Upstream, progress: &mut Progress) {
        let passage = pass_request(
            Some(&[]),
            &mut self.requests,
            &mut upstream.exchanges,
            progress,
        );
        progress.request_over = passage.message_over;
    }

    fn poll_exchange(
        &mut self,
        cx: &mut Context<'_>,
        upstream: &mut Upstream,
        progress: &mut Progress,
    ) -> Poll<Option<Stop>> {
        let Upstream {
            transport,
            down,
            responses,
            exchanges,
            ..
        } = upstream;
        if exchanges.poll_room(cx).is_pending() {
            return Poll::Pending;
        }
        if !progress.request_over {
            let requests = &mut self.requests;
            let polled = self.up.poll(cx, &mut self.client, transport, |bytes| {
                pass_request(bytes, requests, exchanges, progress)
            });
            if let Poll::Ready(stop) = polled {
                progress.request_over = true;
                progress.close |= stop != Stop::MessageOver;
                if stop == Stop::ReaderBroke {
                    return Poll::Ready(Some(stop));
                }
            }
        }
        if !progress.response_over {
            let polled = down.poll(cx, transport, &mut self.client, |bytes| {
                pass_response(bytes, responses, exchanges, progress)
            });
            if let Poll::Ready(stop) = polled {
                progress.response_over = true;
                if stop != Stop::MessageOver {
                    return Poll::Ready(Some(stop));
                }
            }
        }
        if progress.upgraded && progress.request_over && !progress.response_over {
            // The other direction was asleep for want of a message; it carries the new protocol now.
            progress.request_over = false;
            self.up.next_message();
            cx.waker().wake_by_ref();
        }
        let over = progress.request_over && progress.response_over;
        if over || progress.broken.is_some() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }

    /// What becomes of the connections after an exchange.
    async fn after(
        mut self,
        stop: Option<Stop>,
        mut upstream: Upstream,
        progress: &Progress,
    ) -> Option<Self> {
        let accepted = self.accepted;
        if upstream.exchanges.is_waiting() && !progress.response_begun {
            let failure = match (progress.broken, stop) {
                (_, Some(Stop::WriterBroke)) => return None,
                (Some(Side::Client), _) => {
                    let sentence =
                        "The request's content cannot be framed: its chunks are malformed.";
                    upstream
                        .exchanges
                        .end_of_connection(ContentEnd::Undecodable);
                    let page = Page::refusal(400, "Bad Request", sentence);
                    accepted.answer(self.into_client(), &page).await;
                    return None;
                }
                (Some(_), _) => bad_response(&upstream.origin),
                (None, _) => no_response(&upstream.origin),
            };
            upstream.exchanges.fail(&failure);
            accepted
                .answer(self.into_client(), &Page::of_failure(&failure))
                .await;
            return None;
        }
        let usable =
            stop.is_none() && progress.broken.is_none() && !progress.close && !progress.upgraded;
        if !usable {
            if stop == Some(Stop::ReaderBroke) {
                self.client.reset_on_close();
            } else if self.client.shutdown().await.is_err() {
                tracing::debug!("the client left first");
            }
            return None;
        }
        self.upstreams.push(upstream);
        Some(self)
    }

    /// Records that the origin could not be reached, and tells the client.
    async fn fail(
        self,
        mut exchanges: Exchanges,
        edited: Edited,
        failure: Failure,
    ) -> Option<Self> {
        let accepted = self.accepted;
        exchanges.request(edited.head, edited.notes);
        exchanges.fail(&failure);
        drop(exchanges);
        accepted
            .answer(self.into_client(), &Page::of_failure(&failure))
            .await;
        None
    }
}

impl Accepted<'_> {
    /// Opens a connection to an origin that a request names, with TLS if its target says https.
    async fn connect(&self, origin: Arc<Origin>) -> Result<Upstream, (Exchanges, Failure)> {
        let mut path = self.path(Entry::AbsoluteForm, Arc::clone(&origin));
        let recorder = || self.shared.recorder.clone();
        let connected = match self.shared.dialer.connect(&origin.host, origin.port).await {
            Ok(connected) => connected,
            Err(failure) => return Err((Exchanges::new(recorder(), path), failure)),
        };
        path.upstream = Some(connected.address);
        path.connect = Some(connected.took);
        let tcp = Tcp::new(connected.stream, Vec::new());
        let transport = match origin.scheme {
            Scheme::Http => Transport::Clear(tcp),
            Scheme::Https => {
                let tls = self.shared.dialer.tls();
                match tls
                    .handshake(tcp, &origin.host, &[b"http/1.1".to_vec()])
                    .await
                {
                    Ok(secured) => {
                        path.upstream_tls = Some(secured.parameters);
                        path.verification = Some(secured.verification);
                        path.handshake = Some(secured.took);
                        Transport::Origin(Box::new(secured.stream))
                    }
                    Err(failure) => return Err((Exchanges::new(recorder(), path), failure)),
                }
            }
        };
        Ok(Upstream {
            origin,
            transport,
            down: Flow::new(),
            responses: Decoder::new(Role::Responses, HEAD_LIMIT),
            exchanges: Exchanges::new(recorder(), path),
        })
    }
}

impl Upstream {
    /// Whether the origin has kept the idle connection open and silent.
    fn is_alive(&mut self) -> bool {
        let mut byte = [0; 1];
        let mut buf = ReadBuf::new(&mut byte);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        self.responses.is_idle()
            && Pin::new(&mut self.transport)
                .poll_read(&mut cx, &mut buf)
                .is_pending()
    }
}

/// Where a request head leads.
fn route(head: Head) -> Next {
    let Some(line) = RequestLine::parse(head.start_line()) else {
        return Next::Over;
    };
    if line.method == b"CONNECT" {
        return match Origin::parse(Scheme::Https, line.target) {
            Ok(origin) if line.target.last().is_some_and(u8::is_ascii_digit) => {
                Next::Tunnel(origin, head)
            }
            _ => Next::Answer(Page::refusal(
                400,
                "Bad Request",
                "The target of CONNECT is not host:port.",
            )),
        };
    }
    let url = match Url::parse(line.target) {
        Ok(url) => url,
        Err(_) if line.target.starts_with(b"/") || line.target == b"*" => {
            return Next::Answer(Page::directions());
        }
        Err(_) => {
            let sentence = "The request target is no http or https URL.";
            return Next::Answer(Page::refusal(400, "Bad Request", sentence));
        }
    };
    if url.userinfo.is_some() {
        let sentence = "The target holds a user name or password: send them in Authorization.";
        return Next::Answer(Page::refusal(400, "Bad Request", sentence));
    }
    match refuse::check(&head) {
        Ok(()) => Next::Forward(Wanted { head, url }),
        Err(refusal) => Next::Answer(Page::refusal(
            refusal.status,
            refusal.reason,
            refusal.sentence,
        )),
    }
}

/// The gate of the request's direction.
fn pass_request(
    bytes: Option<&[u8]>,
    requests: &mut Decoder,
    exchanges: &mut Exchanges,
    progress: &mut Progress,
) -> Passage {
    let Some(bytes) = bytes else {
        return Passage {
            bytes: 0,
            message_over: false,
        };
    };
    if progress.upgraded {
        return Passage::all(bytes);
    }
    let mut rest = bytes;
    loop {
        let (taken, event) = requests.decode(rest);
        rest = rest.get(taken..).unwrap_or_default();
        let passed = bytes.len() - rest.len();
        match event {
            Some(Event::Content(piece)) => exchanges.request_content(piece),
            Some(Event::End(trailers)) => {
                exchanges.request_end(trailers.as_deref());
                return Passage {
                    bytes: passed,
                    message_over: true,
                };
            }
            Some(Event::GaveUp(_) | Event::Head(_)) => {
                progress.broken = Some(Side::Client);
                return Passage {
                    bytes: 0,
                    message_over: true,
                };
            }
            None if rest.is_empty() => {
                return Passage {
                    bytes: passed,
                    message_over: false,
                };
            }
            None => {}
        }
    }
}

/// The gate of the response's direction.
fn pass_response(
    bytes: Option<&[u8]>,
    responses: &mut Decoder,
    exchanges: &mut Exchanges,
    progress: &mut Progress,
) -> Passage {
    let Some(bytes) = bytes else {
        if let Some(Event::End(_)) = responses.close() {
            exchanges.response_end(None, ContentEnd::Complete);
        }
        progress.close = true;
        return Passage {
            bytes: 0,
            message_over: true,
        };
    };
    let mut rest = bytes;
    let over = loop {
        if progress.upgraded {
            return Passage::all(bytes);
        }
        let (taken, event) = responses.decode(rest);
        rest = rest.get(taken..).unwrap_or_default();
        match event {
            Some(Event::Head(head)) => response_head(head, responses, exchanges, progress),
            Some(Event::Content(piece)) => exchanges.response_content(piece),
            Some(Event::End(trailers)) => {
                exchanges.response_end(trailers.as_deref(), ContentEnd::Complete);
                break true;
            }
            Some(Event::GaveUp(_)) => {
                progress.broken = Some(Side::Upstream);
                return Passage {
                    bytes: 0,
                    message_over: true,
                };
            }
            None if rest.is_empty() => break false,
            None => {}
        }
    };
    exchanges.settle();
    progress.response_begun = true;
    Passage {
        bytes: bytes.len() - rest.len(),
        message_over: over,
    }
}

fn response_head(
    head: Head,
    responses: &mut Decoder,
    exchanges: &mut Exchanges,
    progress: &mut Progress,
) {
    let status = StatusLine::parse(head.start_line()).map_or(0, |line| line.status);
    let close = wants_close(&head);
    let answers = exchanges.response(head, status);
    if !responses.awaits_framing() {
        return;
    }
    responses.frame_response(answers);
    progress.close |= close || responses.framing() == Framing::UntilClose;
    if !responses.is_following() {
        exchanges.response_end(None, ContentEnd::Complete);
        progress.upgraded = true;
        progress.close = true;
    }
}

/// Whether the sender closes the connection after this message (RFC 9112 section 9.3).
fn wants_close(head: &Head) -> bool {
    let option = |name: &str| {
        let mut lines = head
            .field_lines()
            .filter(|(key, _)| key.eq_ignore_ascii_case(b"connection"));
        lines.any(|(_, value)| {
            value
                .split(|b| *b == b',')
                .any(|o| o.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        })
    };
    let line = head.start_line();
    let is_1_0 = line.ends_with(b"HTTP/1.0") || line.starts_with(b"HTTP/1.0");
    option("close") || (is_1_0 && !option("keep-alive"))
}

async fn send(transport: &mut Transport, head: &Head) -> std::io::Result<()> {
    transport.write_all(head.bytes()).await?;
    transport.flush().await
}

fn head_too_long() -> Page {
    let sentence = "The request head is longer than 512 KiB.";
    Page::refusal(431, "Request Header Fields Too Large", sentence)
}

fn no_response(origin: &Origin) -> Failure {
    Failure {
        side: Side::Upstream,
        stage: Stage::Response,
        cause: FailureCause::Closed,
        detail: format!(
            "{} closed the connection without a response",
            origin.authority()
        ),
    }
}

fn bad_response(origin: &Origin) -> Failure {
    Failure {
        side: Side::Upstream,
        stage: Stage::Response,
        cause: FailureCause::BadMessage,
        detail: format!(
            "{} answered with something that is not valid HTTP",
            origin.authority()
        ),
    }
}
