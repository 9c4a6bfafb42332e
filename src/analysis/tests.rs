//! The worker and later readers over a real store, with a judge of their own.

use std::sync::{Arc, Mutex};

use super::event::Event;
use super::explain::{ExplainError, explain_by};
use super::judge::Judge;
use super::worker::Worker;
use crate::baseline::Shelf;
use crate::capture::sample::{self, Hands, START, after_secs};
use crate::capture::store::{BaselineError, Filter, Ref, Row, Store};
use crate::capture::{Notice, Recorded, RequestKey};
use crate::diagnosis::{Diagnosis, FaultSide, Finding};
use crate::model::{
    Case, ChosenBaseline, Exchange, Fingerprint, Learned, Match, Seen, State, Timestamp,
};

/// Names what it was given: `after` with exchanges after the failure, `good` with a baseline, `first` with
/// nothing before it.
fn diagnose(case: &Case) -> Diagnosis {
    let cause = match (&case.context.after[..], &case.baseline) {
        ([_, ..], _) => "after",
        ([], Some(_)) => "good",
        ([], None) if case.context.before.is_empty() => "first",
        ([], None) => "alone",
    };
    Diagnosis {
        verdict: Some(Finding {
            cause,
            side: FaultSide::Client,
            score: 70,
            title: String::new(),
            evidence: Vec::new(),
            fix: Vec::new(),
            about: None,
        }),
        ..Diagnosis::default()
    }
}

/// The last one added; `best…` fits best.
fn choose(
    _failing: &Exchange,
    candidates: &Shelf,
    _learned: &[Learned],
    pinned: Option<&str>,
    _now: Timestamp,
) -> Option<ChosenBaseline> {
    let baseline = candidates.all().last()?.clone();
    let found = match (pinned, baseline.name.starts_with("best")) {
        (Some(_), _) => Match::Named,
        (None, true) => Match::SameOrigin,
        (None, false) => Match::SameHost,
    };
    Some(ChosenBaseline {
        baseline,
        found,
        distrust: Vec::new(),
        varying: Vec::new(),
    })
}

const JUDGE: Judge = Judge { choose, diagnose };

/// A worker, what it told, and the store as another process sees it.
struct Bench {
    worker: Worker,
    told: Arc<Mutex<Vec<String>>>,
    store: Store,
    hands: Hands,
    _run: Store,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run = sample::open(folder.path());
        let hands = Hands::at_start();
        let told = Arc::new(Mutex::new(Vec::new()));
        let reader = run.another().unwrap();
        let on_event = {
            let told = Arc::clone(&told);
            let reader = run.another().unwrap();
            move |event| told.lock().unwrap().push(tell(&event, &reader))
        };
        Self {
            worker: Worker::new(
                JUDGE,
                run.another().unwrap(),
                Vec::new(),
                hands.clock(),
                Box::new(on_event),
            ),
            told,
            store: reader,
            hands,
            _run: run,
            _folder: folder,
        }
    }

    fn record(&self, exchange: &Exchange) -> Recorded {
        self.record_after(exchange, &[sample::seen(77, START, 200)])
    }

    fn record_after(&self, exchange: &Exchange, before: &[Seen]) -> Recorded {
        Recorded {
            reference: sample::write(&self.store, exchange, before),
            at: exchange.at,
            key: RequestKey::for_tests(1),
            kind: Fingerprint([1; 10]),
            awaits_next_leg: false,
            seen: None,
        }
    }

    fn take(&mut self, recorded: &Recorded) {
        let notice = Notice::Recorded(Box::new(recorded.clone()));
        self.worker.take(vec![notice]);
    }

    fn passes(&mut self, secs: u64, status: u16) {
        let seen = Box::new(sample::seen(500, after_secs(secs), status));
        let key = RequestKey::for_tests(1);
        self.worker.take(vec![Notice::Repeated { key, seen }]);
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    fn row(&self, number: u64) -> Row {
        let rows = self.store.list(&Filter::default(), START).unwrap();
        rows.into_iter()
            .find(|row| row.reference.number == number)
            .unwrap()
    }

    fn explain(&self, reference: Ref, pinned: Option<&str>) -> (Case, Diagnosis) {
        explain_by(JUDGE, &self.store, reference, pinned, &[], START).unwrap()
    }
}

/// An event, and what the store held when it was told.
fn tell(event: &Event, store: &Store) -> String {
    match event {
        Event::Explained {
            case,
            diagnosis,
            same_as,
        } => {
            let reference = Ref {
                number: case.number,
                id: case.failing.id,
            };
            let stored = store.verdict(reference).unwrap();
            assert_eq!(
                stored.unwrap().cause.as_deref(),
                diagnosis.verdict.as_ref().map(|finding| finding.cause),
                "told before it was durable"
            );
            let same = same_as.map_or(String::new(), |number| format!(" as #{number}"));
            let cause = diagnosis.verdict.as_ref().unwrap().cause;
            format!("#{} {} {cause}{same}", case.number, case.state.as_str())
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn a_failure_is_told_with_the_verdict_that_every_reader_gets() {
    let mut bench = Bench::new();
    bench.store.add_baseline(&sample::baseline("best")).unwrap();
    let recorded = bench.record(&sample::failing(1, START));
    bench.take(&recorded);
    assert_eq!(bench.told(), ["#1 open good"]);
    let row = bench.row(1);
    assert_eq!(row.cause.as_deref(), Some("good"));
    assert_eq!(row.baseline.as_deref(), Some("best"));
    bench.store.remove_baseline("best").unwrap();
    let (case, diagnosis) = bench.explain(recorded.reference, None);
    assert_eq!(diagnosis, diagnose(&case));
    assert_eq!(case.baseline.unwrap().baseline, sample::baseline("best"));
}

#[test]
fn a_repeat_refers_to_the_first_and_a_new_baseline_ends_that() {
    let mut bench = Bench::new();
    for number in 1..=2 {
        let recorded = bench.record(&sample::failing(number, START));
        bench.take(&recorded);
    }
    assert_eq!(bench.told(), ["#1 open alone", "#2 open alone as #1"]);
    assert_eq!(bench.row(2).same_as, Some(1));
    bench.store.add_baseline(&sample::baseline("best")).unwrap();
    let third = bench.record(&sample::failing(3, START));
    bench.take(&third);
    assert_eq!(bench.told(), ["#3 open good"]);
}

#[test]
fn a_failure_of_another_kind_is_no_repeat() {
    let mut bench = Bench::new();
    let first = bench.record(&sample::failing(1, START));
    bench.take(&first);
    let mut second = bench.record(&sample::failing(2, START));
    second.kind = Fingerprint([2; 10]);
    bench.take(&second);
    assert_eq!(bench.told(), ["#1 open alone", "#2 open alone"]);
}

#[test]
fn a_failure_of_one_kind_with_another_story_is_no_repeat() {
    let mut bench = Bench::new();
    let first = bench.record_after(&sample::failing(1, START), &[]);
    bench.take(&first);
    let second = bench.record(&sample::failing(2, START));
    bench.take(&second);
    assert_eq!(bench.told(), ["#1 open first", "#2 open alone"]);
    assert_eq!(bench.row(2).same_as, None);
}

#[test]
fn a_challenge_is_told_after_its_second_leg_or_two_seconds() {
    let mut bench = Bench::new();
    let mut first = bench.record(&sample::challenged(1, START));
    first.awaits_next_leg = true;
    bench.take(&first);
    assert!(bench.told().is_empty());
    bench.passes(1, 200);
    assert_eq!(bench.told(), ["#1 recovered after"]);
    let mut second = bench.record(&sample::challenged(2, START));
    second.awaits_next_leg = true;
    bench.take(&second);
    bench.hands.move_by_secs(1);
    bench.worker.take(Vec::new());
    assert!(bench.told().is_empty());
    bench.hands.move_by_secs(1);
    bench.worker.take(Vec::new());
    assert_eq!(
        bench.told(),
        ["#2 open alone"],
        "not the verdict of a recovered one"
    );
}

#[test]
fn a_late_recovery_revises_what_was_told_and_what_readers_get() {
    let mut bench = Bench::new();
    let recorded = bench.record(&sample::failing(1, START));
    bench.take(&recorded);
    bench.passes(20, 200);
    assert_eq!(bench.told(), ["#1 open alone", "Revised(#1 recovered)"]);
    let (case, diagnosis) = bench.explain(recorded.reference, None);
    assert_eq!(case.state, State::Recovered);
    assert_eq!(case.context.after.len(), 1);
    assert_eq!(diagnosis.verdict.unwrap().cause, "after");
    assert_eq!(bench.row(1).cause.as_deref(), Some("after"));
}

#[test]
fn the_end_of_a_run_tells_what_waits_and_fails_what_is_open() {
    let mut bench = Bench::new();
    let first = bench.record(&sample::failing(1, START));
    bench.take(&first);
    let mut second = bench.record(&sample::challenged(2, START));
    second.awaits_next_leg = true;
    second.kind = Fingerprint([2; 10]);
    bench.take(&second);
    bench.told();
    let told = Arc::clone(&bench.told);
    let Bench { worker, store, .. } = bench;
    worker.end();
    assert_eq!(*told.lock().unwrap(), ["#2 failed alone"]);
    let rows = store.list(&Filter::default(), START).unwrap();
    assert!(rows.iter().all(|row| row.state == State::Failed));
}

#[test]
fn what_the_writer_tells_goes_on_to_the_front_end() {
    let mut bench = Bench::new();
    let origin = sample::origin("api.acme.test");
    let reason = "bad chunk";
    bench.worker.take(vec![
        Notice::Lost(3),
        Notice::NotDecoded { origin, reason },
        Notice::StoreWorking,
    ]);
    let lines = [
        "Lost(3)",
        "NotDecoded(https://api.acme.test: bad chunk)",
        "StoreWorking",
    ];
    assert_eq!(bench.told(), lines);
}

#[test]
fn a_record_that_is_gone_or_damaged_does_not_keep_the_others_back() {
    let mut bench = Bench::new();
    let mut gone = bench.record(&sample::failing(1, START));
    gone.reference.number = 99;
    let fine = bench.record(&sample::failing(2, START));
    bench.worker.take(vec![
        Notice::Recorded(Box::new(gone)),
        Notice::Recorded(Box::new(fine)),
    ]);
    assert_eq!(bench.told(), ["#2 open alone"]);
}

#[test]
fn a_reader_draws_the_verdict_that_nobody_drew_and_keeps_it() {
    let bench = Bench::new();
    let reference = bench.record(&sample::failing(1, START)).reference;
    assert_eq!(bench.row(1).cause, None);
    let (_, diagnosis) = bench.explain(reference, None);
    assert_eq!(diagnosis.verdict.unwrap().cause, "alone");
    assert_eq!(bench.row(1).cause.as_deref(), Some("alone"));
}

#[test]
fn a_reader_chooses_again_only_when_a_baseline_fits_better() {
    let bench = Bench::new();
    let reference = bench.record(&sample::failing(1, START)).reference;
    let name = |pinned| {
        let (case, _) = bench.explain(reference, pinned);
        case.baseline.map(|chosen| chosen.baseline.name)
    };
    assert_eq!(name(None), None);
    bench.store.add_baseline(&sample::baseline("poor")).unwrap();
    assert_eq!(name(None).as_deref(), Some("poor"));
    bench
        .store
        .add_baseline(&sample::baseline("other"))
        .unwrap();
    assert_eq!(name(None).as_deref(), Some("poor"));
    bench.store.add_baseline(&sample::baseline("best")).unwrap();
    assert_eq!(name(None).as_deref(), Some("best"));
    assert_eq!(bench.row(1).baseline.as_deref(), Some("best"));
    assert_eq!(name(Some("poor")).as_deref(), Some("poor"));
    assert_eq!(
        bench.row(1).baseline.as_deref(),
        Some("best"),
        "a pin keeps nothing"
    );
}

#[test]
fn a_baseline_that_does_not_exist_is_told_with_those_that_do() {
    let bench = Bench::new();
    let reference = bench.record(&sample::failing(1, START)).reference;
    bench.store.add_baseline(&sample::baseline("best")).unwrap();
    match explain_by(JUDGE, &bench.store, reference, Some("bset"), &[], START) {
        Err(ExplainError::Baseline(BaselineError::NotFound { known, .. })) => {
            assert_eq!(known, ["best"]);
        }
        other => panic!("{other:?}"),
    }
}
