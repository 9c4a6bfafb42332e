//! What is learned, what is forgotten, and when it is given out to be stored.

use super::*;
use crate::capture::sample::{self, START, after_secs};
use crate::wire::head::Head;

fn learning() -> Learning {
    Learning::new(&Settings::new(sample::as_it_is))
}

fn passed(path: &str, secs: u64, fields: &str) -> Passed {
    let head = format!("GET {path} HTTP/1.1\r\nHost: api.acme.test\r\n{fields}\r\n");
    Passed {
        request: Head::new(head.into_bytes()).into(),
        ..sample::passed(path, after_secs(secs), 200)
    }
}

/// Learns it; its id is the second in which it passed.
fn learn(learning: &Learning, passed: Passed) {
    let id = sample::id(u128::from(passed.at.secs().abs_diff(START.secs())));
    let lesson = learning.lesson(&passed);
    if let Some(lesson) = lesson {
        learning.learn(lesson, &Arc::new(Entry::passed(id, passed)));
    }
}

fn due_at(learning: &Learning, secs: u64) -> Vec<i64> {
    seconds(&learning.due(std::iter::empty(), after_secs(secs), false))
}

fn seconds(due: &[Arc<Entry>]) -> Vec<i64> {
    let mut all: Vec<i64> = due
        .iter()
        .map(|entry| entry.at.secs() - START.secs())
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn what_shows_nothing_is_not_learned() {
    let learning = learning();
    let with = |change: fn(&mut Passed)| {
        let mut passed = sample::passed("/a", START, 200);
        change(&mut passed);
        learning.lesson(&passed).is_some()
    };
    let answered =
        |fields: &str| Head::new(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").into_bytes());
    assert!(with(|_| {}));
    assert!(with(|passed| passed.status = 204));
    for status in [101, 304, 302, 404, 500] {
        let mut passed = sample::passed("/a", START, 200);
        passed.status = status;
        assert!(learning.lesson(&passed).is_none(), "{status}");
    }
    assert!(!with(|passed| {
        passed.request = Head::new(*b"OPTIONS /a HTTP/1.1\r\n\r\n").into();
    }));
    assert!(!with(|passed| {
        passed.content.bytes = vec![b'x'; LARGEST];
    }));
    for (age, expected) in [("Age: 0\r\n", true), ("Age: 7\r\n", false)] {
        let mut passed = sample::passed("/a", START, 200);
        passed.response = answered(age).into();
        assert_eq!(learning.lesson(&passed).is_some(), expected);
    }
}

#[test]
fn the_newest_three_of_a_route_and_client_are_given_out_once() {
    let learning = learning();
    (1..=5).for_each(|secs| learn(&learning, passed("/a", secs, "")));
    learn(&learning, passed("/b", 6, ""));
    assert_eq!(due_at(&learning, 7), [3, 4, 5, 6]);
    assert_eq!(due_at(&learning, 9), [0; 0]);
}

#[test]
fn requests_without_a_credential_do_not_push_out_those_with_one() {
    let learning = learning();
    learn(&learning, passed("/a", 1, "Authorization: Bearer x\r\n"));
    (2..=9).for_each(|secs| learn(&learning, passed("/a", secs, "")));
    assert_eq!(due_at(&learning, 10), [1, 7, 8, 9]);
}

#[test]
fn a_busy_group_is_stored_once_a_minute_and_a_new_one_at_once() {
    let learning = learning();
    learn(&learning, passed("/a", 1, ""));
    assert_eq!(due_at(&learning, 2), [1]);
    learn(&learning, passed("/a", 3, ""));
    assert_eq!(due_at(&learning, 4), [0; 0]);
    learn(&learning, passed("/a", 5, "Cookie: sid=1\r\n"));
    assert_eq!(due_at(&learning, 5), [5]);
    assert_eq!(due_at(&learning, 62), [3]);
    learn(&learning, passed("/a", 63, ""));
    let all = learning.due(std::iter::empty(), after_secs(64), true);
    assert_eq!(seconds(&all), [63]);
}

#[test]
fn all_of_a_failures_route_is_stored_with_it() {
    let learning = learning();
    let failing = sample::failing(1, START);
    learn(&learning, passed("/v2/orders", 1, ""));
    learn(&learning, passed("/other", 1, ""));
    assert_eq!(due_at(&learning, 2), [1, 1]);
    learn(&learning, passed("/v2/orders", 3, "User-Agent: app/1\r\n"));
    learn(&learning, passed("/v2/orders?page=2", 4, ""));
    learn(&learning, passed("/other", 5, ""));
    let due = learning.due(std::iter::once(&failing), after_secs(6), false);
    assert_eq!(seconds(&due), [3, 4]);
}

#[test]
fn a_clock_that_was_set_back_keeps_nothing_from_being_stored() {
    let learning = learning();
    learn(&learning, passed("/a", 1000, ""));
    assert_eq!(due_at(&learning, 1000), [1000]);
    learn(&learning, passed("/a", 3, ""));
    assert_eq!(due_at(&learning, 4), [3]);
}

#[test]
fn memory_is_bounded_and_what_is_used_stays() {
    let learning = learning();
    learn(&learning, passed("/busy", 1, ""));
    for number in 0..5000 {
        learn(&learning, passed(&format!("/{number}"), 2, ""));
        learn(&learning, passed("/busy", 3, ""));
    }
    for client in 0..50 {
        let agent = format!("User-Agent: app/{client}\r\n");
        learn(&learning, passed("/busy", 4 + client, &agent));
    }
    let known = learning.lock();
    for generation in [&known.young, &known.old] {
        let groups = || generation.routes.values().flatten();
        assert_eq!(generation.groups, groups().count());
        assert_eq!(generation.bytes, groups().map(Group::bytes).sum::<usize>());
        assert!(generation.groups <= MOST_GROUPS + MOST_CLIENTS);
    }
    assert!(known.young.groups + known.old.groups > MOST_GROUPS);
    let busy = learning.route(b"GET", &sample::origin("api.acme.test"), b"/busy");
    assert_eq!(known.young.routes[&busy].len(), MOST_CLIENTS);
    drop(known);
    let big = "x".repeat(LARGEST - 400);
    for number in 0..2000 {
        let field = format!("X-Big: {big}\r\n");
        learn(&learning, passed(&format!("/big/{number}"), 9, &field));
    }
    let known = learning.lock();
    assert!(known.young.bytes + known.old.bytes <= 2 * (MOST_BYTES + LARGEST));
}

#[test]
fn a_stream_of_one_request_is_learned_now_and_then() {
    let learning = learning();
    let mut learned = 0;
    for number in 0..1000 {
        let mut passed = passed("/a", 0, "");
        passed.at = START.plus(Duration::from_millis(number));
        learned += usize::from(learning.lesson(&passed).is_some());
    }
    assert!((40..=44).contains(&learned), "{learned} in a second");
    let mut other = passed("/a", 1, "");
    other.at = START.plus(Duration::from_millis(999));
    assert!(learning.lesson(&other).is_none());
    other.connection += 1;
    assert!(learning.lesson(&other).is_some(), "another connection");
    let mut other = passed("/a?x", 1, "");
    other.at = START.plus(Duration::from_millis(999));
    assert!(learning.lesson(&other).is_some(), "another target");
}
