//! The exchanges of one upstream connection, from their request to the recorder.
//!
//! Each goes by a key that its protocol knows it by: see `in_order.rs` (HTTP/1) and `streams.rs`
//! (HTTP/2). Nothing is paired by guessing.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use rustls::AlertDescription;

use super::kept::Kept;
use super::path::Path;
use super::waiting::Waiting;
use super::websocket::WebSocket;
use crate::capture::recorder::{Passed, Progress, Recorder};
use crate::capture::trigger::{
    Interest, content_to_learn, interest, needs_content, refused_at_the_end,
};
use crate::model::{
    ContentEnd, Exchange, ExchangeId, Failure, FieldSection, Note, Outcome, Peer, Timestamp,
    Timings, Verification,
};
use crate::net::{Given, alert_in, client_certificate};
use crate::wire::message::{MessageHead, Trailers};

/// The exchanges of one upstream connection.
pub(super) struct Exchanges {
    recorder: Recorder,
    path: Path,
    /// By ascending key.
    open: VecDeque<Box<Open>>,
    waiting: Waiting,
    /// How many requests have come.
    requests: u64,
    /// Why there is no origin to answer any request.
    no_origin: Option<Failure>,
    /// The origin has answered some request.
    is_answered_at_all: bool,
    /// Failures whose head has passed since the last [`Exchanges::settle`].
    fresh: Vec<u64>,
    /// Failures that the recorder had no room for, and how long they may wait.
    held: Vec<(Box<Exchange>, Progress)>,
    room: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
}

/// A request that waits for the end of its response.
struct Open {
    key: u64,
    /// How many requests came before it.
    earlier: u64,
    at: Timestamp,
    start: Instant,
    head: MessageHead,
    content: Kept,
    trailers: Option<Trailers>,
    notes: Vec<Note>,
    response: Option<Answer>,
    /// What it has become, if its response made a WebSocket of it.
    websocket: Option<Box<WebSocket>>,
}

impl Open {
    /// What it takes up, but for its content, which has a budget of its own.
    fn weight(&self) -> usize {
        let answer = self.response.as_ref();
        size_of::<Self>()
            + self.head.weight()
            + self.trailers.as_ref().map_or(0, Trailers::weight)
            + answer.map_or(0, |answer| answer.head.weight())
    }
}

struct Answer {
    head: MessageHead,
    status: u16,
    after: Duration,
    interest: Interest,
    /// Whether its content is kept: it is a failure, or may tell at its end that it is one.
    keeps: bool,
    content: Kept,
    trailers: Option<Trailers>,
    /// Set once the recorder has been told of the head.
    announced: Option<ExchangeId>,
}

/// How long a full recorder may hold a connection up; then records are lost, not traffic.
const PATIENCE: Duration = Duration::from_secs(1);

impl Exchanges {
    pub(super) fn new(recorder: Recorder, path: Path) -> Self {
        Self {
            waiting: Waiting::new(recorder.clone()),
            recorder,
            path,
            open: VecDeque::new(),
            requests: 0,
            no_origin: None,
            is_answered_at_all: false,
            fresh: Vec::new(),
            held: Vec::new(),
            room: None,
        }
    }

    /// The same where no origin will answer: every request fails for this reason.
    pub(super) fn without_origin(mut self, failure: Failure) -> Self {
        self.no_origin = Some(failure);
        self
    }

    /// A request head has passed; its key is larger than all before it. `false` when too many requests
    /// wait for an answer to follow on.
    pub(super) fn request(&mut self, key: u64, head: MessageHead, notes: Vec<Note>) -> bool {
        let open = Box::new(Open {
            key,
            earlier: self.requests,
            at: self.recorder.now(),
            start: Instant::now(),
            head,
            content: Kept::new(&self.recorder),
            trailers: None,
            notes,
            response: None,
            websocket: None,
        });
        self.requests += 1;
        let has_room = self.waiting.add(open.weight());
        self.open.push_back(open);
        has_room
    }

    /// A piece of the content of that request.
    pub(super) fn request_content(&mut self, key: u64, piece: &[u8]) {
        let limit = self.recorder.content_limit();
        if let Some(open) = self.find(key) {
            open.content.push(piece, limit);
        }
    }

    /// That request has ended.
    pub(super) fn request_end(&mut self, key: u64, trailers: Option<Trailers>) {
        let weight = trailers.as_ref().map_or(0, Trailers::weight);
        if let Some(open) = self.find(key) {
            open.content.end(ContentEnd::Complete);
            open.trailers = trailers;
            // Bounded by the limit of a section: the next request tells when it is too much.
            self.waiting.add(weight);
        }
    }

    /// The head of the response to that request has passed. Interim responses (1xx but 101) are not
    /// kept.
    pub(super) fn response(&mut self, key: u64, head: MessageHead, status: u16) {
        let content = Kept::new(&self.recorder);
        if (100..200).contains(&status) && status != 101 {
            return;
        }
        self.is_answered_at_all = true;
        let Some(open) = self.find(key) else { return };
        let method = String::from_utf8_lossy(open.head.method());
        let interest = interest(&method, open.head.target(), status);
        let weight = head.weight();
        open.response = Some(Answer {
            keeps: needs_content(interest, &head),
            head,
            status,
            after: open.start.elapsed(),
            interest,
            content,
            trailers: None,
            announced: None,
        });
        self.waiting.add(weight);
        if interest == Interest::Failure {
            self.fresh.push(key);
        }
    }

    /// A piece of the content of the response to that request.
    pub(super) fn response_content(&mut self, key: u64, piece: &[u8]) {
        let limit = self.recorder.content_limit();
        let Some(answer) = self.find(key).and_then(|open| open.response.as_mut()) else {
            return;
        };
        if answer.keeps {
            answer.content.push(piece, limit);
        } else {
            answer.content.pass(piece);
        }
    }

    /// The response to that request has ended, if it had begun.
    pub(super) fn response_end(&mut self, key: u64, trailers: Option<Trailers>, end: ContentEnd) {
        if !self.is_answered(key) {
            return;
        }
        let Some(mut open) = self.take(key) else {
            return;
        };
        if let Some(answer) = &mut open.response {
            // The response of a handshake had no content that could be cut off.
            let whole = open.websocket.is_some();
            answer
                .content
                .end(if whole { ContentEnd::Complete } else { end });
            answer.trailers = trailers;
            let content = answer.content.content();
            if refused_at_the_end(&answer.head, answer.trailers.as_ref(), content) {
                answer.interest = Interest::Failure;
            }
        }
        self.hand_over(*open);
    }

    /// That exchange carries something else from here on. `false` when it is nothing that is followed.
    pub(super) fn become_websocket(&mut self, key: u64) -> bool {
        let recorder = self.recorder.clone();
        let Some(open) = self.find(key) else {
            return false;
        };
        let is_websocket = open.response.as_ref().is_some_and(|answer| {
            let protocol = match answer.status {
                101 => answer.head.field("upgrade"),
                200..300 => open.head.field(":protocol"),
                _ => None,
            };
            protocol.is_some_and(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
        });
        if is_websocket {
            open.websocket = Some(Box::new(WebSocket::new(&recorder, open.start)));
        }
        is_websocket
    }

    /// Whether that exchange has become a WebSocket.
    pub(super) fn is_websocket(&self, key: u64) -> bool {
        let open = self.position(key).and_then(|at| self.open.get(at));
        open.is_some_and(|open| open.websocket.is_some())
    }

    /// Bytes of the WebSocket that this exchange has become.
    pub(super) fn websocket_bytes(&mut self, key: u64, from: Peer, bytes: &[u8]) {
        let Some(open) = self.find(key) else { return };
        let (Some(websocket), Some(answer)) = (&mut open.websocket, &mut open.response) else {
            return;
        };
        let seen = websocket.see(from, bytes);
        let opened = micros(answer.after);
        let refused = websocket
            .close()
            .is_some_and(|close| close.refuses_credentials(opened));
        let is_new = refused && answer.interest != Interest::Failure;
        if is_new {
            answer.interest = Interest::Failure;
        }
        if seen.is_err() {
            open.notes.push(Note::NotDecoded);
        }
        if is_new {
            self.fresh.push(key);
        }
        if let Err(reason) = seen {
            self.skip(reason);
        }
    }

    /// That request gets no response any more: its client gave it up, or was told.
    pub(super) fn forget(&mut self, key: u64) {
        if let Some(open) = self.take(key)
            && let Some(failure) = self.no_origin.clone()
        {
            self.record_failure(&open, failure);
        }
    }

    /// All that came in one go has been seen: announces failures whose content is still passing.
    pub(super) fn settle(&mut self) {
        for key in std::mem::take(&mut self.fresh) {
            self.announce(key);
        }
    }

    fn announce(&mut self, key: u64) {
        let Some(open) = self.position(key).and_then(|at| self.open.get(at)) else {
            return;
        };
        let id = self.recorder.next_id(open.at);
        if let Some(exchange) = self.exchange(open, id) {
            self.record(exchange, Progress::HeadKnown);
            if let Some(answer) = self.find(key).and_then(|open| open.response.as_mut()) {
                answer.announced = Some(id);
            }
        }
    }

    /// The bytes cannot be followed any more: what is known of open failures is kept.
    pub(super) fn give_up(&mut self, reason: &'static str) {
        self.recorder.not_decoded(&self.path.origin, reason);
        for open in &mut self.open {
            open.notes.push(Note::NotDecoded);
        }
        self.end_of_connection(ContentEnd::Undecodable);
    }

    /// A message cannot be read, those after it can.
    pub(super) fn skip(&self, reason: &'static str) {
        self.recorder.not_decoded(&self.path.origin, reason);
    }

    /// The connection has ended. Requests without any response are forgotten: their client knows.
    pub(super) fn end_of_connection(&mut self, end: ContentEnd) {
        while let Some(key) = self.open.front().map(|open| open.key) {
            self.response_end(key, None, end);
            self.forget(key);
        }
    }

    /// The open requests get no response from the origin: records the failure for each.
    pub(super) fn fail(&mut self, failure: &Failure) {
        while let Some(open) = self.open.pop_front() {
            self.waiting.remove(open.weight());
            self.record_failure(&open, failure.clone());
        }
    }

    fn record_failure(&mut self, open: &Open, failure: Failure) {
        let id = self.recorder.next_id(open.at);
        let outcome = Outcome::Failure(failure);
        if let Some(exchange) = self.exchange_with(open, id, outcome, None) {
            self.record(exchange, Progress::Ended);
        }
    }

    /// The origin breaks the connection. Over TLS 1.3 that is how it refuses a client without the
    /// certificate that it asked for: the handshake was over for us before it looked (RFC 8446 section
    /// 4.4.2.4). Requests without any response are recorded as failures then.
    pub(super) fn origin_broke(&mut self, error: &io::Error) {
        if let Some(failure) = self.certificate_failure(alert_in(error)) {
            let (answered, open) = std::mem::take(&mut self.open)
                .into_iter()
                .partition(|open| open.response.is_some());
            self.open = open;
            self.fail(&failure);
            self.open = answered;
        }
    }

    /// The failure of a connection that ended with this alert, or without one, when its origin had asked
    /// for a client certificate.
    pub(super) fn certificate_failure(&self, alert: Option<AlertDescription>) -> Option<Failure> {
        let given = self.path.client_certificate?;
        let may_be_why = match given {
            Given::Nothing | Given::NothingThatFits => !self.is_answered_at_all || alert.is_some(),
            Given::Certificate => alert.is_some(),
        };
        may_be_why.then(|| client_certificate(&self.path.origin.host, given, alert))
    }

    /// The method of that request, while its response has not ended.
    pub(super) fn method(&self, key: u64) -> Option<&[u8]> {
        let open = self.open.get(self.position(key)?)?;
        Some(open.head.method())
    }

    /// Whether that request has the head of its response.
    pub(super) fn is_answered(&self, key: u64) -> bool {
        let open = self.position(key).and_then(|at| self.open.get(at));
        open.is_some_and(|open| open.response.is_some())
    }

    /// Whether that request waits for its response to end.
    pub(super) fn is_open(&self, key: u64) -> bool {
        self.position(key).is_some()
    }

    /// Ready unless a failure finds no room at the recorder; then the relay reads nothing more, for
    /// at most a second. After that the failure is counted as lost.
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.held.is_empty() {
            let recorder = &self.recorder;
            let wait = self
                .room
                .get_or_insert_with(|| wait_for_room(recorder.clone()));
            let room = ready!(wait.as_mut().poll(cx));
            self.room = None;
            self.record_held(room);
        }
        Poll::Ready(())
    }

    fn position(&self, key: u64) -> Option<usize> {
        self.open.binary_search_by_key(&key, |open| open.key).ok()
    }

    fn find(&mut self, key: u64) -> Option<&mut Open> {
        let at = self.position(key)?;
        self.open.get_mut(at).map(|open| &mut **open)
    }

    fn take(&mut self, key: u64) -> Option<Box<Open>> {
        let open = self.position(key).and_then(|at| self.open.remove(at))?;
        self.waiting.remove(open.weight());
        Some(open)
    }

    fn hand_over(&mut self, open: Open) {
        let Some(answer) = &open.response else { return };
        if answer.interest == Interest::Failure {
            let id = answer
                .announced
                .unwrap_or_else(|| self.recorder.next_id(open.at));
            if let Some(exchange) = self.exchange(&open, id) {
                self.record(exchange, Progress::Ended);
            }
            return;
        }
        let duration = micros(open.start.elapsed());
        let Some(answer) = open.response else { return };
        let to_learn = content_to_learn(answer.interest, answer.status);
        let token_content = (answer.interest == Interest::TokenResponse)
            .then(|| answer.content.content().bytes.clone());
        let other = open.head.other_origin(&self.path.origin);
        self.recorder.passed(Passed {
            at: open.at,
            duration,
            client: self.path.client,
            connection: self.path.connection,
            origin: other.map_or_else(|| Arc::clone(&self.path.origin), Arc::new),
            request: open.head,
            status: answer.status,
            response: answer.head,
            content: open.content.content().first(to_learn),
            token_content,
        });
    }

    fn exchange(&self, open: &Open, id: ExchangeId) -> Option<Box<Exchange>> {
        let answer = open.response.as_ref()?;
        let mut response = answer.head.response()?;
        response.content = answer.content.content().clone();
        response.trailers = section(answer.trailers.as_ref());
        self.exchange_with(open, id, Outcome::Response(response), Some(answer))
    }

    fn exchange_with(
        &self,
        open: &Open,
        id: ExchangeId,
        outcome: Outcome,
        answer: Option<&Answer>,
    ) -> Option<Box<Exchange>> {
        let mut request = open.head.request(&self.path.origin)?;
        request.content = open.content.content().clone();
        request.trailers = section(open.trailers.as_ref());
        let first = open.earlier == 0;
        let ended = answer.is_none_or(|answer| answer.content.content().end != ContentEnd::Pending);
        let not_kept =
            open.content.has_gap() || answer.is_some_and(|answer| answer.content.has_gap());
        let mut notes = open.notes.clone();
        notes.extend(not_kept.then_some(Note::ContentNotKept));
        if self.path.verification == Some(Verification::Skipped) {
            notes.push(Note::InsecureUpstream);
        }
        if matches!(
            self.path.client_certificate,
            Some(Given::Nothing | Given::NothingThatFits)
        ) {
            notes.push(Note::ClientCertificateNotSent);
        }
        Some(Box::new(Exchange {
            id,
            at: open.at,
            request,
            outcome,
            hop: Some(self.path.hop(open.earlier)),
            timings: Timings {
                response_head: answer.map(|answer| micros(answer.after)),
                end: ended.then(|| micros(open.start.elapsed())),
                connect: self.path.connect.filter(|_| first).map(micros),
                tls: self.path.handshake.filter(|_| first).map(micros),
            },
            notes,
            websocket: open.websocket.as_ref().map(|websocket| websocket.log()),
        }))
    }

    fn record(&mut self, exchange: Box<Exchange>, progress: Progress) {
        // None overtakes one that waits: the head of an exchange comes before its end.
        if !self.held.is_empty() {
            self.held.push((exchange, progress));
        } else if let Err(exchange) = self.recorder.failed(exchange, progress) {
            self.held.push((exchange, progress));
        }
    }

    /// The last try for failures that wait. One that is lost counts once: what was lost at its head may
    /// still be kept at its end.
    fn record_held(&mut self, room: bool) {
        for (exchange, progress) in std::mem::take(&mut self.held) {
            let kept = room && self.recorder.failed(exchange, progress).is_ok();
            if !kept && progress == Progress::Ended {
                self.recorder.lose();
            }
        }
    }
}

impl Drop for Exchanges {
    /// A connection that is cut down keeps what it had seen of a failure.
    fn drop(&mut self) {
        self.end_of_connection(ContentEnd::CutOff);
        self.record_held(true);
    }
}

fn wait_for_room(recorder: Recorder) -> Pin<Box<dyn Future<Output = bool> + Send>> {
    Box::pin(async move {
        tokio::time::timeout(PATIENCE, recorder.room())
            .await
            .is_ok()
    })
}

fn section(trailers: Option<&Trailers>) -> FieldSection {
    trailers.map(Trailers::section).unwrap_or_default()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "exchanges_tests.rs"]
mod tests;
