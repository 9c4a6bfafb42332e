//! Opening: whose files, which files, and what a crash leaves behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{folder, full_case};
use crate::capture::sample::{self, CANARY, START};
use crate::capture::store::schema::{APPLICATION_ID, VERSION_1};
use crate::capture::store::{Filter, Store, StoreError};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
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
    store
        .write_learned(&sample::learned(&store, 5, START))
        .unwrap();
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
fn a_store_of_version_1_is_brought_to_this_one_with_all_it_holds() {
    let folder = folder();
    let store = sample::open(folder.path());
    let case = full_case(&store);
    store.add_baseline(&sample::baseline("good")).unwrap();
    // As version 1 left it: the same rows, made by its own statements.
    let file = store.path.clone();
    drop(store);
    let old = file.with_extension("old");
    fs::rename(&file, &old).unwrap();
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch(VERSION_1).unwrap();
    connection
        .execute("ATTACH ?1 AS old", [old.to_str().unwrap()])
        .unwrap();
    for table in ["meta", "failures", "seen", "baselines"] {
        let copy = format!("INSERT INTO main.{table} SELECT * FROM old.{table}");
        connection.execute_batch(&copy).unwrap();
    }
    connection.execute_batch("DETACH old").unwrap();
    for (name, value) in [("application_id", APPLICATION_ID), ("user_version", 1)] {
        connection.pragma_update(None, name, value).unwrap();
    }
    drop(connection);
    fs::remove_file(old).unwrap();

    let store = Store::open(folder.path()).unwrap();
    let reference = store.newest().unwrap().unwrap();
    assert_eq!(store.case(reference, START).unwrap(), case);
    assert_eq!(store.baselines().unwrap(), [sample::baseline("good")]);
    assert_eq!(store.learned_count().unwrap(), 0);
    store
        .write_learned(&sample::learned(&store, 1, START))
        .unwrap();
    drop(store);
    let again = Store::open(folder.path()).unwrap();
    assert_eq!(again.learned(9).unwrap().len(), 1);
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
            known: 2,
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
    store
        .write_learned(&sample::learned(&store, 1, START))
        .unwrap();
    drop(store);
    let path = folder.path().join("why401.db");
    let good = fs::read(&path).unwrap();
    let mut refused = 0;
    for step in 0..300 {
        let mut bytes = good.clone();
        let at = step * 7919 % bytes.len();
        bytes[at] ^= 1 << (step % 8);
        fs::write(&path, &bytes).unwrap();
        refused += usize::from(read_everything(folder.path()).is_none());
    }
    assert!(refused > 20, "only {refused} of 300 changes were noticed");
}

fn read_everything(folder: &Path) -> Option<()> {
    let store = Store::open_existing(folder).ok()??;
    for row in store.list(&Filter::default(), START).ok()? {
        store.case(row.reference, START).ok()?;
    }
    store.learned(9).ok()?;
    store.baselines().ok().map(drop)
}
