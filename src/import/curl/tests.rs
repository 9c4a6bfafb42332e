//! What curl sends for a command, seen from outside.

use std::path::Path;

use proptest::prelude::*;

use super::import;
use crate::import::{ErrorKind, FileError, Imported, ImportedRequest, Source, Surroundings, json};
use crate::model::Timestamp;

/// Imports with the variables `TOKEN` (of one word), `WORDS` (of two) and `EMPTY`, and the files
/// `body` and `notes.txt`.
fn imported(text: &str) -> Imported {
    let variable = |name: &str| match name {
        "TOKEN" => Some("t0k".to_owned()),
        "WORDS" => Some("two words".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    let file = |path: &Path| match path.to_str() {
        Some("body") => Ok(b"{\r\n\"a\": 1}\n".to_vec()),
        Some("notes.txt") => Ok(b"note".to_vec()),
        Some("large") => Ok(vec![0; 17 * 1024 * 1024]),
        Some("fields") => Ok(b"X-A: 1\r\n# no\n\nX-B: 2\n".to_vec()),
        _ => Err(FileError::Missing),
    };
    let surroundings = Surroundings {
        variable: &variable,
        file: &file,
        now: Timestamp::from_secs(1_760_000_000),
    };
    import(&Source::new("-", text.as_bytes()), &surroundings)
}

fn one(text: &str) -> ImportedRequest {
    let imported = imported(text);
    assert_eq!(imported.problems, [], "{text}");
    assert_eq!(imported.requests.len(), 1, "{text}");
    imported.requests.into_iter().next().unwrap()
}

/// The only problem of a text that yields no request.
fn refused(text: &str) -> String {
    let imported = imported(text);
    assert_eq!(imported.requests, [], "{text}");
    assert_eq!(
        imported.problems.len(),
        1,
        "{text}: {:?}",
        imported.problems
    );
    imported.problems[0].to_string()
}

/// The field lines of the only request, as text.
fn fields(text: &str) -> Vec<String> {
    let request = one(text).request;
    let lines = request.fields.lines().iter();
    let text = |line: &crate::model::FieldLine| {
        let value = String::from_utf8_lossy(line.raw_value()).into_owned();
        format!("{}:{value}", line.name_text())
    };
    lines.map(text).collect()
}

/// The lines that are not the same for every request.
fn own_fields(text: &str) -> Vec<String> {
    let mut lines = fields(text);
    let usual = ["Host: a.test", "User-Agent: curl/8.14.1", "Accept: */*"];
    lines.retain(|line| !usual.contains(&line.as_str()));
    lines
}

fn body(text: &str) -> String {
    String::from_utf8(one(text).request.content.bytes).unwrap()
}

fn target(text: &str) -> String {
    String::from_utf8(one(text).request.target).unwrap()
}

#[test]
fn a_plain_command_sends_what_curl_adds_by_itself() {
    let imported = one("curl https://API.acme.test:8443/x");
    assert_eq!(imported.name, "GET /x");
    assert_eq!(
        imported.request.url.origin.to_string(),
        "https://api.acme.test:8443"
    );
    assert_eq!(
        fields("curl https://API.acme.test:8443/x"),
        [
            "Host: API.acme.test:8443",
            "User-Agent: curl/8.14.1",
            "Accept: */*"
        ]
    );
}

#[test]
fn quotes_are_read_as_bash_reads_them() {
    let cases = [
        (r#"curl a.test -d 'it'\''s'"#, "it's"),
        (r#"curl a.test -d "a\"b\\c\$d\e""#, r#"a"b\c$d\e"#),
        (r"curl a.test -d $'\x41\u00e9\t\'\101'", "Aé\t'A"),
        ("curl a.test -d a\\ b\\\nc", "a bc"),
        ("curl a.test -d 'a\nb' # 'c'", "a\nb"),
        ("curl a.test -d a#b", "a#b"),
        ("curl a.test -d \"\"", ""),
        ("curl a.test -d \"$\" -d '$TOKEN'", "$&$TOKEN"),
    ];
    for (text, expected) in cases {
        assert_eq!(body(text), expected, "{text}");
    }
}

#[test]
fn variables_come_from_the_script_then_from_the_environment() {
    assert_eq!(body("curl a.test -d \"$TOKEN ${WORDS}\""), "t0k two words");
    assert_eq!(body("TOKEN=mine; curl a.test -d $TOKEN"), "mine");
    assert_eq!(
        body("export A='x y' B=$A\ncurl a.test -d \"$A$B\""),
        "x yx y"
    );
    assert_eq!(
        body("curl a.test -d ${NONE:-d} -d ${EMPTY:-e} -d \"${EMPTY-f}\""),
        "d&e&"
    );
    assert_eq!(
        imported("curl a.test -d $WORDS").requests.len(),
        2,
        "a word is a URL"
    );
    assert_eq!(one("curl $EMPTY a.test").name, "GET /");
}

#[test]
fn what_nothing_defines_stays_and_is_listed() {
    let text = "curl -H \"Authorization: Bearer $NONE\" -u \"a:${PASS}\" \
                \"https://$HOST/{{id}}/$(date)/?q={{x}}\" -g -d '{\"a\":\"{{ b }}\"}' -o \"$OUT\"";
    let imported = one(text);
    assert_eq!(
        imported.unresolved,
        ["$HOST", "{{id}}", "$(date)", "{{x}}", "$NONE", "{{ b }}"]
    );
    assert_eq!(imported.request.target, b"/{{id}}/$(date)/?q={{x}}");
    assert_eq!(imported.request.url.origin.host, "$HOST");
    let basic = own_fields("curl -u \"a:${PASS}\" a.test");
    assert_eq!(basic, ["Authorization: Basic a:${PASS}"]);
}

#[test]
fn a_variable_stays_readable_where_curl_encodes() {
    let text = "curl -G a.test/ --data-urlencode \"q=a $NONE&\"";
    assert_eq!(target(text), "/?q=a+$NONE%26");
}

#[test]
fn a_command_ends_where_the_shell_ends_it() {
    assert_eq!(target("curl a.test/?a=1 | jq -r .x"), "/?a=1");
    assert_eq!(target("curl a.test/x>out 2>&1"), "/x");
    assert_eq!(target("curl a.test/x &>/dev/null; echo curl"), "/x");
    let cut = one("curl a.test/?a=1&b=2");
    assert_eq!(cut.request.target, b"/?a=1");
    assert!(cut.warnings[0].contains('&'));
    assert!(one("curl a.test/<id>/x").warnings[0].contains('<'));
    assert_eq!(one("curl a.test/x &").warnings, [""; 0]);
    assert_eq!(
        imported("curl a.test && curl b.test\n$ curl c.test")
            .requests
            .len(),
        3
    );
}

#[test]
fn standard_input_is_followed_where_it_is_plain() {
    assert_eq!(body("curl a.test -d @- <<< \"$WORDS\""), "two words");
    assert_eq!(
        body("curl a.test --data-binary @- <<< $WORDS"),
        "two words\n"
    );
    assert_eq!(
        body("curl a.test --data-binary @- <<E\na $TOKEN \\$x\nE\n"),
        "a t0k $x\n"
    );
    assert_eq!(
        body("curl a.test --data-binary @- <<'E'\na $TOKEN\nE\n"),
        "a $TOKEN\n"
    );
    assert_eq!(body("curl a.test --data-binary @- <<-E\n\t\ta\n\tE"), "a\n");
    assert_eq!(body("curl a.test --data-binary @- < notes.txt"), "note");
    assert_eq!(body("echo -n '{}' | curl a.test -d @-"), "{}");
    assert_eq!(body("cat notes.txt | curl a.test -d @-"), "note");
    let unknown = one("jq . x.json | curl a.test -d @-");
    assert_eq!(unknown.request.content.bytes, b"");
    assert!(unknown.warnings[0].contains("not run"));
}

#[test]
fn data_is_joined_and_read_as_each_option_says() {
    assert_eq!(body("curl a.test -d a=1 -db=2 --data-raw @x"), "a=1&b=2&@x");
    assert_eq!(body("curl a.test -d @body"), "{\"a\": 1}");
    assert_eq!(body("curl a.test --data-binary @body"), "{\r\n\"a\": 1}\n");
    assert_eq!(
        body("curl a.test --data-urlencode 'n=a b&é' --data-urlencode =~"),
        "n=a+b%26%C3%A9&~"
    );
    assert_eq!(
        body("curl a.test --data-urlencode n@body"),
        "n=%7B%0D%0A%22a%22%3A+1%7D%0A"
    );
    assert_eq!(body("curl a.test --json {} --json []"), "{}[]");
}

#[test]
fn methods_follow_the_options() {
    let cases = [
        ("curl a.test -d x", "POST"),
        ("curl a.test -F x=y", "POST"),
        ("curl a.test -T notes.txt", "PUT"),
        ("curl a.test -I", "HEAD"),
        ("curl a.test -d x -G", "GET"),
        ("curl a.test -d x -GI", "HEAD"),
        ("curl a.test -d x -XPATCH", "PATCH"),
        ("curl a.test -X delete", "delete"),
    ];
    for (text, method) in cases {
        assert_eq!(one(text).request.method, method, "{text}");
    }
    assert_eq!(
        refused("curl a.test -I -d x"),
        "--head and --data exclude each other: curl sends one method"
    );
    assert_eq!(
        refused("curl a.test -F x=y -d x"),
        "--form and --data exclude each other: curl sends one method"
    );
}

#[test]
fn content_brings_its_fields() {
    assert_eq!(
        own_fields("curl a.test -d abc"),
        [
            "Content-Length: 3",
            "Content-Type: application/x-www-form-urlencoded"
        ]
    );
    assert_eq!(
        own_fields("curl a.test -d abc -H 'content-type: a/b'"),
        ["content-type: a/b", "Content-Length: 3"]
    );
    assert_eq!(
        own_fields("curl a.test -T notes.txt"),
        ["Content-Length: 4"]
    );
    assert_eq!(
        own_fields("curl a.test -T - < notes.txt"),
        ["Transfer-Encoding: chunked", "Expect: 100-continue"]
    );
    assert_eq!(
        own_fields("curl a.test -d x -H 'Transfer-Encoding: chunked'"),
        [
            "Transfer-Encoding: chunked",
            "Content-Type: application/x-www-form-urlencoded"
        ]
    );
}

#[test]
fn large_content_is_announced() {
    let large = format!("A='{}'; curl a.test -d \"$A\"", "x".repeat(1024 * 1024 + 1));
    assert!(own_fields(&large).contains(&"Expect: 100-continue".to_owned()));
    let with_own = format!("{large} -H Expect:");
    assert!(
        !own_fields(&with_own)
            .iter()
            .any(|line| line.starts_with("Expect"))
    );
    let over_http10 = format!("{large} -0");
    assert!(
        !own_fields(&over_http10)
            .iter()
            .any(|line| line.starts_with("Expect"))
    );
}

#[test]
fn given_fields_replace_remove_and_follow_those_of_curl() {
    assert_eq!(fields("curl a.test -H 'Accept:' -A ''"), ["Host: a.test"]);
    assert_eq!(
        fields(
            "curl a.test -H 'host:  b.test' -H 'user-agent: x' -H 'X;' -H 'Y:' -H 'Z:  1 ' -H no"
        ),
        [
            "Host:  b.test",
            "Accept: */*",
            "user-agent: x",
            "X:",
            "Z:  1 "
        ]
    );
    assert_eq!(own_fields("curl a.test -H @fields"), ["X-A: 1", "X-B: 2"]);
    assert_eq!(
        fields("curl a.test --json {} -H 'X: 1'"),
        [
            "Host: a.test",
            "User-Agent: curl/8.14.1",
            "X: 1",
            "Content-Type: application/json",
            "Accept: application/json",
            "Content-Length: 2"
        ]
    );
}

#[test]
fn options_with_fields_of_their_own_keep_the_order_of_curl() {
    let text = "curl http://a.test -e http://r/ --compressed -r 0-9 -u a:b -b c=d -b e=f --http2";
    assert_eq!(
        own_fields(text),
        [
            "Authorization: Basic YTpi",
            "Range: bytes=0-9",
            "Accept-Encoding: deflate, gzip, br, zstd",
            "Referer: http://r/",
            "Connection: Upgrade, HTTP2-Settings",
            "Upgrade: h2c",
            "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
            "Cookie: c=d;e=f"
        ]
    );
}

#[test]
fn credentials_come_from_options_then_from_the_url() {
    let cases = [
        ("curl -u a:b:c a.test", "Basic YTpiOmM="),
        ("curl http://u%40x:p@a.test", "Basic dUB4OnA="),
        ("curl -u a:b http://u:p@a.test", "Basic YTpi"),
        ("curl --oauth2-bearer tok -u a:b a.test", "Bearer tok"),
    ];
    for (text, value) in cases {
        assert_eq!(
            own_fields(text),
            [format!("Authorization: {value}")],
            "{text}"
        );
    }
    assert_eq!(
        own_fields("curl -u a:b -H 'authorization: x' a.test"),
        ["authorization: x"]
    );
    assert!(one("curl -u a a.test").warnings[0].contains("password"));
    let digest = one("curl --digest -u a:b a.test");
    assert!(!digest.request.fields.contains("authorization"));
    assert!(digest.warnings[0].contains("challenge"));
}

#[test]
fn urls_are_read_as_curl_reads_them() {
    let cases = [
        ("curl a.test", "/"),
        ("curl 'http://a.test?x'", "/?x"),
        ("curl 'http://a.test/?#f'", "/"),
        ("curl a.test/a/../b/./c/..", "/b/"),
        ("curl --path-as-is a.test/a/../b", "/a/../b"),
        ("curl http:/a.test/x", "/x"),
        ("curl 'a.test/é?é'", "/%c3%a9?é"),
        ("curl 'a.test/?a&' -G -d %3A", "/?a&%3a"),
        (
            "curl a.test/ --url-query 'a=b c' --url-query +d=%20",
            "/?a=b+c&d=%20",
        ),
        ("curl -T notes.txt a.test/up/", "/up/notes.txt"),
        ("curl --request-target '*' -X OPTIONS a.test", "*"),
        ("curl a.test:80/x", "/x"),
    ];
    for (text, expected) in cases {
        assert_eq!(target(text), expected, "{text}");
        assert_eq!(fields(text)[0], "Host: a.test", "{text}");
    }
    assert_eq!(fields("curl 'http://[::1]:8080/'")[0], "Host: [::1]:8080");
}

#[test]
fn urls_that_curl_refuses_are_refused() {
    let cases = [
        (
            "curl 'a.test/a b'",
            "the URL has a space or a control character",
        ),
        ("curl ftp://a.test/", "the URL is neither http nor https"),
        ("curl http:///", "the URL has no host"),
        (
            "curl 'http://a{b}.test/' -g",
            "the host has a character that no host name may have",
        ),
        (
            "curl http://a.test:x/",
            "the port is not a number from 0 to 65535",
        ),
        (
            "curl 'a.test/{{id}}'",
            "curl reads braces in a URL as patterns, and refuses nested ones",
        ),
        ("curl -X POST", "no URL is given"),
        (
            "curl 'a.test/[1-99999]'",
            "this expands to more than an import holds",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(refused(text), expected, "{text}");
    }
}

#[test]
fn several_urls_share_their_options_up_to_next() {
    let imported = imported("curl -d x a.test/1 --url a.test/2 --next -H 'X: 1' a.test/{3,4}");
    let names: Vec<&str> = imported
        .requests
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["POST /1", "POST /2", "GET /3", "GET /4"]);
}

#[test]
fn options_may_be_joined_shortened_and_skipped() {
    let text = "curl -sSLk -XPUT -Hx:y --max-time 5 -o f --compressed --sil --data=a --no-silent -w %{http_code} -- a.test";
    let lines = own_fields(text);
    assert_eq!(
        lines[..2],
        ["Accept-Encoding: deflate, gzip, br, zstd", "x:y"]
    );
    assert_eq!(one(text).request.method, "PUT");
}

#[test]
fn options_that_curl_refuses_are_refused_with_the_reason() {
    let cases = [
        ("curl --wibble a.test", "curl has no option --wibble"),
        ("curl -sW a.test", "curl has no option -W"),
        (
            "curl --haeder x a.test",
            "curl has no option --haeder; did you mean --header?",
        ),
        ("curl a.test -d", "-d needs a value"),
        ("curl --no-data a.test", "--data cannot be switched off"),
        ("curl a.test -X ''", "--request has an empty value"),
        ("curl --version", "with --version curl sends no request"),
        ("curl --help", "with --help curl sends no request"),
        (
            "curl a.test -d @none",
            "cannot read none: there is no such file",
        ),
        (
            "curl a.test -d @large",
            "cannot read large: it is larger than 16 MiB",
        ),
        (
            "curl a.test -F x",
            "a form field needs a = between name and content",
        ),
        (
            "curl a.test -F 'x=1;type=y'",
            "the type of a form field is not a media type",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(refused(text), expected, "{text}");
    }
    let ambiguous = refused("curl --da x a.test");
    assert!(ambiguous.starts_with("the option --da is ambiguous: --data, --data-ascii"));
}

#[test]
fn every_problem_of_a_file_is_reported_with_its_place() {
    let text = "curl --wibble a.test\ncurl ok.test\ncurl -X '' a.test -F x\ncurl 'a.test";
    let source = Source::new("-", text.as_bytes());
    let imported = imported(text);
    let places: Vec<String> = imported
        .problems
        .iter()
        .map(|problem| problem.position(&source).to_string())
        .collect();
    assert_eq!(places, ["1:6", "3:9", "3:22", "4:6"]);
    assert_eq!(imported.requests.len(), 1);
}

#[test]
fn text_that_is_no_curl_command_is_told_apart() {
    assert_eq!(refused(""), "there is no curl command in this text");
    assert_eq!(
        refused("wget a.test"),
        "there is no curl command in this text"
    );
    assert_eq!(
        refused("Invoke-WebRequest -Uri \"https://a.test\" `\n-Method POST"),
        "this is a PowerShell command, not curl"
    );
}

#[test]
fn the_json_is_that_of_the_design() {
    let request = one("curl -d é 'http://a.test/x?{{q}}' -g");
    let expected = serde_json::json!([{
        "name": "POST /x",
        "method": "POST",
        "url": "http://a.test/x?{{q}}",
        "headers": [
            ["Host", "a.test"],
            ["User-Agent", "curl/8.14.1"],
            ["Accept", "*/*"],
            ["Content-Length", "2"],
            ["Content-Type", "application/x-www-form-urlencoded"],
        ],
        "body_base64": "w6k=",
        "unresolved": ["{{q}}"],
        "warnings": [],
    }]);
    assert_eq!(json(&[request]), expected);
}

#[test]
fn variables_of_curl_itself_are_expanded() {
    let text = "curl --variable 'v=a \"b' --variable %TOKEN --expand-data '{{v:url}}{{TOKEN:b64}}{{no}}\\{{' a.test";
    assert_eq!(body(text), "a%20%22bdDBr{{");
    assert_eq!(
        refused("curl --variable %NONE a.test"),
        "--variable: the environment does not have this variable"
    );
}

#[test]
fn doubling_a_variable_ends_before_the_memory_does() {
    let mut script = "A=xxxxxxxxxxxxxxxx\n".to_owned();
    script.push_str(&"A=$A$A$A$A\n".repeat(40));
    script.push_str("curl a.test -d $A$A$A$A");
    let imported = imported(&script);
    assert!(
        imported
            .problems
            .iter()
            .any(|problem| problem.kind == ErrorKind::TooMuch)
    );
}

#[test]
fn content_repeated_over_many_urls_has_a_limit() {
    let text = format!(
        "A='{}'; curl 'a.test/[1-1000]' -d \"$A\"",
        "x".repeat(100_000)
    );
    assert_eq!(refused(&text), "this expands to more than an import holds");
}

/// Pieces that mean something to the shell or to curl.
fn script() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("curl "),
        Just("curl a.test "),
        Just("-d "),
        Just("-d@- "),
        Just("-H 'X: 1' "),
        Just("-F x=@body,body "),
        Just("-F 'x=\"a\\\";type=a/b;c;filename=\"' "),
        Just("-T body "),
        Just("-K body "),
        Just("-b notes.txt "),
        Just("-u a "),
        Just("-n "),
        Just("--next "),
        Just("--expand-data '{{a}}' "),
        Just("--variable a=b "),
        Just("http://u:p@[::1]:1/?#"),
        Just("/../%2e/"),
        Just("{a,b}"),
        Just("{1..3}"),
        Just("[1-3]"),
        Just("\""),
        Just("'"),
        Just("$'"),
        Just("\\"),
        Just("\n"),
        Just("\r\n"),
        Just("^"),
        Just("$A"),
        Just("${A:-b}"),
        Just("$(x "),
        Just("`"),
        Just("<<E\n"),
        Just("E\n"),
        Just("<<<"),
        Just("| "),
        Just("& "),
        Just("; "),
        Just("("),
        Just(")"),
        Just("A=1 "),
        Just("é"),
        Just("~"),
        Just(" "),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn assert_spans_inside(text: &str) -> Result<(), TestCaseError> {
    let imported = imported(text);
    let problems = imported.problems.iter().map(|problem| problem.span);
    let requests = imported.requests.iter().map(|request| request.span);
    for span in problems.chain(requests) {
        prop_assert!(span.start <= span.end && span.end <= text.len(), "{span:?}");
    }
    prop_assert!(!(imported.problems.is_empty() && imported.requests.is_empty()));
    Ok(())
}

proptest! {
    #[test]
    fn any_text_yields_requests_or_problems_inside_it(text in any::<String>()) {
        assert_spans_inside(&text)?;
        assert_spans_inside(&format!("curl {text}"))?;
    }

    #[test]
    fn any_script_yields_requests_or_problems_inside_it(text in script()) {
        assert_spans_inside(&text)?;
    }

    #[test]
    fn single_quoted_text_arrives_unchanged(text in "[^'\0]{0,60}") {
        prop_assert_eq!(body(&format!("curl a.test --data-raw '{text}'")), text);
    }
}
