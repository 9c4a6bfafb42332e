//! Records and baselines: written, found, read again.

use super::{folder, full_case, verdict};
use crate::capture::sample::{self, START, after_secs};
use crate::capture::store::{BaselineError, Filter, ResolveError, Store, StoreError, state_at};
use crate::model::State;

#[test]
fn a_stored_case_read_again_in_another_process_is_equal() {
    let folder = folder();
    let store = sample::open(folder.path());
    let case = full_case(&store);
    drop(store);
    let store = Store::open_existing(folder.path()).unwrap().unwrap();
    let newest = store.newest().unwrap().unwrap();
    assert_eq!(store.case(newest, START).unwrap(), case);
    assert_eq!(store.verdict(newest).unwrap(), Some(verdict(None)));
}

#[test]
fn a_failure_written_at_its_head_is_completed_under_its_number() {
    let folder = folder();
    let store = sample::open(folder.path());
    let first = sample::write(&store, &sample::failing(1, START), &[]);
    let mut longer = sample::failing(1, START);
    longer.timings.end = Some(9);
    assert_eq!(sample::write(&store, &longer, &[]), first);
    let next = sample::write(&store, &sample::failing(2, START), &[]);
    assert_eq!((first.number, next.number), (1, 2));
    assert_eq!(store.case(first, START).unwrap().failing, longer);
}

#[test]
fn a_repeat_is_compared_with_the_baseline_of_the_first() {
    let folder = folder();
    let store = sample::open(folder.path());
    let first = full_case(&store);
    let again = sample::write(&store, &sample::failing(9, START), &[]);
    let mut case = store.case(again, START).unwrap();
    assert_eq!(case.baseline, None);
    case.baseline.clone_from(&first.baseline);
    store
        .save_verdict(&case, &verdict(Some(first.number)))
        .unwrap();
    assert_eq!(store.case(again, START).unwrap().baseline, first.baseline);
}

#[test]
fn an_exchange_that_is_gone_counts_as_not_remembered() {
    let folder = folder();
    let store = sample::open(folder.path());
    let case = full_case(&store);
    store.connection.execute("DELETE FROM seen", []).unwrap();
    let reference = store.newest().unwrap().unwrap();
    let read = store.case(reference, START).unwrap();
    assert_eq!(read.context.lost, 2);
    assert_eq!(read.context.after, case.context.after);
}

#[test]
fn baselines_have_unique_names_and_tell_the_others() {
    let folder = folder();
    let store = Store::open(folder.path()).unwrap();
    let good = sample::baseline("good");
    store.add_baseline(&good).unwrap();
    store.add_baseline(&sample::baseline("better")).unwrap();
    assert!(
        matches!(store.add_baseline(&good), Err(BaselineError::Exists(name)) if name == "good")
    );
    assert_eq!(store.baseline("good").unwrap(), good);
    let names: Vec<_> = store
        .baselines()
        .unwrap()
        .into_iter()
        .map(|b| b.name)
        .collect();
    assert_eq!(names, ["good", "better"]);
    match store.baseline("goood") {
        Err(BaselineError::NotFound { name, known }) => {
            assert_eq!(
                (name.as_str(), known),
                ("goood", vec!["better".into(), "good".into()])
            );
        }
        other => panic!("{other:?}"),
    }
    store.remove_baseline("good").unwrap();
    assert!(matches!(
        store.remove_baseline("good"),
        Err(BaselineError::NotFound { .. })
    ));
}

#[test]
fn every_way_to_add_or_remove_a_baseline_changes_the_mark() {
    let folder = folder();
    let store = Store::open(folder.path()).unwrap();
    let mut marks = vec![store.baseline_mark().unwrap()];
    store.add_baseline(&sample::baseline("a")).unwrap();
    marks.push(store.baseline_mark().unwrap());
    store.remove_baseline("a").unwrap();
    store.add_baseline(&sample::baseline("a")).unwrap();
    marks.push(store.baseline_mark().unwrap());
    assert!(marks[0] != marks[1] && marks[1] != marks[2] && marks[0] != marks[2]);
}

#[test]
fn an_open_record_fails_with_time_and_a_recovered_one_stays() {
    assert_eq!(state_at("open", START, after_secs(29)), State::Open);
    assert_eq!(state_at("open", START, after_secs(30)), State::Failed);
    assert_eq!(
        state_at("recovered", START, after_secs(99)),
        State::Recovered
    );
    assert_eq!(state_at("failed", START, START), State::Failed);
}

#[test]
fn the_end_of_a_run_closes_what_is_open_and_nothing_else() {
    let folder = folder();
    let store = sample::open(folder.path());
    let open = sample::write(&store, &sample::failing(1, START), &[]);
    let recovered = sample::write(&store, &sample::failing(2, START), &[]);
    store.set_state(recovered, State::Recovered).unwrap();
    assert_eq!(store.close_open().unwrap(), 1);
    assert_eq!(store.case(open, START).unwrap().state, State::Failed);
    assert_eq!(
        store.case(recovered, START).unwrap().state,
        State::Recovered
    );
}

#[test]
fn a_record_is_named_by_number_id_and_the_unique_start_of_one() {
    let folder = folder();
    let store = sample::open(folder.path());
    assert!(matches!(
        store.resolve("1", START),
        Err(ResolveError::Empty)
    ));
    let early = sample::write(&store, &sample::failing(1, START), &[]);
    let mut later = sample::failing(1, START);
    later.id = crate::model::ExchangeId::from_parts(after_secs(3600), 5);
    let later = sample::write(&store, &later, &[]);
    let long = later.id.to_string();
    let start: String = long.chars().take(20).collect();
    for text in ["2", "#2", " #2 ", &long, &long.to_lowercase(), &start] {
        assert_eq!(store.resolve(text, START).unwrap(), later, "{text}");
    }
    assert_eq!(store.resolve("#1", START).unwrap(), early);
    for text in [
        "3",
        "#0",
        "-1",
        "",
        "#",
        "01J%",
        "zz",
        "99999999999999999999999999",
    ] {
        assert!(
            matches!(store.resolve(text, START), Err(ResolveError::NotFound(_))),
            "{text}"
        );
    }
    // Both are of the same decades; their ids start alike, and `01` alone would be a number.
    let shared: String = long
        .chars()
        .zip(early.id.to_string().chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a)
        .collect();
    assert!(shared.parse::<u64>().is_err(), "{shared}");
    match store.resolve(&shared, START) {
        Err(ResolveError::Ambiguous { candidates, .. }) => {
            let numbers: Vec<_> = candidates.iter().map(|row| row.reference.number).collect();
            assert_eq!(numbers, [2, 1]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn lists_are_filtered_and_newest_first() {
    type Change = fn(&mut Filter);
    let folder = folder();
    let store = sample::open(folder.path());
    for number in 1..=3_u64 {
        sample::write(
            &store,
            &sample::failing(number.into(), after_secs(number)),
            &[],
        );
    }
    full_verdict(&store, 2);
    let numbers = |change: Change| -> Vec<u64> {
        let mut filter = Filter::default();
        change(&mut filter);
        let rows = store.list(&filter, START).unwrap();
        rows.iter().map(|row| row.reference.number).collect()
    };
    let cases: &[(Change, &[u64])] = &[
        (|_| {}, &[3, 2, 1]),
        (|f| f.limit = Some(2), &[3, 2]),
        (|f| f.since = Some(after_secs(2)), &[3, 2]),
        (|f| f.cause = Some("jwt-expired".into()), &[2]),
        (|f| f.host = Some("ACME.test".into()), &[3, 2, 1]),
        (|f| f.host = Some("api.acme.test".into()), &[3, 2, 1]),
        (|f| f.host = Some("cme.test".into()), &[]),
        (|f| f.route = Some("/v2/orders".into()), &[3, 2, 1]),
        (|f| f.route = Some("/v2/*".into()), &[3, 2, 1]),
        (|f| f.route = Some("/*".into()), &[]),
        (|f| f.client = Some("CURL/8".into()), &[3, 2, 1]),
        (|f| f.search = Some("Expired".into()), &[2]),
        (|f| f.search = Some("%".into()), &[]),
        (|f| f.search = Some("' OR 1 --".into()), &[]),
    ];
    for (case, (change, expected)) in cases.iter().enumerate() {
        assert_eq!(numbers(*change), *expected, "case {case}");
    }
}

fn full_verdict(store: &Store, number: u64) {
    let reference = store.resolve(&number.to_string(), START).unwrap();
    let case = store.case(reference, START).unwrap();
    store.save_verdict(&case, &verdict(None)).unwrap();
}

#[test]
fn a_sweep_takes_what_is_older_in_small_steps() {
    let folder = folder();
    let store = sample::open(folder.path());
    for number in 1..=5 {
        sample::write(
            &store,
            &sample::failing(number.into(), after_secs(number)),
            &[],
        );
    }
    let sweep = |most| {
        store
            .sweep(after_secs(5), std::time::Duration::ZERO, most)
            .unwrap()
    };
    assert_eq!([sweep(3), sweep(3), sweep(3)], [3, 1, 0]);
    assert_eq!(store.list(&Filter::default(), START).unwrap().len(), 1);
}

#[test]
fn writes_that_belong_together_are_kept_together_or_not_at_all() {
    let folder = folder();
    let store = sample::open(folder.path());
    let failed = store.together(|store| {
        sample::write(store, &sample::failing(1, START), &[]);
        Err::<(), _>(StoreError::Full {
            path: store.path.clone(),
        })
    });
    assert!(failed.is_err());
    assert_eq!(store.newest().unwrap(), None);
    store
        .together(|store| {
            sample::write(store, &sample::failing(1, START), &[]);
            Ok(())
        })
        .unwrap();
    assert!(store.newest().unwrap().is_some());
}
