//! Recorder, writer and store together: what goes in at one end is durable at the other.

use std::path::Path;
use std::sync::mpsc::Receiver;

use super::recorder::{Passed, Progress, Recorder, start};
use super::sample::{self, CANARY, Hands, START, after_secs};
use super::settings::Settings;
use super::store::{Filter, Store};
use super::writer::{Notice, Recorded, Writer};
use crate::model::{Case, Exchange, Failure, FailureCause, Outcome, Side, Stage};

struct Bench {
    recorder: Recorder,
    writer: Writer,
    notices: Receiver<Notice>,
    store: Store,
    hands: Hands,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run = sample::open(folder.path());
        let store = run.another().unwrap();
        let hands = Hands::at_start();
        let mut settings = Settings::new(|path| String::from_utf8_lossy(path).into_owned());
        change(&mut settings);
        let (recorder, writer, notices) = start(settings, run, hands.clock()).unwrap();
        Self {
            recorder,
            writer,
            notices,
            store,
            hands,
            folder,
        }
    }

    fn fail(&self, exchange: Exchange) {
        self.recorder
            .failed(Box::new(exchange), Progress::Ended)
            .unwrap();
    }

    /// Everything that was told until the end.
    fn stop(self) -> (Vec<Notice>, Store, tempfile::TempDir) {
        drop(self.writer.stop().unwrap());
        (self.notices.iter().collect(), self.store, self.folder)
    }

    /// The Cases of all failures that were told.
    fn cases(self) -> Vec<Case> {
        let (notices, store, _folder) = self.stop();
        recorded(&notices)
            .iter()
            .map(|recorded| store.case(recorded.reference, START).unwrap())
            .collect()
    }
}

fn recorded(notices: &[Notice]) -> Vec<&Recorded> {
    let mut all = Vec::new();
    for notice in notices {
        if let Notice::Recorded(recorded) = notice {
            all.push(&**recorded);
        }
    }
    all
}

fn passed_at(host: &str, secs: u64) -> Passed {
    let mut passed = sample::passed("/a", after_secs(secs), 200);
    passed.origin = std::sync::Arc::new(sample::origin(host));
    passed
}

#[test]
fn a_failure_is_told_once_it_is_durable_and_reads_as_it_came() {
    let bench = Bench::new();
    let exchange = sample::failing(1, after_secs(5));
    bench
        .recorder
        .passed(sample::passed("/v2/orders", after_secs(1), 200));
    bench.fail(exchange.clone());
    let told = bench.notices.recv().unwrap();
    let [recorded] = recorded(std::slice::from_ref(&told))[..] else {
        panic!("{told:?}");
    };
    let reader = Store::open_existing(bench.folder.path()).unwrap().unwrap();
    let case = reader.case(recorded.reference, START).unwrap();
    assert_eq!(case.failing, exchange);
    assert_eq!(case.context.credentials.len(), 1);
    let [before] = &case.context.before[..] else {
        panic!("{:?}", case.context.before);
    };
    assert_eq!((before.at, before.status), (after_secs(1), 200));
    assert_eq!(before.request.url, exchange.request.url);
    assert!(!recorded.awaits_next_leg);
}

#[test]
fn a_head_is_written_before_its_end_and_told_after_it() {
    let bench = Bench::new();
    let exchange = sample::failing(1, START);
    let head = Box::new(exchange.clone());
    bench.recorder.failed(head, Progress::HeadKnown).unwrap();
    while bench.store.newest().unwrap().is_none() {
        std::thread::yield_now();
    }
    let newest = bench.store.newest().unwrap().unwrap();
    assert!(!bench.store.is_complete(newest).unwrap());
    assert!(bench.notices.try_recv().is_err());
    bench.fail(exchange);
    let (notices, store, _folder) = bench.stop();
    assert_eq!(recorded(&notices)[0].reference, newest);
    assert!(store.is_complete(newest).unwrap());
}

#[test]
fn a_request_that_gets_through_is_told_after_the_failure_it_repeats() {
    let bench = Bench::new();
    bench.fail(sample::failing(1, START));
    bench
        .recorder
        .passed(sample::passed("/other", after_secs(1), 200));
    bench
        .recorder
        .passed(sample::passed("/v2/orders", after_secs(2), 200));
    bench
        .recorder
        .passed(sample::passed("/v2/orders", after_secs(3), 200));
    let (notices, ..) = bench.stop();
    let [Notice::Recorded(failed), Notice::Repeated { key, seen }] = &notices[..] else {
        panic!("{notices:?}");
    };
    assert_eq!((failed.key, seen.at), (*key, after_secs(2)));
}

#[test]
fn the_context_holds_the_same_site_and_token_responses_newest_first() {
    let bench = Bench::new();
    let tokens = |host, secs| Passed {
        token_content: Some(br#"{"access_token":"abcdefgh12345678","expires_in":60}"#.to_vec()),
        response: crate::wire::head::Head::new(
            *b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
        )
        .into(),
        origin: passed_at(host, secs).origin,
        ..sample::passed("/oauth/token", after_secs(secs), 200)
    };
    bench.recorder.passed(tokens("login.other.test", 1));
    bench.recorder.passed(passed_at("other.test", 2));
    bench.recorder.passed(passed_at("www.acme.test", 3));
    bench.recorder.passed(passed_at("api.acme.test", 4));
    bench.recorder.passed(passed_at("api.acme.test", 9));
    bench.fail(sample::failing(1, after_secs(8)));
    bench.fail(sample::failing(2, after_secs(10)));
    let cases = bench.cases();
    let hosts = |case: &Case| -> Vec<String> {
        let before = case.context.before.iter();
        before
            .map(|seen| seen.request.url.origin.host.clone())
            .collect()
    };
    assert_eq!(
        hosts(&cases[0]),
        ["api.acme.test", "www.acme.test", "login.other.test"]
    );
    assert_eq!(cases[0].context.before[2].tokens.len(), 1);
    // The failure before it and what passed in between are known to the second.
    let statuses: Vec<_> = cases[1]
        .context
        .before
        .iter()
        .map(|seen| seen.status)
        .collect();
    assert_eq!(statuses, [200, 401, 200, 200, 200]);
}

#[test]
fn the_context_holds_the_redirects_of_other_sites_that_led_to_it() {
    let bench = Bench::new();
    let redirect = |host: &str, location: &str, secs| {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n");
        Passed {
            response: crate::wire::head::Head::new(head.into_bytes()).into(),
            status: 302,
            ..passed_at(host, secs)
        }
    };
    for passed in [
        redirect("old.test", "https://api.acme.test/v2/orders", 1),
        redirect("first.test", "https://second.test/", 20),
        redirect("second.test", "https://api.acme.test/v2/orders", 21),
        redirect("elsewhere.test", "https://unrelated.test/", 21),
        passed_at("unrelated.test", 21),
    ] {
        bench.recorder.passed(passed);
    }
    bench.fail(sample::failing(1, after_secs(22)));
    let case = &bench.cases()[0];
    let before = case.context.before.iter();
    let hosts: Vec<_> = before
        .map(|seen| seen.request.url.origin.host.as_str())
        .collect();
    assert_eq!(hosts, ["second.test", "first.test"]);
}

#[test]
fn the_context_is_bounded_and_keeps_the_login_of_a_busy_client() {
    let bench = Bench::new();
    let mut login = sample::passed("/login", after_secs(1), 200);
    login.response =
        crate::wire::head::Head::new(*b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=1\r\n\r\n").into();
    bench.recorder.passed(login);
    for number in 0..200 {
        bench
            .recorder
            .passed(sample::passed("/poll", after_secs(2 + number), 200));
    }
    bench.fail(sample::failing(1, after_secs(300)));
    let before = &bench.cases()[0].context.before;
    assert_eq!(before.len(), 32);
    assert_eq!(before[0].at, after_secs(201));
    assert_eq!(before[31].request.url.path, b"/login");
}

#[test]
fn failures_of_one_kind_are_told_apart_from_others() {
    let bench = Bench::new();
    bench.fail(sample::failing(1, START));
    bench.fail(sample::failing(2, after_secs(1)));
    bench.fail(sample::challenged(3, after_secs(2)));
    let mut broken = sample::failing(4, after_secs(3));
    broken.outcome = Outcome::Failure(Failure {
        side: Side::Upstream,
        stage: Stage::Connect,
        cause: FailureCause::Refused,
        detail: "api.acme.test:443 refused the connection".to_owned(),
    });
    bench.fail(broken);
    let (notices, store, _folder) = bench.stop();
    let all = recorded(&notices);
    let kinds: Vec<_> = all.iter().map(|recorded| recorded.kind).collect();
    assert_eq!(kinds[0], kinds[1]);
    assert!(kinds[0] != kinds[2] && kinds[0] != kinds[3] && kinds[2] != kinds[3]);
    let waiting: Vec<_> = all
        .iter()
        .map(|recorded| recorded.awaits_next_leg)
        .collect();
    assert_eq!(waiting, [false, false, true, false]);
    let rows = store.list(&Filter::default(), START).unwrap();
    assert_eq!(rows[0].status, 502);
}

#[test]
fn losses_are_counted_and_told() {
    let bench = Bench::new();
    bench.recorder.lose();
    bench
        .recorder
        .not_decoded(&sample::origin("api.acme.test"), "not HTTP");
    bench.recorder.passed(sample::passed("/a", START, 200));
    bench.fail(sample::failing(1, START));
    let counts = bench.recorder.counts();
    assert_eq!((counts.requests, counts.failures), (3, 1));
    assert_eq!((counts.lost, counts.not_decoded), (1, 1));
    let (notices, ..) = bench.stop();
    assert!(matches!(notices[0], Notice::Lost(1)));
    assert!(matches!(notices[1], Notice::NotDecoded { .. }));
}

#[test]
fn a_store_that_cannot_be_written_is_told_and_what_stays_unwritten_is_lost() {
    let bench = Bench::new();
    drop_failures(bench.folder.path());
    bench.fail(sample::failing(1, START));
    assert!(matches!(bench.notices.recv(), Ok(Notice::StoreFailing(_))));
    let recorder = bench.recorder.clone();
    recorder.passed(sample::passed("/a", START, 200));
    let (notices, ..) = bench.stop();
    assert!(matches!(notices[..], [Notice::Lost(1)]), "{notices:?}");
    assert_eq!(recorder.counts().lost, 1);
}

fn drop_failures(folder: &Path) {
    let other = rusqlite::Connection::open(folder.join("why401.db")).unwrap();
    other
        .execute_batch("ALTER TABLE failures RENAME TO elsewhere")
        .unwrap();
}

#[test]
fn content_in_flight_stays_within_its_budget() {
    let bench = Bench::with(|settings| settings.content_budget = 100);
    assert!(bench.recorder.reserve_content(60));
    assert!(!bench.recorder.reserve_content(41));
    assert!(!bench.recorder.reserve_content(usize::MAX));
    assert!(bench.recorder.reserve_content(40));
    bench.recorder.release_content(60);
    assert!(bench.recorder.reserve_content(60));
}

#[test]
fn ids_differ_and_sort_by_the_order_of_their_making() {
    let bench = Bench::new();
    let ids: Vec<_> = (0..1000).map(|_| bench.recorder.next_id(START)).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(bench.recorder.now(), START);
    bench.hands.move_by_secs(1);
    assert_eq!(bench.recorder.now(), after_secs(1));
}

#[test]
fn no_secret_of_a_recorded_exchange_stands_in_any_file() {
    let bench = Bench::new();
    let mut exchange = sample::failing(1, START);
    let target = format!("/v2/orders?api_key={CANARY}&x=1");
    exchange.request = sample::request(
        &target,
        &[
            ("Authorization", &format!("Bearer {CANARY}")),
            ("Cookie", &format!("sid={CANARY}")),
            ("X-Api-Key", CANARY),
        ],
    );
    exchange.request.url.userinfo = Some(format!("me:{CANARY}").into_bytes());
    bench.recorder.passed(sample::passed(&target, START, 200));
    bench.fail(exchange);
    let files = |folder: &Path| -> Vec<u8> {
        std::fs::read_dir(folder)
            .unwrap()
            .flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .collect()
    };
    while bench.store.newest().unwrap().is_none() {
        std::thread::yield_now();
    }
    let during = files(bench.folder.path());
    let (_, store, folder) = bench.stop();
    drop(store);
    for bytes in [during, files(folder.path())] {
        assert!(memchr::memmem::find(&bytes, b"/v2/orders").is_some());
        assert!(memchr::memmem::find(&bytes, CANARY.as_bytes()).is_none());
    }
}

fn learned_secs(store: &Store) -> Vec<i64> {
    let learned = store.learned(100).unwrap();
    let secs = learned.iter().map(|one| one.at.secs() - START.secs());
    secs.collect()
}

#[test]
fn what_a_failure_may_be_compared_with_is_as_durable_as_the_failure() {
    let bench = Bench::new();
    let pass = |secs| {
        let passed = sample::passed("/v2/orders", after_secs(secs), 200);
        bench.recorder.passed(passed);
    };
    pass(1);
    let is_told = || matches!(bench.notices.recv().unwrap(), Notice::Recorded(_));
    bench.fail(sample::failing(1, after_secs(2)));
    assert!(is_told());
    assert_eq!(learned_secs(&bench.store), [1]);
    // Within the minute: only because a failure of that route asks for it.
    pass(3);
    bench.fail(sample::failing(2, after_secs(4)));
    assert!(!is_told(), "the first one is repeated");
    assert!(is_told());
    assert_eq!(learned_secs(&bench.store), [3, 1]);
    pass(5);
    let (_, store, _folder) = bench.stop();
    assert_eq!(learned_secs(&store), [5, 3, 1], "the end of a run");
}

#[test]
fn a_learned_request_has_its_content() {
    let bench = Bench::new();
    let mut passed = sample::passed("/v2/orders", after_secs(1), 200);
    passed.content = crate::model::Content::complete(&b"{}"[..]);
    let content = passed.content.clone();
    bench.recorder.passed(passed);
    let (_, store, _folder) = bench.stop();
    let [learned] = &store.learned(9).unwrap()[..] else {
        panic!("one passed");
    };
    assert_eq!(learned.request.content, content);
    assert_eq!(learned.client.user_agent, b"curl/8.5.0");
}
