//! Known-good requests from files of other tools, and the comparison without a proxy.

use serde_json::{Value, json};

use crate::common::binary::{Running, Why401};
use crate::common::origin::{Origin, Reply, Transport};
use crate::common::script::Turn;
use crate::common::tunnel;

crate::tests![
    a_baseline_is_added_listed_shown_and_removed,
    several_commands_of_one_file_are_all_added,
    a_script_with_bad_commands_gives_the_others,
    import_prints_the_request_as_curl_would_send_it,
    the_content_of_a_file_tells_its_format,
    a_http_file_takes_the_environment_of_its_name_and_the_secrets_beside,
    a_http_file_reads_what_it_names_beside_itself,
    two_curl_files_are_compared_without_a_proxy,
    equal_curl_files_have_no_difference_that_matters,
    a_variable_without_a_value_is_unknown_and_a_literal_one_is_the_cause,
    an_item_of_postman_explains_a_401,
    requests_of_a_collection_are_added_under_their_names,
    an_item_that_is_not_there_is_told_with_those_that_are,
    every_success_of_an_archive_is_added,
    the_only_success_of_an_archive_is_added,
    an_archive_and_a_collection_are_compared_without_a_proxy,
];

fn a_baseline_is_added_listed_shown_and_removed() {
    let why401 = Why401::new();
    why401.write(
        "good.sh",
        "curl 'https://api.acme.test/v2/orders' -H 'Authorization: Bearer abcdefghijklmnop0123'",
    );
    let added = why401.command(&["baseline", "add", "orders", "--curl", "good.sh"]);
    assert!(added.status.success(), "{added:#?}");
    let listed = why401.json(&["baseline", "list", "--json"]);
    assert_eq!(listed[0]["name"], json!("orders"));
    assert_eq!(listed[0]["source"], json!("curl"));
    let shown = why401.command(&["baseline", "show", "orders"]);
    assert!(
        shown.stdout.contains("api.acme.test/v2/orders"),
        "{shown:#?}"
    );
    assert!(!shown.stdout.contains("abcdefghijklmnop0123"), "{shown:#?}");
    let removed = why401.command(&["baseline", "remove", "orders"]);
    assert!(removed.status.success(), "{removed:#?}");
    assert_eq!(why401.json(&["baseline", "list", "--json"]), json!([]));
    let again = why401.command(&["baseline", "remove", "orders"]);
    assert_eq!(again.code(), 1, "{again:#?}");
    assert!(again.stderr.contains("orders"), "{again:#?}");
}

fn several_commands_of_one_file_are_all_added() {
    let why401 = Why401::new();
    let two = b"curl https://api.acme.test/a\ncurl https://api.acme.test/b\n";
    let added = why401.command_with_input(&["baseline", "add", "--curl", "-"], Some(two));
    assert!(added.status.success(), "{added:#?}");
    let listed = why401.json(&["baseline", "list", "--json"]);
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed:#}");
}

fn a_script_with_bad_commands_gives_the_others() {
    let why401 = Why401::new();
    let good = |numbers: std::ops::Range<usize>| -> String {
        let command = |n| format!("curl https://api.acme.test/{n}\n");
        numbers.map(command).collect()
    };
    let unknown = "curl --nosuch https://api.acme.test/bad\n";
    let cut = "curl 'https://api.acme.test/cut\ncurl https://api.acme.test/swallowed\n";
    why401.write("script.sh", good(0..5) + unknown + &good(5..10) + cut);
    let told = |stderr: &str| {
        assert!(
            stderr.starts_with("warning: the file has 2 problems\n"),
            "{stderr}"
        );
        let places = [
            "script.sh:6:6",
            "no option --nosuch",
            "script.sh:12:6",
            "not closed",
        ];
        let places = places.map(|place| stderr.find(place));
        assert!(places.is_sorted() && places[0].is_some(), "{stderr}");
    };
    let imported = why401.command(&["import", "curl", "script.sh", "--json"]);
    let paths = |requests: &Value, key: &str| -> Vec<String> {
        let requests = requests.as_array().unwrap().iter();
        let path = |request: &Value| request[key].as_str().unwrap().to_owned();
        requests.map(path).collect()
    };
    let expected: Vec<_> = (0..10)
        .map(|n| format!("https://api.acme.test/{n}"))
        .collect();
    assert_eq!(paths(&imported.json(), "url"), expected);
    told(&imported.stderr);
    let printed = why401.command(&["import", "curl", "script.sh"]);
    assert_eq!(printed.code(), 0, "{printed:#?}");
    assert!(printed.stdout.contains("api.acme.test/9"), "{printed:#?}");
    told(&printed.stderr);
    let added = why401.command(&["baseline", "add", "--curl", "script.sh"]);
    assert_eq!(added.code(), 0, "{added:#?}");
    told(&added.stderr);
    let listed = why401.json(&["baseline", "list", "--json"]);
    assert_eq!(listed.as_array().unwrap().len(), 10, "{listed:#}");
    why401.write("one.sh", good(3..4) + unknown);
    let compared = why401.command(&["diff", "one.sh", "script.sh#4", "--json"]);
    let path = compared.json()["exchange"]["path"].clone();
    assert_eq!(path, json!("/3"), "{compared:#?}");
    assert!(compared.stderr.contains("one.sh:2:6"), "{compared:#?}");
    // With nothing but bad commands there is nothing to give.
    why401.write("bad.sh", unknown);
    let refused = why401.command(&["import", "curl", "bad.sh", "--json"]);
    assert_eq!(
        (refused.code(), refused.stdout.as_str()),
        (1, ""),
        "{refused:#?}"
    );
}

fn import_prints_the_request_as_curl_would_send_it() {
    let why401 = Why401::new();
    why401.write(
        "c.sh",
        "curl -X PUT https://api.acme.test/x?y=1 \\\n  -H 'X-Odd:   two' -u ann:p%40ss -b 'a=1; b=2' --json $'{\"q\": \"\\u00e9\"}'\n",
    );
    let imported = why401.json(&["import", "curl", "c.sh", "--json"]);
    let request = &imported[0];
    assert_eq!(request["method"], json!("PUT"));
    assert_eq!(request["url"], json!("https://api.acme.test/x?y=1"));
    let headers = request["headers"].as_array().unwrap();
    for expected in [
        json!(["Host", "api.acme.test"]),
        json!(["Authorization", "Basic YW5uOnAlNDBzcw=="]),
        json!(["Cookie", "a=1; b=2"]),
        json!(["Content-Type", "application/json"]),
        json!(["Accept", "application/json"]),
    ] {
        assert!(headers.contains(&expected), "{expected} in {headers:#?}");
    }
    assert_eq!(request["body_base64"], json!("eyJxIjogIsOpIn0="));
}

fn a_http_file_reads_what_it_names_beside_itself() {
    let why401 = Why401::new();
    std::fs::create_dir(why401.work().join("api")).unwrap();
    why401.write("api/body.json", "{\"a\": 1}");
    why401.write(
        "api/a.http",
        "POST https://a.test/\nContent-Type: application/json\n\n< ./body.json\n",
    );
    why401.write("api/a.hurl", "POST https://a.test/\nfile,body.json;\n");
    for file in ["api/a.http", "api/a.hurl"] {
        let imported = why401.json(&["import", file, "--json"]);
        assert_eq!(
            imported[0]["body_base64"],
            json!("eyJhIjogMX0="),
            "{file}: {imported:#}"
        );
    }
}

fn two_curl_files_are_compared_without_a_proxy() {
    let why401 = Why401::new();
    why401.write(
        "good.sh",
        "curl https://api.acme.test/v2/orders -H 'Authorization: Bearer abcdefghijklmnop0123' -A one/1",
    );
    why401.write(
        "failing.sh",
        "curl https://api.acme.test/v2/orders -H 'Authorization: abcdefghijklmnop0123' -A two/2",
    );
    let report = why401.json(&["diff", "failing.sh", "good.sh", "--json"]);
    assert_eq!(report["schema"], json!("why401.report/1"));
    assert_eq!(
        report["verdict"]["cause"],
        json!("bearer-prefix-missing"),
        "{report:#}"
    );
    let blamed: Vec<_> = report["diff"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|field| field["kind"] != "same" && field["noise"] == json!(false))
        .map(|field| field["name"].as_str().unwrap().to_lowercase())
        .collect();
    assert_eq!(blamed, ["authorization"], "{report:#}");
    let printed = why401.command(&["diff", "failing.sh", "good.sh"]);
    assert!(printed.status.success(), "{printed:#?}");
    assert!(
        !printed.stdout.contains("abcdefghijklmnop0123"),
        "{printed:#?}"
    );
    assert!(
        !why401.data().join("store.db").exists(),
        "comparing files needs no store"
    );
}

fn equal_curl_files_have_no_difference_that_matters() {
    let why401 = Why401::new();
    let command = "curl https://api.acme.test/v2/orders -H 'X-Api-Key: abcdefghijklmnop0123'";
    why401.write("a.sh", command);
    why401.write(
        "b.sh",
        format!("{command} -A other/1 -H 'Accept-Language: de' -H 'X-Request-Id: 17'"),
    );
    let report = why401.json(&["diff", "a.sh", "b.sh", "--json"]);
    assert_eq!(
        report["verdict"]["cause"],
        json!("same-as-known-good"),
        "{report:#}"
    );
    assert_eq!(report["verdict"]["side"], json!("server"), "{report:#}");
}

/// A collection as people export it: the token is in no file, the host in the environment.
const COLLECTION: &str = r#"{
  "info": {"schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
  "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
  "item": [
    {"name": "Orders", "item": [
      {"name": "Search", "request": {"method": "GET", "header": [],
        "url": {"host": ["{{base}}"], "path": ["v2", "orders"], "query": [{"key": "page", "value": "2"}]}}},
      {"name": "Create", "request": {"method": "POST", "url": "{{base}}/v2/orders",
        "body": {"mode": "raw", "raw": "{}", "options": {"raw": {"language": "json"}}}}}
    ]},
    {"name": "Broken", "request": {"method": "GET", "url": "ftp://acme.test"}}
  ]
}"#;

fn a_variable_without_a_value_is_unknown_and_a_literal_one_is_the_cause() {
    let why401 = Why401::new();
    let url = "https://api.acme.test/v2/orders";
    why401.write(
        "good.sh",
        format!("curl {url} -H 'Authorization: Bearer abcdefghijklmnop0123'"),
    );
    why401.write(
        "open.sh",
        format!("curl {url} -H \"Authorization: Bearer $WHY401_UNSET\""),
    );
    why401.write(
        "literal.sh",
        format!("curl {url} -H 'Authorization: Bearer $WHY401_UNSET'"),
    );
    let output = why401.command(&["diff", "open.sh", "good.sh", "--json"]);
    let report = output.json();
    assert_eq!(report["verdict"]["cause"], Value::Null, "{report:#}");
    assert!(output.stderr.contains("$WHY401_UNSET has no value"));
    let fields = report["diff"]["fields"].as_array().unwrap();
    let field = fields.iter().find(|field| field["name"] == "Authorization");
    assert_eq!(field.unwrap()["unresolved"], json!(true), "{report:#}");
    let report = why401.json(&["diff", "literal.sh", "good.sh", "--json"]);
    assert_eq!(report["verdict"]["cause"], "placeholder-unresolved");
}

fn an_item_of_postman_explains_a_401() {
    let why401 = Why401::new();
    let origin = Origin::answering(Transport::Plain, |_| {
        Reply::unauthorized("Bearer", r#"{"error":"no token"}"#)
    });
    why401.write("c.json", COLLECTION);
    let environment =
        json!({"values": [{"key": "base", "value": origin.url(""), "enabled": true}]});
    why401.write("e.json", environment.to_string());
    let added = why401.command(&[
        "baseline",
        "add",
        "--postman",
        "c.json",
        "--environment",
        "e.json",
        "--item",
        "Orders/Search",
    ]);
    assert!(added.status.success(), "{added:#?}");
    assert!(added.stdout.contains("{{token}}"), "{added:#?}");
    let proxy = why401.run(&[]);
    let target = "/v2/orders?page=7";
    get(&proxy, &origin, target, "abcdefghijklmnop0123");
    let report = why401.report_on(target);
    assert_eq!(report["baseline"]["name"], json!("Search"), "{report:#}");
    assert_eq!(report["baseline"]["source"], json!("postman"), "{report:#}");
    assert_eq!(
        report["verdict"]["cause"],
        json!("bearer-prefix-missing"),
        "{report:#}"
    );
    let right = "/v2/orders?page=8";
    get(&proxy, &origin, right, "Bearer abcdefghijklmnop0123");
    let report = why401.report_on(right);
    assert_eq!(
        blamed(&report),
        ["page"],
        "a token that is not known differs from none"
    );
}

fn requests_of_a_collection_are_added_under_their_names() {
    let why401 = Why401::new();
    why401.write("c.json", COLLECTION);
    let added = why401.command(&[
        "baseline",
        "add",
        "--postman",
        "c.json",
        "--var",
        "base=acme.test",
    ]);
    assert!(added.status.success(), "{added:#?}");
    assert!(added.stdout.contains("2 baselines added"), "{added:#?}");
    assert!(
        added
            .stderr
            .contains("Broken: the URL is neither http nor https")
            && added.stderr.contains("c.json:11:5"),
        "{added:#?}"
    );
    let listed = why401.json(&["baseline", "list", "--json"]);
    let names: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["name"])
        .collect();
    assert!(
        names.contains(&&json!("Search")) && names.contains(&&json!("Create")),
        "{listed:#}"
    );
}

fn the_content_of_a_file_tells_its_format() {
    let why401 = Why401::new();
    why401.write("c.txt", COLLECTION);
    why401.write("two.sh", "curl https://a.test/x\ncurl https://a.test/y\n");
    let guessed = why401.command(&["import", "c.txt", "--item", "Orders/Search", "--json"]);
    assert!(
        guessed
            .stderr
            .contains("c.txt: read as a Postman collection"),
        "{guessed:#?}"
    );
    let added = why401.command(&["baseline", "add", "--from", "two.sh#2"]);
    assert!(added.status.success(), "{added:#?}");
    let listed = why401.json(&["baseline", "list", "--json"]);
    assert_eq!(listed[0]["name"], json!("get-y"), "{listed:#}");
    for (arguments, told) in [
        (vec!["import", "crul", "two.sh"], "did you mean curl?"),
        (vec!["import", "crul"], "neither a format nor a file"),
        (vec!["import", "curl"], "why401 import curl FILE"),
        (vec!["import", "har", "two.sh", "--var", "a=b"], "--var"),
    ] {
        let refused = why401.command(&arguments);
        assert_eq!(refused.code(), 2, "{refused:#?}");
        assert!(refused.stderr.contains(told), "{refused:#?}");
    }
    why401.write("text", "hello\n");
    let refused = why401.command(&["import", "text"]);
    assert_eq!(refused.code(), 1, "{refused:#?}");
    assert!(
        refused.stderr.contains("import FORMAT FILE"),
        "{refused:#?}"
    );
}

fn an_item_that_is_not_there_is_told_with_those_that_are() {
    let why401 = Why401::new();
    why401.write("c.json", COLLECTION);
    let refused = why401.command(&["import", "postman", "c.json", "--item", "Order/Serch"]);
    assert_eq!(refused.code(), 1, "{refused:#?}");
    assert!(refused.stderr.contains("Orders/Search"), "{refused:#?}");
    let misused = why401.command(&["import", "har", "c.json", "--item", "0"]);
    assert_eq!(misused.code(), 2, "{misused:#?}");
}

/// A 401 and the 200 after it, as a browser saves them.
fn archive() -> String {
    let entry = |status: u16, token: &str| {
        json!({
            "request": {"method": "GET", "url": "https://api.acme.test/me", "httpVersion": "h2",
                "headers": [{"name": ":path", "value": "/me"}, {"name": "authorization", "value": token}]},
            "response": {"status": status},
        })
    };
    let good = entry(200, "Bearer abcdefghijklmnop0123");
    json!({"log": {"entries": [entry(401, "Bearer undefined"), good]}}).to_string()
}

fn the_only_success_of_an_archive_is_added() {
    let why401 = Why401::new();
    why401.write("a.har", archive());
    let added = why401.command(&["baseline", "add", "me", "--har", "a.har"]);
    assert!(added.status.success(), "{added:#?}");
    let shown = why401.json(&["baseline", "list", "--json"]);
    assert_eq!(shown[0]["source"], json!("har"));
    let imported = why401.json(&["import", "har", "a.har#1", "--json"]);
    assert_eq!(
        imported[0]["headers"],
        json!([["authorization", "Bearer undefined"]])
    );
    let refused = why401.command(&["baseline", "add", "--har", "a.har#3"]);
    assert_eq!(refused.code(), 1, "{refused:#?}");
    assert!(refused.stderr.contains("#1 to #2"), "{refused:#?}");
}

fn every_success_of_an_archive_is_added() {
    let why401 = Why401::new();
    let entry = |path: &str, status: u16| {
        let url = format!("https://api.acme.test{path}");
        json!({"request": {"method": "GET", "url": url}, "response": {"status": status}})
    };
    let entries = [entry("/a", 200), entry("/b", 401), entry("/c", 204)];
    why401.write("a.har", json!({"log": {"entries": entries}}).to_string());
    let added = why401.command(&["baseline", "add", "--har", "a.har"]);
    assert!(added.stdout.contains("2 baselines added"), "{added:#?}");
    let by_url = [
        "baseline",
        "add",
        "b",
        "--har",
        "a.har#https://api.acme.test/b",
    ];
    let added = why401.command(&by_url);
    assert!(added.status.success(), "{added:#?}");
    assert!(added.stdout.contains("answered with 401"), "{added:#?}");
    let shown = why401.json(&["baseline", "list", "--json"]);
    assert_eq!(shown.as_array().unwrap().len(), 3, "{shown:#}");
}

fn an_archive_and_a_collection_are_compared_without_a_proxy() {
    let why401 = Why401::new();
    why401.write("a.har", archive());
    let both = why401.json(&["diff", "a.har", "a.har", "--json"]);
    assert_eq!(blamed(&both), ["authorization"], "{both:#}");
    let me = r#"{"item": [{"name": "Me", "request": {"url": "{{base}}/me",
        "auth": {"type": "bearer", "bearer": {"token": "{{token}}"}}}}]}"#;
    why401.write("c.json", me);
    let report = why401.json(&["diff", "a.har#2", "c.json#Me", "--json"]);
    assert_eq!(blamed(&report), [""; 0], "{report:#}");
    let report = why401.json(&["diff", "a.har#1", "c.json#Me", "--json"]);
    assert_eq!(
        report["verdict"]["cause"],
        json!("bearer-literal-undefined"),
        "{report:#}"
    );
}

/// Sends a GET with that `Authorization` through the proxy.
fn get(proxy: &Running, origin: &Origin, target: &str, authorization: &str) {
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: {authorization}\r\nConnection: close\r\n\r\n",
        origin.url(target),
        origin.authority()
    );
    tunnel::play_on(proxy.address(), &[Turn::send(request), Turn::AwaitEnd]);
}

/// The names of the differences that may matter.
fn blamed(report: &Value) -> Vec<String> {
    let fields = report["diff"]["fields"].as_array().unwrap().iter();
    fields
        .filter(|field| field["kind"] != "same" && field["noise"] == json!(false))
        .map(|field| field["name"].as_str().unwrap().to_lowercase())
        .collect()
}

fn a_http_file_takes_the_environment_of_its_name_and_the_secrets_beside() {
    let why401 = Why401::new();
    why401.write(
        "shop.http",
        "# @name me\nGET {{host}}/me\nAuthorization: Bearer {{token}}\n",
    );
    let public = r#"{"dev": {"host": "https://dev.test"}, "prod": {"host": "https://shop.test"}}"#;
    why401.write("http-client.env.json", public);
    why401.write(
        "http-client.private.env.json",
        r#"{"prod": {"token": "abcdef0123456789"}}"#,
    );
    let environment = "http-client.env.json#prod";
    let arguments = [
        "import",
        "shop.http",
        "--environment",
        environment,
        "--json",
    ];
    let imported = why401.json(&arguments);
    assert_eq!(imported[0]["url"], json!("https://shop.test/me"));
    let bearer = json!(["authorization", "Bearer abcdef0123456789"]);
    let headers = imported[0]["headers"].as_array().unwrap();
    assert!(headers.contains(&bearer), "{imported:#}");
    let added = [
        "baseline",
        "add",
        "--http",
        "shop.http",
        "--environment",
        environment,
    ];
    assert!(why401.command(&added).status.success());
    let listed = why401.json(&["baseline", "list", "--json"]);
    assert_eq!(
        (&listed[0]["name"], &listed[0]["source"]),
        (&json!("me"), &json!("http"))
    );
    let unnamed = [
        "import",
        "shop.http",
        "--environment",
        "http-client.env.json",
    ];
    let refused = why401.command(&unnamed);
    assert!(
        refused.stderr.contains("there is dev, prod"),
        "{refused:#?}"
    );
}
