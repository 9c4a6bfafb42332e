use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::cost::CpuTime;
use crate::import::{EnvironmentFile, FileError};
use crate::model::Timestamp;

fn imported(text: &[u8]) -> Imported {
    imported_with(text, &Options::default())
}

fn imported_with(text: &[u8], options: &Options) -> Imported {
    let surroundings = Surroundings {
        variable: &|_| None,
        file: &|path: &Path| match path.to_str() {
            Some("there") => Ok(b"content".to_vec()),
            _ => Err(FileError::Missing),
        },
        now: Timestamp::from_secs(1_760_000_000),
    };
    import(&Source::new("x", text), options, &surroundings)
}

fn item(request: &Value) -> Vec<u8> {
    json!({"item": [{"name": "it", "request": request}]})
        .to_string()
        .into_bytes()
}

fn field(request: &Value, name: &str) -> Option<String> {
    let imported = imported(&item(request));
    let fields = &imported.requests.first()?.request.fields;
    fields.first_text(name).map(str::to_owned)
}

#[test]
fn variables_of_the_command_line_override_all_others() {
    let text = json!({
        "variable": [{"key": "a", "value": "collection"}, {"key": "b", "value": "collection"},
            {"key": "c", "value": "collection"}],
        "item": [{"request": {"url": "acme.test/{{a}}/{{b}}/{{c}}"}}],
    });
    let mut options = Options::default();
    options.environment.files.push(EnvironmentFile {
        name: "dev.json".into(),
        text: br#"{"values": [{"key": "a", "value": "environment"},
            {"key": "b", "value": "environment"}]}"#
            .to_vec(),
    });
    options.variables.push(("a".into(), "command".into()));
    let imported = imported_with(text.to_string().as_bytes(), &options);
    assert_eq!(
        imported.requests[0].request.target,
        b"/command/environment/collection"
    );
}

#[test]
fn what_the_authorization_tab_adds_replaces_what_the_headers_say() {
    let request = json!({
        "url": "acme.test",
        "header": [{"key": "authorization", "value": "old"}],
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "new"}]},
    });
    assert_eq!(
        field(&request, "authorization").as_deref(),
        Some("Bearer new")
    );
}

#[test]
fn headers_of_postman_can_be_switched_off() {
    let text = json!({"item": [{
        "protocolProfileBehavior": {"disabledSystemHeaders": {"host": true, "content-length": true}},
        "request": {"url": "acme.test", "method": "POST"},
    }]});
    let imported = imported(text.to_string().as_bytes());
    let fields = &imported.requests[0].request.fields;
    assert!(!fields.contains("host") && !fields.contains("content-length"));
    assert!(fields.contains("connection"));
}

#[test]
fn folders_without_end_are_refused_in_time() {
    let start = CpuTime::now();
    let deep = "{\"item\":[".repeat(20_000);
    assert!(imported(deep.as_bytes()).requests.is_empty());
    let closed = format!("{deep}{}", "]}".repeat(20_000));
    let problems = imported(closed.as_bytes()).problems;
    assert_eq!(problems[0].kind, ErrorKind::DeepFolders);
    let nested = format!("{{\"item\":[{{\"auth\":{}", "[".repeat(20_000));
    assert!(!imported(nested.as_bytes()).problems.is_empty());
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn requests_that_grow_without_end_are_stopped() {
    let big = "x".repeat(1024 * 1024);
    let items: Vec<Value> = (0..200)
        .map(|_| json!({"request": {"url": "a.test", "method": "POST", "body": {"mode": "raw", "raw": "{{big}}"}}}))
        .collect();
    let text = json!({"variable": [{"key": "big", "value": big}], "item": items});
    let imported = imported(text.to_string().as_bytes());
    assert!(imported.requests.len() < 100);
    assert_eq!(imported.problems[0].kind, ErrorKind::TooMuch);
}

#[test]
fn a_megabyte_of_junk_is_read_in_time() {
    let start = CpuTime::now();
    for junk in [
        "{{", "}}{{", "{{a}}", "://", ":", "@", "?#", "{{a{{", "\\\\",
    ] {
        let junk = junk.repeat(100_000);
        let request = json!({
            "url": junk, "method": junk, "header": [{"key": "A", "value": junk}],
            "body": {"mode": "urlencoded", "urlencoded": junk},
        });
        imported(&item(&request));
    }
    assert!(start.elapsed() < Duration::from_secs(20));
}

/// JSON whose names and texts are those that the importer looks for.
fn any_json() -> impl Strategy<Value = Value> {
    let words = TEXTS.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let text = prop_oneof![prop::sample::select(words), "[a-z{}:/?#@%é ]{0,12}",];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::from),
        text.prop_map(Value::String),
    ];
    let names = NAMES.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let name = prop::sample::select(names);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

const TEXTS: &str = "raw urlencoded formdata file graphql bearer basic apikey oauth1 oauth2 awsv4 \
    hawk edgegrid jwt noauth https://a.test/:id {{a}} {{$guid}} there query true";

const NAMES: &str = "item request name auth type bearer basic apikey oauth1 token url raw host path \
    query variable key value header body mode urlencoded formdata file src graphql variables event \
    script exec disabled protocolProfileBehavior method in collection";

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        imported(&bytes);
        environment(&Source::new("x", &bytes)).ok();
    }

    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        let imported = imported(value.to_string().as_bytes());
        prop_assert!(!imported.requests.is_empty() || !imported.problems.is_empty()
            || value.get("item").is_some() || value.get("collection").is_some());
    }

    #[test]
    fn any_request_is_read_or_refused(value in any_json(), auth in any_json(), body in any_json()) {
        let text = item(&json!({"url": value, "auth": auth, "body": body, "method": "POST"}));
        let imported = imported(&text);
        prop_assert_eq!(imported.requests.len() + imported.problems.len(), 1);
    }

    #[test]
    fn what_is_left_of_variables_is_told(name in "[a-z$][a-z_.-]{0,8}") {
        let variable = format!("{{{{{name}}}}}");
        let text = item(&json!({
            "url": format!("https://acme.test/{variable}"),
            "auth": {"type": "bearer", "bearer": {"token": variable}},
        }));
        let imported = imported(&text);
        let request = &imported.requests[0];
        prop_assert_eq!(&request.unresolved, std::slice::from_ref(&variable));
        let authorization = request.request.fields.first_text("authorization");
        let expected = format!("Bearer {variable}");
        prop_assert_eq!(authorization, Some(expected.as_str()));
    }
}

fn names(request: &Value) -> Vec<String> {
    let imported = imported(&item(request));
    let lines = imported.requests[0].request.fields.lines().iter();
    lines.map(|line| line.name_text().into_owned()).collect()
}

#[test]
fn json_is_read_before_the_request_is_signed() {
    let raw = |language: &str| {
        json!({
            "url": "acme.test", "method": "POST",
            "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "t"}]},
            "body": {"mode": "raw", "raw": "{} // {}", "options": {"raw": {"language": language}}},
        })
    };
    assert_eq!(names(&raw("json"))[..2], ["Content-Type", "Authorization"]);
    assert_eq!(names(&raw("text"))[..2], ["Authorization", "Content-Type"]);
    let content = |language: &str| {
        let imported = imported(&item(&raw(language)));
        imported.requests[0].request.content.bytes.clone()
    };
    assert_eq!(content("json"), b"{} ");
    assert_eq!(content("text"), b"{} // {}");
}

#[test]
fn a_token_that_goes_into_the_query_takes_the_header_away() {
    let request = |place: &str, prefix: &Value| {
        json!({
            "url": "acme.test?access_token=old", "header": [{"key": "Authorization", "value": "x"}],
            "auth": {"type": "oauth2", "oauth2": [
                {"key": "accessToken", "value": "t"}, {"key": "addTokenTo", "value": place},
                {"key": "headerPrefix", "value": prefix},
            ]},
        })
    };
    let target = |request: &Value| {
        let imported = imported(&item(request));
        String::from_utf8(imported.requests[0].request.target.clone()).unwrap()
    };
    let in_query = request("queryParams", &Value::Null);
    assert_eq!(field(&in_query, "Authorization"), None);
    assert_eq!(target(&in_query), "/?access_token=t");
    let in_header = request("header", &Value::Null);
    assert_eq!(
        field(&in_header, "Authorization").as_deref(),
        Some("Bearer t")
    );
    assert_eq!(target(&in_header), "/");
    let bare = request("header", &json!(""));
    assert_eq!(field(&bare, "Authorization").as_deref(), Some("t"));
}

#[test]
fn a_file_as_content_has_the_type_of_its_name() {
    let request = json!({
        "url": "acme.test", "method": "PUT", "body": {"mode": "file", "file": {"src": "there"}},
    });
    assert_eq!(
        names(&request).last().map(String::as_str),
        Some("Content-Type")
    );
    assert_eq!(
        field(&request, "Content-Type").as_deref(),
        Some("application/octet-stream")
    );
}

#[test]
fn path_variables_keep_what_follows_a_dot_and_need_a_text() {
    let target = |value: &Value| {
        let request = json!({"url": {
            "host": "acme.test", "path": [":id.json"], "variable": [{"key": "id", "value": value}],
        }});
        let imported = imported(&item(&request));
        String::from_utf8(imported.requests[0].request.target.clone()).unwrap()
    };
    assert_eq!(target(&json!("a\\b")), "/a/b.json");
    assert_eq!(target(&json!("")), "/:id.json");
    assert_eq!(target(&json!(5)), "/:id.json");
}
