//! What commands are made of, by theme.

use super::command::{Command, Maker};

/// A theme of commands.
pub struct Family {
    pub name: &'static str,
    /// How many of a hundred commands.
    pub share: usize,
    pub make: fn(Maker) -> Command,
}

/// All of them.
pub const FAMILIES: &[Family] = &[
    family("data", 14, |maker| with(maker, &[data], 4)),
    family("forms", 14, |maker| with(maker, &[form], 3)),
    family("fields", 16, |mut maker| {
        maker.resumes = true;
        with(maker, &[field, connection], 4)
    }),
    family("credentials", 10, |maker| with(maker, &[credentials], 3)),
    family("cookies", 8, |maker| with(maker, &[cookie], 3)),
    family("uploads", 8, |mut maker| {
        maker.uploads = true;
        with(maker, &[upload, field], 2)
    }),
    family("urls", 12, |maker| with(maker, &[url_option], 2)),
    family("several", 8, several),
    family("mixed", 10, |maker| {
        with(
            maker,
            &[data, field, connection, credentials, cookie, url_option],
            7,
        )
    }),
];

const fn family(name: &'static str, share: usize, make: fn(Maker) -> Command) -> Family {
    Family { name, share, make }
}

type Adds = fn(&mut Maker);

/// Up to `most` options of these kinds, and a URL or two.
fn with(mut maker: Maker, kinds: &[Adds], most: usize) -> Command {
    operation(&mut maker, kinds, most);
    maker.finish(Vec::new())
}

fn operation(maker: &mut Maker, kinds: &[Adds], most: usize) {
    for _ in 0..=maker.random.below(most) {
        let add = maker.random.pick(kinds);
        add(maker);
    }
    // Older ones upload a pattern of files to the second URL, too.
    let is_alone = maker.uploads && maker.is_before((8, 14, 0));
    for _ in 0..if maker.chance(8) && !is_alone { 2 } else { 1 } {
        url(maker);
    }
}

/// Several operations with `--next`, a configuration file, options of all kinds.
fn several(mut maker: Maker) -> Command {
    const KINDS: &[Adds] = &[data, field, credentials, cookie, form];
    let mut done = Vec::new();
    for _ in 0..maker.random.below(3) {
        operation(&mut maker, KINDS, 2);
        maker.next(&mut done);
    }
    if maker.chance(2) {
        config(&mut maker);
    }
    operation(&mut maker, KINDS, 2);
    maker.finish(done)
}

const TEXTS: &[&str] = &[
    "a=b",
    "a=b&c=d",
    "",
    "two words",
    "t0k.en",
    "x=t0k.en&y=two words",
    "{\"a\": \"b\", \"n\": [1, 2]}",
    "a+b=c%20d%2F",
    "100%",
    "ä=ö",
    "line one\nline two\n",
    "cr\r\nlf",
    "tab\there",
    "it's",
    "say \"hi\"",
    "back\\slash\\n",
    "$HOME and `date` and $(date)",
    "a;b;c",
    "#not-a-fragment",
    "=only",
    "name=",
    "name=val@ue",
    "a@b",
    "*?[x]{1,2}",
    "!bang",
    "~",
    "-dash",
    "<less>",
];

fn text(maker: &mut Maker) -> String {
    maker.pick(TEXTS)
}

const FILES: &[&str] = &[
    "body",
    "plain.txt",
    "sp ace.txt",
    "nul",
    "empty",
    "data.bin",
    "./body",
];

fn file(maker: &mut Maker) -> String {
    if maker.chance(25) {
        return "missing".to_owned();
    }
    maker.pick(FILES)
}

fn data(maker: &mut Maker) {
    match maker.random.below(16) {
        0..=3 => {
            let name = maker.pick(&["--data", "--data-ascii", "--data-binary", "--data-raw"]);
            let value = text(maker);
            maker.option(&name, value);
        }
        4 | 5 => {
            let name = maker.pick(&["--data", "--data-ascii", "--data-binary", "--data-raw"]);
            let mut value = format!("@{}", file(maker));
            // Older ones stop at a NUL.
            if maker.is_before((8, 0, 0)) && (value == "@nul" || value == "@data.bin") {
                value = "@body".to_owned();
            }
            maker.option(&name, value);
        }
        6..=9 => {
            let value = urlencoded(maker);
            maker.option("--data-urlencode", value);
        }
        10 => {
            let value = maker.pick(&["{\"a\": 1}", "[1]", "", "@body", "@empty", "\"ä\"", "{"]);
            maker.option("--json", value);
        }
        11 => maker.switch("--get"),
        12 => maker.switch_of(&["--no-get", "--head", "--no-head"]),
        13 => url_query(maker),
        14 if maker.chance(3) => {
            let text = text(maker);
            maker.option("--variable", format!("name={text}"));
            let function = maker.pick(&["", ":trim", ":url", ":json", ":b64"]);
            maker.option("--expand-data", format!("a={{{{name{function}}}}}"));
        }
        14 => {
            let name = maker.pick(&["--data", "--data-binary", "--json", "--data-urlencode"]);
            maker.input("from input\nwith two lines & more\n");
            maker.option(&name, "@-");
        }
        _ => method(maker),
    }
}

/// The five forms: `content`, `=content`, `name=content`, `@file`, `name@file`.
fn urlencoded(maker: &mut Maker) -> String {
    let value = text(maker);
    let file = file(maker);
    let name = maker.pick(&["name", "n m", "näme", "a+b", "q", "%41"]);
    match maker.random.below(5) {
        0 => value,
        1 => format!("={value}"),
        2 => format!("{name}={value}"),
        3 => format!("@{file}"),
        _ => format!("{name}@{file}"),
    }
}

fn url_query(maker: &mut Maker) {
    let value = if maker.chance(3) {
        maker.pick(&["+a=b&c=%2f", "+x=%C3%A4", "+", "+a b", "+#x", "+%zz"])
    } else {
        urlencoded(maker)
    };
    maker.option("--url-query", value);
}

fn method(maker: &mut Maker) {
    let value = maker.pick(&[
        "POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS", "post", "X-Y", "",
    ]);
    maker.option("--request", value);
}

fn form(maker: &mut Maker) {
    let name = maker.pick(&[
        "name",
        "a b",
        "q\"uote",
        "back\\slash",
        "",
        "ä",
        "new\nline",
        "x.y[0]",
    ]);
    match maker.random.below(12) {
        0 => {
            let value = text(maker);
            maker.option("--form-string", format!("{name}={value}"));
        }
        1 => maker.switch_of(&["--form-escape", "--no-form-escape"]),
        2 => {
            let value = maker.pick(&["no equals sign", "=", "name", "x=;type=wrong"]);
            maker.option("--form", value);
        }
        3 => method(maker),
        4 => {
            let value = maker.pick(&[
                "Content-Type: multipart/form-data",
                "Content-Type: multipart/mixed",
                "Content-Type:",
                "Content-Length: 7",
                "Expect:",
            ]);
            if !value.contains("Length") {
                maker.option("--header", value);
            }
        }
        5..=7 => {
            let value = part_text(maker);
            let suffix = suffixes(maker);
            maker.option("--form", format!("{name}={value}{suffix}"));
        }
        8 | 9 => {
            let file = form_file(maker);
            let suffix = suffixes(maker);
            let sign = maker.pick(&["@", "<"]);
            maker.option("--form", format!("{name}={sign}{file}{suffix}"));
        }
        10 => {
            let mut files = Vec::new();
            for _ in 0..=maker.random.below(3) {
                files.push(format!("{}{}", form_file(maker), suffixes(maker)));
            }
            maker.option("--form", format!("{name}=@{}", files.join(",")));
        }
        // What is read once cannot be encoded for each URL.
        _ if maker.holds("quoted-printable") => {}
        _ => {
            maker.input("piped in\n");
            let sign = maker.pick(&["@", "<"]);
            let suffix = suffixes(maker);
            maker.option("--form", format!("{name}={sign}-{suffix}"));
        }
    }
}

fn part_text(maker: &mut Maker) -> String {
    if maker.chance(3) {
        return maker.pick(&[
            "\"quoted; text\"",
            "\"with \\\"quotes\\\" and \\\\\"",
            "\"open",
            " leading blank",
            "\"closed\" and more",
            "{\"json\": \"a, b; c\"}",
            "a,b",
            "trailing ",
        ]);
    }
    text(maker)
}

fn form_file(maker: &mut Maker) -> String {
    if maker.chance(25) {
        return "missing".to_owned();
    }
    maker.pick(&[
        "body",
        "plain.txt",
        "\"sp ace.txt\"",
        "pic.png",
        "page.html",
        "data.bin",
        "empty",
        "./pic.png",
    ])
}

fn suffixes(maker: &mut Maker) -> String {
    let mut suffix = String::new();
    while maker.chance(3) {
        let more = maker.pick(&[
            ";type=text/plain",
            ";type=application/json",
            ";type=text/html;charset=utf-8",
            ";type=text/x; a=b; c=d",
            "; type=image/x",
            ";type=\"a/b\"",
            ";filename=other.txt",
            ";filename=\"na me;x.png\"",
            ";filename=q\\\"x",
            ";filename=",
            ";FileName=upper.pdf",
            ";headers=X-Own: yes",
            ";headers=\"X-Own: a;b\"",
            ";headers=@part-fields",
            ";headers=<part-fields",
            ";headers=\"Content-Type: own/type\"",
            ";encoder=base64",
            ";encoder=quoted-printable",
            ";encoder=8bit",
            ";encoder=7bit",
            ";encoder=binary",
            ";encoder=rot13",
            ";unknown=x",
            ";",
        ]);
        if !(maker.has_input() && more.contains("quoted")) {
            suffix.push_str(&more);
        }
    }
    suffix
}

fn field(maker: &mut Maker) {
    match maker.random.below(16) {
        0..=6 => {
            let value = maker.pick(FIELDS);
            // Older ones ask first.
            let asks = maker.uploads && maker.is_before((8, 7, 0));
            if !(asks && value.starts_with("Transfer-Encoding")) {
                maker.option("--header", value);
            }
        }
        7 => {
            let value = maker.pick(&["@fields", "@empty", "@missing", "@"]);
            maker.option("--header", value);
        }
        8 | 9 => {
            let value = maker.pick(&["me/1.0", "", "two words", "ä", " x "]);
            maker.option("--user-agent", value);
        }
        10 | 11 => {
            let value = maker.pick(&[
                "http://from.test/",
                ";auto",
                "http://from.test/;auto",
                "",
                "a b",
            ]);
            maker.option("--referer", value);
        }
        12 => maker.switch_of(&["--compressed", "--no-compressed"]),
        13 => maker.switch_of(&["--tr-encoding", "--no-tr-encoding"]),
        14 => range(maker),
        _ => method(maker),
    }
}

const FIELDS: &[&str] = &[
    "X-One: 1",
    "X-One:1",
    "X-One:   spaces   ",
    "X-Two: a: b",
    "X-Empty;",
    "X-Empty; ",
    "X-Gone:",
    "X-Gone: ",
    "Accept:",
    "Accept;",
    "Accept: text/html",
    "accept: application/json",
    "User-Agent:",
    "User-Agent: own/2",
    "user-agent;",
    "Host: other.test",
    "Host:",
    "Host;",
    "host: lower.test",
    "Authorization: Bearer t0k.en",
    "Authorization:",
    "Cookie: own=1",
    "Cookie:",
    "Cookie;",
    "Content-Type: application/json",
    "Content-Type:",
    "content-type: text/plain",
    "Referer: http://own.test/",
    "Referer:",
    "Accept-Encoding: gzip",
    "Accept-Encoding:",
    "Connection: close",
    "Connection:",
    "Connection: keep-alive, X-One",
    "TE: trailers",
    "TE:",
    "Range: bytes=1-2",
    "Expect:",
    "no colon at all",
    "",
    ":",
    ": value",
    "Space Name: x",
    "X-Ümlaut: ä",
    "X-Quote: \"a\\b\"",
    "X-Dollar: $HOME",
    "X-New: a\nX-Line: b",
    "X-Cr: a\r",
    "X-Semi; colon: x",
    "X-Tab:\tx",
    "If-None-Match: \"x\"",
    "Transfer-Encoding: chunked",
    "Upgrade: own",
];

fn range(maker: &mut Maker) {
    match maker.random.below(5) {
        0 | 1 => {
            let value = maker.pick(&["0-99", "5", "-3", "0-0,-1", "10-", "", "a-b", "1,2"]);
            maker.option("--range", value);
        }
        2 => {
            let value = maker.pick(&["0", "10", "007", "x", "", "-1"]);
            if maker.resumes && !maker.has_input() {
                maker.option("--continue-at", value);
            }
        }
        3 => {
            let value = maker.pick(&[
                "Tue, 15 Nov 1994 12:45:26 GMT",
                "-Tue, 15 Nov 1994 12:45:26 GMT",
                "2024-02-29",
                "20240229",
                "=1 Jan 2020 03:04",
                "Sun Nov  6 08:49:37 1994",
                "-20200101 01:02:03",
                "12 Feb 2025 10:00 +0200",
                "nonsense",
                "",
                "body-that-is-missing",
            ]);
            maker.option("--time-cond", value);
        }
        _ => {
            let value = maker.pick(&["etag", "empty", "missing"]);
            // Older ones need the file.
            if value != "missing" || !maker.is_before((8, 0, 0)) {
                maker.option("--etag-compare", value);
            }
        }
    }
}

/// What has no part in the request.
const SWITCHES: &[&str] = &[
    "--haproxy-protocol",
    "--location",
    "--post301",
    "--post302",
    "--post303",
    "--no-keepalive",
    "--no-buffer",
    "--insecure",
    "--fail-with-body",
    "--raw",
    "--no-alpn",
    "--no-sessionid",
    "--ipv4",
    "--tcp-nodelay",
    "--no-tcp-nodelay",
    "--verbose",
    "--include",
    "--path-as-is",
    "--http0.9",
    "--tcp-fastopen",
    "--no-progress-meter",
    "--location-trusted",
    "--styled-output",
    "--disable",
    "--remove-on-error",
    "--no-clobber",
];

const OPTIONS: &[(&str, &str)] = &[
    ("--max-redirs", "3"),
    ("--connect-timeout", "5"),
    ("--retry", "2"),
    ("--output", "out"),
    ("--dump-header", "heads.out"),
    ("--write-out", "%{http_code} \\n"),
    ("--noproxy", "*"),
    ("--limit-rate", "1M"),
    ("--speed-limit", "1"),
    ("--expect100-timeout", "1"),
    ("--keepalive-time", "60"),
    ("--haproxy-clientip", "10.0.0.1"),
    ("--max-filesize", "1000"),
    ("--happy-eyeballs-timeout-ms", "100"),
    ("--proto", "=http,https"),
    ("--rate", "100/s"),
];

fn connection(maker: &mut Maker) {
    match maker.random.below(8) {
        0 => maker.switch("--http1.0"),
        1 => maker.switch("--http1.1"),
        2 => maker.switch("--http2"),
        3 => {
            let switch = maker.pick(SWITCHES);
            maker.switch(&switch);
        }
        4 => maker.option("--etag-save", "tag.out"),
        5 => {
            let (name, value) = maker.random.pick(OPTIONS);
            maker.option(name, value);
        }
        6 => maker.switch_of(&["--head", "--no-head"]),
        _ => range(maker),
    }
}

fn credentials(maker: &mut Maker) {
    match maker.random.below(14) {
        0..=3 => {
            let value = maker.pick(&[
                "tim:secret",
                "tim:",
                ":secret",
                "tim:a:b",
                "ti m:pä$s",
                "t0k.en:x",
                ":",
            ]);
            maker.option("--user", value);
        }
        4 => maker.switch("--basic"),
        5 => maker.switch("--digest"),
        6 => maker.switch_of(&["--no-basic", "--no-digest", "--anyauth"]),
        7 | 8 => {
            let value = maker.pick(&["t0k.en", "a b", "x", ""]);
            maker.option("--oauth2-bearer", value);
        }
        9 => {
            let value = maker.pick(&["netrc", "missing", "empty"]);
            maker.has_netrc = true;
            maker.option("--netrc-file", value);
        }
        10 => {
            maker.has_netrc = true;
            maker.switch_of(&["--netrc", "--netrc-optional", "--no-netrc"]);
        }
        11 => {
            let value = maker.pick(&["aws:amz:us-east-1:es", "aws:amz", "osc", ""]);
            maker.option("--aws-sigv4", value);
        }
        12 => {
            let value = maker.pick(&["Authorization: own", "Authorization:", "authorization;"]);
            maker.option("--header", value);
        }
        _ => maker.switch("--disallow-username-in-url"),
    }
}

fn cookie(maker: &mut Maker) {
    match maker.random.below(10) {
        0..=3 => {
            let value = maker.pick(&[
                "a=1",
                "a=1; b=2",
                "t=t0k.en",
                "x=two words",
                "=v",
                "a=",
                "ä=ö",
                "a=1;",
                " lead=1",
                "q=\"quoted\"",
            ]);
            maker.option("--cookie", value);
        }
        4 | 5 => {
            let value = maker.pick(&[
                "cookies",
                "missing",
                "",
                "head-cookies",
                "./cookies",
                "empty",
            ]);
            maker.option("--cookie", value);
        }
        6 => maker.option("--cookie-jar", "jar.out"),
        7 => maker.switch("--junk-session-cookies"),
        8 => {
            let value = maker.pick(&["Cookie: own=1", "Cookie:", "cookie;"]);
            maker.option("--header", value);
        }
        _ => maker.switch("--compressed"),
    }
}

fn upload(maker: &mut Maker) {
    match maker.random.below(5) {
        0..=2 => {
            let value = maker.pick(&[
                "body",
                "sp ace.txt",
                "empty",
                "./plain.txt",
                "missing",
                "{body,nul}",
                "pic.png",
            ]);
            maker.option("--upload-file", value);
        }
        3 => {
            maker.input("uploaded from input\n");
            let value = maker.pick(&["-", "."]);
            maker.option("--upload-file", value);
        }
        _ => connection(maker),
    }
}

fn url_option(maker: &mut Maker) {
    match maker.random.below(10) {
        0 => maker.switch("--path-as-is"),
        1 => maker.switch_of(&["--globoff", "--no-globoff"]),
        2 => {
            let value = maker.pick(&[
                "*",
                "/other?x=1",
                "http://full.test/a",
                "no-slash",
                "",
                "/ä",
            ]);
            maker.option("--request-target", value);
        }
        3 => {
            let value = maker.pick(&["http", "https", "HTTP", "ftp", "nope", ""]);
            if value != "https" && value != "ftp" {
                maker.option("--proto-default", value);
            }
        }
        4 | 5 => url_query(maker),
        6 => {
            maker.switch("--get");
            let value = urlencoded(maker);
            maker.option("--data-urlencode", value);
        }
        7 => {
            let port = maker.port;
            maker.option("--connect-to", format!("api.test:80:127.0.0.1:{port}"));
            let path = path(maker);
            let host = maker.pick(&["api.test", "API.test", "api.test:80", "tim:x@api.test"]);
            maker.url(format!("http://{host}{path}"));
        }
        8 => {
            let port = maker.port;
            maker.option("--resolve", format!("some.test:{port}:127.0.0.1"));
            let path = path(maker);
            maker.url(format!("http://some.test:{port}{path}"));
        }
        _ => maker.switch("--disallow-username-in-url"),
    }
}

fn url(maker: &mut Maker) {
    let path = path(maker);
    let port = maker.port;
    let host = match maker.random.below(16) {
        _ if maker.has_netrc => "127.0.0.1".to_owned(),
        0 => "tim:secret@127.0.0.1".to_owned(),
        1 => "t%20m:p%40ss@127.0.0.1".to_owned(),
        2 => "tim@127.0.0.1".to_owned(),
        _ => "127.0.0.1".to_owned(),
    };
    let scheme = match maker.random.below(16) {
        0 | 1 => "",
        2 => "HTTP://",
        3 => "http:/",
        4 => "http:///",
        _ => "http://",
    };
    maker.url(format!("{scheme}{host}:{port}{path}"));
}

fn path(maker: &mut Maker) -> String {
    let path = if maker.chance(2) {
        maker.pick(&["/", "", "/a", "/a/b?c=d", "/digest"])
    } else {
        maker.pick(PATHS)
    };
    // Older ones take percent-escapes for no dots, and name what they upload before a query.
    let is_other = path.contains("%2e") && maker.is_before((8, 10, 0))
        || path.contains('?') && maker.uploads && maker.is_before((8, 2, 0));
    if is_other { "/".to_owned() } else { path }
}

const PATHS: &[&str] = &[
    "?only=query",
    "/?",
    "/a?b?c",
    "/a#fragment",
    "/a?b#fragment",
    "/a/../b/./c",
    "/a/%2e%2e/b",
    "/../../x",
    "/a/..",
    "/a/.",
    "/a//b",
    "/%41%zz%",
    "/ä/ö?ü=ß",
    "/a b",
    "/a?b c",
    "/{one,two}",
    "/[1-3]",
    "/[a-c]/x",
    "/[01-03]",
    "/[0-10:5]",
    "/x{a,b}y[1-2]",
    "/{}",
    "/{a",
    "/a}",
    "/[",
    "/]",
    "/[1-",
    "/[3-1]",
    "/[]",
    "/[x]",
    "/\\{a\\}",
    "/a|b",
    "/\"quoted\"",
    "/a?x=[1]",
    "/a?x={y}",
    "/a;b,c",
    "/a\\b",
    "/^a`b",
    "/<a>",
    "/folder/",
    "/a?x=%C3%A4&y=%c3%a4",
    "/a?",
    "/a&b=c",
    "/~me/$x!y*(z)'",
    ":",
    "/[1-2]{a,b}#f",
    "/{a,}",
    "/{,}",
    "/{a,b,}",
    "/[1-3:2]",
    "/[a-z:5]",
    "/[A-c]",
    "/{{token}}",
];

fn config(maker: &mut Maker) {
    let origin = maker.origin();
    let mut lines = Vec::new();
    for _ in 0..=maker.random.below(4) {
        lines.push(maker.pick(&[
            "# a comment",
            "",
            "header = \"X-Config: 1\"",
            "header \"X-Blank: 2\"",
            "header: \"X-Colon: 3\"",
            "header=X-None:4",
            "--header \"X-Dashes: 5\"",
            "-H \"X-Short: 6\"",
            "  user-agent = \"conf\\t\\\"q\\\"\"",
            "user-agent=plain # with comment",
            "cookie=\"a=b\" # comment",
            "data = \"x=\\\"1\\\"\\n\"",
            "data-urlencode \"n=a b\"",
            "get",
            "compressed",
            "--no-compressed",
            "referer = 'single'",
            "-A agent",
            "-AGENT",
            "request = \"PATCH\"",
            "user = tim:secret",
            "range=1-2",
        ]));
    }
    if maker.chance(3) {
        lines.push(format!("url = \"{origin}/config?x=1\""));
    }
    // Older ones go on after a line that they do not understand.
    if maker.chance(20) && !maker.is_before((8, 14, 0)) {
        lines.push(maker.pick(&["nonsense", "header", "--"]));
    }
    for line in &lines {
        maker.in_config(line);
    }
    let file = if maker.chance(20) {
        "missing"
    } else {
        "config"
    };
    maker.option("--config", file);
}
