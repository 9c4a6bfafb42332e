//! What Insomnia sends for an export, seen from outside.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::import;
use crate::import::{Environment, FileError, Imported, Options, Source, Surroundings, sample};
use crate::model::Timestamp;

fn import_with(text: &str, options: &Options) -> Imported {
    let file = |path: &Path| match path.to_str() {
        Some("a/f.txt") => Ok(b"hello".to_vec()),
        _ => Err(FileError::Missing),
    };
    let surroundings = Surroundings {
        variable: &|_| None,
        file: &file,
        now: Timestamp::from_secs(1_760_000_000),
    };
    import(&Source::new("-", text.as_bytes()), options, &surroundings)
}

/// An export with a workspace, its environments, a folder, and this request in it.
fn export(request: &Value) -> String {
    let mut item = json!({"_id": "req_1", "_type": "request", "parentId": "fld_1", "name": "One", "method": "GET"});
    item.as_object_mut()
        .unwrap()
        .extend(request.as_object().unwrap().clone());
    json!({"_type": "export", "__export_format": 4, "resources": [
        item,
        {"_id": "wrk_1", "_type": "workspace", "name": "W", "parentId": null},
        {"_id": "env_1", "_type": "environment", "parentId": "wrk_1", "name": "Base Environment",
            "data": {"base": "https://{{ _.host }}", "host": "api.acme.test", "user": {"name": "ann"}, "id": 7}},
        {"_id": "env_2", "_type": "environment", "parentId": "env_1", "name": "Dev", "data": {"host": "dev.acme.test"}},
        {"_id": "fld_1", "_type": "request_group", "parentId": "wrk_1", "name": "Folder",
            "environment": {"version": "v1"}, "headers": [{"name": "X-Folder", "value": "{{ version }}"}],
            "authentication": {"type": "bearer", "token": "{{ _.token }}"}},
    ]}).to_string()
}

fn sent_with(request: &Value, options: &Options) -> String {
    let text = export(request);
    let imported = import_with(&text, options);
    sample::sent(&imported)
}

fn sent(request: &Value) -> String {
    sent_with(request, &Options::default())
}

#[test]
fn a_request_has_what_insomnia_and_libcurl_add() {
    assert_eq!(
        sent(&json!({
            "method": "post",
            "url": "{{ _.base }}/{{version}}/users/:id?a=x y",
            "pathParameters": [{"name": "id", "value": "{{ _.user.name }}/{{ _['id'] }}"}],
            "parameters": [{"name": "q", "value": "b&c"}, {"name": "off", "value": "1", "disabled": true}],
            "headers": [{"name": "User-Agent", "value": "insomnia/10.1.1"}, {"name": "Content-Type", "value": "application/json"},
                {"name": "X-Empty", "value": ""}],
            "body": {"mimeType": "application/json", "text": "{\"id\": {{ _.id }}}"},
            "authentication": {"type": "basic", "username": "ann", "password": "s3cret"},
        })),
        "POST https://api.acme.test/v1/users/ann%2F7?a=x%20y&q=b%26c\nHost: api.acme.test\nX-Folder: v1\n\
         User-Agent: insomnia/10.1.1\nContent-Type: application/json\nX-Empty: \n\
         Authorization: Basic YW5uOnMzY3JldA==\nAccept: */*\nContent-Length: 9\n\n{\"id\": 7}"
    );
}

#[test]
fn environments_and_variables_are_chosen() {
    let options = |environment: &str| Options {
        environment: Environment::named(environment),
        variables: vec![("token".to_owned(), "t0k".to_owned())],
        ..Options::default()
    };
    let sent = sent_with(&json!({"url": "{{base}}/x"}), &options("Dev"));
    assert_eq!(
        sent,
        "GET https://dev.acme.test/x\nHost: dev.acme.test\nX-Folder: v1\nAuthorization: Bearer t0k\nAccept: */*\n\n"
    );
    let imported = import_with(&export(&json!({"url": "x"})), &options("Prod"));
    assert_eq!(
        imported.problems[0].to_string(),
        "the environment cannot be used: there is none of that name; there is Dev"
    );
}

#[test]
fn what_is_not_known_stays_and_is_said() {
    let text = export(
        &json!({"url": "{{base}}/{% uuid 'v4' %}?r={% response 'body', 'req_2' %}", "headers": [
        {"name": "X", "value": "{{ _.nope | upper }}"}]}),
    );
    let one = import_with(&text, &Options::default()).requests.remove(0);
    assert_eq!(one.name, "Folder/One");
    assert_eq!(
        one.unresolved,
        [
            "{% uuid 'v4' %}",
            "{% response 'body', 'req_2' %}",
            "{{ _.nope | upper }}",
            "{{ _.token }}"
        ]
    );
    assert_eq!(
        one.warnings,
        ["only the base environment is used; there is: Dev"]
    );
}

#[test]
fn every_kind_of_body_is_sent() {
    let of = |body: Value| {
        let sent = sent(&json!({"method": "POST", "url": "a.test", "body": body}));
        sent.split_once("\n\n").unwrap().1.to_owned()
    };
    assert_eq!(
        of(
            json!({"mimeType": "application/x-www-form-urlencoded", "params": [
            {"name": "a b", "value": "ü*~"}, {"name": "off", "value": "", "disabled": true}, {"name": "v", "value": "{{ _.x }}"}]})
        ),
        "a+b=%C3%BC*%7E&v={{ _.x }}"
    );
    assert_eq!(
        of(json!({"mimeType": "multipart/form-data", "params": [
            {"name": "a", "value": "1"}, {"name": "f", "type": "file", "fileName": "a/f.txt"}]})),
        "--X-INSOMNIA-BOUNDARY\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--X-INSOMNIA-BOUNDARY\r\n\
         Content-Disposition: form-data; name=\"f\"; filename=\"f.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n\
         --X-INSOMNIA-BOUNDARY--\r\n"
    );
    assert_eq!(
        of(json!({"mimeType": "application/octet-stream", "fileName": "a/f.txt"})),
        "hello"
    );
    assert!(
        sent(&json!({"method": "POST", "url": "a.test", "body": {}}))
            .contains("Content-Length: 0\n")
    );
    assert!(
        !sent(&json!({"method": "DELETE", "url": "a.test", "body": {}})).contains("Content-Length")
    );
}

#[test]
fn credentials_are_written_or_marked() {
    let of = |auth: Value| {
        let text = export(&json!({"url": "https://a.test/", "authentication": auth}));
        let one = import_with(&text, &Options::default()).requests.remove(0);
        let value = one
            .request
            .fields
            .first_text("Authorization")
            .map(str::to_owned);
        (
            value,
            one.unresolved.contains(&"computed_when_sent".to_owned()),
            one.warnings.len(),
        )
    };
    let is = |value: &str| Some(value.to_owned());
    assert_eq!(
        of(json!({"type": "bearer", "token": "t", "prefix": "Token"})),
        (is("Token t"), false, 0)
    );
    assert_eq!(
        of(json!({"type": "bearer", "token": "t", "disabled": true})),
        (None, false, 0)
    );
    assert_eq!(of(json!({"type": "none"})), (None, false, 0));
    assert_eq!(
        of(json!({"type": "oauth2", "tokenPrefix": ""})),
        (is("Bearer computed_when_sent"), true, 1)
    );
    assert_eq!(of(json!({"type": "digest"})), (None, false, 1));
    let aws = of(json!({"type": "iam", "accessKeyId": "AK"}));
    assert_eq!(
        aws.0,
        is("AWS4-HMAC-SHA256 Credential=AK/computed_when_sent")
    );
    let key = json!({"url": "a.test", "authentication": {"type": "apikey", "key": "k", "value": "v", "addTo": "queryParams"}});
    assert!(sent(&key).starts_with("GET http://a.test/?k=v\n"));
}

#[test]
fn what_is_no_export_or_cannot_be_sent_is_told() {
    let problem = |text: &str| import_with(text, &Options::default()).problems[0].to_string();
    assert!(problem("{}").contains("resources"));
    assert!(problem("[]").contains("resources"));
    assert!(problem("{\"resources\": [").starts_with("this is not JSON"));
    assert!(problem("type: mock.insomnia.rest/5.0\nname: x\n").contains("no requests"));
    assert!(problem("type: x.insomnia.rest/5.0\na: [").starts_with("this is not YAML"));
    assert_eq!(
        problem(&export(&json!({"url": ""}))),
        "Folder/One: it has no URL"
    );
    assert_eq!(
        problem(&export(&json!({"url": "ftp://a.test"}))),
        "Folder/One: the URL is neither http nor https"
    );
}

#[test]
fn headers_have_an_end() {
    let headers: Vec<Value> = (0..1001)
        .map(|at| json!({"name": format!("h{at}"), "value": ""}))
        .collect();
    let imported = import_with(
        &export(&json!({"url": "a.test", "headers": headers})),
        &Options::default(),
    );
    let problem = imported.problems[0].to_string();
    assert_eq!(
        problem,
        "Folder/One: it has more headers than a server takes"
    );
}

#[test]
fn folders_in_a_circle_end() {
    let text = json!({"resources": [
        {"_id": "a", "_type": "request_group", "parentId": "b", "name": "A"},
        {"_id": "b", "_type": "request_group", "parentId": "a", "name": "B"},
        {"_id": "c", "_type": "request", "parentId": "a", "name": "C", "url": "a.test"},
    ]})
    .to_string();
    assert_eq!(import_with(&text, &Options::default()).requests.len(), 1);
}

#[test]
fn nothing_of_the_text_is_in_debug_output() {
    let text = export(
        &json!({"name": "canary", "url": "a.test/canary", "headers": [{"name": "X", "value": "canary"}],
        "body": {"mimeType": "text/plain", "text": "canary"}}),
    );
    let imported = import_with(&text, &Options::default());
    assert_eq!(imported.requests.len(), 1);
    assert!(!format!("{imported:?}").contains("canary"));
}

#[test]
fn environments_of_files_give_what_the_export_does_not() {
    let text = "type: collection.insomnia.rest/5.0\ncollection:\n- {name: A, method: get, \
                url: 'http://{{host}}/{{a}}{{b}}{{c}}'}\nenvironments: {data: {a: 1}, \
                subEnvironments: [{name: Dev, data: {host: dev.test}}]}\n";
    let globals = "type: environment.insomnia.rest/5.0\nenvironments: {data: {a: 9, b: 2, c: 9, host: x.test}, \
                   subEnvironments: [{data: {c: 3}}]}\n";
    let url = |name: Option<&str>, globals: &str| {
        let mut environment = Environment::of_file("g.yaml", globals.as_bytes());
        environment.name = name.map(str::to_owned);
        let options = Options {
            environment,
            ..Options::default()
        };
        let imported = import_with(text, &options);
        let problem = imported
            .problems
            .first()
            .map(|problem| problem.kind.clone());
        let mut requests = imported.requests.into_iter();
        match requests.next() {
            Some(one) => {
                let url = &one.request.url;
                let path = String::from_utf8_lossy(&url.path).into_owned();
                format!("{}{path}", url.origin)
            }
            None => format!("{:?}", problem.unwrap()),
        }
    };
    assert_eq!(url(None, globals), "http://x.test/129");
    assert_eq!(url(Some("Dev"), globals), "http://dev.test/129");
    assert_eq!(url(Some("Environment 0"), globals), "http://x.test/123");
    assert!(url(Some("Prod"), globals).contains("there is Environment 0, Dev"));
    assert!(url(None, "type: environment.insomnia.rest/5.0\n").contains("has no environment"));
    assert!(url(None, "type: [\n").contains("g.yaml:"));
}

fn template() -> impl Strategy<Value = String> {
    let pieces = [
        "http://",
        "a.test",
        "/",
        "?",
        "#",
        "&",
        "=",
        ":id",
        "{{",
        "}}",
        "{%",
        "%}",
        "{{ _.base }}",
        "{{ _.self }}",
        "{",
        "}",
        "%",
        "%20",
        "'",
        "\"",
        "\n",
        "é",
        " ",
        "_",
        ".",
        "[",
        "]",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..20)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_yields_requests_or_problems_inside_it(text: String) {
        let imported = import_with(&text, &Options::default());
        prop_assert!(imported.problems.iter().all(|problem| problem.span.end <= text.len()));
        prop_assert!(!imported.problems.is_empty());
    }

    #[test]
    fn any_values_are_read(url in template(), name in template(), value in template(), base in template()) {
        let text = export(&json!({"url": url, "method": name, "headers": [{"name": name, "value": value}],
            "parameters": [{"name": name, "value": value}], "body": {"mimeType": "text/plain", "text": value}}));
        let options = Options {
            variables: vec![("base".to_owned(), base), ("self".to_owned(), value)],
            ..Options::default()
        };
        let imported = import_with(&text, &options);
        prop_assert!(imported.requests.len() + imported.problems.len() >= 1);
    }

    #[test]
    fn any_text_of_version_5_is_read(rest in r#"([a-c:\-\[\]{},&*|'"é\n ]|collection:|\n- |children:|method: |url: |: |  |environments:|data:|settings:){0,40}"#) {
        let text = format!("type: collection.insomnia.rest/5.0\n{rest}");
        let imported = import_with(&text, &Options::default());
        let spans = imported.problems.iter().map(|problem| problem.span);
        let spans = spans.chain(imported.requests.iter().map(|request| request.span));
        prop_assert!(spans.into_iter().all(|span| text.get(span.start..span.end).is_some()));
    }
}
