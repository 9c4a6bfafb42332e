//! Pairs the requests and responses of one upstream connection, and hands them to the recorder.
//!
//! Responses answer requests in order (RFC 9112 section 9.3.2); nothing is paired by guessing.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::kept::Kept;
use super::path::Path;
use crate::capture::recorder::{Passed, Progress, Recorder};
use crate::capture::trigger::{Interest, interest};
use crate::model::{
    ContentEnd, Exchange, ExchangeId, Failure, FieldSection, Note, Outcome, Timestamp, Timings,
    Verification,
};
use crate::wire::head::{Head, trailer_section};
use crate::wire::http1::Answers;

/// The exchanges of one upstream connection.
pub(super) struct Exchanges {
    recorder: Recorder,
    path: Path,
    open: VecDeque<Open>,
    open_bytes: usize,
    /// How many requests have come; the number of the last one.
    requests: u64,
    /// Failures that the recorder had no room for, and how long they may wait.
    held: Vec<(Box<Exchange>, Progress)>,
    room: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
}

/// A request that waits for the end of its response.
struct Open {
    number: u64,
    at: Timestamp,
    start: Instant,
    head: Head,
    content: Kept,
    /// As received: most are dropped unread.
    trailers: Option<Box<[u8]>>,
    notes: Vec<Note>,
    response: Option<Answer>,
}

impl Open {
    /// What it takes up, but for its content, which has a budget of its own.
    fn bytes(&self) -> usize {
        let trailers = self.trailers.as_ref().map_or(0, |bytes| bytes.len());
        size_of::<Self>() + self.head.bytes().len() + trailers
    }
}

struct Answer {
    head: Head,
    status: u16,
    after: Duration,
    interest: Interest,
    content: Kept,
    trailers: FieldSection,
    /// Set once the recorder has been told of the head.
    announced: Option<ExchangeId>,
}

/// Requests that are pipelined without ever being answered may take up this much.
pub(super) const OPEN_LIMIT: usize = 8 * 1024 * 1024;

/// How long a full recorder may hold a connection up (`design.md`, Recording).
const PATIENCE: Duration = Duration::from_secs(1);

impl Exchanges {
    pub(super) fn new(recorder: Recorder, path: Path) -> Self {
        Self {
            recorder,
            path,
            open: VecDeque::new(),
            open_bytes: 0,
            requests: 0,
            held: Vec::new(),
            room: None,
        }
    }

    /// A request head has passed. `false` when too many requests wait for an answer to follow on.
    pub(super) fn request(&mut self, head: Head, notes: Vec<Note>) -> bool {
        self.requests += 1;
        let open = Open {
            number: self.requests,
            at: self.recorder.now(),
            start: Instant::now(),
            head,
            content: Kept::new(&self.recorder),
            trailers: None,
            notes,
            response: None,
        };
        self.open_bytes += open.bytes();
        self.open.push_back(open);
        self.open_bytes <= OPEN_LIMIT
    }

    /// A piece of the content of the last request.
    pub(super) fn request_content(&mut self, piece: &[u8]) {
        let limit = self.recorder.content_limit();
        if let Some(open) = self.last_request() {
            open.content.push(piece, limit);
        }
    }

    /// The last request has ended.
    pub(super) fn request_end(&mut self, trailers: Option<Box<[u8]>>) {
        let length = trailers.as_ref().map_or(0, |bytes| bytes.len());
        if let Some(open) = self.last_request() {
            open.content.end(ContentEnd::Complete);
            open.trailers = trailers;
            self.open_bytes += length;
        }
    }

    /// A response head has passed; says what it answers. Interim responses (1xx but 101) are not kept.
    pub(super) fn response(&mut self, head: Head, status: u16) -> Answers {
        let recorder = &self.recorder;
        let Some(open) = self.open.front_mut() else {
            return Answers::Other;
        };
        let (method, target) = method_and_target(&open.head);
        let answers = Answers::method(method);
        if status == 101 || status >= 200 {
            open.response = Some(Answer {
                interest: interest(&String::from_utf8_lossy(method), target, status),
                head,
                status,
                after: open.start.elapsed(),
                content: Kept::new(recorder),
                trailers: FieldSection::default(),
                announced: None,
            });
        }
        answers
    }

    /// A piece of the content of the response in progress.
    pub(super) fn response_content(&mut self, piece: &[u8]) {
        let Some(answer) = self
            .open
            .front_mut()
            .and_then(|open| open.response.as_mut())
        else {
            return;
        };
        match answer.interest {
            Interest::Context => answer.content.pass(piece),
            Interest::TokenResponse | Interest::Failure => {
                answer.content.push(piece, self.recorder.content_limit());
            }
        }
    }

    /// The response in progress has ended.
    pub(super) fn response_end(&mut self, trailers: Option<&[u8]>, end: ContentEnd) {
        let answered = self
            .open
            .front()
            .is_some_and(|open| open.response.is_some());
        if !answered {
            return;
        }
        let Some(mut open) = self.open.pop_front() else {
            return;
        };
        self.open_bytes = self.open_bytes.saturating_sub(open.bytes());
        if let Some(answer) = &mut open.response {
            answer.content.end(end);
            answer.trailers = trailers.map(trailer_section).unwrap_or_default();
        }
        self.hand_over(open);
    }

    /// All that came in one go has been seen: announces a failure whose content is still passing.
    pub(super) fn settle(&mut self) {
        let Some(open) = self.open.front() else {
            return;
        };
        let Some(answer) = &open.response else { return };
        if answer.interest != Interest::Failure || answer.announced.is_some() {
            return;
        }
        let id = self.recorder.next_id(open.at);
        if let Some(exchange) = self.exchange(open, id) {
            self.record(exchange, Progress::HeadKnown);
            if let Some(answer) = self
                .open
                .front_mut()
                .and_then(|open| open.response.as_mut())
            {
                answer.announced = Some(id);
            }
        }
    }

    /// The bytes cannot be followed any more: what is known of open failures is kept.
    pub(super) fn give_up(&mut self, reason: &'static str) {
        self.recorder.not_decoded(&self.path.origin, reason);
        if let Some(open) = self.open.front_mut() {
            open.notes.push(Note::NotDecoded);
        }
        self.end_of_connection(ContentEnd::Undecodable);
    }

    /// The connection has ended. Requests without any response are forgotten: their client knows.
    pub(super) fn end_of_connection(&mut self, end: ContentEnd) {
        self.response_end(None, end);
        self.open.clear();
        self.open_bytes = 0;
    }

    /// The open requests get no response from the origin: records the failure for each.
    pub(super) fn fail(&mut self, failure: &Failure) {
        while let Some(open) = self.open.pop_front() {
            let id = self.recorder.next_id(open.at);
            let outcome = Outcome::Failure(failure.clone());
            if let Some(exchange) = self.exchange_with(&open, id, outcome, None) {
                self.record(exchange, Progress::Ended);
            }
        }
        self.open_bytes = 0;
    }

    /// Whether more than one request has come.
    pub(super) fn are_many(&self) -> bool {
        self.requests > 1
    }

    /// Whether a request waits for its response to end.
    pub(super) fn is_waiting(&self) -> bool {
        !self.open.is_empty()
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

    /// The request whose content is passing, unless its response has ended before it.
    fn last_request(&mut self) -> Option<&mut Open> {
        self.open
            .back_mut()
            .filter(|open| open.number == self.requests)
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
        let token_content = (answer.interest == Interest::TokenResponse)
            .then(|| answer.content.content().bytes.clone());
        self.recorder.passed(Passed {
            at: open.at,
            duration,
            client: self.path.client,
            connection: self.path.connection,
            origin: Arc::clone(&self.path.origin),
            request: open.head,
            status: answer.status,
            response: answer.head,
            token_content,
        });
    }

    fn exchange(&self, open: &Open, id: ExchangeId) -> Option<Box<Exchange>> {
        let answer = open.response.as_ref()?;
        let mut response = answer.head.response()?;
        response.content = answer.content.content().clone();
        response.trailers = answer.trailers.clone();
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
        request.trailers = open
            .trailers
            .as_deref()
            .map(trailer_section)
            .unwrap_or_default();
        let first = open.number == 1;
        let ended = answer.is_none_or(|answer| answer.content.content().end != ContentEnd::Pending);
        let not_kept =
            open.content.has_gap() || answer.is_some_and(|answer| answer.content.has_gap());
        let mut notes = open.notes.clone();
        notes.extend(not_kept.then_some(Note::ContentNotKept));
        if self.path.verification == Some(Verification::Skipped) {
            notes.push(Note::InsecureUpstream);
        }
        Some(Box::new(Exchange {
            id,
            at: open.at,
            request,
            outcome,
            hop: Some(self.path.hop(open.number - 1)),
            timings: Timings {
                response_head: answer.map(|answer| micros(answer.after)),
                end: ended.then(|| micros(open.start.elapsed())),
                connect: self.path.connect.filter(|_| first).map(micros),
                tls: self.path.handshake.filter(|_| first).map(micros),
            },
            notes,
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

fn method_and_target(head: &Head) -> (&[u8], &[u8]) {
    let mut words = head.start_line().split(|b| *b == b' ');
    (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    )
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "exchanges_tests.rs"]
mod tests;
