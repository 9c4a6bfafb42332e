//! The entries of a Hurl file.

use super::MAX_PROBLEMS;
use super::content::{self, Body};
use crate::import::request::no_header;
use crate::import::{ErrorKind, ImportError, Span};

/// A text and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'t> {
    pub(super) text: &'t str,
    pub(super) span: Span,
}

/// A line `name: value`, escapes and variables as they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'t> {
    pub(super) name: Field<'t>,
    pub(super) value: Field<'t>,
}

/// A request, and the names of what is captured of its answer.
#[derive(Debug)]
pub(super) struct Entry<'t> {
    pub(super) method: &'t str,
    pub(super) url: Field<'t>,
    pub(super) headers: Vec<Row<'t>>,
    pub(super) rows: Vec<(Section, Row<'t>)>,
    pub(super) body: Option<(Body<'t>, Span)>,
    pub(super) captures: Vec<String>,
    pub(super) span: Span,
}

/// What the lines after `[Name]` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Asserts,
    BasicAuth,
    Captures,
    Cookies,
    Form,
    Multipart,
    Options,
    Query,
}

impl Section {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Asserts" => Self::Asserts,
            "BasicAuth" => Self::BasicAuth,
            "Captures" => Self::Captures,
            "Cookies" => Self::Cookies,
            "Form" | "FormParams" => Self::Form,
            "Multipart" | "MultipartFormData" => Self::Multipart,
            "Options" => Self::Options,
            "Query" | "QueryStringParams" => Self::Query,
            _ => return None,
        })
    }
}

/// Reads a file that starts at `base` of the whole text; all that is wrong is noted.
pub(super) fn read(text: &str, base: usize) -> (Vec<Entry<'_>>, Vec<ImportError>) {
    let mut reader = Reader {
        text,
        base,
        at: text.len() - text.trim_start_matches('\u{feff}').len(),
        entries: Vec::new(),
        broken: Vec::new(),
        problems: Vec::new(),
        place: Place::Start,
        vain_bytes: 0,
    };
    while reader.at < text.len() {
        reader.line();
    }
    let broken = reader.broken;
    let numbered = reader.entries.into_iter().enumerate();
    let whole = numbered.filter(|(at, _)| broken.binary_search(at).is_err());
    (whole.map(|(_, entry)| entry).collect(), reader.problems)
}

/// What is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Headers,
    Section(Section),
    /// After a body only an answer or another entry may follow.
    AfterBody,
    Answer,
    AnswerSection(Section),
}

struct Reader<'t> {
    text: &'t str,
    base: usize,
    at: usize,
    entries: Vec<Entry<'t>>,
    /// The numbers of those that have a problem.
    broken: Vec<usize>,
    problems: Vec<ImportError>,
    place: Place,
    /// What was read of bodies that do not end.
    vain_bytes: usize,
}

/// The most that is read in vain.
const MAX_VAIN_BYTES: usize = 64 * 1024 * 1024;

/// The most headers, parameters and options of one request.
const MAX_ROWS: usize = 10_000;

const NO_ROW: &str = "this is neither a header or parameter (name: value) nor a section nor a body";

impl<'t> Reader<'t> {
    fn line(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let end = (self.at + line.len() + 1).min(self.text.len());
        let trimmed = line.trim();
        let start = self.at + (line.len() - line.trim_start().len());
        if trimmed.is_empty() || trimmed.starts_with('#') {
            self.at = end;
            return;
        }
        if let Some(section) = section(trimmed) {
            self.at = end;
            return self.section(section, start, trimmed);
        }
        if is_answer(trimmed) && self.place != Place::Start {
            self.place = Place::Answer;
            self.at = end;
            return;
        }
        if let Some((method, url)) = request_line(trimmed) {
            self.at = end;
            return self.request(method, url);
        }
        if let Some((method, url)) = broken_request_line(trimmed) {
            self.at = end;
            self.request(method, url);
            let at = self.field(url).span.start - self.base;
            return self.wrong(at, url.len(), ErrorKind::Url("a URL has no blanks"));
        }
        match self.place {
            Place::Start => {
                let reason = "a method and a URL are expected here";
                self.wrong(start, trimmed.len(), ErrorKind::Syntax(reason));
            }
            Place::Headers | Place::Section(_) => return self.row_or_body(start, end, trimmed),
            Place::AfterBody => {
                let reason = "after the body an answer or another request is expected";
                self.wrong(start, trimmed.len(), ErrorKind::Syntax(reason));
            }
            Place::Answer => {
                if !is_row(trimmed) {
                    return self.skip_body(start, end);
                }
            }
            Place::AnswerSection(section) => return self.answer_row(section, start, end, trimmed),
        }
        self.at = end;
    }

    fn span(&self, start: usize, length: usize) -> Span {
        Span::new(self.base + start, self.base + start + length)
    }

    fn field(&self, part: &'t str) -> Field<'t> {
        let start = part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        let span = self.span(start.min(self.text.len()), part.len());
        Field { text: part, span }
    }

    fn wrong(&mut self, start: usize, length: usize, kind: ErrorKind) {
        let span = self.span(start, length);
        let is_told = self.broken.last() == self.entries.len().checked_sub(1).as_ref();
        // Where no rows stand, one problem of an entry makes others.
        let is_row = matches!(self.place, Place::Headers | Place::Section(_));
        let is_new = is_row || !is_told || self.entries.is_empty() && self.problems.is_empty();
        if is_new && self.problems.len() < MAX_PROBLEMS {
            self.problems.push(ImportError::new(span, kind));
        }
        if let Some(last) = self.entries.len().checked_sub(1) {
            self.broken.push(last);
            self.broken.dedup();
        }
    }

    fn request(&mut self, method: &'t str, url: &'t str) {
        let (first, url) = (self.field(method), self.field(url));
        self.entries.push(Entry {
            method,
            url,
            headers: Vec::new(),
            rows: Vec::new(),
            body: None,
            captures: Vec::new(),
            span: first.span.to(url.span),
        });
        self.place = Place::Headers;
    }

    fn section(&mut self, section: Option<Section>, start: usize, line: &str) {
        let in_answer = matches!(self.place, Place::Answer | Place::AnswerSection(_));
        let of_answer = matches!(section, Some(Section::Asserts | Section::Captures));
        match section {
            Some(section) if in_answer && of_answer => self.place = Place::AnswerSection(section),
            Some(section)
                if matches!(self.place, Place::Headers | Place::Section(_)) && !of_answer =>
            {
                self.place = Place::Section(section);
            }
            _ => {
                let reason = match section {
                    None => "there is no section of this name",
                    Some(_) if of_answer => "this section stands behind HTTP, in an answer",
                    Some(_) => "this section stands before HTTP and before a body, in a request",
                };
                let name = line.trim_start_matches('[').split(']').next();
                let kind = ErrorKind::name(reason, name.unwrap_or_default());
                self.wrong(start, line.len(), kind);
            }
        }
    }

    fn row_or_body(&mut self, start: usize, end: usize, line: &'t str) {
        match content::read(self.text.get(start..).unwrap_or_default()) {
            Ok(Some(body)) => {
                let span = self.span(start, body.length);
                if let Some(entry) = self.entries.last_mut() {
                    entry.body = Some((body, span));
                    entry.span = entry.span.to(span);
                }
                self.place = Place::AfterBody;
                self.at = self.after(start + body.length);
                return;
            }
            Ok(None) => {}
            Err(reason) => {
                self.wrong(start, line.len(), ErrorKind::Syntax(reason));
                self.place = Place::AfterBody;
                self.at = self.next_request(start, end);
                return;
            }
        }
        self.at = end;
        let Some((name, value)) = split_row(line) else {
            let kind = no_header(line, ErrorKind::Syntax(NO_ROW));
            return self.wrong(start, line.len(), kind);
        };
        let row = Row {
            name: self.field(name),
            value: self.field(value),
        };
        let place = self.place;
        let Some(entry) = self.entries.last_mut() else {
            return;
        };
        if entry.headers.len() + entry.rows.len() >= MAX_ROWS {
            self.wrong(start, line.len(), ErrorKind::TooMuch);
            self.place = Place::AfterBody;
            return;
        }
        entry.span = entry.span.to(row.value.span);
        match place {
            Place::Section(section) => entry.rows.push((section, row)),
            _ => entry.headers.push(row),
        }
    }

    /// The next line with a method and a URL, after a body that does not end; the end of the text
    /// when too much was read in vain.
    fn next_request(&mut self, start: usize, end: usize) -> usize {
        let rest = self.text.get(end..).unwrap_or_default();
        self.vain_bytes += self.text.len() - start;
        if self.vain_bytes > MAX_VAIN_BYTES || self.problems.len() >= MAX_PROBLEMS {
            return self.text.len();
        }
        let mut at = end;
        for line in rest.split_inclusive('\n') {
            if request_line(line.trim_end()).is_some() {
                return at;
            }
            at += line.len();
        }
        self.text.len()
    }

    /// The start of the line after a place, which may have a comment.
    fn after(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let is_comment = rest
            .get(..end)
            .is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'));
        if is_comment { at + end } else { at }
    }

    fn skip_body(&mut self, start: usize, end: usize) {
        let rest = self.text.get(start..).unwrap_or_default();
        match content::read(rest) {
            Ok(Some(body)) => self.at = self.after(start + body.length).max(start + 1),
            Ok(None) => self.at = end,
            Err(reason) => {
                let line = rest.lines().next().unwrap_or_default();
                let kind = ErrorKind::Syntax(reason);
                let span = self.span(start, line.len());
                self.problems.push(ImportError::new(span, kind));
                self.at = self.next_request(start, end);
            }
        }
    }

    fn answer_row(&mut self, section: Section, start: usize, end: usize, line: &str) {
        if let (Section::Captures, Some((name, _))) = (section, split_row(line))
            && let Some(entry) = self.entries.last_mut()
        {
            entry.captures.push(name.to_owned());
        } else if section == Section::Asserts && line.starts_with(['{', '[', '<', '`']) {
            return self.skip_body(start, end);
        }
        self.at = end;
        // A value may go on over several lines.
        if line.matches("```").count() % 2 == 1 {
            let rest = self.text.get(end..).unwrap_or_default();
            let close = rest.find("```").map_or(rest.len(), |at| at + 3);
            self.at = self.after(end + close);
        }
    }
}

/// `[Name]`: the section, or `None` inside if there is none of that name.
fn section(line: &str) -> Option<Option<Section>> {
    let (name, rest) = line.strip_prefix('[')?.split_once(']')?;
    let is_name = !name.is_empty() && name.chars().all(char::is_alphanumeric);
    let rest = rest.trim_start();
    let is_section = is_name && (rest.is_empty() || rest.starts_with('#'));
    let starts = name.starts_with(|c: char| c.is_ascii_uppercase());
    (is_section && starts).then(|| Section::named(name))
}

/// `HTTP 200`, `HTTP/1.1 *`.
fn is_answer(line: &str) -> bool {
    line.strip_prefix("HTTP")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '/', '\t']))
}

/// A method in capitals, and what starts like a URL but cannot be one.
fn broken_request_line(line: &str) -> Option<(&str, &str)> {
    let (method, url) = line.split_once([' ', '\t'])?;
    let url = url.trim_start();
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    let starts = ["http://", "https://", "{{"];
    let is_url = starts.iter().any(|start| url.starts_with(start));
    (is_method && is_url).then_some((method, url))
}

/// A method in capitals, spaces, and a URL up to the next space.
fn request_line(line: &str) -> Option<(&str, &str)> {
    let (method, rest) = line.split_once([' ', '\t'])?;
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    let rest = rest.trim_start();
    // A placeholder may hold spaces.
    let mut end = 0;
    while let Some(found) = rest.get(end..)?.find([' ', '\t', '{']) {
        end += found;
        let Some(inside) = rest.get(end..)?.strip_prefix("{{") else {
            if rest.get(end..)?.starts_with('{') {
                end += 1;
                continue;
            }
            break;
        };
        end += 2 + inside.find("}}").map_or(inside.len(), |close| close + 2);
    }
    let is_whole = rest
        .get(end..)
        .is_none_or(|rest| !rest.contains([' ', '\t']));
    let end = if is_whole { rest.len() } else { end };
    let url = rest.get(..end)?;
    let after = rest.get(end..)?.trim_start();
    let is_url =
        !url.is_empty() && !url.starts_with(':') && (after.is_empty() || after.starts_with('#'));
    (is_method && is_url).then_some((method, url))
}

fn is_row(line: &str) -> bool {
    !line.starts_with(['{', '[', '<', '`', '"']) && split_row(line).is_some()
}

/// Name and value of a line: up to the first colon outside of a placeholder, and up to a comment.
fn split_row(line: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    let colon = loop {
        let at = from + line.get(from..)?.find([':', '{', '\\'])?;
        let rest = line.get(at..)?;
        if rest.starts_with(':') {
            break at;
        }
        from = match rest.strip_prefix("{{").and_then(|inside| inside.find("}}")) {
            Some(end) => at + 2 + end + 2,
            None => at + 1,
        };
        if rest.starts_with('\\') {
            from += rest.chars().nth(1)?.len_utf8();
        }
    };
    let name = line.get(..colon)?.trim_end();
    let is_name = !name.is_empty() && (name.contains("{{") || !name.contains([' ', '\t']));
    let value = line.get(colon + 1..)?;
    is_name.then(|| (name, without_comment(value).trim()))
}

/// A `#` starts a comment unless a backslash stands before it.
fn without_comment(value: &str) -> &str {
    let mut is_escaped = false;
    for (at, c) in value.char_indices() {
        match c {
            '#' if !is_escaped => return value.get(..at).unwrap_or_default(),
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    value
}
