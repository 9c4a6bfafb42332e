//! HAR archives: each folder of `fixtures/har` is one, and the requests that it holds.

use std::fs;

use serde_json::json;
use why401::import::har::{self, Selection};
use why401::import::{ErrorKind, Imported, Source};
use why401::model::{FieldLine, FieldSection, HttpVersion};

#[test]
fn every_fixture_gives_the_requests_that_it_holds() {
    super::assert_each_as_expected("har", "input.har", |_, source| {
        har::import(source, Selection::All)
    });
}

#[test]
fn pseudo_header_fields_are_apart() {
    let imported = pick("browser", Selection::Number(1));
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
        let imported = pick("browser", selection);
        let request = imported.requests.first()?;
        String::from_utf8(request.request.url.path.clone()).ok()
    };
    assert_eq!(path(Selection::Number(3)).as_deref(), Some("/form"));
    assert_eq!(path(Selection::OnlySuccess).as_deref(), Some("/v1/users"));
    assert_eq!(path(Selection::OnlyUnauthorized).as_deref(), Some("/login"));
    let kind = |case, selection| pick(case, selection).problems.remove(0).kind;
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

#[test]
fn several_entries_that_fit_are_listed_without_their_queries() {
    let entry = |path: &str| {
        json!({"request": {"method": "GET", "url": format!("https://a.test{path}?token=canary")},
            "response": {"status": 200}})
    };
    let text = json!({"log": {"entries": [entry("/a"), entry("/b")]}}).to_string();
    let source = Source::new("x", text.as_bytes());
    let error = har::import(&source, Selection::OnlySuccess)
        .problems
        .remove(0);
    assert_eq!(
        error.to_string(),
        "one request is needed, and there are several: #1 GET a.test/a (200), #2 GET a.test/b (200)"
    );
}

fn pick(case: &str, selection: Selection) -> Imported {
    let text = fs::read(super::folder("har").join(case).join("input.har")).unwrap();
    har::import(&Source::new("input.har", &text), selection)
}
