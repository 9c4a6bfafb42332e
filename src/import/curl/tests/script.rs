//! What the shell does with a script before curl sees it.

use super::{body, imported, one, own_fields, target};

#[test]
fn quotes_are_read_as_bash_reads_them() {
    let cases = [
        (r#"curl a.test -d 'it'\''s'"#, "it's"),
        (r#"curl a.test -d "a\"b\\c\$d\e""#, r#"a"b\c$d\e"#),
        (r"curl a.test -d $'\x41\u00e9\t\'\101'", "Aé\t'A"),
        ("curl a.test -d a\\ b\\\nc", "a bc"),
        ("curl a.test -d 'a\nb' # 'c'", "a\nb"),
        ("curl a.test -d a#b", "a#b"),
        ("curl a.test \\\r\n -d 'a'\r\n", "a"),
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
fn the_output_of_a_command_is_known_by_the_name_it_gets() {
    let text = "T=$(curl -s -d pw=canary b.test | jq -r .t)\ncurl -H \"A: $T\" a.test";
    assert_eq!(own_fields(text), ["A: $T"]);
    assert_eq!(one(text).unresolved, ["$T"]);
}

#[test]
fn an_undefined_word_beside_a_url_is_left_out() {
    let imported = one("curl $OPTIONS a.test/x \"${MORE[@]}\"");
    assert_eq!(imported.name, "GET /x");
    assert_eq!(
        imported.warnings,
        [
            "$OPTIONS is left out: nothing defines it",
            "${MORE[@]} is left out: nothing defines it"
        ]
    );
    assert_eq!(one("curl $URL").request.url.origin.host, "$URL");
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
