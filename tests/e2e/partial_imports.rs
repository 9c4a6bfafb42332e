//! A file with ten good requests and a bad one gives ten and a report.

use serde_json::json;

use crate::common::binary::{Output, Why401};

crate::tests![
    a_file_without_requests_is_refused,
    a_number_behind_a_bad_one_is_refused_and_one_before_it_is_not,
    import_gives_ten_and_tells_of_the_bad_one,
    baseline_add_adds_ten_and_tells_of_the_bad_one,
];

/// Ten requests with a bad one among them, and where that is.
struct Case {
    format: &'static str,
    text: String,
    place: &'static str,
}

/// Five, the bad one, five.
fn among(good: &str, bad: &str) -> String {
    let good = |number: usize| good.replace("NUMBER", &number.to_string());
    let mut parts: Vec<String> = (0..10).map(good).collect();
    parts.insert(5, bad.to_owned());
    parts.concat()
}

fn lines(format: &'static str, good: &str, bad: &str, place: &'static str) -> Case {
    Case {
        format,
        text: among(good, bad),
        place,
    }
}

/// Members of a list, each on a line, that starts and ends like that.
fn list(format: &'static str, ends: [&str; 2], members: [&str; 2], place: &'static str) -> Case {
    let members = members.map(|member| format!("{member},\n"));
    let text = among(&members[0], &members[1]);
    let text = text.trim_end_matches(",\n");
    Case {
        format,
        text: format!("{}\n{text}\n{}\n", ends[0], ends[1]),
        place,
    }
}

fn lists() -> Vec<Case> {
    vec![
        list(
            "har",
            ["{\"log\": {\"entries\": [", "]}}"],
            [
                r#"{"request": {"method": "GET", "url": "http://a.test/NUMBER"}, "response": {"status": 200}}"#,
                r#"{"request": {"method": "GET", "url": "ftp://a.test/"}, "response": {"status": 200}}"#,
            ],
            "a.har:7:1",
        ),
        list(
            "postman",
            ["{\"info\": {}, \"item\": [", "]}"],
            [
                r#"{"name": "GoodNUMBER", "request": {"url": "http://a.test/NUMBER"}}"#,
                r#"{"name": "Bad", "request": {}}"#,
            ],
            "a.postman:7:1",
        ),
        list(
            "insomnia",
            ["{\"__export_format\": 4, \"resources\": [", "]}"],
            [
                r#"{"_type": "request", "_id": "NUMBER", "name": "GoodNUMBER", "url": "http://a.test/NUMBER"}"#,
                r#"{"_type": "request", "_id": "b", "name": "Lone \ud800", "url": "http://a.test/"}"#,
            ],
            "a.insomnia:7:",
        ),
    ]
}

fn cases() -> Vec<Case> {
    let mut cases = lists();
    cases.extend([
        lines(
            "http",
            "GET http://a.test/NUMBER\n\n###\n",
            "GET http://a.test/bad\nAuthorization Bearer\n\n###\n",
            "a.http:17:1",
        ),
        lines(
            "fetch",
            "fetch(\"http://a.test/NUMBER\");\n",
            "fetch(\"http://a.test/bad\", {headers: {a: token}});\n",
            "a.fetch:6:42",
        ),
        lines(
            "powershell",
            "Invoke-RestMethod -Uri http://a.test/NUMBER\n",
            "Invoke-RestMethod -Uri http://a.test/bad -Headers 1\n",
            "a.powershell:6:51",
        ),
        lines(
            "httpie",
            "http a.test/NUMBER\n",
            "http a.test/bad --wibble\n",
            "a.httpie:6:17",
        ),
        lines(
            "hurl",
            "GET http://a.test/NUMBER\nHTTP 200\n\n",
            "POST http://a.test/bad\n{\"a\": \n\n",
            "a.hurl:17:1",
        ),
    ]);
    cases
}

fn told(case: &Case, output: &Output) {
    let (format, said) = (case.format, &output.stderr);
    assert_eq!(output.code(), 0, "{format}: {said}");
    assert!(said.contains(case.place), "{format}: {said}");
}

fn import_gives_ten_and_tells_of_the_bad_one() {
    let why401 = Why401::new();
    for case in cases() {
        let file = format!("a.{}", case.format);
        why401.write(&file, &case.text);
        let output = why401.command(&["import", case.format, &file, "--json"]);
        told(&case, &output);
        let imported = output.json();
        let requests = imported.as_array().unwrap().iter();
        let urls: Vec<_> = requests.map(|request| request["url"].clone()).collect();
        let numbers = (0..10).map(|number| json!(format!("http://a.test/{number}")));
        assert_eq!(urls, numbers.collect::<Vec<_>>(), "{}", case.format);
    }
}

/// A number counts what is wrong, too; how many requests that were to be is not known.
fn a_number_behind_a_bad_one_is_refused_and_one_before_it_is_not() {
    let why401 = Why401::new();
    let text = "curl http://a.test/1\ncurl --wibble\ncurl http://a.test/3\n";
    why401.write("a.curl", text);
    let import =
        |item: &str| why401.command(&["import", "curl", "a.curl", "--item", item, "--json"]);
    assert_eq!(import("1").json()[0]["url"], json!("http://a.test/1"));
    let refused = import("2");
    assert_eq!(refused.code(), 1, "{refused:#?}");
    assert!(refused.stderr.contains("--wibble"), "{refused:#?}");
    assert_eq!(import("GET /3").json()[0]["url"], json!("http://a.test/3"));
}

fn a_file_without_requests_is_refused() {
    let why401 = Why401::new();
    why401.write("a.json", r#"{"info": {}, "item": []}"#);
    for command in [
        &["import", "postman", "a.json"][..],
        &["import", "postman", "a.json", "--json"],
        &["baseline", "add", "--postman", "a.json"],
    ] {
        let output = why401.command(command);
        assert_eq!(output.code(), 1, "{command:?}: {output:#?}");
        assert!(output.stderr.contains("no request"), "{output:#?}");
    }
}

fn baseline_add_adds_ten_and_tells_of_the_bad_one() {
    for case in cases() {
        let why401 = Why401::new();
        let file = format!("a.{}", case.format);
        why401.write(&file, &case.text);
        let output = why401.command(&["baseline", "add", "--from", &file]);
        told(&case, &output);
        let listed = why401.json(&["baseline", "list", "--json"]);
        assert_eq!(listed.as_array().unwrap().len(), 10, "{}", case.format);
    }
}
