//! What is fuzzed: one line per target.

use std::path::Path;

use why401::auth::challenge::challenges;
use why401::auth::decode::readable;
use why401::auth::grpc::call_status;
use why401::auth::inflate::Inflater;
use why401::import::{
    self, EnvironmentFile, FileError, Format, Options, Source, Surroundings, curl, har, postman,
};
use why401::model::{Content, FieldLine, FieldSection, Origin, Provenance, Scheme, Timestamp, Url};

use super::wire;
use crate::common::random::Random;

/// One reader.
pub struct Target {
    pub name: &'static str,
    /// Inputs that others are made of.
    pub corpus: fn() -> Vec<Vec<u8>>,
    /// What else to put into inputs.
    pub words: &'static [&'static [u8]],
    pub start: fn() -> Execute,
}

/// Takes an input; panics when the reader does something wrong.
pub type Execute = Box<dyn FnMut(&[u8], &mut Random)>;

const fn target(
    name: &'static str,
    corpus: fn() -> Vec<Vec<u8>>,
    words: &'static [&'static [u8]],
    start: fn() -> Execute,
) -> Target {
    Target {
        name,
        corpus,
        words,
        start,
    }
}

pub const TARGETS: &[Target] = &[
    target(
        "http1-requests",
        wire::requests,
        HTTP1,
        wire::http1_requests,
    ),
    target(
        "http1-responses",
        wire::responses,
        HTTP1,
        wire::http1_responses,
    ),
    target("http2", wire::http2_connections, HTTP2, wire::http2),
    target("hpack", wire::blocks, HPACK, wire::hpack),
    target("websocket", websocket_corpus, &[], wire::websocket),
    target("inflate", inflate_corpus, &[], inflate),
    target("grpc", grpc_corpus, &[], grpc),
    target("relay", wire::connections, HTTP1, wire::relay),
    target("challenge", challenge_corpus, CHALLENGE, challenge),
    target("curl", || files("curl"), CURL, import_curl),
    target("postman", || files("postman"), JSON, import_postman),
    target("har", || files("har"), JSON, import_har),
    target(
        "http-file",
        || files("http"),
        HTTP_FILE,
        || import_as(Format::Http),
    ),
    target("raw", || files("raw"), HTTP1, || import_as(Format::Raw)),
    target(
        "fetch",
        || files("fetch"),
        CODE,
        || import_as(Format::Fetch),
    ),
    target(
        "powershell",
        || files("powershell"),
        CODE,
        || import_as(Format::PowerShell),
    ),
    target(
        "httpie",
        || files("httpie"),
        CODE,
        || import_as(Format::Httpie),
    ),
    target(
        "hurl",
        || files("hurl"),
        HTTP_FILE,
        || import_as(Format::Hurl),
    ),
    target(
        "bruno",
        || files("bruno"),
        CODE,
        || import_as(Format::Bruno),
    ),
    target(
        "bruno-json",
        || files("bruno_json"),
        JSON,
        || import_as(Format::Bruno),
    ),
    target(
        "bruno-yaml",
        || files("bruno_yaml"),
        YAML,
        || import_as(Format::Bruno),
    ),
    target(
        "insomnia",
        || files("insomnia"),
        JSON,
        || import_as(Format::Insomnia),
    ),
    target(
        "insomnia5",
        || files("insomnia5"),
        YAML,
        || import_as(Format::Insomnia),
    ),
    target("url", url_corpus, URL, url),
    target("content", content_corpus, &[], content),
];

const HTTP_FILE: &[&[u8]] = &[
    b"###\n",
    b"# @name a\n",
    b"@a = {{b}}\n",
    b"{{a}}",
    b"{{$guid}}",
    b"\n\n",
    b"< ./x\n",
    b"<@ x\n",
    b"> {%",
    b"%}",
    b"GET http://a/",
    b"Authorization: Basic a b\n",
];

const YAML: &[&[u8]] = &[
    b"- ",
    b": ",
    b"\n  ",
    b"\n- ",
    b"|\n",
    b">-\n",
    b"&a ",
    b"*a",
    b"!!str ",
    b"? ",
    b"---\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"children:\n",
    b"{{ _.a }}",
    b"{% a %}",
];

const CODE: &[&[u8]] = &[
    b"\"",
    b"'",
    b"`",
    b"\\u{",
    b"${",
    b"$(",
    b"$env:X",
    b"@{",
    b"}",
    b"@\"\n",
    b"\n\"@",
    b"(",
    b")",
    b"fetch(",
    b"JSON.stringify(",
    b"Invoke-WebRequest ",
    b" -Uri ",
    b" -Body ",
    b"$a=",
    b"/*",
    b"<#",
];

const HTTP1: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\n\n",
    b"HTTP/1.1 ",
    b"GET / HTTP/1.1\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 401 Unauthorized\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 101 \r\n\r\n",
    b"HEAD / HTTP/1.1\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Upgrade: websocket\r\nConnection: upgrade\r\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"\n==\n",
];

const HTTP2: &[&[u8]] = &[
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\0\0\0\x04\0\0\0\0\0",
    b"\0\0\0\x04\x01\0\0\0\0",
    b"\0\0\x06\x04\0\0\0\0\0\0\x01\0\0\0\0",
    b"\0\0\x03\x01\x05\0\0\0\x01\x82\x84\x87",
    b"\0\0\x03\x01\x01\0\0\0\x03\x82\x84\x87",
    b"\0\0\x01\x09\x04\0\0\0\x03\x88",
    b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08",
    b"\0\0\x02\0\x01\0\0\0\x01no",
    b"\n==\n",
];

const HPACK: &[&[u8]] = &[
    b"\x3f\xe1\x1f",
    b"\x20",
    b"\xff\x80\x80\x80\x80\x80\x00",
    b"\x7f\xff\xff\x0f",
    b"\x40\x01a\x01b",
    b"\xbe",
];

const CHALLENGE: &[&[u8]] = &[
    b", ",
    b"=",
    b"\"",
    b"\\\"",
    b"Bearer ",
    b"Basic realm=",
    b"error=\"",
    b"\n",
    b"==",
    b" = ",
];

const CURL: &[&[u8]] = &[
    b"curl ",
    b"'",
    b"\"",
    b"$'",
    b"\\\n",
    b"^\"",
    b"^\n",
    b"-H ",
    b"--data @",
    b"-u ",
    b"<<EOF\n",
    b"\nEOF\n",
    b"$(x)",
    b"`",
    b"${A:-",
    b"}",
    b"; ",
    b" | ",
    b"&& ",
    b"{a,b}",
    b"[1-9999999]",
    b"\\u0041",
    b"--next ",
    b"http://",
];

const JSON: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"null",
    b"1e999",
    b"\\u0000",
    b"\\ud800",
    b"{{a}}",
    b"{{$guid}}",
    b"\"request\":",
    b"\"url\":",
    b"\"header\":",
    b"\"entries\":",
    b"\"auth\":",
    b"\"item\":",
];

const URL: &[&[u8]] = &[
    b"http://",
    b"https://",
    b"//",
    b"@",
    b":",
    b"[::1]",
    b"%2f",
    b"%",
    b"?",
    b"#",
    b"&",
    b"=",
    b"{{v}}",
    b"..",
    b":99999",
    b"\xc3\xbc",
];

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn challenge_corpus() -> Vec<Vec<u8>> {
    texts(&[
        r#"Basic realm="a, \"b\"", charset="UTF-8""#,
        r#"Bearer realm="x", error="invalid_token", error_description="The token expired""#,
        "Negotiate oYIBszCCAa+gAwoBAaEMBgorBgEEAYI3AgIKooIBmASCAZRg==\nNTLM",
        r#"Digest realm="r", nonce="n==", qop="auth, auth-int", algorithm=SHA-256, stale=TRUE"#,
        r#"DPoP algs="ES256 PS256", error="use_dpop_nonce", Bearer, , ,Custom a = b"#,
        "AWS4-HMAC-SHA256",
        "Basic realm=\"open\nerror=\"continued\"",
    ])
}

/// A field line for each line.
fn challenge() -> Execute {
    Box::new(|input, _| {
        let lines = input.split(|byte| *byte == b'\n');
        let lines = lines.map(|value| FieldLine::new("WWW-Authenticate", value));
        let fields = FieldSection::from_lines(lines.collect(), Provenance::Wire);
        for challenge in challenges(&fields) {
            let realm = challenge.parameter("realm").unwrap_or_default();
            assert!(realm.len() <= input.len() && challenge.scheme.len() <= input.len());
        }
    })
}

/// The inputs of all cases of an importer.
fn files(format: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(format);
    let cases = std::fs::read_dir(folder)
        .unwrap()
        .map(|case| case.unwrap().path());
    let mut paths: Vec<_> = cases
        .filter(|case| case.is_dir())
        .flat_map(|case| {
            std::fs::read_dir(case)
                .unwrap()
                .map(|file| file.unwrap().path())
        })
        .filter(|path| path.is_file() && !path.ends_with("expected.json"))
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

fn surrounded<T>(import: impl FnOnce(&Surroundings<'_>) -> T) -> T {
    import(&Surroundings {
        variable: &|name| (name.len() < 3).then(|| format!("value of {name}")),
        file: &|path: &Path| match path.as_os_str().len() {
            0..10 => Ok(b"a file\r\nof two lines\n".to_vec()),
            _ => Err(FileError::Missing),
        },
        now: Timestamp::from_secs(1_760_000_000),
    })
}

fn import_curl() -> Execute {
    Box::new(|input, _| {
        let source = Source::new("input", input);
        let imported = surrounded(|surroundings| curl::import(&source, surroundings));
        in_words(&imported, &source);
    })
}

fn import_postman() -> Execute {
    Box::new(|input, _| {
        let source = Source::new("input", input);
        let plain = Options::default();
        let mut with_environment = Options::default();
        with_environment.environment.files.push(EnvironmentFile {
            name: "input".to_owned(),
            text: input.to_vec(),
        });
        for options in [plain, with_environment] {
            let imported =
                surrounded(|surroundings| postman::import(&source, &options, surroundings));
            in_words(&imported, &source);
        }
    })
}

fn import_har() -> Execute {
    Box::new(|input, _| {
        let source = Source::new("input", input);
        in_words(&har::import(&source, &har::Selection::All), &source);
    })
}

fn import_as(format: Format) -> Execute {
    Box::new(move |input, _| {
        let source = Source::new("input", input);
        let imported = surrounded(|surroundings| {
            import::import(format, &source, &Options::default(), surroundings)
        });
        in_words(&imported, &source);
    })
}

fn in_words(imported: &import::Imported, source: &Source<'_>) {
    for problem in &imported.problems {
        drop(format!("{}: {problem}", problem.position(source)));
    }
    for request in &imported.requests {
        drop(import::json(request).to_string());
    }
}

fn url_corpus() -> Vec<Vec<u8>> {
    texts(&[
        "http://localhost:8080/a/b?c=d&e#f",
        "https://user:p%40ss@API.acme.test/%2e%2E/x?y=%",
        "https://[2001:db8::1]:443/",
        "http://[::ffff:192.0.2.1%25eth0]/",
        "https://{{host}}/v1/{{id}}?t={{token}}",
        "http://münchen.test:80",
        "//no.scheme/",
        "http://a:0/;p?q?r",
    ])
}

fn url() -> Execute {
    Box::new(|input, _| {
        if let Ok(url) = Url::parse(input) {
            drop((url.path_and_query(), url.origin.to_string()));
            drop((url.query_pairs().len(), url.origin.authority()));
            let again = Origin::parse(url.origin.scheme, url.origin.authority().as_bytes());
            assert_eq!(
                again.as_ref(),
                Ok(&url.origin),
                "an origin is not read as it is written"
            );
        }
        drop(Origin::parse(Scheme::Https, input));
        let origin = Origin::parse(Scheme::Https, b"api.acme.test").unwrap();
        let pairs = Url::from_parts(origin, input).query_pairs().len();
        assert!(pairs <= input.len() + 1, "more pairs than bytes");
    })
}

/// Text, a masked one, fragments with a ping between them, a long one, and a close.
fn websocket_corpus() -> Vec<Vec<u8>> {
    let frames: [&[u8]; 6] = [
        b"\x81\x05Hello",
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
        b"\x01\x03Hel\x89\x00\x80\x02lo",
        b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00",
        b"\x88\x0a\x11\x31no token",
        b"\x82\x7e\x00\x80",
    ];
    let long = [frames[5], &[7; 128]].concat();
    let mut all: Vec<Vec<u8>> = frames.iter().map(|frame| frame.to_vec()).collect();
    all.push([frames.concat(), vec![7; 128]].concat());
    all.push(long);
    all
}

/// Payloads of compressed messages, a byte of length before each.
fn inflate_corpus() -> Vec<Vec<u8>> {
    vec![
        b"\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x05\xf2\x00\x11\x00\x00".to_vec(),
        b"\x03\xf2\x48\xcd\x04\xc9\xc9\x07\x00".to_vec(),
    ]
}

fn inflate() -> Execute {
    Box::new(|input, random| {
        let mut inflater = Inflater::new();
        let mut rest = input;
        while let Some((length, behind)) = rest.split_first() {
            let (payload, behind) = behind.split_at(behind.len().min(usize::from(*length)));
            if let Some(read) = inflater.frame(payload, random.below(4) > 0) {
                assert!(read.len() <= 64 * 1024, "more than the limit");
            }
            rest = behind;
        }
    })
}

/// Messages of gRPC-Web, trailers behind them.
fn grpc_corpus() -> Vec<Vec<u8>> {
    vec![
        b"\0\0\0\0\x02hi\x80\0\0\0\x10grpc-status: 16\n".to_vec(),
        b"\x80\0\0\0\x23grpc-status:0\r\ngrpc-message: a%20b\r\n".to_vec(),
    ]
}

fn grpc() -> Execute {
    let content_type = FieldLine::new("Content-Type", "application/grpc-web+proto");
    let fields = FieldSection::from_lines(vec![content_type], Provenance::Wire);
    Box::new(move |input, _| {
        if let Some(status) = call_status(&fields, &FieldSection::default(), input) {
            assert!(status.message.len() <= input.len());
        }
    })
}

/// A line with the codings, then content.
fn content_corpus() -> Vec<Vec<u8>> {
    let text =
        b"{\"error\": \"invalid_token\", \"error_description\": \"expired, expired, expired\"}";
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, text).unwrap();
        encoder.finish().unwrap()
    };
    let zlib = {
        let mut encoder =
            flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, &text.repeat(2000)).unwrap();
        encoder.finish().unwrap()
    };
    let zstd =
        ruzstd::encoding::compress_to_vec(&text[..], ruzstd::encoding::CompressionLevel::Fastest);
    // "hello world" and 10 KiB of a, as the brotli tool writes them.
    let brotli = b"\x0b\x05\x80hello world\x03".to_vec();
    let coded = [
        ("gzip", gzip.clone()),
        ("deflate", zlib.clone()),
        ("deflate", zlib[2..].to_vec()),
        ("zstd", zstd),
        ("br", brotli),
        ("gzip, identity, gzip", gzip),
        ("identity", text.to_vec()),
    ];
    let line = |(coding, content): (&str, Vec<u8>)| [coding.as_bytes(), b"\n", &content].concat();
    coded.into_iter().map(line).collect()
}

fn content() -> Execute {
    Box::new(|input, _| {
        let mut parts = input.splitn(2, |byte| *byte == b'\n');
        let codings = FieldLine::new("Content-Encoding", parts.next().unwrap());
        let fields = FieldSection::from_lines(vec![codings], Provenance::Wire);
        let content = Content::complete(parts.next().unwrap_or_default());
        if let Some(readable) = readable(&fields, &content) {
            assert!(readable.bytes.len() <= 64 * 1024, "more than the limit");
        }
    })
}
