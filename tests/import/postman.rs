//! Postman collections, and what Postman sends for them: each folder of `fixtures/postman` is a
//! collection, its environment, options and files, and the expected requests.

use std::fs;
use std::path::Path;

use serde_json::Value;
use why401::import::{
    EnvironmentFile, ErrorKind, Format, Imported, Options, Source, import as import_as,
};

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
    assert_eq!(pick("#5"), Ok("e.test".into()));
    let known = vec!["#1 Users/List".into(), "#2 Orders/List".into()];
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
    let source = Source::new(
        "c.json",
        br#"{"item": [{"request": {"url": "a.test/{{a}}"}}]}"#,
    );
    let with = |text: &str| {
        let mut options = Options::default();
        options.environment.files.push(EnvironmentFile {
            name: "dev.json".to_owned(),
            text: text.as_bytes().to_vec(),
        });
        import(&source, &options, Path::new(""))
    };
    for (text, expected) in [
        ("{\"values\": [", "dev.json:1:12"),
        ("{}", "dev.json:1:1"),
        ("[1]", "dev.json:1:1"),
    ] {
        let Some(ErrorKind::Environment { place, .. }) = with(text)
            .problems
            .first()
            .map(|problem| problem.kind.clone())
        else {
            unreachable!("{text} is no environment");
        };
        assert_eq!(place, expected, "{text}");
    }
    let wrapped = r#"{"environment": {"values": [{"key": "a", "value": "1"}]}}"#;
    assert_eq!(with(wrapped).requests[0].request.target, b"/1");
}

#[test]
fn imported_text_is_in_no_debug_output() {
    let text = br#"{"item": [{"name": "canary-1", "request": {"method": "POST",
        "auth": {"type": "bearer", "bearer": {"token": "canary-2"}},
        "url": "https://api.acme.test/canary-3?x={{canary-4}}",
        "body": {"mode": "raw", "raw": "canary-5"}}}]}"#;
    let mut options = Options::default();
    options.variables.push(("a".into(), "canary-6".into()));
    let imported = import(&Source::new("x", text), &options, Path::new(""));
    assert_eq!(imported.requests.len(), 1);
    assert!(!format!("{imported:?} {options:?}").contains("canary"));
}

fn options(case: &Path) -> Options {
    let mut options = Options::default();
    if let Ok(text) = fs::read(case.join("environment.json")) {
        let name = "environment.json".to_owned();
        options
            .environment
            .files
            .push(EnvironmentFile { name, text });
    }
    if let Ok(text) = fs::read(case.join("options.json")) {
        let given: Value = serde_json::from_slice(&text).unwrap();
        for (name, value) in given.get("variables").and_then(Value::as_object).unwrap() {
            let value = value.as_str().unwrap().to_owned();
            options.variables.push((name.clone(), value));
        }
    }
    options
}

fn import(source: &Source<'_>, options: &Options, files: &Path) -> Imported {
    super::surrounded(files, &|_| None, |surroundings| {
        import_as(Format::Postman, source, options, surroundings)
    })
}
