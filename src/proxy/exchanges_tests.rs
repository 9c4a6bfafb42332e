//! How requests and responses are paired, and what is counted when the recorder takes no more.

use std::task::Waker;

use super::super::waiting::MOST as OPEN_LIMIT;
use super::*;
use crate::capture::sample;
use crate::proxy::in_order::InOrder;
use crate::proxy::sample::Recording;
use crate::wire::head::Head;
use crate::wire::http1::Answers;

struct Bench {
    recording: Recording,
    recorder: Recorder,
    exchanges: InOrder,
}

impl Bench {
    fn new() -> Self {
        let recording = Recording::start();
        Self {
            exchanges: InOrder::new(recording.exchanges()),
            recorder: recording.recorder.clone(),
            recording,
        }
    }

    fn request(&mut self, method: &str) -> bool {
        let head = format!("{method} / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        self.exchanges
            .request(Head::new(head.into_bytes()), Vec::new())
    }

    fn response(&mut self, status: u16) -> Answers {
        let head = format!("HTTP/1.1 {status} X\r\n\r\n");
        self.exchanges
            .response(Head::new(head.into_bytes()), status)
    }

    fn end(&mut self) {
        self.exchanges.response_end(None, ContentEnd::Complete);
    }

    fn has_room(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.exchanges.poll_room(&mut cx).is_ready()
    }
}

#[test]
fn responses_answer_requests_in_order_and_interim_ones_answer_none() {
    let mut bench = Bench::new();
    bench.request("HEAD");
    bench.request("GET");
    assert_eq!(bench.response(103), Answers::Head);
    bench.end();
    assert_eq!(bench.recorder.counts().requests, 0);
    assert_eq!(bench.response(200), Answers::Head);
    bench.end();
    assert_eq!(bench.response(401), Answers::Other);
    bench.end();
    assert!(!bench.exchanges.is_waiting());
    let counts = bench.recorder.counts();
    assert_eq!((counts.requests, counts.failures), (2, 1));
}

#[test]
fn a_response_without_a_request_is_not_given_to_the_next() {
    let mut bench = Bench::new();
    bench.response(408);
    bench.request("GET");
    bench.end();
    assert!(bench.exchanges.is_waiting());
}

#[test]
fn content_after_an_early_response_belongs_to_no_other_request() {
    let mut bench = Bench::new();
    bench.request("POST");
    bench.exchanges.request_content(b"12");
    bench.response(401);
    bench.end();
    bench.exchanges.request_content(b"34");
    bench.exchanges.request_end(None);
    bench.request("GET");
    bench.exchanges.request_content(b"5");
    assert_eq!(
        bench.exchanges.exchanges.open[0].content.content().bytes,
        b"5"
    );
}

#[test]
fn a_connection_that_is_cut_keeps_the_failure_and_gives_its_budget_back() {
    let mut bench = Bench::new();
    bench.request("GET");
    bench.response(401);
    bench.exchanges.response_content(b"partial");
    let budget = 16 << 20;
    assert!(!bench.recorder.reserve_content(budget));
    drop(bench.exchanges);
    assert_eq!(bench.recorder.counts().failures, 1);
    assert!(bench.recorder.reserve_content(budget));
}

#[test]
fn the_end_of_an_exchange_does_not_overtake_its_head() {
    let mut bench = Bench::new();
    let head = Box::new(sample::failing(1, sample::START));
    bench
        .exchanges
        .exchanges
        .held
        .push((head, Progress::HeadKnown));
    bench.request("GET");
    bench.response(401);
    bench.end();
    assert_eq!(bench.recorder.counts().failures, 0, "not yet");
    drop(bench.exchanges);
    assert_eq!(bench.recorder.counts().failures, 1);
}

#[tokio::test]
async fn a_failure_that_finds_no_room_is_lost_once_and_holds_nothing_up() {
    let mut bench = Bench::new();
    bench.request("GET");
    bench.response(401);
    bench.recording.stop_writer();
    bench.exchanges.settle();
    bench.end();
    assert_eq!(bench.exchanges.exchanges.held.len(), 2);
    assert!(bench.has_room());
    assert!(bench.exchanges.exchanges.held.is_empty());
    assert_eq!(bench.recorder.counts().lost, 1);
}

#[test]
fn requests_that_are_never_answered_are_followed_within_bounds() {
    let mut bench = Bench::new();
    let most = OPEN_LIMIT / size_of::<Open>();
    let followed = (0..most).take_while(|_| bench.request("GET")).count();
    assert!(followed < most && followed > 10_000, "{followed}");
}
