//! Reads `tests/fixtures/transparency/*.txt`; the README there has the format.

use std::path::Path;

use super::shape::{Act, Pace, Protocol, Shape, Side};
use crate::common::frames;

/// All shapes of all files.
pub fn all() -> Vec<Shape> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/transparency");
    let entries = std::fs::read_dir(&folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    let mut shapes = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        shapes.extend(file(name, &std::fs::read_to_string(&path).unwrap()));
    }
    shapes
}

fn file(name: &str, text: &str) -> Vec<Shape> {
    let mut reader = Reader {
        file: name,
        protocol: Protocol::Http1,
        open: None,
        shapes: Vec::new(),
    };
    for (number, line) in text.lines().enumerate() {
        let place = format!("{name}.txt, line {}", number + 1);
        reader.line(line, &place);
    }
    reader.close();
    reader.shapes
}

struct Reader<'a> {
    file: &'a str,
    protocol: Protocol,
    open: Option<Open>,
    shapes: Vec<Shape>,
}

/// The shape, or the pattern of shapes, that is being read.
struct Open {
    name: String,
    pace: Pace,
    lines: Vec<String>,
    is_pattern: bool,
}

impl Reader<'_> {
    fn line(&mut self, line: &str, place: &str) {
        assert!(line.trim_end() == line, "{place}: ends with whitespace");
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        if let Some(protocol) = line.strip_prefix("@protocol ") {
            self.close();
            self.protocol = match protocol {
                "http1" => Protocol::Http1,
                "http2" => Protocol::Http2,
                other => panic!("{place}: unknown protocol {other}"),
            };
        } else if let Some(name) = line.strip_prefix("== ") {
            self.begin(name, false);
        } else if let Some(name) = line.strip_prefix("@each ") {
            self.begin(name, true);
        } else if let Some(row) = line.strip_prefix("- ") {
            let (name, text) = row
                .split_once(" :: ")
                .or_else(|| Some((row.strip_suffix(" ::")?, "")))
                .unwrap_or_else(|| panic!("{place}: no ` :: `"));
            self.row(name, text, place);
        } else {
            let open = self
                .open
                .as_mut()
                .unwrap_or_else(|| panic!("{place}: no name yet"));
            match line {
                "~ at once" => open.pace = Pace::AtOnce,
                _ => open.lines.push(line.to_owned()),
            }
        }
    }

    fn begin(&mut self, name: &str, is_pattern: bool) {
        self.close();
        self.open = Some(Open {
            name: name.to_owned(),
            pace: Pace::InTurn,
            lines: Vec::new(),
            is_pattern,
        });
    }

    fn row(&mut self, name: &str, text: &str, place: &str) {
        let open = self.open.as_ref().filter(|open| open.is_pattern);
        let open = open.unwrap_or_else(|| panic!("{place}: no pattern yet"));
        let lines = open.lines.iter().map(|line| line.replace("{}", text));
        let (name, lines) = (format!("{}: {name}", open.name), lines.collect());
        self.add(&name, open.pace, lines);
    }

    /// What was read becomes a shape; a pattern has become its rows already.
    fn close(&mut self) {
        if let Some(open) = self.open.take()
            && !open.is_pattern
        {
            self.add(&open.name, open.pace, open.lines);
        }
    }

    fn add(&mut self, name: &str, pace: Pace, lines: Vec<String>) {
        let name = format!("{}: {name}", self.file);
        let mut acts: Vec<Act> = Vec::new();
        for line in lines {
            let act = act(&line).unwrap_or_else(|| panic!("{name}: cannot read {line:?}"));
            match (acts.last_mut(), act) {
                (Some(Act::Says(side, bytes)), Act::Says(again, more)) if *side == again => {
                    bytes.extend(more);
                }
                (_, act) => acts.push(act),
            }
        }
        self.shapes.push(Shape {
            name,
            protocol: self.protocol,
            pace,
            acts,
        });
    }
}

fn act(line: &str) -> Option<Act> {
    let (side, rest) = match line.split_at_checked(1)? {
        (">", rest) => (Side::Client, rest),
        ("<", rest) => (Side::Origin, rest),
        _ => return None,
    };
    let (kind, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let bytes = match kind {
        "" => [unescape(text)?, b"\r\n".to_vec()].concat(),
        "|" => unescape(text)?,
        "f" => frame(text)?,
        "!" if text == "finish" => return Some(Act::Finishes(side)),
        _ => return None,
    };
    Some(Act::Says(side, bytes))
}

/// `TYPE STREAM FLAGS PAYLOAD`, or `PREFACE`.
fn frame(text: &str) -> Option<Vec<u8>> {
    if text == "PREFACE" {
        return Some(frames::PREFACE.to_vec());
    }
    let mut parts = text.splitn(4, ' ');
    let kind = parts.next()?;
    let kind = match KINDS.iter().position(|name| *name == kind) {
        Some(at) => u8::try_from(at).ok()?,
        None => u8::from_str_radix(kind, 16).ok()?,
    };
    let stream = parts.next()?.parse().ok()?;
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    let payload = payload(parts.next().unwrap_or_default())?;
    Some(frames::frame(kind, flags, stream, &payload))
}

const KINDS: [&str; 10] = [
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
];

/// Bytes; `"name: value"` is a literal field without indexing (RFC 7541 section 6.2.2).
fn payload(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for (number, part) in text.split('"').enumerate() {
        if number % 2 == 0 {
            bytes.extend(unescape(part.trim())?);
        } else {
            let (name, value) = part
                .split_once(": ")
                .or_else(|| Some((part.strip_suffix(':')?, "")))?;
            bytes.extend(frames::literal(&unescape(name)?, &unescape(value)?));
        }
    }
    Some(bytes)
}

/// `\r \n \t \s \0 \\ \xHH`, and `\{COUNT*TEXT}` for a text that is repeated.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend(before.as_bytes());
        let (escape, behind) = after.split_at_checked(1)?;
        rest = behind;
        match escape {
            "r" => bytes.push(b'\r'),
            "n" => bytes.push(b'\n'),
            "t" => bytes.push(b'\t'),
            "s" => bytes.push(b' '),
            "0" => bytes.push(0),
            "\\" => bytes.push(b'\\'),
            "x" => {
                let (digits, behind) = rest.split_at_checked(2)?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = behind;
            }
            "{" => {
                let (repeated, behind) = braced(rest)?;
                let (count, text) = repeated.split_once('*')?;
                bytes.extend(unescape(text)?.repeat(count.parse().ok()?));
                rest = behind;
            }
            _ => return None,
        }
    }
    bytes.extend(rest.as_bytes());
    Some(bytes)
}

/// What stands before the brace that closes, and what behind it.
fn braced(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, _) in text.match_indices(['{', '}']) {
        match text.as_bytes()[at] {
            b'{' => depth += 1,
            _ if depth > 0 => depth -= 1,
            _ => return Some((&text[..at], &text[at + 1..])),
        }
    }
    None
}

#[test]
fn a_file_says_what_its_readme_says() {
    let text = "# none\n== a\n> GET / HTTP/1.1\n>\n<| \\x00\\{3*a\\{2*b}}\\s\n>! finish\n\
        @each b\n~ at once\n>| <{}>\n- one :: 1\n- two ::\n\
        @protocol http2\n== c\n>f SETTINGS 0 1\n<f HEADERS 1 5 \\x82 \"a: b\"\n";
    let shapes = file("f", text);
    let names: Vec<_> = shapes.iter().map(|shape| shape.name.as_str()).collect();
    assert_eq!(names, ["f: a", "f: b: one", "f: b: two", "f: c"]);
    assert_eq!(shapes[0].said(Side::Client), b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(shapes[0].said(Side::Origin), b"\0abbabbabb ");
    assert!(!shapes[0].stays_open() && !shapes[1].stays_open());
    assert_eq!(shapes[1].said(Side::Client), b"<1>");
    assert_eq!(shapes[2].said(Side::Client), b"<>");
    assert_eq!(shapes[3].said(Side::Client), b"\0\0\0\x04\x01\0\0\0\0");
    assert_eq!(
        shapes[3].said(Side::Origin),
        b"\0\0\x06\x01\x05\0\0\0\x01\x82\0\x01a\x01b"
    );
    assert_eq!(shapes[3].protocol, Protocol::Http2);
}
