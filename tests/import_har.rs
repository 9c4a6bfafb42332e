//! HAR archives: each folder of `fixtures/har` is one, and the requests that it holds.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be read shall say so at once"
)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use why401::import::har::{self, Selection};
use why401::import::{ErrorKind, Imported, Source, json};
use why401::model::{FieldLine, FieldSection, HttpVersion};

#[test]
fn every_fixture_gives_the_requests_that_it_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/har");
    let mut wrong = Vec::new();
    for case in fs::read_dir(folder).unwrap() {
        let case = case.unwrap().path();
        let text = fs::read(case.join("input.har")).unwrap();
        let source = Source::new("input.har", &text);
        let found = in_words(&har::import(&source, Selection::All), &source);
        let expected = fs::read_to_string(case.join("expected.json")).unwrap_or_default();
        if serde_json::from_str::<Value>(&expected).ok().as_ref() != Some(&found) {
            wrong.push(format!("{}\n{found:#}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/har");
    let text = fs::read(folder.join(case).join("input.har")).unwrap();
    har::import(&Source::new("input.har", &text), selection)
}

fn in_words(imported: &Imported, source: &Source<'_>) -> Value {
    let problem = |problem| {
        let error: &why401::import::ImportError = problem;
        format!("{}: {error}", error.position(source))
    };
    let problems: Vec<String> = imported.problems.iter().map(problem).collect();
    json!({"requests": json(&imported.requests), "problems": problems})
}
