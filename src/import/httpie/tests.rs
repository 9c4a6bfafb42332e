//! What HTTPie sends for a command, seen from outside.

use std::path::Path;

use proptest::prelude::*;

use crate::import::{FileError, Format, Imported, Options, Source, Surroundings, format, sample};
use crate::model::Timestamp;

fn imported(text: &str) -> Imported {
    let variable = |name: &str| (name == "HOME").then(|| "/home/ann".to_owned());
    let file = |path: &Path| match path.to_str() {
        Some("f.txt") => Ok(b"hello".to_vec()),
        Some("j.json") => Ok(b"{\"a\": 1.50}".to_vec()),
        Some("/home/ann/token") => Ok(b"t0k\n".to_vec()),
        _ => Err(FileError::Missing),
    };
    let surroundings = Surroundings {
        variable: &variable,
        file: &file,
        now: Timestamp::from_secs(1_760_000_000),
    };
    let options = Options {
        variables: vec![("GIVEN".to_owned(), "given".to_owned())],
        ..Options::default()
    };
    let source = Source::new("-", text.as_bytes());
    format::import(Format::Httpie, &source, &options, &surroundings)
}

/// The only request of a text: its head and content.
fn sent(text: &str) -> String {
    sample::sent(&imported(text))
}

fn problems(text: &str) -> Vec<String> {
    let imported = imported(text);
    imported.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn variables_that_nothing_defines_keep_their_form() {
    let text = "http POST $BASE/users/$ID?k=$K q==$Q X-A:$X a=\"$A b\" n:=$N -a \"ann:$PASS\"";
    assert_eq!(
        sent(text),
        "POST http://$base/users/$ID?k=$K&q=$Q\nHost: $base\nAccept-Encoding: gzip, deflate\n\
         Connection: keep-alive\nContent-Length: 22\nAuthorization: Basic ann:$PASS\n\
         User-Agent: HTTPie/3.2.4\nAccept: application/json, */*;q=0.5\n\
         Content-Type: application/json\nX-A: $X\n\n{\"a\": \"$A b\", \"n\": $N}"
            .replace("$base", "$BASE")
    );
    let request = &imported(text).requests[0];
    assert_eq!(
        request.unresolved,
        ["$BASE", "$ID", "$K", "$Q", "$PASS", "$X", "$A", "$N"]
    );
    assert!(
        sent("http :$PORT/x").starts_with("GET http://localhost:$PORT/x\nHost: localhost:$PORT\n")
    );
    assert!(sent("http :/$GIVEN").starts_with("GET http://localhost/given\n"));
}

#[test]
fn standard_input_is_the_content() {
    for text in [
        "echo -n hi | http :/x",
        "http :/x <<< 'hi'",
        "http :/x --raw hi",
        "http POST :/x @f.txt Content-Type:",
        "http :/x < f.txt",
    ] {
        assert!(sent(text).starts_with("POST "), "{text}");
    }
    assert!(sent("http --ignore-stdin :/x < f.txt").starts_with("GET "));
    assert_eq!(
        problems("http :/x a=1 < f.txt"),
        ["the content comes from two places: items, a file, --raw or standard input"]
    );
}

#[test]
fn all_problems_of_a_command_are_told_at_once() {
    assert_eq!(
        problems("http --wibble :/x a:={ b wrong[ @missing -A bearer"),
        [
            "HTTPie has no option --wibble",
            "what follows := has to be JSON; text goes after =",
            "this is no item: it needs =, :=, ==, :, ; or @ between name and value",
            "this is no item: it needs =, :=, ==, :, ; or @ between name and value",
            "cannot read missing: there is no such file",
            "--auth-type: --auth is needed with it; .netrc is not read",
        ]
    );
    assert_eq!(problems("http -v"), ["no URL is given"]);
    assert_eq!(
        problems("curl a.test"),
        ["there is no http command in this text"]
    );
    let imported = imported("http :/a\nhttp --nope :/b\nhttps c.test");
    assert_eq!(imported.requests.len(), 2);
    assert_eq!(imported.problems.len(), 1);
    assert_eq!(
        imported.requests[1].request.url.origin.to_string(),
        "https://c.test"
    );
}

#[test]
fn what_is_not_known_is_said() {
    let warnings = |text: &str| imported(text).requests[0].warnings.join("|");
    assert!(warnings("http --session=a :/x").contains("session"));
    assert!(warnings("http -A digest -a a:b :/x").contains("Digest"));
    assert!(warnings("http -A aws4 -a a:b :/x").contains("plugin"));
    assert!(warnings("http -a ann :/x").contains("password"));
    assert!(warnings("http -xx :/x a=1").contains("compressed"));
}

#[test]
fn a_request_is_picked_by_its_number() {
    let text = b"http :/a; http :/b";
    let options = Options {
        item: Some("#2".to_owned()),
        ..Options::default()
    };
    let surroundings = Surroundings {
        variable: &|_| None,
        file: &|_| Err(FileError::Missing),
        now: Timestamp::from_secs(0),
    };
    let source = Source::new("-", text);
    let imported = format::import(Format::Httpie, &source, &options, &surroundings);
    assert_eq!(imported.requests.len(), 1);
    assert_eq!(imported.requests[0].name, "GET /b");
}

#[test]
fn nothing_of_the_text_is_in_debug_output() {
    let imported =
        imported("http -a canary:canary :/canary canary=canary X:canary; http :/x canary");
    assert!(!format!("{imported:?}").contains("canary"));
}

/// Pieces that mean something to HTTPie.
fn script() -> impl Strategy<Value = String> {
    let pieces = [
        "http ",
        "https ",
        ":3000/x ",
        "a.test ",
        "POST ",
        "-f ",
        "-j ",
        "--multipart ",
        "-xx ",
        "a=1 ",
        "a:=1 ",
        "a:=",
        "{",
        "}",
        "[",
        "]",
        "a==1 ",
        "X:1 ",
        "X: ",
        "X; ",
        "@f.txt ",
        "f@f.txt;type=a/b ",
        "j:=@j.json ",
        "t=@~/token ",
        "-a u:p ",
        "-A digest ",
        "--raw x ",
        "a[b][]=1 ",
        "$A ",
        "\"",
        "'",
        "\\",
        "\n",
        "< f.txt ",
        "| ",
        "é",
        "#",
        "?",
        "%",
        "@",
        ":",
        "=",
        " ",
    ];
    let piece = proptest::sample::select(pieces.to_vec());
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_yields_requests_or_problems_inside_it(text in prop_oneof![any::<String>(), script()]) {
        let imported = imported(&text);
        let problems = imported.problems.iter().map(|problem| problem.span);
        let requests = imported.requests.iter().map(|request| request.span);
        for span in problems.chain(requests) {
            prop_assert!(span.start <= span.end && span.end <= text.len(), "{span:?}");
        }
        prop_assert!(!(imported.problems.is_empty() && imported.requests.is_empty()));
    }
}
