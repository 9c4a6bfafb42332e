//! The store as its users see it: what is written is read again, and nobody else reads it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
use crate::capture::sample::{self, CANARY, START, after_secs};
use crate::model::{Case, ChosenBaseline, Context, Match, State};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn verdict(same_as: Option<u64>) -> Verdict {
    Verdict {
        cause: Some("jwt-expired".to_owned()),
        side: "client".to_owned(),
        confidence: "certain".to_owned(),
        same_as,
    }
}

fn chosen(name: &str) -> ChosenBaseline {
    ChosenBaseline {
        baseline: sample::baseline(name),
        found: Match::SameOrigin,
        distrust: vec!["old".to_owned()],
    }
}

/// A Case with something in every part of it.
fn full_case(store: &Store) -> Case {
    let failing = sample::failing(1, START);
    let before = [sample::seen(2, START, 200), sample::seen(3, START, 204)];
    let reference = sample::write(store, &failing, &before);
    let case = Case {
        number: reference.number,
        failing,
        state: State::Recovered,
        baseline: Some(chosen("good")),
        context: Context {
            before: before.to_vec(),
            after: vec![sample::seen(4, after_secs(1), 200)],
            credentials: Vec::new(),
            lost: 0,
        },
    };
    store.save_case(&case, &verdict(None)).unwrap();
    case
}

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
fn files_and_folder_are_the_owners_alone_from_the_start() {
    let parent = folder();
    let data = parent.path().join("why401");
    let store = sample::open(&data);
    full_case(&store);
    assert_eq!(mode(&data), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    assert!(names.contains(&"why401.db-wal".to_owned()), "{names:?}");
}

#[test]
fn a_folder_or_file_that_others_can_reach_is_refused() {
    let folder = folder();
    drop(sample::open(folder.path()));
    for (name, wider) in [("why401.db", 0o640), ("store.key", 0o604), ("", 0o770)] {
        let path = folder.path().join(name);
        let own = mode(&path);
        fs::set_permissions(&path, fs::Permissions::from_mode(wider)).unwrap();
        match Store::open(folder.path()) {
            Err(StoreError::TooOpen { mode, .. }) => assert_eq!(mode, wider),
            other => panic!("{name}: {other:?}"),
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(own)).unwrap();
    }
    assert!(Store::open(folder.path()).is_ok());
}

#[test]
fn nothing_that_is_sealed_can_be_read_in_any_file() {
    let folder = folder();
    let store = sample::open(folder.path());
    full_case(&store);
    store.add_baseline(&sample::baseline("good")).unwrap();
    let found = |folder: &Path| {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| fs::read(entry.unwrap().path()).unwrap())
            .any(|bytes| memchr::memmem::find(&bytes, CANARY.as_bytes()).is_some())
    };
    assert!(!found(folder.path()));
    drop(store);
    assert!(!found(folder.path()));
    fs::write(folder.path().join("plain"), CANARY).unwrap();
    assert!(found(folder.path()), "the search finds nothing at all");
}

#[test]
fn what_was_written_before_a_crash_is_there_and_numbers_go_on() {
    let folder = folder();
    let store = sample::open(folder.path());
    let first = sample::write(&store, &sample::failing(1, START), &[]);
    // As after kill -9: no close, no checkpoint; a second connection reads the log.
    let reader = Store::open_existing(folder.path()).unwrap().unwrap();
    assert_eq!(reader.newest().unwrap(), Some(first));
    std::mem::forget(store);
    let reader = Store::open(folder.path()).unwrap();
    assert_eq!(reader.newest().unwrap(), Some(first));
    assert_eq!(
        sample::write(&reader, &sample::failing(2, START), &[]).number,
        2
    );
}

#[test]
fn another_process_reads_and_changes_baselines_while_a_run_records() {
    let folder = folder();
    let run = sample::open(folder.path());
    let other = Store::open_existing(folder.path()).unwrap().unwrap();
    let mark = run.baseline_mark().unwrap();
    other.add_baseline(&sample::baseline("good")).unwrap();
    assert_ne!(run.baseline_mark().unwrap(), mark);
    let reference = sample::write(&run, &sample::failing(1, START), &[]);
    assert_eq!(other.newest().unwrap(), Some(reference));
    assert!(matches!(
        Store::open_for_run(folder.path()),
        Err(StoreError::InUse { .. })
    ));
    drop(run);
    assert!(Store::open_for_run(folder.path()).is_ok());
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    let folder = folder();
    let store = sample::open(folder.path());
    store
        .connection
        .pragma_update(None, "user_version", 7)
        .unwrap();
    drop(store);
    assert!(matches!(
        Store::open(folder.path()),
        Err(StoreError::Newer {
            found: 7,
            known: 1,
            ..
        })
    ));
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("why401.db");
    fs::write(&path, "someone else's notes").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(
        Store::open(folder.path()),
        Err(StoreError::Foreign { .. })
    ));
    assert_eq!(fs::read(&path).unwrap(), b"someone else's notes");
    assert!(!folder.path().join("store.key").exists());
    fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE theirs (a)").unwrap();
    drop(other);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(
        Store::open(folder.path()),
        Err(StoreError::Foreign { .. })
    ));
}

#[test]
fn a_missing_or_wrong_key_is_told_and_no_new_one_is_made() {
    let folder = folder();
    drop(sample::open(folder.path()));
    let key = folder.path().join("store.key");
    fs::write(&key, [7; 32]).unwrap();
    assert!(matches!(
        Store::open(folder.path()),
        Err(StoreError::WrongKey { .. })
    ));
    fs::write(&key, [7; 3]).unwrap();
    assert!(matches!(
        Store::open(folder.path()),
        Err(StoreError::WrongKey { .. })
    ));
    fs::remove_file(&key).unwrap();
    assert!(matches!(
        Store::open(folder.path()),
        Err(StoreError::KeyMissing { .. })
    ));
    assert!(!key.exists());
}

#[test]
fn a_set_up_that_was_cut_off_is_done_again() {
    let folder = folder();
    for (name, bytes) in [("store.key", &[7; 3][..]), ("why401.db", &[])] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    drop(sample::open(folder.path()));
    assert!(Store::open_existing(folder.path()).unwrap().is_some());
}

#[test]
fn a_folder_without_a_store_has_none_and_gets_none() {
    let folder = folder();
    assert!(Store::open_existing(folder.path()).unwrap().is_none());
    assert!(
        Store::open_existing(&folder.path().join("no"))
            .unwrap()
            .is_none()
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_changed_byte_anywhere_is_an_error_or_nothing_and_no_panic() {
    let folder = folder();
    let store = sample::open(folder.path());
    full_case(&store);
    store.add_baseline(&sample::baseline("good")).unwrap();
    drop(store);
    let path = folder.path().join("why401.db");
    let good = fs::read(&path).unwrap();
    let mut refused = 0;
    for step in 0..200 {
        let mut bytes = good.clone();
        let at = step * 7919 % bytes.len();
        bytes[at] ^= 1 << (step % 8);
        fs::write(&path, &bytes).unwrap();
        refused += usize::from(read_everything(folder.path()).is_none());
    }
    assert!(refused > 20, "only {refused} of 200 changes were noticed");
}

fn read_everything(folder: &Path) -> Option<()> {
    let store = Store::open_existing(folder).ok()??;
    for row in store.list(&Filter::default(), START).ok()? {
        store.case(row.reference, START).ok()?;
    }
    store.baselines().ok().map(drop)
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
    for text in ["2", "#2", " #2 ", &long, &long.to_lowercase(), &long[..20]] {
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
    let folder = folder();
    let store = sample::open(folder.path());
    for number in 1..=3 {
        sample::write(
            &store,
            &sample::failing(number, after_secs(number as u64)),
            &[],
        );
    }
    full_verdict(&store, 2);
    let numbers = |filter: Filter| -> Vec<u64> {
        let rows = store.list(&filter, START).unwrap();
        rows.iter().map(|row| row.reference.number).collect()
    };
    let text = |text: &str| Some(text.to_owned());
    let all = Filter::default;
    assert_eq!(numbers(all()), [3, 2, 1]);
    assert_eq!(
        numbers(Filter {
            limit: Some(2),
            ..all()
        }),
        [3, 2]
    );
    assert_eq!(
        numbers(Filter {
            since: Some(after_secs(2)),
            ..all()
        }),
        [3, 2]
    );
    assert_eq!(
        numbers(Filter {
            cause: text("jwt-expired"),
            ..all()
        }),
        [2]
    );
    assert_eq!(
        numbers(Filter {
            host: text("ACME.test"),
            limit: Some(1),
            ..all()
        }),
        [3]
    );
    assert_eq!(
        numbers(Filter {
            host: text("cme.test"),
            ..all()
        }),
        [0; 0]
    );
    assert_eq!(
        numbers(Filter {
            route: text("/v2/orders"),
            limit: Some(1),
            ..all()
        }),
        [3]
    );
    assert_eq!(
        numbers(Filter {
            client: text("CURL/8"),
            limit: Some(1),
            ..all()
        }),
        [3]
    );
    assert_eq!(
        numbers(Filter {
            search: text("Expired"),
            ..all()
        }),
        [2]
    );
    assert_eq!(
        numbers(Filter {
            search: text("%"),
            ..all()
        }),
        [0; 0]
    );
    assert_eq!(
        numbers(Filter {
            search: text("' OR 1 --"),
            ..all()
        }),
        [0; 0]
    );
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
            &sample::failing(number, after_secs(number as u64)),
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
