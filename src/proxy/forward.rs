//! The message relay: requests that name their own destination (RFC 9112 section 3.2.2).
//!
//! Each message is framed by the decoder and passes byte for byte, but for the edits of
//! `edit.rs`. One upstream connection per client connection and origin.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::HEAD_LIMIT;
use super::connection::Accepted;
use super::edit::{self, Edited};
use super::exchanges::Exchanges;
use super::flow::{Flow, Stop};
use super::pages::Page;
use super::passing::{Afterwards, Phase, Progress, pass_request, pass_response};
use super::route::{Next, Wanted, route};
use super::transport::{Tcp, Transport};
use super::upstream::{Upstream, bad_response, no_response};
use crate::model::{ContentEnd, Failure, Origin, Side};
use crate::wire::head::Head;
use crate::wire::http1::{Decoder, Event, HEAD_TOO_LONG, Role};

/// A client connection on which requests in absolute form come.
pub(super) struct Forwarding<'a> {
    accepted: Accepted<'a>,
    client: Transport,
    up: Flow,
    requests: Decoder,
    upstreams: Vec<Upstream>,
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
        let mut progress = Progress::new(&edited.head);
        upstream.exchanges.request(edited.head, edited.notes);
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
                progress.close_if(stop != Stop::MessageOver);
                if stop == Stop::ReaderBroke {
                    return Poll::Ready(Some(stop));
                }
            }
        }
        if progress.response != Phase::Over {
            let polled = down.poll(cx, transport, &mut self.client, |bytes| {
                pass_response(bytes, responses, exchanges, progress)
            });
            if let Poll::Ready(stop) = polled {
                // Ended before anything came: the client is still owed an answer.
                if stop != Stop::MessageOver || progress.response == Phase::Awaited {
                    return Poll::Ready(Some(stop));
                }
                progress.response = Phase::Over;
            }
        }
        if progress.is_upgraded() && progress.request_over && progress.response != Phase::Over {
            // The other direction was asleep for want of a message; it carries the new protocol now.
            progress.request_over = false;
            self.up.next_message();
            cx.waker().wake_by_ref();
        }
        if progress.is_over() {
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
        if upstream.exchanges.is_waiting() && progress.response == Phase::Awaited {
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
        let usable = stop.is_none()
            && progress.broken.is_none()
            && progress.afterwards == Afterwards::KeptOpen;
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

async fn send(transport: &mut Transport, head: &Head) -> std::io::Result<()> {
    transport.write_all(head.bytes()).await?;
    transport.flush().await
}

fn head_too_long() -> Page {
    let sentence = "The request head is longer than 512 KiB.";
    Page::refusal(431, "Request Header Fields Too Large", sentence)
}
