//! What curl sends.

use super::{body, fields, imported, one, own_fields, refused, target};
use crate::import::json;

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
    assert_eq!(
        own_fields("curl --oauth2-bearer t --basic -u a:b a.test"),
        [""; 0]
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
    assert_eq!(serde_json::to_value([json(&request)]).unwrap(), expected);
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
fn what_is_asked_for_under_a_condition_says_so() {
    let dated = |value: &str| own_fields(&format!("curl a.test -z '{value}'"));
    let date = "Wed, 12 Feb 2025 08:00:00 GMT";
    assert_eq!(
        dated("12 Feb 2025 10:00 +0200"),
        [format!("If-Modified-Since: {date}")]
    );
    assert_eq!(
        dated("-20250212 08:00"),
        [format!("If-Unmodified-Since: {date}")]
    );
    assert_eq!(dated("=20250212 08:00"), [format!("Last-Modified: {date}")]);
    assert_eq!(dated("notes.txt"), [""; 0]);
    assert!(one("curl a.test -z notes.txt").warnings[0].contains("--time-cond"));
}

#[test]
fn ranges_are_read_as_numbers() {
    assert_eq!(own_fields("curl a.test -C 007"), ["Range: bytes=7-"]);
    assert_eq!(own_fields("curl a.test -r 1,2"), ["Range: bytes=1-"]);
    assert_eq!(own_fields("curl a.test -r 0-0,-1"), ["Range: bytes=0-0,-1"]);
    let resumed = "curl a.test/x -T body -C 5";
    assert_eq!(
        own_fields(resumed),
        ["Content-Range: bytes 5-10/11", "Content-Length: 6"]
    );
    assert_eq!(body(resumed), "\": 1}\n");
}

#[test]
fn the_version_is_the_one_that_is_asked_for() {
    let version = |text: &str| one(text).request.version.as_str();
    assert_eq!(version("curl -0 a.test"), "HTTP/1.0");
    assert_eq!(version("curl -0 --http2 a.test"), "HTTP/1.1");
}

#[test]
fn parts_of_a_form_are_encoded() {
    let encoded = body("curl a.test -F 'x=ä = 1;encoder=quoted-printable'");
    assert!(encoded.contains("\r\n\r\n=C3=A4 =3D 1\r\n"), "{encoded}");
    let lines = own_fields("curl a.test -F 'x=ä;encoder=quoted-printable'");
    assert_eq!(lines[0], "Transfer-Encoding: chunked");
    assert_eq!(
        refused("curl a.test -F 'x=a;encoder=rot13'"),
        "the encoder of a form field is none of base64, quoted-printable, 7bit, 8bit and binary"
    );
    assert_eq!(
        refused("curl a.test -F 'x=ä;encoder=7bit'"),
        "the encoder 7bit takes nothing but ASCII"
    );
}

#[test]
fn a_part_has_one_type_and_a_read_one_no_filename() {
    let sent = body("curl a.test -F 'x=@body;headers=\"Content-Type: own/type\"'");
    assert_eq!(sent.matches("Content-Type").count(), 1);
    assert!(
        sent.contains("\r\nContent-Type: own/type\r\n\r\n"),
        "{sent}"
    );
    let read = body("curl a.test -F 'x=<body;filename=a.pdf'");
    assert!(read.contains("; name=\"x\"\r\n\r\n{"), "{read}");
}

#[test]
fn standard_input_is_uploaded_once() {
    let imported = imported("curl 'a.test/[1-2]' -T - <<< text");
    let bodies: Vec<&[u8]> = imported
        .requests
        .iter()
        .map(|imported| imported.request.content.bytes.as_slice())
        .collect();
    assert_eq!(bodies, [b"text\n".as_slice(), b""]);
}

#[test]
fn dots_are_taken_out_before_names_are_put_in() {
    assert_eq!(target("curl a.test/b/. -T body"), "/b/body");
    assert_eq!(target("curl a.test/b/../c --path-as-is"), "/b/../c");
    assert_eq!(
        target("curl a.test/b/../c --path-as-is --url-query x"),
        "/c?x"
    );
}

#[test]
fn cookies_of_files_stay_for_the_operations_that_follow() {
    let text = "curl a.test -b jar -: a.test -b missing -: a.test";
    let imported = imported(text);
    let cookies: Vec<usize> = imported
        .requests
        .iter()
        .map(|imported| imported.request.fields.all("Cookie").count())
        .collect();
    assert_eq!(cookies, [1, 1, 0]);
    let text = "curl a.test -b jar -: a.test -c out";
    let last = self::imported(text).requests.pop().unwrap();
    assert_eq!(last.request.fields.all("Cookie").count(), 1);
}

#[test]
fn cookies_of_files_go_by_the_host_that_is_given() {
    let sent = own_fields("curl http://127.0.0.1/ -H 'Host: A.test:81' -b jar");
    assert_eq!(sent, ["Host: A.test:81", "Cookie: sid=1"]);
    let sent = own_fields("curl a.test -H 'Host: other.test' -b jar");
    assert_eq!(sent, ["Host: other.test"]);
}

#[test]
fn a_tag_stands_after_all_other_lines_once_more_for_each_request() {
    let imported = imported("curl 'a.test/[1-2]' --etag-compare tag -H 'X-A: 1'");
    let lines: Vec<Vec<String>> = imported
        .requests
        .iter()
        .map(|imported| {
            let lines = imported.request.fields.lines().iter().skip(3);
            lines.map(|line| line.name_text().into_owned()).collect()
        })
        .collect();
    assert_eq!(lines[0], ["X-A", "If-None-Match"]);
    assert_eq!(lines[1], ["X-A", "If-None-Match", "If-None-Match"]);
}

#[test]
fn an_attachment_without_a_name_has_no_disposition() {
    let sent = body("curl a.test -H 'Content-Type: multipart/mixed' -F =text");
    assert!(!sent.contains("Disposition"), "{sent}");
    assert!(sent.contains("\r\n\r\ntext\r\n"), "{sent}");
}

#[test]
fn a_form_has_no_range_and_a_stream_no_total() {
    let named = |text: &str| {
        let lines = own_fields(text).into_iter();
        lines
            .filter(|line| line.contains("Range"))
            .collect::<Vec<_>>()
    };
    assert_eq!(named("curl a.test -r 1-2 -F a=b"), [""; 0]);
    assert_eq!(
        named("curl a.test -r 1-2 -T - <<< x"),
        ["Content-Range: bytes 1-2/-1"]
    );
}

#[test]
fn netrc_that_may_be_missing_is_a_switch_of_its_own() {
    let sent = own_fields("curl a.test --netrc-optional --no-netrc");
    assert_eq!(sent, ["Authorization: Basic bmluYTpw"]);
}
