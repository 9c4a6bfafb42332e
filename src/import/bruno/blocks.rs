//! The blocks of a `.bru` file: `headers { … }`, `body:json { … }`.

use std::borrow::Cow;

use crate::import::{ErrorKind, ImportError, Span};

/// A block.
#[derive(Debug)]
pub(super) struct Block<'t> {
    pub(super) name: Cow<'t, str>,
    content: Content<'t>,
    /// From its name to its closing bracket.
    pub(super) span: Span,
}

#[derive(Debug)]
enum Content<'t> {
    /// What stands between its brackets, without the last line break.
    Written(&'t str),
    /// What an export holds has rows or a text already.
    Text(String),
    Rows(Vec<Row>),
}

/// A line `name: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) value: String,
    /// It does not start with `~`.
    pub(super) is_on: bool,
    /// The paths of the files that are sent instead of the value.
    pub(super) files: Option<Vec<String>>,
    pub(super) content_type: Option<String>,
}

impl Row {
    /// A row with a text.
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            is_on: true,
            files: None,
            content_type: None,
        }
    }

    /// `value @contentType(text/csv)`, `@file(a.txt|b.txt)`
    fn read_notes(mut self) -> Self {
        if let Some((value, kind)) = self.value.rsplit_once("@contentType(")
            && let Some(kind) = kind.strip_suffix(')')
        {
            self.content_type = Some(kind.to_owned());
            self.value = value.trim_end().to_owned();
        }
        let paths = self.value.strip_prefix("@file(");
        if let Some(paths) = paths.and_then(|rest| rest.strip_suffix(')')) {
            let paths = paths.split('|').filter(|path| !path.is_empty());
            self.files = Some(paths.map(str::to_owned).collect());
        }
        self
    }
}

/// Reads a file that starts at `base` of the whole text; all that is wrong is noted.
pub(super) fn read(text: &str, base: usize) -> (Vec<Block<'_>>, Vec<ImportError>) {
    let mut blocks = Vec::new();
    let mut problems = Vec::new();
    let mut open: Option<(&str, Span, usize, char)> = None;
    let mut at = 0;
    let mut is_lost = false;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let plain = line.trim_end();
        if let Some((name, span, inside, close)) = open {
            if plain.starts_with(close) {
                let content = text.get(inside..start).unwrap_or_default();
                let content = content.strip_suffix('\n').unwrap_or(content);
                let content = content.strip_suffix('\r').unwrap_or(content);
                blocks.push(Block {
                    name: Cow::Borrowed(name),
                    content: Content::Written(content),
                    span: Span::new(span.start, base + start + 1),
                });
                open = None;
            }
            continue;
        }
        let plain = plain.trim_start_matches('\u{feff}');
        if plain.trim().is_empty() || plain.starts_with('#') || plain.starts_with("//") {
            continue;
        }
        let span = Span::new(base + start, base + start + line.trim_end().len());
        match opening(plain) {
            Some((name, close)) => {
                open = Some((name, span, at, close));
                is_lost = false;
            }
            // What follows, up to the next block, would only repeat it.
            None if is_lost || problems.len() >= MAX_PROBLEMS => {}
            None => {
                let kind = ErrorKind::Syntax("a block is expected here: a name and {");
                problems.push(ImportError::new(span, kind));
                is_lost = true;
            }
        }
    }
    if let Some((_, span, _, _)) = open {
        let kind = ErrorKind::Syntax("this block does not end: its } has to start a line");
        problems.push(ImportError::new(span, kind));
    }
    (blocks, problems)
}

/// The most problems that are reported of one file.
const MAX_PROBLEMS: usize = 1000;

/// `name {` or `name [`, and what closes it.
fn opening(line: &str) -> Option<(&str, char)> {
    let (name, close) = match line.strip_suffix('{') {
        Some(name) => (name, '}'),
        None => (line.strip_suffix('[')?, ']'),
    };
    let name = name.trim_end();
    let is_name = |c: char| c.is_ascii_alphanumeric() || ":-_".contains(c);
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, close))
}

impl Block<'_> {
    /// A block that an export holds as a text.
    pub(super) fn of_text(name: impl Into<String>, text: String, span: Span) -> Self {
        Self {
            name: Cow::Owned(name.into()),
            content: Content::Text(text),
            span,
        }
    }

    /// A block that an export holds as a list.
    pub(super) fn of_rows(name: impl Into<String>, rows: Vec<Row>, span: Span) -> Self {
        Self {
            name: Cow::Owned(name.into()),
            content: Content::Rows(rows),
            span,
        }
    }

    /// The content as text, without blank lines before it and the two spaces at the start of each line.
    pub(super) fn text(&self) -> String {
        match &self.content {
            Content::Written(content) => {
                let content = content.trim_start_matches(['\r', '\n']);
                let lines = content.split('\n').map(|line| {
                    let line = line.strip_suffix('\r').unwrap_or(line);
                    line.strip_prefix("  ").unwrap_or(line)
                });
                lines.collect::<Vec<_>>().join("\n")
            }
            Content::Text(text) => text.clone(),
            Content::Rows(rows) => {
                let rows = rows
                    .iter()
                    .map(|row| format!("{}: {}", row.name, row.value));
                rows.collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// The value of the last row of that name.
    pub(super) fn get(&self, name: &str) -> String {
        let rows = self.rows();
        let row = rows.into_iter().rev().find(|row| row.name == name);
        row.map(|row| row.value).unwrap_or_default()
    }

    /// The rows that are switched on.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows = self.all_rows();
        rows.retain(|row| row.is_on);
        rows
    }

    /// The rows, those that are switched off, too.
    pub(super) fn all_rows(&self) -> Vec<Row> {
        let content = match &self.content {
            Content::Written(content) => content,
            Content::Text(_) => return Vec::new(),
            Content::Rows(rows) => return rows.clone(),
        };
        let mut rows = Vec::new();
        let mut lines = content.split('\n');
        let mut is_number = false;
        while let Some(line) = lines.next() {
            let line = line.trim();
            if let Some(annotation) = annotation(line, &mut lines) {
                is_number |= annotation == "number";
                continue;
            }
            let Some((name, value)) = split(line) else {
                continue;
            };
            let mut value = match value.strip_prefix("'''") {
                Some(first) => multiline(first, &mut lines),
                None => value.to_owned(),
            };
            if std::mem::take(&mut is_number)
                && let Ok(number) = value.parse::<f64>()
                && number.is_finite()
            {
                value = number.to_string();
            }
            let (name, is_on) = match name.strip_prefix('~') {
                Some(name) => (name, false),
                None => (name, true),
            };
            if !name.is_empty() {
                let row = Row::new(unquoted(name), value);
                rows.push(Row { is_on, ..row });
            }
        }
        rows
    }

    /// The rows of a form or a file, with what is sent for each.
    pub(super) fn parts(&self) -> Vec<Row> {
        let rows = self.rows();
        match &self.content {
            Content::Written(_) => rows.into_iter().map(Row::read_notes).collect(),
            Content::Text(_) | Content::Rows(_) => rows,
        }
    }
}

/// The name of `@name` or `@name(…)`, which says something about the next row.
fn annotation<'t>(line: &'t str, lines: &mut impl Iterator<Item = &'t str>) -> Option<&'t str> {
    let text = line.strip_prefix('@')?;
    let is_end = |c: char| "() \t:".contains(c);
    let (name, rest) = text.split_at(text.find(is_end).unwrap_or(text.len()));
    let Some(arguments) = rest.strip_prefix('(') else {
        return rest.is_empty().then_some(name);
    };
    if let Some(first) = arguments.strip_prefix("'''") {
        if !first.contains("'''") {
            lines.find(|line| line.contains("'''"));
        }
        return Some(name);
    }
    // A row may have such a name: then its value follows.
    arguments.ends_with(')').then_some(name)
}

/// Name and value; a name in quotes may hold colons.
fn split(line: &str) -> Option<(&str, &str)> {
    let quoted = line.trim_start_matches('~').strip_prefix('"');
    let from = match quoted.and_then(closing_quote) {
        Some(end) => line.len() - quoted.map_or(0, str::len) + end,
        None => 0,
    };
    let at = from + line.get(from..)?.find(':')?;
    Some((line.get(..at)?.trim(), line.get(at + 1..)?.trim()))
}

/// Where the name ends that has no quotes before it, other than `\"`.
fn closing_quote(text: &str) -> Option<usize> {
    let mut quotes = text.match_indices('"').map(|(at, _)| at);
    quotes.find(|at| !text.get(..*at).is_some_and(|before| before.ends_with('\\')))
}

fn unquoted(name: &str) -> String {
    let inside = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    inside.map_or_else(|| name.to_owned(), |inside| inside.replace("\\\"", "\""))
}

/// What stands up to the closing quotes, each line without the four characters that indent it, and the
/// type that may follow.
fn multiline<'t>(first: &'t str, lines: &mut impl Iterator<Item = &'t str>) -> String {
    let mut text = String::new();
    let mut line = first;
    loop {
        let line_end = line.strip_suffix('\r').unwrap_or(line);
        let (inside, after) = match line_end.split_once("'''") {
            Some((inside, after)) => (inside, Some(after)),
            None => (line_end, None),
        };
        text.extend(inside.chars().skip(4));
        if let Some(after) = after.map(str::trim) {
            if after.starts_with("@contentType(") {
                text.extend([" ", after]);
            }
            break;
        }
        text.push('\n');
        match lines.next() {
            Some(next) => line = next,
            None => break,
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_rows_or_text() {
        let text = "meta {\n  name: A b: c\n}\n\nheaders {\n  X-A: 1:2\n  ~X-Off: 2\n  \"a:b\": c\n  m: '''\n    one\n      two\n  '''\n}\n\
                    body:json {\n  {\n    \"a\": {\n    }\n  }\n}\nvars:secret [\n  token,\n]\n";
        let (blocks, problems) = read(text, 0);
        assert_eq!(problems, []);
        let names: Vec<&str> = blocks.iter().map(|block| &*block.name).collect();
        assert_eq!(names, ["meta", "headers", "body:json", "vars:secret"]);
        assert_eq!(blocks[0].get("name"), "A b: c");
        let rows: Vec<(String, String)> = blocks[1]
            .rows()
            .into_iter()
            .map(|row| (row.name, row.value))
            .collect();
        let expected = [("X-A", "1:2"), ("a:b", "c"), ("m", "one\n  two")];
        assert_eq!(rows, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(blocks[2].text(), "{\n  \"a\": {\n  }\n}");
    }

    #[test]
    fn what_is_no_block_or_does_not_end_is_told() {
        let reasons = |text: &str| {
            let problems = read(text, 0).1;
            problems.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            reasons("hello\nworld"),
            ["a block is expected here: a name and {"]
        );
        assert_eq!(
            reasons("meta {\n  a: }\n"),
            ["this block does not end: its } has to start a line"]
        );
    }
}
