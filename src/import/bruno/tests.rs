//! What Bruno sends for a file, seen from outside.

use std::path::Path;

use proptest::prelude::*;

use super::environment::only as environment;
use super::import;
use crate::import::{Environment, FileError, Imported, Options, Source, Surroundings, sample};
use crate::model::Timestamp;

fn imported(text: &str) -> Imported {
    let variable = |name: &str| (name == "KEY").then(|| "k3y".to_owned());
    let file = |path: &Path| match path.to_str() {
        Some("a/f.txt") => Ok(b"hello".to_vec()),
        _ => Err(FileError::Missing),
    };
    let surroundings = Surroundings {
        variable: &variable,
        file: &file,
        now: Timestamp::from_secs(1_760_000_000),
    };
    let vars = b"vars {\n  host: api.acme.test\n  id: 1\n  ~off: x\n}\nvars:secret [\n  token\n]\n";
    let options = Options {
        environment: Environment::of_file("env", vars),
        ..Options::default()
    };
    import(&Source::new("-", text.as_bytes()), &options, &surroundings)
}

fn sent(text: &str) -> String {
    sample::sent(&imported(text))
}

fn content(block: &str, mode: &str) -> String {
    let sent = sent(&format!(
        "post {{\n  url: a.test\n  body: {mode}\n}}\n{block}\n"
    ));
    sent.split_once("\n\n").unwrap().1.to_owned()
}

#[test]
fn a_request_has_what_axios_and_node_add() {
    assert_eq!(
        sent(
            "post {\n  url: https://{{host}}/a/../users/:id/{{id}}?q=a b&k={{process.env.KEY}}\n  body: json\n  auth: basic\n}\n\
             params:path {\n  id: {{id}}7\n}\nheaders {\n  X-A: {{token}}\n  ~X-Off: 1\n  accept: text/x\n}\n\
             auth:basic {\n  username: ann\n  password: s3cret\n}\nbody:json {\n  {\n    \"id\": {{id}} // one\n  }\n}\n\
             vars:pre-request {\n  id: 2\n}\n"
        ),
        "POST https://api.acme.test/users/27/2?q=a%20b&k=k3y\nAccept: text/x\nContent-Type: application/json\n\
         User-Agent: bruno-runtime/4.1.0\nX-A: {{token}}\nAuthorization: Basic YW5uOnMzY3JldA==\n\
         request-start-time: {{$timestamp}}\nContent-Length: 14\nAccept-Encoding: gzip, compress, deflate, br\n\
         Host: api.acme.test\nConnection: keep-alive\n\n{\n  \"id\": 2 \n}"
    );
}

#[test]
fn without_content_only_some_methods_have_a_length() {
    let of = |method: &str| sent(&format!("{method} {{\n  url: a.test\n}}\n"));
    assert!(of("put").ends_with("Connection: keep-alive\nContent-Length: 0\n\n"));
    assert!(of("delete").ends_with("Connection: keep-alive\n\n"));
    assert!(of("http").starts_with(" http://a.test/\n"));
}

#[test]
fn every_mode_of_body_is_read() {
    assert_eq!(content("body:text {\n  a\n    b\n}", "text"), "a\n  b");
    assert_eq!(content("body:xml {\n  <a/>\n}", "xml"), "<a/>");
    assert_eq!(
        content(
            "body:form-urlencoded {\n  a: x y&\n  ~b: 1\n  c: {{nope}}\n}",
            "formUrlEncoded"
        ),
        "a=x+y%26&c={{nope}}"
    );
    assert_eq!(
        content(
            "body:graphql {\n  { a }\n}\nbody:graphql:vars {\n  { \"x\": {{id}} }\n}",
            "graphql"
        ),
        "{\"query\":\"{ a }\",\"variables\":{\"x\":1}}"
    );
    let form = content(
        "body:multipart-form {\n  a: 1\n  f: @file(a/f.txt) @contentType(text/csv)\n  g: @file(none)\n}",
        "multipartForm",
    );
    assert!(form.contains("name=\"a\"\r\n\r\n1\r\n"), "{form}");
    assert!(
        form.contains("filename=\"f.txt\"\r\nContent-Type: text/csv\r\n\r\nhello"),
        "{form}"
    );
    assert!(!form.contains("name=\"g\""), "{form}");
    assert_eq!(
        content(
            "body:file {\n  file: @file(a/f.txt) @contentType(a/b)\n}",
            "file"
        ),
        "hello"
    );
}

#[test]
fn authorization_is_computed_or_marked() {
    let of = |mode: &str, rows: &str| {
        let text =
            format!("get {{\n  url: a.test\n  auth: {mode}\n}}\nauth:{mode} {{\n  {rows}\n}}\n");
        let mut imported = imported(&text);
        let one = imported.requests.remove(0);
        let value = one
            .request
            .fields
            .first_text("Authorization")
            .map(str::to_owned);
        (value, one.unresolved, one.warnings.len())
    };
    let mark = |name: &str| vec!["{{$timestamp}}".to_owned(), name.to_owned()];
    let bearer = of("bearer", "token: {{token}}");
    assert_eq!(bearer.0.as_deref(), Some("Bearer {{token}}"));
    assert_eq!(bearer.1, ["{{token}}", "{{$timestamp}}"]);
    assert_eq!(of("inherit", "a: b"), (None, mark("auth: inherit"), 2));
    let oauth2 = of("oauth2", "token_header_prefix: DPoP");
    assert_eq!(
        oauth2,
        (
            Some("DPoP computed_when_sent".into()),
            mark("computed_when_sent"),
            2
        )
    );
    assert_eq!(of("digest", "username: a").2, 2);
    assert!(sent("get {\n  url: a.test\n  auth: apikey\n}\nauth:apikey {\n  key: k\n  value: v\n  placement: queryparams\n}\n")
        .starts_with("GET http://a.test/?k=v\n"));
}

#[test]
fn what_cannot_be_sent_is_told() {
    let problem = |text: &str| imported(text).problems[0].to_string();
    assert!(problem("meta {\n  name: a\n}\n").starts_with("there is no request"));
    assert_eq!(problem("get {\n}\n"), "the request has no URL");
    assert_eq!(
        problem("get {\n  url: ftp://a.test\n}\n"),
        "the URL is neither http nor https"
    );
    assert!(problem("get {\n  url: a\n}\nheaders {\n  a b: c\n}\n").starts_with("a header name"));
    assert!(environment(&Source::new("x", b"get {\n}\n")).is_err());
}

#[test]
fn nothing_of_the_text_is_in_debug_output() {
    let imported = imported(
        "meta {\n  name: canary\n}\npost {\n  url: a.test/canary\n  body: text\n}\nheaders {\n  X: canary\n}\nbody:text {\n  canary\n}\n",
    );
    assert_eq!(imported.requests.len(), 1);
    assert!(!format!("{imported:?}").contains("canary"));
}

fn file() -> impl Strategy<Value = String> {
    let pieces = [
        "meta {\n",
        "get {\n",
        "post {\n",
        "  url: http://a.test/:a/{{a}}?b={{b}}\n",
        "  body: json\n",
        "  body: multipartForm\n",
        "  auth: basic\n",
        "  auth: inherit\n",
        "}\n",
        "headers {\n",
        "  a: b\n",
        "  ~a: b\n",
        "  \"a:b\": c\n",
        "  m: '''\n",
        "  '''\n",
        "body:json {\n",
        "  {\n",
        "  }\n",
        "// x\n",
        "/*",
        "\"",
        "\\",
        "body:multipart-form {\n",
        "  f: @file(a/f.txt)\n",
        "vars:pre-request {\n",
        "  a: {{b}}\n",
        "  b: {{a}}{{a}}\n",
        "vars:secret [\n",
        "]\n",
        "é",
        "\r\n",
        "{{",
        "}}",
        " ",
    ];
    let piece = proptest::sample::select(pieces.to_vec());
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_yields_a_request_or_problems_inside_it(text in prop_oneof![any::<String>(), file()]) {
        let imported = imported(&text);
        let problems = imported.problems.iter().map(|problem| problem.span);
        let requests = imported.requests.iter().map(|request| request.span);
        for span in problems.chain(requests) {
            prop_assert!(span.start <= span.end && span.end <= text.len(), "{span:?}");
        }
        prop_assert!(!(imported.problems.is_empty() && imported.requests.is_empty()));
        let _environment = environment(&Source::new("-", text.as_bytes()));
    }
}
