//! HAR archives: each folder of `fixtures/har` is one, and the requests that it holds.

use std::fs;
use std::io::Read;

use serde_json::json;
use why401::import::har::{self, Selection};
use why401::import::{ErrorKind, Imported, Source};
use why401::model::{FieldLine, FieldSection, HttpVersion};

#[test]
fn every_fixture_gives_the_requests_that_it_holds() {
    super::assert_each_as_expected("har", "input.har", |_, source| {
        har::import(source, &Selection::All)
    });
}

#[test]
fn pseudo_header_fields_are_apart() {
    let imported = pick("browser", &Selection::Number(1));
    let request = &imported.requests[0].request;
    let names = |section: &FieldSection| -> Vec<String> {
        let lines = section.lines().iter().map(FieldLine::name_text);
        lines.map(std::borrow::Cow::into_owned).collect()
    };
    assert_eq!(request.version, HttpVersion::Http2);
    assert_eq!(
        names(&request.pseudo),
        [":method", ":authority", ":scheme", ":path"]
    );
    assert_eq!(
        names(&request.fields),
        ["authorization", "cookie", "cookie"]
    );
}

#[test]
fn an_entry_is_picked_by_its_number_or_by_its_status() {
    let path = |selection| {
        let imported = pick("browser", &selection);
        let request = imported.requests.first()?;
        String::from_utf8(request.request.url.path.clone()).ok()
    };
    assert_eq!(path(Selection::Number(3)).as_deref(), Some("/form"));
    assert_eq!(path(Selection::OnlySuccess).as_deref(), Some("/v1/users"));
    assert_eq!(path(Selection::OnlyUnauthorized).as_deref(), Some("/login"));
    let kind = |case, selection| pick(case, &selection).problems.remove(0).kind;
    let known = vec!["#1 to #4".to_owned()];
    let wanted = "#5".to_owned();
    assert_eq!(
        kind("browser", Selection::Number(5)),
        ErrorKind::NoItem { wanted, known }
    );
    assert!(matches!(
        kind("broken", Selection::Number(2)),
        ErrorKind::Item { .. }
    ));
    assert!(matches!(
        kind("broken", Selection::OnlySuccess),
        ErrorKind::Shape(_)
    ));
}

/// Each of these has the requests' paths, and what is wrong.
fn paths(case: &str, selection: &Selection) -> (Vec<String>, Vec<String>) {
    let imported = pick(case, selection);
    let requests = imported.requests.iter();
    let path = |request: &Vec<u8>| String::from_utf8(request.clone()).unwrap();
    (
        requests
            .map(|found| path(&found.request.url.path))
            .collect(),
        imported.problems.iter().map(ToString::to_string).collect(),
    )
}

#[test]
fn a_request_that_succeeds_was_sent_and_is_no_preflight() {
    let (found, problems) = paths("chrome", &Selection::EverySuccess);
    assert_eq!(found, ["/v1/orders"]);
    assert_eq!(problems, ["#5: its URL is neither http nor https"]);
    let (found, problems) = paths("chrome", &Selection::OnlySuccess);
    assert_eq!((found, problems.len()), (vec!["/v1/orders".to_owned()], 0));
    assert_eq!(paths("charles", &Selection::OnlySuccess).0, ["/token"]);
    let (found, problems) = paths("browser", &Selection::EverySuccess);
    assert_eq!((found, problems.len()), (vec!["/v1/users".to_owned()], 0));
    assert_eq!(
        paths("chrome_provisional", &Selection::EverySuccess)
            .1
            .len(),
        1
    );
}

#[test]
fn an_entry_is_picked_by_its_url_or_a_part_of_it() {
    let by = |case, url: &str| paths(case, &Selection::Url(url.to_owned()));
    assert_eq!(by("masked", "/3").0, ["/3"]);
    assert_eq!(by("masked", "https://api.acme.test/6#top").0, ["/6"]);
    assert_eq!(by("masked", "api_key").0, ["/5"]);
    let (found, problems) = by("chrome", "/v1/orders");
    assert!(found.is_empty());
    assert_eq!(
        problems,
        [
            "one request is needed, and there are several: #1 POST api.acme.test/v1/orders (201), \
          #2 OPTIONS api.acme.test/v1/orders (204)"
        ]
    );
    let (_, problems) = by("safari", "/nothing");
    assert_eq!(
        problems,
        [
            "there is no request with that URL; there is #1 POST api.acme.test/v1/login (200), \
          #2 GET api.acme.test/logo.png (200)"
        ]
    );
}

#[test]
fn the_very_url_goes_before_those_that_hold_it() {
    let entry = |url: &str| json!({"request": {"method": "GET", "url": url}});
    let entries = ["http://a.test/ab", "http://a.test/a", "http://a.test/ac"].map(entry);
    let text = json!({"log": {"entries": entries}}).to_string();
    let source = Source::new("x", text.as_bytes());
    let picked = har::import(&source, &Selection::Url("http://a.test/a".to_owned()));
    assert_eq!(picked.requests[0].request.url.path, b"/a");
    assert_eq!((picked.requests.len(), picked.problems.len()), (1, 0));
}

#[test]
fn what_stands_before_the_cut_is_imported() {
    let cut = "this is not JSON: the text ends too early";
    for selection in [Selection::All, Selection::EverySuccess] {
        let (found, problems) = paths("truncated", &selection);
        assert_eq!(found, ["/1", "/2"], "{selection:?}");
        assert_eq!(problems, [cut]);
    }
    let (found, problems) = paths("truncated", &Selection::Number(2));
    assert_eq!(
        (found, problems),
        (vec!["/2".to_owned()], vec![cut.to_owned()])
    );
    let (found, problems) = paths("truncated", &Selection::Number(3));
    assert_eq!((found.len(), problems), (0, vec![cut.to_owned()]));
}

#[test]
fn a_stream_gives_what_the_whole_text_gives() {
    for case in super::cases("har") {
        let text = fs::read(case.join("input.har")).unwrap();
        let source = Source::new("x", &text);
        let whole = har::import(&source, &Selection::All);
        let stream = har::read(ByteByByte(&text), &Selection::All);
        let places = whole.problems.iter().map(|error| error.position(&source));
        assert_eq!(stream.positions, places.collect::<Vec<_>>());
        assert_eq!(stream.imported, whole);
    }
}

/// A reader that gives as little as it may.
struct ByteByByte<'a>(&'a [u8]);

impl Read for ByteByByte<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(1);
        self.0.read(buffer.get_mut(..most).unwrap_or_default())
    }
}

#[test]
fn several_entries_that_fit_are_listed_without_their_queries() {
    let entry = |path: &str| {
        json!({"request": {"method": "GET", "url": format!("https://a.test{path}?token=canary")},
            "response": {"status": 200}})
    };
    let text = json!({"log": {"entries": [entry("/a"), entry("/b")]}}).to_string();
    let source = Source::new("x", text.as_bytes());
    let error = har::import(&source, &Selection::OnlySuccess)
        .problems
        .remove(0);
    assert_eq!(
        error.to_string(),
        "one request is needed, and there are several: #1 GET a.test/a (200), #2 GET a.test/b (200)"
    );
}

fn pick(case: &str, selection: &Selection) -> Imported {
    let text = fs::read(super::folder("har").join(case).join("input.har")).unwrap();
    har::import(&Source::new("input.har", &text), selection)
}
