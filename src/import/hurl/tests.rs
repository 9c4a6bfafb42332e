//! What Hurl sends for a file, seen from outside.

use std::path::Path;

use proptest::prelude::*;

use super::import;
use crate::import::{Environment, FileError, Imported, Options, Source, Surroundings, sample};
use crate::model::Timestamp;

fn imported(text: &str) -> Imported {
    let variable = |name: &str| match name {
        "HURL_VARIABLE_env" => Some("of env".to_owned()),
        "PLAIN" => Some("plain".to_owned()),
        _ => None,
    };
    let file = |path: &Path| match path.to_str() {
        Some("data.bin") => Ok(b"\0\xffx".to_vec()),
        _ => Err(FileError::Missing),
    };
    let surroundings = Surroundings {
        variable: &variable,
        file: &file,
        now: Timestamp::from_secs(1_760_000_000),
    };
    let options = Options {
        environment: Environment::of_file("env", b"# theirs\nhost=api.acme.test\nquote=a\"b\n"),
        ..Options::default()
    };
    import(&Source::new("-", text.as_bytes()), &options, &surroundings)
}

fn sent(text: &str) -> String {
    sample::sent(&imported(text))
}

fn body(text: &str) -> Vec<u8> {
    let imported = imported(text);
    assert_eq!(imported.problems, [], "{text}");
    imported.requests[0].request.content.bytes.clone()
}

#[test]
fn a_request_has_what_hurl_and_libcurl_add() {
    assert_eq!(
        sent(
            "POST https://{{host}}/x?a=1 # there\nX-A: 1 # one\nX-Empty:\n[Query]\nq: x y\\#{{env}}\n\
             [Cookies]\nc: 1\nd: 2\n[BasicAuth]\nann: s3cret\n[Form]\nname: Ann Ü\n"
        ),
        "POST https://api.acme.test/x?a=1&q=x%20y%23of%20env\nHost: api.acme.test\nAccept: */*\n\
         Cookie: c=1; d=2\nX-A: 1\nX-Empty: \nAuthorization: Basic YW5uOnMzY3JldA==\n\
         Content-Type: application/x-www-form-urlencoded\nUser-Agent: hurl/8.0.1\nContent-Length: 15\n\n\
         name=Ann%20%C3%9C"
            .replace("Length: 15", "Length: 17")
    );
}

#[test]
fn every_kind_of_body_is_read() {
    let of = |written: &str| body(&format!("POST http://a.test\n{written}\nHTTP 200\n"));
    assert_eq!(
        of("{\"a\": \"{{quote}}\",\n \"b\": \"}\"}"),
        b"{\"a\": \"a\\\"b\",\n \"b\": \"}\"}"
    );
    assert_eq!(of("[1, 2]"), b"[1, 2]");
    assert_eq!(of("\"text\""), b"\"text\"");
    assert_eq!(
        of("<?xml version='1.0'?><a b='>'><c/></a>"),
        b"<?xml version='1.0'?><a b='>'><c/></a>"
    );
    assert_eq!(of("```\nl1\nl2 {{host}}\n```"), b"l1\nl2 api.acme.test\n");
    assert_eq!(of("```raw\n{{host}}\n```"), b"{{host}}\n");
    assert_eq!(of("<a>{{host}}</a>"), b"<a>{{host}}</a>");
    assert_eq!(of("```json\n{\"{{quote}}\n```"), b"{\"a\"b\n");
    assert_eq!(of("`one {{host}}\\t\\``"), b"one api.acme.test\t`");
    assert_eq!(of("-1.50"), b"-1.50");
    assert_eq!(of("base64,aGkh\nIQ==;"), b"hi!!");
    assert_eq!(of("hex, c3a9 0a;"), b"\xc3\xa9\n");
    assert_eq!(of("file,data.bin;"), b"\0\xffx");
    assert_eq!(
        of("```graphql\nquery Q { a }\nvariables {\n \"x\": 1}\n```"),
        b"{\"query\":\"query Q { a }\",\"variables\":{\"x\":1}}"
    );
}

#[test]
fn a_language_that_hurl_does_not_know_breaks_its_entry_only() {
    let text = "GET http://a.test\n\nPOST http://a.test\n```csv\na\n```\n\nGET http://b.test\n";
    let imported = imported(text);
    assert_eq!(imported.requests.len(), 2);
    let problems = imported.problems.iter().map(ToString::to_string);
    assert_eq!(
        problems.collect::<Vec<_>>(),
        ["after ``` stands json, xml, graphql, raw or nothing"]
    );
}

#[test]
fn answers_are_skipped_and_what_they_give_is_said() {
    let text = "POST https://{{host}}/login\n{\"a\": 1}\nHTTP 200\nX-A: 1\n[Captures]\ntoken: jsonpath \"$.t\"\n\
                [Asserts]\nbody contains ```\nGET https://not.test\n```\n{\"b\": [\n\"GET x\"]}\n\n\
                GET https://{{host}}/me\nAuthorization: Bearer {{token}}\nX: {{newUuid}} {{getEnv \"PLAIN\"}}\nHTTP *\n";
    let imported = imported(text);
    assert_eq!(imported.problems, []);
    let [_, second] = imported.requests.as_slice() else {
        panic!("{} requests", imported.requests.len());
    };
    assert_eq!(second.unresolved, ["{{token}}", "{{newUuid}}"]);
    assert_eq!(
        second.warnings,
        ["{{token}} comes from the answer to an earlier request"]
    );
    let value = second.request.fields.first_text("X");
    assert_eq!(value, Some("{{newUuid}} plain"));
}

#[test]
fn options_change_the_request() {
    let sent = sent(
        "GET http://{{where}}/a/../b\n[Options]\nvariable: where=b.test\nuser: ann:{{pass}}\ncompressed: true\n\
         path-as-is: true\nheader: X-O: 1\nheader: User-Agent: mine\nlocation: true\n",
    );
    assert_eq!(
        sent,
        "GET http://b.test/a/../b\nHost: b.test\nAccept: */*\nX-O: 1\nUser-Agent: mine\n\
         Authorization: Basic ann:{{pass}}\nAccept-Encoding: gzip, deflate, br\n\n"
    );
    assert_eq!(
        imported("GET http://a.test\n[Options]\nskip: true\n").requests,
        []
    );
}

#[test]
fn a_form_with_files_is_sent_as_libcurl_does_it() {
    let sent = sent(
        "POST http://a.test\n[Multipart]\na: @no;type=x\nf: file,data.bin;\ng: file,data.bin; text/csv\n",
    );
    assert!(sent.contains("name=\"a\"\r\n\r\n@no;type=x\r\n"), "{sent}");
    assert!(
        sent.contains(
            "name=\"f\"; filename=\"data.bin\"\r\nContent-Type: application/octet-stream\r\n"
        ),
        "{sent}"
    );
    assert!(
        sent.contains("filename=\"data.bin\"\r\nContent-Type: text/csv\r\n"),
        "{sent}"
    );
    assert!(
        sent.contains("Content-Type: multipart/form-data; boundary="),
        "{sent}"
    );
}

#[test]
fn a_broken_entry_does_not_spoil_the_others() {
    let text = "GET http://a.test/1\nno row\n\nGET http://a.test/2\n[Wrong]\nx: 1\n\nGET http://a.test/3\n\
                POST http://a.test/4\nfile,missing;\n\nPOST http://a.test/5\n{\"open\": 1\n";
    let source = Source::new("-", text.as_bytes());
    let imported = imported(text);
    assert_eq!(imported.requests.len(), 1);
    let problems = imported.problems.iter();
    let problems: Vec<String> = problems
        .map(|problem| format!("{}: {problem}", problem.position(&source)))
        .collect();
    assert_eq!(
        problems,
        [
            "2:1: this is neither a header or parameter (name: value) nor a section nor a body",
            "5:1: there is no section of this name: Wrong",
            "10:1: cannot read missing: there is no such file",
            "13:1: the JSON does not end",
        ]
    );
}

#[test]
fn nothing_of_the_text_is_in_debug_output() {
    let imported =
        imported("POST http://a.test/canary\nX: canary\n[BasicAuth]\ncanary: canary\n`canary`\n");
    assert!(!format!("{imported:?}").contains("canary"));
}

fn file() -> impl Strategy<Value = String> {
    let pieces = [
        "GET ",
        "POST http://a.test/",
        "http://{{host}}",
        "\n",
        "\r\n",
        "X-A: 1\n",
        "[Query]\n",
        "[Form]\n",
        "[Multipart]\n",
        "[Options]\n",
        "[Cookies]\n",
        "[BasicAuth]\n",
        "[Asserts]\n",
        "[Captures]\n",
        "a: b\n",
        "variable: a={{a}}{{a}}\n",
        "f: file,data.bin;\n",
        "{\"a\": 1}",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "<a>",
        "</a>",
        "```",
        "`",
        "base64,",
        "hex,",
        ";",
        "HTTP 200\n",
        "{{a}}",
        "{{",
        "}}",
        "# ",
        "\\",
        "\\u{",
        "é",
        ":",
        " ",
    ];
    let piece = proptest::sample::select(pieces.to_vec());
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_and_spans_lie_inside_it(text in prop_oneof![any::<String>(), file()]) {
        let imported = imported(&text);
        let problems = imported.problems.iter().map(|problem| problem.span);
        let requests = imported.requests.iter().map(|request| request.span);
        for span in problems.chain(requests) {
            prop_assert!(span.start <= span.end && span.end <= text.len(), "{span:?}");
        }
    }
}
