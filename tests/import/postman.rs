//! Postman collections, and what Postman sends for them: each folder of `fixtures/postman` is a
//! collection, its environment, options and files, and the expected requests.

use std::fs;
use std::path::Path;

use serde_json::Value;
use why401::import::postman::{self, Options};
use why401::import::{ErrorKind, Imported, Source};

#[test]
fn every_fixture_gives_the_requests_that_postman_sends() {
    super::assert_each_as_expected("postman", "collection.json", |case, source| {
        import(source, &options(case), &case.join("files"))
    });
}

#[test]
fn an_item_is_found_by_its_path_or_by_a_name_that_only_it_has() {
    let text = br#"{"item": [
        {"name": "Users", "item": [{"name": "List", "request": {"url": "a.test"}}]},
        {"name": "Orders", "item": [
            {"name": "List", "request": {"url": "b.test"}},
            {"name": "Create", "request": {"url": "c.test"}}
        ]},
        {"name": "Twice", "request": {"url": "d.test"}},
        {"name": "Twice", "request": {"url": "e.test"}},
        {"name": "bad", "request": {}}
    ]}"#;
    let source = Source::new("x", text);
    let pick = |item: &str| {
        let options = Options {
            item: Some(item.to_owned()),
            ..Options::default()
        };
        let imported = import(&source, &options, Path::new(""));
        match imported.problems.as_slice() {
            [] => Ok(imported.requests[0].request.url.origin.host.clone()),
            [only] => Err(only.kind.clone()),
            _ => unreachable!("one item has one problem"),
        }
    };
    assert_eq!(pick("Users/List"), Ok("a.test".into()));
    assert_eq!(pick("/Orders/List"), Ok("b.test".into()));
    assert_eq!(pick("Create"), Ok("c.test".into()));
    let known = vec!["Users/List".into(), "Orders/List".into()];
    assert_eq!(pick("List"), Err(ErrorKind::SeveralItems { known }));
    assert!(matches!(pick("Twice"), Err(ErrorKind::SeveralItems { .. })));
    assert!(matches!(pick("bad"), Err(ErrorKind::Item { .. })));
    let Err(ErrorKind::NoItem { known, .. }) = pick("orders/craete") else {
        unreachable!("there is none of that name");
    };
    assert_eq!(known[0], "Orders/Create");
}

#[test]
fn an_environment_that_is_none_is_told_with_its_place() {
    for (text, place) in [("{\"values\": [", "1:12"), ("{}", "1:1"), ("[1]", "1:1")] {
        let source = Source::new("x", text.as_bytes());
        let error = postman::environment(&source).unwrap_err();
        assert_eq!(error.position(&source).to_string(), place, "{text}");
    }
    let wrapped = br#"{"environment": {"values": [{"key": "a", "value": "1"}]}}"#;
    assert!(postman::environment(&Source::new("x", wrapped)).is_ok());
}

#[test]
fn imported_text_is_in_no_debug_output() {
    let text = br#"{"item": [{"name": "canary-1", "request": {"method": "POST",
        "auth": {"type": "bearer", "bearer": {"token": "canary-2"}},
        "url": "https://api.acme.test/canary-3?x={{canary-4}}",
        "body": {"mode": "raw", "raw": "canary-5"}}}]}"#;
    let mut options = Options::default();
    options.variables.set("a", "canary-6");
    let imported = import(&Source::new("x", text), &options, Path::new(""));
    assert_eq!(imported.requests.len(), 1);
    assert!(!format!("{imported:?} {options:?}").contains("canary"));
}

fn options(case: &Path) -> Options {
    let mut options = Options::default();
    if let Ok(text) = fs::read(case.join("environment.json")) {
        let source = Source::new("environment.json", &text);
        options.environment = postman::environment(&source).unwrap();
    }
    if let Ok(text) = fs::read(case.join("options.json")) {
        let given: Value = serde_json::from_slice(&text).unwrap();
        for (name, value) in given.get("variables").and_then(Value::as_object).unwrap() {
            options.variables.set(name, value.as_str().unwrap());
        }
    }
    options
}

fn import(source: &Source<'_>, options: &Options, files: &Path) -> Imported {
    super::surrounded(files, &|_| None, |surroundings| {
        postman::import(source, options, surroundings)
    })
}
