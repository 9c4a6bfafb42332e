//! A recorded request, printed as a curl command and read again, is the same request.

use proptest::prelude::*;
use why401::import::{Source, curl};
use why401::model::{Content, FieldLine, FieldSection, HttpVersion, Provenance, Request, Url};
use why401::redact::Masker;
use why401::report;

proptest! {
    #[test]
    fn a_request_comes_back_as_it_was(
        method in prop_oneof![Just("GET"), Just("POST"), Just("HEAD"), Just("PUT"), Just("PROPFIND")],
        path in "(/[a-zA-Z0-9._~%!$&'()*+,;=:@\\[\\]{}-]{0,8}){1,3}(\\?[a-zA-Z0-9=&%'\\[\\]{}-]{0,12})?",
        fields in prop::collection::vec(("[A-Za-z][A-Za-z0-9-]{0,10}", value()), 0..6),
        usual in prop::collection::vec(prop::sample::select(vec![
            ("Accept", "*/*"), ("User-Agent", "app/1"), ("Content-Type", "text/plain"),
        ]), 0..3),
        content in prop::collection::vec(1_u8.., 0..60),
    ) {
        let mut lines = vec![FieldLine::new("Host", "api.acme.test")];
        for (name, value) in &fields {
            let is_special = ["host", "content-length", "transfer-encoding", "expect", "cookie"]
                .contains(&name.to_ascii_lowercase().as_str());
            if !is_special {
                lines.push(FieldLine::new(name.as_str(), value));
            }
        }
        for (name, value) in usual {
            if !lines.iter().any(|line| line.is(name)) {
                lines.push(FieldLine::new(name, value));
            }
        }
        let content = if method == "HEAD" { Vec::new() } else { content };
        if !content.is_empty() {
            lines.push(FieldLine::new("Content-Length", content.len().to_string()));
        }
        let request = request(method, &path, lines, content);
        let command = report::curl(&request, &mut Masker::revealing());
        let again = read(command.as_str());
        prop_assert_eq!(in_words(&again), in_words(&request), "{}", command);
    }
}

/// Any bytes that can stand in a field, without white space at the ends.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![b'!'..=b'~', Just(b' '), Just(b'\t'), 128_u8..];
    prop::collection::vec(byte, 0..20).prop_map(|bytes| bytes.trim_ascii().to_vec())
}

fn request(method: &str, path: &str, lines: Vec<FieldLine>, content: Vec<u8>) -> Request {
    let url = Url::parse(format!("https://api.acme.test{path}").as_bytes()).unwrap();
    Request {
        method: method.to_owned(),
        target: url.path_and_query(),
        url,
        version: HttpVersion::Http11,
        pseudo: FieldSection::default(),
        fields: FieldSection::from_lines(lines, Provenance::Wire),
        content: Content::complete(content),
        trailers: FieldSection::default(),
    }
}

fn read(command: &str) -> Request {
    let source = Source::new("command", command.as_bytes());
    let imported = super::surrounded(std::path::Path::new("."), &|_| None, |surroundings| {
        curl::import(&source, surroundings)
    });
    assert!(
        imported.problems.is_empty(),
        "{:?}\n{command}",
        imported.problems
    );
    let [only] = <[_; 1]>::try_from(imported.requests).unwrap();
    assert_eq!(only.unresolved, Vec::<String>::new(), "{command}");
    only.request
}

type Words = (String, String, Vec<(String, Vec<u8>)>, Vec<u8>);

/// Method, URL, fields sorted by name (curl moves a few; those of one name keep their order), content.
fn in_words(request: &Request) -> Words {
    let lines = request.fields.lines().iter();
    let mut fields: Vec<_> = lines
        .map(|line| (line.name_text().into_owned(), line.value().to_vec()))
        .collect();
    fields.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    let target = String::from_utf8_lossy(&request.target).into_owned();
    let url = format!("{} {target}", request.url.origin.authority());
    (
        request.method.clone(),
        url,
        fields,
        request.content.bytes.clone(),
    )
}
