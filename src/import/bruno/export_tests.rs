//! What Bruno sends for the requests of an exported collection, seen from outside.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::import;
use crate::import::{
    Environment, EnvironmentFile, FileError, Imported, Options, Source, Surroundings,
};
use crate::model::Timestamp;

fn import_with(text: &str, environment: Environment) -> Imported {
    let surroundings = Surroundings {
        variable: &|_| None,
        file: &|_| Err(FileError::Missing),
        now: Timestamp::from_secs(1_760_000_000),
    };
    let options = Options {
        environment,
        ..Options::default()
    };
    import(&Source::new("-", text.as_bytes()), &options, &surroundings)
}

fn imported(text: &str) -> Imported {
    import_with(text, Environment::default())
}

fn request(more: &Value) -> Value {
    let mut request = json!({"method": "GET", "url": "http://{{host}}/"});
    request
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"type": "http", "name": "One", "request": request})
}

fn collection(items: &Value, root: &Value) -> String {
    let variable = |name: &str, value: &str| json!({"name": name, "value": value, "enabled": true});
    json!({
        "name": "C", "version": "1", "items": items, "root": {"request": root},
        "environments": [
            {"name": "Dev", "variables": [variable("host", "dev.test")]},
            {"name": "Prod", "variables": [variable("host", "prod.test")]},
        ],
    })
    .to_string()
}

#[test]
fn an_environment_is_of_the_collection_or_of_a_file() {
    let text = collection(&json!([request(&json!({}))]), &json!({}));
    let host = |name: Option<&str>, file: Option<&str>| {
        let files = file.map(|text| EnvironmentFile {
            name: "e".to_owned(),
            text: text.as_bytes().to_vec(),
        });
        let environment = Environment {
            name: name.map(str::to_owned),
            files: files.into_iter().collect(),
        };
        let imported = import_with(&text, environment);
        match (imported.requests.first(), imported.problems.first()) {
            (Some(one), _) => one.request.url.origin.host.to_string(),
            (_, problem) => problem.unwrap().to_string(),
        }
    };
    assert_eq!(host(Some("Dev"), None), "dev.test");
    assert_eq!(host(Some("Prod"), Some(&text)), "prod.test");
    for file in [
        "vars {\n  host: file.test\n}\n",
        "{\"name\": \"X\", \"variables\": [{\"name\": \"host\", \"value\": \"file.test\", \"enabled\": true}]}",
        "name: X\nvariables:\n- name: host\n  value: file.test\n",
    ] {
        assert_eq!(host(None, Some(file)), "file.test", "{file}");
    }
    let yaml = "name: X\nvariables:\n- {name: host, value: file.test}\n";
    assert_eq!(host(Some("X"), Some(yaml)), "file.test");
    assert_eq!(
        host(Some("Y"), Some(yaml)),
        "the environment cannot be used: there is none of that name; there is Dev, Prod, X"
    );
    assert!(host(None, Some(&text)).contains("FILE#NAME"));
    assert!(host(None, Some("{}")).contains("no Bruno environment"));
    assert!(host(None, Some("variables: 1\n")).contains("no Bruno environment"));
}

#[test]
fn without_an_environment_those_are_named_that_there_are() {
    let open = json!({"url": "http://a.test/{{path}}"});
    let closed = json!({"url": "http://a.test/"});
    let text = collection(&json!([request(&open), request(&closed)]), &json!({}));
    let warnings: Vec<Vec<String>> = imported(&text)
        .requests
        .into_iter()
        .map(|one| one.warnings)
        .collect();
    let warning = "no environment is used; there is: Dev, Prod".to_owned();
    assert_eq!(warnings, [vec![warning], vec![]]);
}

#[test]
fn authorization_is_that_of_the_nearest_that_has_one() {
    let bearer = |token: &str| json!({"mode": "bearer", "bearer": {"token": token}});
    let sent = |outer: Value, inner: Value, own: Value, root: Value| {
        let item = request(&json!({"url": "a.test", "auth": own}));
        let folder = |auth: Value, items: Value| json!({"type": "folder", "name": "F", "items": items, "root": {"request": {"auth": auth}}});
        let items = json!([folder(outer, json!([folder(inner, json!([item]))]))]);
        let mut imported = imported(&collection(&items, &json!({"auth": root})));
        assert_eq!(imported.problems, []);
        let one = imported.requests.remove(0);
        assert_eq!(one.name, "F/F/One");
        assert!(!one.unresolved.iter().any(|name| name.starts_with("auth")));
        let value = one.request.fields.first_text("Authorization");
        value.map(str::to_owned)
    };
    let (inherit, none) = (json!({"mode": "inherit"}), json!({"mode": "none"}));
    let is = |token: &str| Some(format!("Bearer {token}"));
    let from = |outer: &Value, inner: &Value, root: &Value| {
        sent(outer.clone(), inner.clone(), inherit.clone(), root.clone())
    };
    assert_eq!(from(&bearer("o"), &bearer("i"), &bearer("r")), is("i"));
    assert_eq!(from(&bearer("o"), &none, &bearer("r")), is("o"));
    assert_eq!(from(&none, &inherit, &bearer("r")), is("r"));
    assert_eq!(from(&none, &inherit, &inherit), None);
    let own = sent(bearer("o"), bearer("i"), none.clone(), bearer("r"));
    assert_eq!(own, None);
}

#[test]
fn what_is_no_collection_is_told() {
    let problem = |text: &str| imported(text).problems[0].to_string();
    assert!(problem("{}").contains("no list \"items\""));
    assert!(problem("{\"items\": [").starts_with("this is not JSON"));
    assert!(problem("opencollection: [").starts_with("this is not YAML"));
    assert!(problem("opencollection: 1.0.0\n").contains("no requests in it"));
    assert!(problem("info: {name: a}\nhttp:\n").contains("neither a request"));
    let mut items = json!([request(&json!({}))]);
    for _ in 0..40 {
        items = json!([{"type": "folder", "name": "F", "items": items}]);
    }
    assert_eq!(
        problem(&collection(&items, &json!({}))),
        "folders are nested too deep"
    );
}

#[test]
fn what_is_handed_down_has_an_end() {
    let large = "x".repeat(1 << 20);
    let root = json!({"vars": {"req": [{"name": "large", "value": large, "enabled": true}]}});
    let items: Vec<Value> = (0..200)
        .map(|_| request(&json!({"url": "a.test"})))
        .collect();
    let imported = imported(&collection(&json!(items), &root));
    assert!(imported.requests.len() < 200);
    let last = imported.problems.last().unwrap().to_string();
    assert_eq!(last, "this expands to more than an import holds");
}

#[test]
fn nothing_of_the_text_is_in_debug_output() {
    let item = request(
        &json!({"url": "a.test/canary", "headers": [{"name": "X", "value": "canary", "enabled": true}],
        "auth": {"mode": "basic", "basic": {"username": "canary", "password": "canary"}},
        "body": {"mode": "text", "text": "canary"}}),
    );
    let imported = imported(&collection(&json!([item]), &json!({})));
    assert_eq!(imported.requests.len(), 1);
    assert!(!format!("{imported:?}").contains("canary"));
}

const WORDS: &[&str] = &[
    "http",
    "folder",
    "json",
    "file",
    "multipartForm",
    "graphql",
    "basic",
    "oauth2",
    "inherit",
    "{{a}}",
    "a.test/:a?b",
    "é\n",
    "",
];

const NAMES: &[&str] = &[
    "name",
    "type",
    "items",
    "request",
    "root",
    "url",
    "method",
    "headers",
    "params",
    "body",
    "auth",
    "mode",
    "vars",
    "req",
    "value",
    "enabled",
    "basic",
    "file",
    "json",
    "multipartForm",
    "graphql",
    "info",
    "http",
    "data",
    "oauth2",
    "tokenConfig",
    "placement",
    "environments",
    "variables",
    "config",
];

fn any_json() -> impl Strategy<Value = Value> {
    let word = proptest::sample::select(WORDS);
    let leaf = prop_oneof![
        word.prop_map(|word| json!(word)),
        Just(json!(null)),
        any::<bool>().prop_map(|is| json!(is)),
        any::<i8>().prop_map(|number| json!(number)),
    ];
    let name = proptest::sample::select(NAMES);
    leaf.prop_recursive(6, 60, 6, move |inner| {
        let members = proptest::collection::vec((name.clone(), inner.clone()), 0..8);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::Array),
            members.prop_map(|members| {
                let members = members.into_iter();
                Value::Object(
                    members
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_collection_is_read(items in proptest::collection::vec(any_json(), 1..4), root in any_json()) {
        let texts = [
            json!({"version": "1", "items": items, "root": root}).to_string(),
            format!("opencollection: 1.0.0\nitems: {}\nrequest: {root}\n", json!(items)),
            format!("info: {root}\nhttp: {}\n", items[0]),
        ];
        for text in texts {
            let imported = imported(&text);
            let spans = imported.problems.iter().map(|problem| problem.span);
            let spans = spans.chain(imported.requests.iter().map(|request| request.span));
            prop_assert!(spans.into_iter().all(|span| text.get(span.start..span.end).is_some()));
        }
    }

    #[test]
    fn any_item_has_a_request_or_a_problem(value in any_json()) {
        let item = request(&json!({"auth": value, "body": value, "headers": value, "params": value, "vars": value}));
        let imported = imported(&collection(&json!([item]), &value));
        prop_assert_eq!(imported.requests.len() + imported.problems.len(), 1);
    }

    #[test]
    fn any_text_is_read(start in r"(\{|opencollection:|info:\nhttp:)", rest in r#"([a-c:\-\[\]{},&*|'"é\n ]|\n- |items: |info: |http: |: |  ){0,40}"#) {
        let text = format!("{start}{rest}");
        let imported = imported(&text);
        prop_assert!(imported.problems.iter().all(|problem| problem.span.end <= text.len()));
    }
}
