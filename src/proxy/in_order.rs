//! HTTP/1: responses answer requests in order (RFC 9112 section 9.3.2).

use std::task::{Context, Poll};

use super::exchanges::Exchanges;
use crate::model::{ContentEnd, Failure, Note, Peer};
use crate::wire::head::Head;
use crate::wire::http1::Answers;
use crate::wire::message::Trailers;

/// The exchanges of a connection that carries one after the other.
pub(super) struct InOrder {
    pub(super) exchanges: Exchanges,
    /// The number of the last request; the first has 1.
    asked: u64,
    /// The number of the request whose response is awaited or passing.
    answering: u64,
}

impl InOrder {
    pub(super) fn new(exchanges: Exchanges) -> Self {
        Self {
            exchanges,
            asked: 0,
            answering: 1,
        }
    }

    /// A request head has passed. `false` when too many requests wait for an answer to follow on.
    pub(super) fn request(&mut self, head: Head, notes: Vec<Note>) -> bool {
        self.asked += 1;
        self.exchanges.request(self.asked, head.into(), notes)
    }

    /// A piece of the content of the last request.
    pub(super) fn request_content(&mut self, piece: &[u8]) {
        self.exchanges.request_content(self.asked, piece);
    }

    /// The last request has ended.
    pub(super) fn request_end(&mut self, trailers: Option<Box<[u8]>>) {
        self.exchanges
            .request_end(self.asked, trailers.map(Trailers::Lines));
    }

    /// A response head has passed; says what it answers.
    pub(super) fn response(&mut self, head: Head, status: u16) -> Answers {
        let method = self.exchanges.method(self.answering);
        let answers = method.map_or(Answers::Other, Answers::method);
        self.exchanges.response(self.answering, head.into(), status);
        answers
    }

    /// A piece of the content of the response in progress.
    pub(super) fn response_content(&mut self, piece: &[u8]) {
        self.exchanges.response_content(self.answering, piece);
    }

    /// The response in progress has ended.
    pub(super) fn response_end(&mut self, trailers: Option<Box<[u8]>>, end: ContentEnd) {
        if self.exchanges.is_answered(self.answering) {
            self.exchanges
                .response_end(self.answering, trailers.map(Trailers::Lines), end);
            self.answering += 1;
        }
    }

    /// The connection carries something else from here on: what the response in progress agreed to.
    pub(super) fn upgraded(&mut self) {
        if !self.exchanges.become_websocket(self.answering) {
            self.exchanges
                .skip("the connection was upgraded to something that is not followed");
            self.response_end(None, ContentEnd::Complete);
        }
    }

    /// Bytes of what it carries since.
    pub(super) fn upgraded_bytes(&mut self, from: Peer, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.exchanges.websocket_bytes(self.answering, from, bytes);
        }
    }

    /// See [`Exchanges::settle`].
    pub(super) fn settle(&mut self) {
        self.exchanges.settle();
    }

    /// See [`Exchanges::give_up`].
    pub(super) fn give_up(&mut self, reason: &'static str) {
        self.exchanges.give_up(reason);
    }

    /// See [`Exchanges::end_of_connection`].
    pub(super) fn end_of_connection(&mut self, end: ContentEnd) {
        self.exchanges.end_of_connection(end);
    }

    /// See [`Exchanges::fail`].
    pub(super) fn fail(&mut self, failure: &Failure) {
        self.exchanges.fail(failure);
    }

    /// See [`Exchanges::poll_room`].
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.exchanges.poll_room(cx)
    }

    /// Whether more than one request has come.
    pub(super) fn are_many(&self) -> bool {
        self.asked > 1
    }

    /// Whether a request waits for its response to end.
    pub(super) fn is_waiting(&self) -> bool {
        self.exchanges.is_open(self.answering)
    }
}
