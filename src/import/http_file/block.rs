//! The requests of a file as they are written: what stands between `###` lines.

use crate::import::request::{NO_COLON, is_field_name, no_header};
use crate::import::{ErrorKind, ImportError, Span};

/// A line and its place.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    /// Without its end.
    pub(super) text: &'t str,
    pub(super) start: usize,
}

impl Line<'_> {
    pub(super) fn span(&self) -> Span {
        Span::new(self.start, self.start + self.text.len())
    }

    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// The lines of one request.
pub(super) struct Block<'t> {
    /// The name behind `###` or `# @name`.
    pub(super) name: Option<&'t str>,
    /// From the request line on, without comments.
    lines: Vec<Line<'t>>,
    pub(super) span: Span,
}

/// The parts of a request, variables not replaced.
pub(super) struct Written<'t> {
    pub(super) method: String,
    pub(super) url: String,
    /// Where the URL starts.
    pub(super) at: Span,
    pub(super) headers: Vec<(&'t str, &'t str)>,
    /// The lines that should be headers and are not.
    pub(super) problems: Vec<ImportError>,
    pub(super) body: Vec<Line<'t>>,
    /// How the lines of the body end.
    pub(super) line_end: &'static str,
}

/// The requests of a file; a block without a request line is left out.
pub(super) fn blocks(text: &str, start: usize) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut name = None;
    let mut lines = Vec::new();
    for line in lines_of(text, start) {
        if line.text.starts_with("###") {
            blocks.extend(block(name, &lines));
            lines.clear();
            let title = line.text.trim_start_matches('#').trim();
            name = (!title.is_empty()).then_some(title);
        } else {
            lines.push(line);
        }
    }
    blocks.extend(block(name, &lines));
    blocks
}

fn lines_of(text: &str, start: usize) -> impl Iterator<Item = Line<'_>> {
    let mut at = start;
    text.split('\n').map(move |whole| {
        let line = Line {
            text: whole.strip_suffix('\r').unwrap_or(whole),
            start: at,
        };
        at += whole.len() + 1;
        line
    })
}

fn block<'t>(title: Option<&'t str>, all: &[Line<'t>]) -> Option<Block<'t>> {
    let mut name = title;
    let mut lines: Vec<Line<'t>> = Vec::new();
    let mut in_script = false;
    for line in all {
        let trimmed = line.text.trim_start_matches('\u{feff}').trim();
        if in_script || trimmed.starts_with("< {%") || trimmed.starts_with("> {%") {
            in_script = !trimmed.contains("%}");
            continue;
        }
        if let Some(comment) = comment(trimmed) {
            name = given_name(comment).or(name);
            continue;
        }
        let is_before = lines.is_empty();
        if is_before && (trimmed.is_empty() || is_variable(trimmed) || is_script_file(trimmed)) {
            continue;
        }
        if !is_before && is_about_the_response(trimmed) {
            continue;
        }
        lines.push(*line);
    }
    while lines.last().is_some_and(Line::is_blank) {
        lines.pop();
    }
    let span = lines.first()?.span().to(lines.last()?.span());
    // The status line of a saved response.
    let is_response = lines.first()?.text.trim_start().starts_with("HTTP/");
    (!is_response).then_some(Block { name, lines, span })
}

/// What stands behind `#` or `//`.
fn comment(trimmed: &str) -> Option<&str> {
    trimmed
        .strip_prefix('#')
        .or_else(|| trimmed.strip_prefix("//"))
}

fn given_name(comment: &str) -> Option<&str> {
    let name = comment.trim_start().strip_prefix("@name")?;
    let name = name.trim_start_matches([' ', '\t', '=']).trim();
    (!name.is_empty()).then_some(name)
}

/// `@name = value`
fn is_variable(trimmed: &str) -> bool {
    trimmed.starts_with('@') && trimmed.contains('=')
}

/// A script that runs before the request: `< setup.js`.
fn is_script_file(trimmed: &str) -> bool {
    trimmed.starts_with("< ")
}

/// A script that reads the response, a file it is saved to, or one that it was compared with.
fn is_about_the_response(trimmed: &str) -> bool {
    let is_script = |rest: &str| rest.trim_end().ends_with(".js");
    trimmed.starts_with("<> ")
        || trimmed.starts_with(">> ")
        || trimmed.starts_with(">>! ")
        || trimmed.strip_prefix("> ").is_some_and(is_script)
}

impl<'t> Block<'t> {
    /// The first word of the request line.
    pub(super) fn first_word(&self) -> &'t str {
        let line = self.lines.first().map_or("", |line| line.text);
        line.split_whitespace().next().unwrap_or_default()
    }

    /// The parts of the request.
    ///
    /// # Errors
    /// When it is no HTTP request, or has more headers than an import holds.
    pub(super) fn written(&self) -> Result<Written<'t>, ImportError> {
        let mut lines = self.lines.iter().copied().peekable();
        let first = lines.next();
        let (start, line) = first.map_or((0, ""), |line| (line.start, line.text));
        let (method, url) = method_and_url(line);
        if NOT_HTTP.contains(&method) {
            let kind = ErrorKind::Shape("this is no HTTP request: only those can be compared");
            return Err(ImportError::new(self.span, kind));
        }
        let offset = url.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
        let at = Span::new(start + offset.min(line.len()), start + line.len());
        let mut url = url.to_owned();
        while let Some(more) = lines.next_if(continues_the_url) {
            url.push_str(more.text.trim());
        }
        let (mut headers, mut problems) = (Vec::new(), Vec::new());
        while let Some(line) = lines.next_if(|line| !line.is_blank()) {
            if headers.len() + problems.len() >= MAX_HEADERS {
                return Err(ImportError::new(line.span(), ErrorKind::TooMuch));
            }
            let header = line.text.split_once(':');
            let may_be = |name: &str| name.contains("{{") || is_field_name(name.trim().as_bytes());
            let Some((name, value)) = header.filter(|(name, _)| may_be(name)) else {
                let blank = line.text.len() - line.text.trim_start().len();
                let span = Span::new(line.start + blank, line.span().end);
                problems.push(ImportError::new(
                    span,
                    no_header(line.text, ErrorKind::Shape(NO_COLON)),
                ));
                continue;
            };
            headers.push((name.trim(), value.trim()));
        }
        lines.next();
        let is_windows = |line: &Line<'_>| line.start + line.text.len() < self.span.end;
        Ok(Written {
            method: method.to_uppercase(),
            url: without_version(&url).to_owned(),
            at,
            headers,
            problems,
            body: lines.collect(),
            line_end: if self.lines.first().is_some_and(is_windows) && self.has_carriage_returns() {
                "\r\n"
            } else {
                "\n"
            },
        })
    }

    /// Whether the lines of the file end as on Windows: each is two bytes from the next.
    fn has_carriage_returns(&self) -> bool {
        match self.lines.as_slice() {
            [first, second, ..] => second.start == first.span().end + 2,
            _ => false,
        }
    }
}

/// A method is a known word, or one in capitals before a URL.
fn method_and_url(line: &str) -> (&str, &str) {
    let line = line.trim_start_matches('\u{feff}').trim();
    let Some((word, rest)) = line.split_once([' ', '\t']) else {
        return ("GET", line);
    };
    let is_known = METHODS.iter().any(|known| known.eq_ignore_ascii_case(word));
    let is_method = is_known || word.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_method {
        (word, rest.trim())
    } else {
        ("GET", line)
    }
}

/// `?a=b` and `&c=d` on lines of their own; indented, a path, too.
fn continues_the_url(line: &Line<'_>) -> bool {
    let trimmed = line.text.trim_start();
    let is_indented = trimmed.len() < line.text.len();
    trimmed.starts_with(['?', '&']) || (is_indented && trimmed.starts_with('/'))
}

fn without_version(url: &str) -> &str {
    match url.rfind(" HTTP/") {
        Some(at) => url.get(..at).unwrap_or(url).trim_end(),
        None => url,
    }
}

/// Each is compared with those before it.
const MAX_HEADERS: usize = 1000;

const METHODS: &[&str] = &[
    "CONNECT", "DELETE", "GET", "GRAPHQL", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
];

const NOT_HTTP: &[&str] = &["GRPC", "RSOCKET", "WEBSOCKET"];
