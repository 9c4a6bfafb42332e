//! Known-good requests from curl commands, and the comparison without a proxy.

use serde_json::json;

use crate::common::binary::Why401;

crate::tests![
    a_baseline_is_added_listed_shown_and_removed,
    several_commands_of_one_file_are_all_added,
    import_prints_the_request_as_curl_would_send_it,
    two_curl_files_are_compared_without_a_proxy,
    equal_curl_files_have_no_difference_that_matters,
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
