//! Imports the text of a request: a head as it goes over the wire, or as browsers and proxies copy
//! it, HTTP/2 with its pseudo-header fields included.

use super::request::{NO_COLON, http11, is_field_name, no_header, url_reason};
use super::{ErrorKind, ImportError, Imported, ImportedRequest, Source, Span};
use crate::model::{FieldLine, FieldSection, HttpVersion, Provenance, Url};

/// The largest text that is read.
const MAX_SOURCE_BYTES: usize = 16 * 1024 * 1024;

/// The request of a text.
pub fn import(source: &Source<'_>) -> Imported {
    let mut problems = Vec::new();
    let requests = match request(source, &mut problems) {
        Ok(request) if problems.is_empty() => vec![request],
        Ok(_) => Vec::new(),
        Err(problem) => {
            problems.push(problem);
            Vec::new()
        }
    };
    problems.sort_by_key(|problem| problem.span);
    Imported { requests, problems }
}

/// What the head says.
struct Head {
    method: Vec<u8>,
    target: Vec<u8>,
    /// Where the target stands.
    target_span: Span,
    /// Where the host stands, if it is not in the target.
    host_span: Option<Span>,
    version: HttpVersion,
    pseudo: Vec<FieldLine>,
    fields: Vec<FieldLine>,
}

fn request(
    source: &Source<'_>,
    problems: &mut Vec<ImportError>,
) -> Result<ImportedRequest, ImportError> {
    source.check_size(MAX_SOURCE_BYTES)?;
    let mut lines = Lines::new(source);
    let head = head(&mut lines, problems)?;
    let mut warnings = Vec::new();
    let url = url(&head, &mut warnings)?;
    let content = content(lines.rest, &head, &mut warnings);
    let method = String::from_utf8_lossy(&head.method).into_owned();
    let mut request = http11(&method, url, head.fields, content);
    request.version = head.version;
    request.target = head.target;
    request.pseudo = FieldSection::from_lines(head.pseudo, Provenance::Import);
    let plain = ImportedRequest::named_by_path(request, source.span());
    Ok(ImportedRequest { warnings, ..plain })
}

fn head(lines: &mut Lines<'_>, problems: &mut Vec<ImportError>) -> Result<Head, ImportError> {
    while lines.peek().is_some_and(|line| line.text.is_empty()) {
        lines.next();
    }
    let start = lines.peek().unwrap_or_default();
    let has_pseudo = start.text.starts_with(b":");
    let mut head = if has_pseudo {
        Head {
            method: Vec::new(),
            target: Vec::new(),
            target_span: start.span(),
            host_span: None,
            version: HttpVersion::Http2,
            pseudo: Vec::new(),
            fields: Vec::new(),
        }
    } else {
        lines.next();
        request_line(&start, problems)?
    };
    while let Some(line) = lines.next().filter(|line| !line.text.is_empty()) {
        if head.fields.len() + head.pseudo.len() >= MAX_FIELDS {
            return Err(ImportError::new(line.span(), ErrorKind::TooMuch));
        }
        let field = field(&line, lines);
        if matches!(field, Some((name, _)) if name == b":authority" || name.eq_ignore_ascii_case(b"host"))
        {
            head.host_span.get_or_insert(line.span());
        }
        match field {
            Some((name, value)) if has_pseudo && name.starts_with(b":") => {
                head.pseudo.push(FieldLine::from_wire(name, value));
            }
            Some((name, value)) if is_field_name(name) => {
                head.fields.push(FieldLine::from_wire(name, value));
            }
            _ if problems.len() < MAX_PROBLEMS => {
                let kind = no_header(
                    &String::from_utf8_lossy(line.text),
                    ErrorKind::Shape(NO_COLON),
                );
                problems.push(ImportError::new(line.span(), kind));
            }
            _ => {}
        }
    }
    if has_pseudo {
        let value = |name| first(&head.pseudo, name).unwrap_or_default().to_vec();
        (head.method, head.target) = (value(":method"), value(":path"));
        if head.method.is_empty() || head.target.is_empty() {
            let kind = ErrorKind::Shape("HTTP/2 needs the pseudo-header fields :method and :path");
            return Err(ImportError::new(start.span(), kind));
        }
    }
    Ok(head)
}

/// `GET /path HTTP/1.1`
fn request_line(line: &Line<'_>, problems: &mut Vec<ImportError>) -> Result<Head, ImportError> {
    let wrong = |span, reason| ImportError::new(span, ErrorKind::Shape(reason));
    let behind = |at: usize| Span::new(line.start + at, line.span().end);
    let mut words = line.text.split(|byte| *byte == b' ');
    let (Some(method), Some(target), version, None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(wrong(line.span(), START));
    };
    let version_at = method.len() + target.len() + 2;
    let version = match version.unwrap_or(b"HTTP/1.1") {
        b"HTTP/1.1" => HttpVersion::Http11,
        b"HTTP/1.0" => HttpVersion::Http10,
        b"HTTP/2" | b"HTTP/2.0" | b"HTTP/3" | b"HTTP/3.0" => HttpVersion::Http2,
        _ => {
            problems.push(wrong(behind(version_at), VERSION));
            HttpVersion::Http11
        }
    };
    if !is_field_name(method) {
        problems.push(wrong(line.span(), START));
    }
    let start = line.start + method.len() + 1;
    Ok(Head {
        method: method.to_vec(),
        target: target.to_vec(),
        target_span: Span::new(start, start + target.len()),
        host_span: None,
        version,
        pseudo: Vec::new(),
        fields: Vec::new(),
    })
}

/// `Name: value`; newer browsers copy a name and its value on two lines.
fn field<'s>(line: &Line<'s>, lines: &mut Lines<'s>) -> Option<(&'s [u8], &'s [u8])> {
    let text = line.text;
    // The name of a pseudo-header field starts with a colon.
    let from = usize::from(text.starts_with(b":"));
    let colon = text
        .get(from..)
        .and_then(|rest| memchr::memchr(b':', rest))
        .map(|at| at + from);
    match colon {
        Some(at) if at + 1 < text.len() => Some((text.get(..at)?, text.get(at + 1..)?)),
        Some(at) if !lines.copied_in_pairs => Some((text.get(..at)?, b"")),
        _ if lines.copied_in_pairs || from == 1 => {
            lines.copied_in_pairs = true;
            let name = text.strip_suffix(b":").unwrap_or(text);
            Some((name, lines.next()?.text))
        }
        _ => None,
    }
}

fn url(head: &Head, warnings: &mut Vec<String>) -> Result<Url, ImportError> {
    let failed = |kind| ImportError::new(head.target_span, kind);
    if head.method == b"CONNECT" {
        let reason = "CONNECT opens a tunnel: paste the request that is sent inside";
        return Err(failed(ErrorKind::Shape(reason)));
    }
    let target = head.target.as_slice();
    let is_path = target.starts_with(b"/") || target == b"*";
    let absolute = if is_path {
        let authority = first(&head.pseudo, ":authority").or_else(|| first(&head.fields, "Host"));
        let Some(authority) = authority else {
            let reason = "nothing says which host: a Host header or :authority is needed";
            return Err(failed(ErrorKind::Url(reason)));
        };
        let path = target.strip_prefix(b"*").unwrap_or(target);
        let scheme = scheme(head, authority, warnings);
        [&scheme, &b"://"[..], authority, path].concat()
    } else {
        target.to_vec()
    };
    let mut url = Url::parse(&absolute).map_err(|error| {
        let span = head.host_span.filter(|_| is_path);
        let kind = ErrorKind::Url(url_reason(error));
        ImportError::new(span.unwrap_or(head.target_span), kind)
    })?;
    if target == b"*" {
        url.path = b"*".to_vec();
    }
    Ok(url)
}

/// The scheme is no part of the text of HTTP/1.1, but other fields may tell it.
fn scheme(head: &Head, authority: &[u8], warnings: &mut Vec<String>) -> Vec<u8> {
    if let Some(scheme) = first(&head.pseudo, ":scheme") {
        return scheme.to_vec();
    }
    let told = ["Origin", "Referer"].into_iter().find_map(|name| {
        let url = Url::parse(first(&head.fields, name)?).ok()?;
        let is_same = url.origin.authority().as_bytes() == authority;
        is_same.then_some(url.origin.scheme)
    });
    if let Some(scheme) = told {
        return scheme.as_str().into();
    }
    if head.version == HttpVersion::Http2 {
        return b"https".to_vec();
    }
    let is_local = authority.starts_with(b"localhost") || authority.starts_with(b"127.");
    let scheme = if is_local || authority.ends_with(b":80") {
        "http"
    } else {
        "https"
    };
    warnings.push(format!(
        "the text does not tell the scheme: {scheme} is assumed"
    ));
    scheme.into()
}

/// What stands behind the blank line. A line end at the end of a paste is no part of it, unless the
/// head counts it.
fn content(rest: &[u8], head: &Head, warnings: &mut Vec<String>) -> Vec<u8> {
    let length = first(&head.fields, "Content-Length")
        .and_then(|value| std::str::from_utf8(value).ok()?.parse::<usize>().ok());
    let trimmed = without_line_end(rest);
    match length {
        Some(length) if length == rest.len() => return rest.to_vec(),
        Some(length) if length != trimmed.len() => warnings.push(format!(
            "the content has {} bytes, Content-Length says {length}",
            trimmed.len()
        )),
        _ => {}
    }
    if first(&head.fields, "Transfer-Encoding").is_some() {
        let warning = "Transfer-Encoding is not undone: the content is kept as it stands";
        warnings.push(warning.to_owned());
    }
    trimmed.to_vec()
}

fn without_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

fn first<'h>(lines: &'h [FieldLine], name: &str) -> Option<&'h [u8]> {
    let mut found = lines.iter().filter(|line| line.is(name));
    found.next().map(FieldLine::value)
}

/// A line without its end, and its place.
#[derive(Clone, Copy, Default)]
struct Line<'s> {
    text: &'s [u8],
    start: usize,
}

impl Line<'_> {
    fn span(&self) -> Span {
        Span::new(self.start, self.start + self.text.len())
    }
}

/// Reads lines that end with LF or CRLF.
struct Lines<'s> {
    rest: &'s [u8],
    at: usize,
    /// Names and values stand on lines of their own.
    copied_in_pairs: bool,
}

impl<'s> Lines<'s> {
    fn new(source: &Source<'s>) -> Self {
        Self {
            rest: source.bytes(),
            at: source.span().start,
            copied_in_pairs: false,
        }
    }

    fn peek(&self) -> Option<Line<'s>> {
        let end = memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let text = self.rest.get(..end)?;
        (!self.rest.is_empty()).then_some(Line {
            text: text.strip_suffix(b"\r").unwrap_or(text),
            start: self.at,
        })
    }

    fn next(&mut self) -> Option<Line<'s>> {
        let line = self.peek()?;
        let end = memchr::memchr(b'\n', self.rest).map_or(self.rest.len(), |at| at + 1);
        self.rest = self.rest.get(end..).unwrap_or_default();
        self.at += end;
        Some(line)
    }
}

const START: &str = "a request starts with METHOD TARGET HTTP/1.1";
const VERSION: &str = "the version is none of HTTP/1.0, HTTP/1.1, HTTP/2 and HTTP/3";

/// The most header fields of one request.
const MAX_FIELDS: usize = 10_000;

/// The most problems that are reported of one text.
const MAX_PROBLEMS: usize = 1000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn only(text: &str) -> ImportedRequest {
        let mut imported = import(&Source::new("x", text.as_bytes()));
        assert_eq!(imported.problems, [], "{text}");
        imported.requests.remove(0)
    }

    fn url(text: &str) -> String {
        let request = only(text).request;
        let target = String::from_utf8(request.url.path_and_query()).unwrap();
        format!("{}{target}", request.url.origin)
    }

    fn problem(text: &str) -> String {
        let source = Source::new("x", text.as_bytes());
        let imported = import(&source);
        assert!(imported.requests.is_empty(), "{text}");
        let problem = &imported.problems[0];
        format!("{}: {problem}", problem.position(&source))
    }

    #[test]
    fn the_head_is_kept_byte_for_byte() {
        let request = only("POST /a?b HTTP/1.1\r\nhost:a.test\r\nX-A:  1 \r\n\r\n{}\r\n").request;
        let raw: Vec<_> = request
            .fields
            .lines()
            .iter()
            .map(FieldLine::raw_value)
            .collect();
        assert_eq!(raw, [&b"a.test"[..], b"  1 "]);
        assert_eq!(request.content.bytes, b"{}");
        assert_eq!(request.target, b"/a?b");
    }

    #[test]
    fn the_url_comes_from_the_target_the_host_and_what_tells_the_scheme() {
        for (text, expected) in [
            (
                "GET http://a.test/x HTTP/1.1\nHost: a.test\n\n",
                "http://a.test/x",
            ),
            ("GET /x HTTP/1.1\nHost: a.test\n", "https://a.test/x"),
            ("GET /x HTTP/1.0\nHost: localhost:80", "http://localhost/x"),
            (
                "GET /x HTTP/1.1\nHost: a.test\nReferer: http://a.test/",
                "http://a.test/x",
            ),
            ("GET /x HTTP/2\nHost: a.test", "https://a.test/x"),
            ("OPTIONS * HTTP/1.1\nHost: a.test", "https://a.test*"),
            (
                ":method: GET\n:authority: a.test\n:scheme: https\n:path: /x\n",
                "https://a.test/x",
            ),
            (
                ":authority\na.test\n:method\nGET\n:path\n/x\naccept\n*/*\n",
                "https://a.test/x",
            ),
        ] {
            assert_eq!(url(text), expected, "{text}");
        }
    }

    #[test]
    fn the_content_ends_where_its_length_says() {
        let content = |text: &str| only(text).request.content.bytes;
        let head = "POST / HTTP/2\nHost: a.test\n";
        assert_eq!(
            content(&format!("{head}Content-Length: 3\n\na\n\n")),
            b"a\n\n"
        );
        assert_eq!(content(&format!("{head}Content-Length: 1\n\na\n")), b"a");
        let wrong = only(&format!("{head}Content-Length: 9\n\na\n"));
        assert_eq!(
            wrong.warnings,
            ["the content has 1 bytes, Content-Length says 9"]
        );
    }

    #[test]
    fn problems_have_their_places() {
        assert_eq!(
            problem("GET /x HTTP/1.1\nHost: a\nno colon\n"),
            "3:1: a header needs a colon right behind its name"
        );
        assert!(problem("GET /x HTTP/1.1\n").starts_with("1:5: nothing says which host"));
        assert!(problem("\nHTTP/1.1 200 OK\n").starts_with("2:1: "));
        assert!(problem("GET http://a/x HTTP/9\n").starts_with("1:16: the version"));
        assert!(problem("GET http://a:b/ HTTP/1.1\n").starts_with("1:5: the port"));
        assert!(problem("").starts_with("1:1: "));
    }

    proptest! {
        #[test]
        fn any_text_has_spans_inside_it(text in "(GET /x HTTP/1.1|:method: GET|\n|Host: a|[ -~\r\u{e4}]){0,30}") {
            let imported = import(&Source::new("x", text.as_bytes()));
            let spans = imported.problems.iter().map(|problem| problem.span);
            for span in spans.chain(imported.requests.iter().map(|request| request.span)) {
                prop_assert!(span.start <= span.end && span.end <= text.len());
            }
        }

        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            import(&Source::new("x", &bytes));
        }
    }
}
