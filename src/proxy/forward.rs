//! The message relay: requests that name their own destination (RFC 9112 section 3.2.2), or none.
//!
//! Each message is framed by the decoder and passes byte for byte, but for the edits of
//! `edit.rs`. One upstream connection per client connection and origin.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::connection::Accepted;
use super::edit::{self, Edited};
use super::flow::{Flow, Stop};
use super::in_order::InOrder;
use super::pages::Page;
use super::passing::{Afterwards, Broken, Client, Phase, Progress, pass_request, pass_response};
use super::refuse;
use super::relay::resume;
use super::route::{Destination, Next, Wanted, route};
use super::tap::Tap;
use super::transport::{Link, Transport};
use super::upstream::{Upstream, bad_response};
use crate::model::{Failure, Side};
use crate::wire::head::Head;
use crate::wire::http1::{Decoder, Event, Role};

/// A client connection on which requests come that are forwarded one by one.
pub(super) struct Forwarding<'a> {
    accepted: Accepted<'a>,
    client: Transport,
    up: Flow,
    requests: Decoder,
    upstreams: Vec<Upstream>,
}

/// A plain HTTP client talks to few origins at a time over one proxy connection.
const UPSTREAM_LIMIT: usize = 8;

impl<'a> Forwarding<'a> {
    pub(super) fn new(accepted: Accepted<'a>, client: Link) -> Self {
        let limits = &accepted.shared.limits;
        Self {
            accepted,
            client: Transport::Clear(client),
            up: Flow::new(),
            requests: Decoder::strict(Role::Requests, limits.head_bytes, limits.chunk_extensions),
            upstreams: Vec::new(),
        }
    }

    /// Waits for the next request head: as long as it takes for its first byte, then not for ever.
    pub(super) async fn next(&mut self) -> Next {
        let limits = &self.accepted.shared.limits;
        if self.up.waiting().is_empty()
            && !matches!(self.up.read_more(&mut self.client).await, Ok(1..))
        {
            return Next::Over;
        }
        match tokio::time::timeout(limits.head_timeout, self.read_head()).await {
            Ok(Some(Ok(head))) => route(head, self.accepted.shared),
            Ok(Some(Err(page))) => Next::Answer(page),
            Ok(None) => Next::Over,
            Err(_elapsed) => Next::Answer(Page::too_slow()),
        }
    }

    /// The client's connection, with whatever it sent after the last request.
    pub(super) fn into_client(self) -> Link {
        let waiting = self.up.into_waiting();
        match self.client {
            Transport::Clear(link) => link.put_back(waiting),
            Transport::Client(tls) => tls.into_inner().0,
            Transport::Origin(tls) => tls.into_inner().0,
        }
    }

    /// Forwards a request and its response; `None` when the connection is over after it.
    pub(super) async fn forward(mut self, wanted: Wanted) -> Option<Self> {
        let Wanted { head, destination } = wanted;
        let edited = edit::for_origin(&head, &destination);
        let mut upstream = match self.upstream(&destination).await {
            Ok(upstream) => upstream,
            Err((exchanges, failure)) => return self.fail(exchanges, edited, failure).await,
        };
        let limits = self.accepted.shared.limits;
        let sent = send(&mut upstream.transport, &edited.head);
        let sent = tokio::time::timeout(limits.head_timeout, sent).await;
        let mut progress = Progress::new(&edited.head, limits);
        upstream.exchanges.request(edited.head, edited.notes);
        if !matches!(sent, Ok(Ok(()))) {
            self.unanswered(upstream, &progress).await;
            return None;
        }
        self.request_without_content(&mut upstream, &mut progress);
        self.up.next_message();
        upstream.down.next_message();
        let ending = poll_fn(|cx| self.poll_exchange(cx, &mut upstream, &mut progress)).await;
        self.after(ending, upstream, &progress).await
    }

    async fn read_head(&mut self) -> Option<Result<Head, Page>> {
        loop {
            let (taken, event) = self.requests.decode(self.up.waiting());
            let nothing = event.is_none();
            let head = match event {
                Some(Event::Head(head)) => Some(Ok(head)),
                Some(Event::GaveUp(fault)) => Some(Err(Page::refused(&refuse::unreadable(fault)))),
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
    async fn upstream(
        &mut self,
        destination: &Destination,
    ) -> Result<Upstream, (InOrder, Failure)> {
        let (origin, entry) = (destination.origin(), destination.entry());
        let leads_there =
            |upstream: &Upstream| *upstream.origin == *origin && upstream.entry == entry;
        if let Some(at) = self.upstreams.iter().position(leads_there) {
            let mut upstream = self.upstreams.swap_remove(at);
            if upstream.is_alive() {
                return Ok(upstream);
            }
        }
        if self.upstreams.len() >= UPSTREAM_LIMIT {
            self.upstreams.remove(0);
        }
        let mut room = None;
        if !self.upstreams.is_empty() {
            room = Arc::clone(&self.accepted.shared.room)
                .try_acquire_owned()
                .ok();
            if room.is_none() {
                // Others need the room more: this client has one origin at a time.
                self.upstreams.clear();
            }
        }
        let origin = Arc::new(origin.clone());
        let mut upstream = self.accepted.connect(origin, entry).await?;
        upstream.room = room;
        Ok(upstream)
    }

    /// A request without content is over before another byte is read.
    fn request_without_content(&mut self, upstream: &mut Upstream, progress: &mut Progress) {
        let passage = pass_request(
            Some(&[]),
            &mut self.requests,
            &mut upstream.exchanges,
            progress,
        );
        if passage.message_over {
            progress.client = Client::Waiting;
        }
    }

    fn poll_exchange(
        &mut self,
        cx: &mut Context<'_>,
        upstream: &mut Upstream,
        progress: &mut Progress,
    ) -> Poll<Ending> {
        ready!(upstream.exchanges.poll_room(cx));
        if self.poll_client(cx, upstream, progress) == Poll::Ready(Stop::ReaderBroke) {
            return Poll::Ready(Ending::ClientBroke);
        }
        let Upstream {
            transport,
            down,
            responses,
            exchanges,
            ..
        } = upstream;
        if progress.response != Phase::Over {
            let polled = down.poll(cx, transport, &mut self.client, |shown| {
                pass_response(shown, responses, exchanges, progress)
            });
            match polled {
                Poll::Ready(Stop::WriterBroke) => return Poll::Ready(Ending::ClientBroke),
                Poll::Ready(Stop::ReaderBroke) => return Poll::Ready(Ending::OriginBroke),
                // Ended before anything came: the client is still owed an answer.
                Poll::Ready(_) if progress.response == Phase::Awaited => {
                    return Poll::Ready(Ending::Over);
                }
                Poll::Ready(_) => progress.response = Phase::Over,
                Poll::Pending => {}
            }
        }
        // After an upgrade it says what it likes.
        let owes_nothing = progress.response == Phase::Over && !progress.is_upgraded();
        if owes_nothing && upstream.poll_noise(cx).is_ready() {
            // It will not listen to the rest of the request either.
            progress.close_if(true);
            return Poll::Ready(Ending::Over);
        }
        if progress.is_over() {
            Poll::Ready(Ending::Over)
        } else {
            Poll::Pending
        }
    }

    /// The client's direction: its request, then its end, which is passed on.
    fn poll_client(
        &mut self,
        cx: &mut Context<'_>,
        upstream: &mut Upstream,
        progress: &mut Progress,
    ) -> Poll<Stop> {
        let Upstream {
            transport,
            exchanges,
            ..
        } = upstream;
        if progress.client == Client::Sending {
            let requests = &mut self.requests;
            let stop = ready!(self.up.poll(cx, &mut self.client, transport, |shown| {
                pass_request(shown.bytes(), requests, exchanges, progress)
            }));
            progress.close_if(stop != Stop::MessageOver);
            progress.client = match stop {
                Stop::MessageOver | Stop::WriterBroke => Client::Waiting,
                Stop::Ended | Stop::ReaderBroke => Client::Left,
            };
            if stop == Stop::ReaderBroke {
                return Poll::Ready(stop);
            }
        }
        while progress.client == Client::Waiting {
            match ready!(self.up.poll_ahead(cx, &mut self.client)) {
                // What it has sent ahead is still to be answered.
                Ok(0) if self.up.waiting().iter().any(|byte| !is_line_end(*byte)) => break,
                Ok(0) => progress.client = Client::Leaving,
                Ok(_) => {}
                Err(_reset) => return Poll::Ready(Stop::ReaderBroke),
            }
        }
        if progress.client == Client::Leaving {
            progress.close_if(true);
            if ready!(Pin::new(transport).poll_shutdown(cx)).is_ok() {
                progress.client = Client::Left;
            }
        }
        Poll::Pending
    }

    /// What becomes of the connections after an exchange.
    async fn after(
        mut self,
        ending: Ending,
        upstream: Upstream,
        progress: &Progress,
    ) -> Option<Self> {
        if ending == Ending::ClientBroke {
            upstream.transport.reset_on_close();
            return None;
        }
        if upstream.exchanges.is_waiting() && progress.response == Phase::Awaited {
            self.unanswered(upstream, progress).await;
            return None;
        }
        if ending == Ending::OriginBroke {
            self.client.reset_on_close();
            return None;
        }
        match progress.afterwards {
            _ if progress.broken.is_some() => {}
            Afterwards::Closed => {}
            Afterwards::KeptOpen => {
                self.upstreams.push(upstream);
                return Some(self);
            }
            Afterwards::Upgraded => {
                let tap = Tap::of_something_else(upstream.exchanges);
                let (up, down) = (self.up, upstream.down);
                resume(self.client, up, upstream.transport, down, tap).await;
                return None;
            }
        }
        drop(upstream);
        let accepted = self.accepted;
        accepted.close(self.into_client()).await;
        None
    }

    /// Nothing came for the request: the client is told why, unless it can tell by itself.
    async fn unanswered(self, mut upstream: Upstream, progress: &Progress) {
        let accepted = self.accepted;
        let client_left = matches!(progress.client, Client::Leaving | Client::Left);
        let failure = match progress.broken {
            Some(Broken {
                side: Side::Client,
                fault,
            }) => {
                drop(upstream);
                let page = Page::refused(&refuse::bad(fault));
                return accepted.answer(self.into_client(), &page).await;
            }
            Some(Broken { fault, .. }) => bad_response(&upstream.origin, fault),
            // On a kept connection the origin may close whenever it likes; a client that sees the
            // same retries by itself (RFC 9112 section 9.3.1), which it does not after a 502.
            None if client_left || upstream.exchanges.are_many() => {
                drop(upstream);
                return accepted.close(self.into_client()).await;
            }
            None => upstream.no_response(),
        };
        upstream.exchanges.fail(&failure);
        drop(upstream);
        accepted
            .answer(self.into_client(), &Page::of_failure(&failure))
            .await;
    }

    /// Records that the origin could not be reached, and tells the client.
    async fn fail(self, mut exchanges: InOrder, edited: Edited, failure: Failure) -> Option<Self> {
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

/// Of empty lines before a request line, which say nothing (RFC 9112 section 2.2).
fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// How the relay of an exchange came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Both messages are, or nothing more of them will come.
    Over,
    /// The client has reset its connection.
    ClientBroke,
    /// The origin has reset its connection.
    OriginBroke,
}

async fn send(transport: &mut Transport, head: &Head) -> std::io::Result<()> {
    transport.write_all(head.bytes()).await?;
    transport.flush().await
}
