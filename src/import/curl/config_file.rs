//! The files of `-K`: one option per line, as curl's manual describes them.

use crate::import::shell::word::Word;

/// The options of a file with their values, as they would stand on a command line, and the line and
/// column of each.
pub(super) fn options(text: &Word) -> impl Iterator<Item = (String, Vec<Word>)> {
    let lines = text.bytes.split(|byte| *byte == b'\n').enumerate();
    lines.filter_map(|(number, line)| {
        let words = line_words(text, line);
        let blank = line.len() - line.trim_ascii_start().len();
        let place = format!("{}:{}", number + 1, blank + 1);
        (!words.is_empty()).then_some((place, words))
    })
}

fn line_words(text: &Word, line: &[u8]) -> Vec<Word> {
    let line = line.trim_ascii();
    if line.is_empty() || line.starts_with(b"#") {
        return Vec::new();
    }
    let separates = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b':');
    let end = line.iter().position(separates).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let value_start = rest.iter().position(|byte| !separates(byte));
    let dashed = if name.starts_with(b"-") {
        name.to_vec()
    } else {
        [b"--", name].concat()
    };
    let mut words = vec![text.with_bytes(dashed)];
    if let Some(start) = value_start {
        let value = rest.get(start..).unwrap_or_default();
        words.push(text.with_bytes(unquoted(value)));
    }
    words
}

/// A value: in double quotes with escapes, or up to the next blank.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let Some(inside) = value.strip_prefix(b"\"") else {
        let end = value.iter().position(u8::is_ascii_whitespace);
        return value
            .get(..end.unwrap_or(value.len()))
            .unwrap_or(value)
            .to_vec();
    };
    let mut text = Vec::new();
    let mut bytes = inside.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => text.extend(bytes.next().map(|escaped| match escaped {
                b't' => b'\t',
                b'n' => b'\n',
                b'r' => b'\r',
                b'v' => 0x0b,
                other => *other,
            })),
            other => text.push(*other),
        }
    }
    text
}
