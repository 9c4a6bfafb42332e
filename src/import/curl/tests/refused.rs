//! What is refused, and how it is said.

use super::{imported, refused};
use crate::import::{ErrorKind, Source};

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
        ("curl a.test -X 'GE T'", "--request: a method has no spaces"),
        (
            "curl a.test -Gd x -F y=z",
            "--get and --form exclude each other: curl sends one method",
        ),
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

#[test]
fn values_that_curl_refuses_are_refused_with_the_reason() {
    let cases = [
        (
            "curl a.test --no-head -d x",
            "--no-head and --data exclude each other: curl sends one method",
        ),
        (
            "curl a.test -C x",
            "--continue-at: this is neither a number of bytes nor a -",
        ),
        (
            "curl a.test -C 1 -r 1-2",
            "--continue-at: it does not go with --range",
        ),
        (
            "curl a.test -0 -T - <<< x",
            "--http1.0: content whose length is not known cannot be sent in HTTP/1.0",
        ),
        (
            "curl a.test --proto-default nope",
            "--proto-default: curl knows no protocol of this name",
        ),
        (
            "curl a.test -u a:b --aws-sigv4 ''",
            "--aws-sigv4: a provider is missing, such as aws:amz",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(refused(text), expected, "{text}");
    }
}

#[test]
fn what_stands_before_and_behind_a_bad_command_is_given() {
    let text = "curl a.test/1 --nosuch\ncurl a.test/2\ncat <<E | curl a.test/3 -d @-\n${x\nE\n\
                curl a.test/4\ncurl a.test/5 -d \"x\ncurl a.test/6\n";
    let imported = imported(text);
    let names: Vec<_> = imported
        .requests
        .iter()
        .map(|request| &request.name)
        .collect();
    assert_eq!(names, ["GET /2", "GET /4"]);
    let lines = imported.problems.iter().map(|problem| {
        let before = &text.as_bytes()[..problem.span.start];
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    });
    assert_eq!(lines.collect::<Vec<_>>(), [1, 4, 7]);
}

#[test]
fn what_grew_too_large_is_known_no_more() {
    let text = format!("A=x\n{}curl a.test/$A\n", "A=$A$A\n".repeat(25));
    let imported = imported(&text);
    assert_eq!(imported.requests[0].unresolved, ["$A"]);
    assert_eq!(imported.problems.len(), 1, "{:?}", imported.problems);
}
