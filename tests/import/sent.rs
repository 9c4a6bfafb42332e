//! The importers against what the tools sent: `fixtures/sent/TOOL` has files, and beside each the requests
//! that the tool sent for it, recorded byte for byte. `fixtures/sent/README.md` says by which version.

use std::fs;
use std::path::Path;

use why401::import::{
    Environment, FileError, Imported, Options, Source, Surroundings, bruno, hurl,
};
use why401::model::{HttpVersion, Request, Timestamp};

#[test]
fn what_bruno_sent_is_imported() {
    assert_each_is_imported("bruno", "bru", "environment.bru", bruno::import);
}

#[test]
fn what_hurl_sent_is_imported() {
    assert_each_is_imported("hurl", "hurl", "variables", hurl::import);
}

type Import = fn(&Source<'_>, &Options, &Surroundings<'_>) -> Imported;

fn assert_each_is_imported(tool: &str, suffix: &str, environment: &str, import: Import) {
    let folder = super::folder("sent").join(tool);
    let variables = fs::read(folder.join(environment)).unwrap();
    let options = Options {
        environment: Environment::of_file(environment, &variables),
        ..Options::default()
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in fs::read_dir(&folder).unwrap() {
        let file = file.unwrap().path();
        let is_case = file.extension().is_some_and(|end| end == suffix);
        if !is_case || file.ends_with(environment) {
            continue;
        }
        count += 1;
        let sent = fs::read(file.with_extension("raw")).unwrap();
        let text = fs::read(&file).unwrap();
        let imported = import(&Source::new("-", &text), &options, &surroundings());
        let problems = imported.problems.iter().map(ToString::to_string);
        let ours = imported.requests.iter().flat_map(|one| bytes(&one.request));
        let ours: Vec<u8> = ours.collect();
        if problems.len() > 0 || !is_same(&ours, &sent) {
            wrong.push(format!(
                "{}\n{}\n{}\nwas sent, and imported is\n{}",
                file.display(),
                problems.collect::<Vec<_>>().join("\n"),
                sent.escape_ascii(),
                ours.escape_ascii(),
            ));
        }
    }
    assert!(count > 50, "{count}");
    assert!(
        wrong.is_empty(),
        "{} of {count}\n{}",
        wrong.len(),
        wrong.join("\n\n").replace("\\r\\n", "\n")
    );
}

/// Each file holds its name.
fn surroundings() -> Surroundings<'static> {
    Surroundings {
        variable: &|name| (name == "KEY").then(|| "k3y".to_owned()),
        file: &|path: &Path| -> Result<Vec<u8>, FileError> {
            Ok(path.to_string_lossy().into_owned().into_bytes())
        },
        now: Timestamp::from_secs(1_760_000_000),
    }
}

fn bytes(request: &Request) -> Vec<u8> {
    let mut bytes = [request.method.as_bytes(), b" ", &request.target].concat();
    bytes.extend_from_slice(match request.version {
        HttpVersion::Http10 => b" HTTP/1.0\r\n",
        _ => b" HTTP/1.1\r\n",
    });
    for line in request.fields.lines() {
        bytes.extend([line.name(), b":", line.raw_value(), b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&request.content.bytes);
    bytes
}

/// Whether the bytes are the same but for what is made up anew each time: in its place there is one of
/// `MARKS`.
fn is_same(ours: &[u8], sent: &[u8]) -> bool {
    let mut ours = shorter(ours.escape_ascii().to_string());
    let mut sent = sent.escape_ascii().to_string();
    for text in [&mut ours, &mut sent] {
        for (start, length) in BOUNDARIES {
            let zeros = format!("{start}{}", "0".repeat(*length));
            while let Some(boundary) = made_up(text, start, *length) {
                *text = text.replace(&boundary, &zeros);
            }
        }
    }
    let mut pieces = vec![ours.as_str()];
    for mark in MARKS {
        pieces = pieces.iter().flat_map(|piece| piece.split(mark)).collect();
    }
    let mut rest = sent.as_str();
    for (number, piece) in pieces.iter().enumerate() {
        let at = if number + 1 == pieces.len() && piece.is_empty() {
            Some(rest.len())
        } else {
            rest.find(piece)
        };
        let cut = at.and_then(|at| rest.split_at_checked(at));
        let Some((made_up, found)) = cut.filter(|(before, _)| number > 0 || before.is_empty())
        else {
            return false;
        };
        // What is made up stands in one line.
        if made_up.contains("\\r\\n") {
            return false;
        }
        rest = found.strip_prefix(piece).unwrap_or_default();
    }
    rest.is_empty()
}

/// A boundary of libcurl has 22 letters and digits; that of libcurl 7.88, with which Hurl was recorded, 16.
fn shorter(text: String) -> String {
    let Some(boundary) = made_up(&text, DASHES, 22) else {
        return text;
    };
    let zeros = format!("{DASHES}{}", "0".repeat(16));
    let (head, content) = text.split_once("\\r\\n\\r\\n").unwrap();
    let fewer = 6 * content.matches(&boundary).count();
    let mut lines: Vec<String> = head.split("\\r\\n").map(str::to_owned).collect();
    for line in &mut lines {
        if let Some(length) = line.strip_prefix("Content-Length: ") {
            let length: usize = length.parse().unwrap();
            *line = format!("Content-Length: {}", length - fewer);
        }
    }
    let text = format!("{}\\r\\n\\r\\n{content}", lines.join("\\r\\n"));
    text.replace(&boundary, &zeros)
}

/// Stands for what the tool makes up.
const MARKS: &[&str] = &["computed_when_sent", "{{$timestamp}}"];

/// How a boundary starts, and how many letters and digits are made up after that.
const BOUNDARIES: &[(&str, usize)] = &[("--------------------------", 24), (DASHES, 16)];

const DASHES: &str = "------------------------";

fn made_up(text: &str, start: &str, length: usize) -> Option<String> {
    let end = start.len() + length;
    let places = text
        .match_indices('-')
        .filter_map(|(at, _)| text.get(at..at + end));
    let is_made_up = |digits: &str| {
        digits.chars().all(|c| c.is_ascii_alphanumeric()) && digits.bytes().any(|c| c != b'0')
    };
    let boundary = |place: &&str| place.strip_prefix(start).is_some_and(is_made_up);
    places.into_iter().find(boundary).map(str::to_owned)
}

#[test]
fn only_what_is_made_up_may_differ() {
    let same = |ours: &str, sent: &str| is_same(ours.as_bytes(), sent.as_bytes());
    assert!(same("a: computed_when_sent;b\r\n", "a: 17;b\r\n"));
    assert!(same("a{{$timestamp}}", "a17"));
    assert!(!same("a: computed_when_sent;b\r\n", "a: 17\r\nx;b\r\n"));
    assert!(!same("a: 1", "a: 12"));
    assert!(!same("a: 1", "b, a: 1"));
    let boundary = |digits: &str| format!("boundary=--------------------------{digits}");
    assert!(same(
        &boundary(&"0".repeat(24)),
        &boundary(&"7a".repeat(12))
    ));
    assert!(!same(
        &boundary(&"0".repeat(24)),
        &boundary(&"7a".repeat(11))
    ));
}
