//! Learned requests: which are kept, and which a failure finds.

use std::time::Duration;

use super::folder;
use crate::capture::sample::{self, START, after_secs};
use crate::capture::store::{BaselineError, Store};
use crate::model::{Request, Scheme};

const TOKEN: (&str, &str) = ("Authorization", "Bearer abcdefghijklmnop1");

/// A request to keep: method, host, path, `User-Agent`, whether it carries a credential.
fn request(method: &str, host: &str, path: &str, agent: &str, carries: bool) -> Request {
    let mut request = sample::request(path, if carries { &[TOKEN] } else { &[] });
    method.clone_into(&mut request.method);
    host.clone_into(&mut request.url.origin.host);
    let mut lines = request.fields.lines().to_vec();
    lines.retain(|line| !line.is("user-agent"));
    lines.push(crate::model::FieldLine::new("User-Agent", agent));
    request.fields = crate::model::FieldSection::from_lines(lines, crate::model::Provenance::Wire);
    request
}

/// Keeps that request as passed so many seconds after the start, which is its number, too.
fn keep(store: &Store, secs: u64, request: Request) {
    let new = sample::learned_as(store, u128::from(secs), after_secs(secs), request);
    store.write_learned(&new).unwrap();
}

fn found(store: &Store) -> Vec<i64> {
    let failing = sample::failing(1, START);
    let found = store.learned_like(&failing, "/v2/orders").unwrap();
    let secs = found.iter().map(|learned| learned.at.secs() - START.secs());
    secs.collect()
}

const OWN: &str = "curl/8.5.0";
const API: &str = "api.acme.test";

#[test]
fn the_newest_three_of_each_kind_are_kept() {
    let folder = folder();
    let store = sample::open(folder.path());
    for secs in [1, 2, 5, 3, 4] {
        keep(&store, secs, request("GET", API, "/v2/orders", OWN, true));
    }
    keep(&store, 9, request("GET", API, "/v2/orders", OWN, false));
    keep(&store, 8, request("GET", API, "/v2/orders", "app/1", true));
    assert_eq!(found(&store), [9, 5, 4, 3]);
    assert_eq!(store.learned_count().unwrap(), 5);
    let all = store.learned(9).unwrap();
    assert_eq!(all.len(), 5);
    assert!(all.windows(2).all(|pair| pair[0].at >= pair[1].at));
}

#[test]
fn the_nearest_kind_is_found_and_no_other() {
    let folder = folder();
    let store = sample::open(folder.path());
    assert_eq!(found(&store), [0; 0]);
    keep(
        &store,
        1,
        request("GET", "other.test", "/v2/orders", OWN, true),
    );
    assert_eq!(found(&store), [0; 0]);
    keep(&store, 2, request("GET", API, "/health", OWN, true));
    assert_eq!(found(&store), [2]);
    keep(&store, 3, request("PUT", API, "/v2/orders", OWN, true));
    assert_eq!(found(&store), [3]);
    keep(&store, 4, request("GET", API, "/v2/orders", "app/1", true));
    assert_eq!(found(&store), [4]);
    keep(&store, 5, request("GET", API, "/v2/orders", OWN, true));
    assert_eq!(found(&store), [5]);
    let mut insecure = request("GET", API, "/v2/orders", OWN, true);
    insecure.url.origin.scheme = Scheme::Http;
    keep(&store, 6, insecure);
    assert_eq!(found(&store), [5], "another origin is another route");
}

#[test]
fn one_is_known_by_its_name_until_it_is_removed() {
    let folder = folder();
    let store = sample::open(folder.path());
    store
        .write_learned(&sample::learned(&store, 1, START))
        .unwrap();
    store
        .write_learned(&sample::learned(&store, 1, START))
        .unwrap();
    let [learned] = &store.learned(9).unwrap()[..] else {
        panic!("written twice, kept once");
    };
    let good = store.known_good(&learned.name()).unwrap();
    assert_eq!(good.request, learned.request);
    store.remove_known_good(&learned.name()).unwrap();
    for name in [&learned.name(), "learned-x"] {
        let gone = [
            store.known_good(name).map(drop),
            store.remove_known_good(name),
        ];
        for gone in gone {
            assert!(matches!(gone, Err(BaselineError::NotFound { .. })));
        }
    }
    // A name that the user gave is the user's.
    let named = sample::baseline(&learned.name());
    store.add_baseline(&named).unwrap();
    assert_eq!(store.known_good(&named.name).unwrap(), named);
}

#[test]
fn what_is_too_old_or_too_much_goes_the_oldest_first() {
    let folder = folder();
    let store = sample::open(folder.path());
    for secs in 1..=6 {
        let path = format!("/{secs}");
        keep(&store, secs, request("GET", API, &path, OWN, true));
    }
    let mark = store.learned_mark().unwrap();
    let secs = |store: &Store| -> Vec<i64> {
        let all = store.learned(9).unwrap();
        all.iter()
            .map(|learned| learned.at.secs() - START.secs())
            .collect()
    };
    store.sweep(after_secs(3), Duration::ZERO, 9).unwrap();
    assert_eq!(secs(&store), [6, 5, 4, 3]);
    store.trim_learned(2).unwrap();
    assert_eq!(secs(&store), [6, 5]);
    store.trim_learned(2).unwrap();
    assert_eq!(secs(&store), [6, 5]);
    assert_eq!(store.learned_mark().unwrap(), mark);
}
