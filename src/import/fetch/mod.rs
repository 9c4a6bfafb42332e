//! Imports `fetch(…)` calls, as the DevTools of browsers copy them, for the browser and for Node.js.
//!
//! `literal` reads the values; what is no literal cannot be known, and is told with its place.

mod literal;

use self::literal::{Literal, Reader};
use super::request::{http11, is_field_name, url_reason};
use super::{ErrorKind, ImportError, Imported, ImportedRequest, Source, Span};
use crate::model::{FieldLine, Url};

/// The largest text that is read.
const MAX_SOURCE_BYTES: usize = 16 * 1024 * 1024;

/// The most calls of one text.
const MAX_CALLS: usize = 10_000;

/// The most problems that are reported of one text.
const MAX_PROBLEMS: usize = 1000;

/// The requests of all calls in a text.
pub fn import(source: &Source<'_>) -> Imported {
    let mut imported = Imported::default();
    if let Err(problem) = source.check_size(MAX_SOURCE_BYTES) {
        return problem.into();
    }
    let start = source.span().start;
    let mut reader = Reader::new(source.bytes(), start);
    let mut calls = 0;
    while let Some(at) = next_call(&mut reader) {
        calls += 1;
        if calls > MAX_CALLS || imported.problems.len() >= MAX_PROBLEMS {
            let problem = ImportError::new(Span::new(at, at), ErrorKind::TooMuch);
            imported.problems.push(problem);
            break;
        }
        match call(&mut reader, at) {
            Ok(request) => imported.requests.push(request),
            Err(mut problems) => imported.problems.append(&mut problems),
        }
    }
    if reader.is_spent() {
        let at = Span::new(reader.at(), reader.at());
        let problem = ImportError::new(at, ErrorKind::TooMuch);
        imported.problems.push(problem);
    } else if calls == 0 {
        let kind = ErrorKind::Shape("there is no fetch(…) call in this text");
        let problem = ImportError::new(Span::new(start, start), kind);
        imported.problems.push(problem);
    }
    imported
}

/// Goes on behind the next `fetch(`; where it starts. What stands between calls is only skipped.
fn next_call(reader: &mut Reader<'_>) -> Option<usize> {
    let mut is_in_word = false;
    loop {
        reader.skip_blank();
        let at = reader.at();
        let byte = reader.cursor.peek().filter(|_| !reader.is_spent())?;
        let is_word = byte.is_ascii_alphanumeric() || byte == b'_';
        if !is_in_word && reader.cursor.eat(b"fetch") {
            if reader.eat(b"(") {
                return Some(at);
            }
            is_in_word = true;
        } else if matches!(byte, b'"' | b'\'' | b'`') {
            // A call in a string is none. A string that does not end is skipped up to its quote.
            if reader.value(0).is_err() {
                reader.cursor.bump();
            }
            is_in_word = false;
        } else {
            reader.cursor.bump();
            is_in_word = is_word
                && reader
                    .cursor
                    .peek()
                    .is_some_and(|b| !b.is_ascii_whitespace());
        }
    }
}

fn call(reader: &mut Reader<'_>, start: usize) -> Result<ImportedRequest, Vec<ImportError>> {
    let (target, options) = arguments(reader).map_err(|problem| vec![problem])?;
    let mut problems = Problems {
        reader,
        options: options.1,
        found: Vec::new(),
    };
    let url = url(&target);
    let members = match options.0 {
        Literal::Object(members) => members,
        Literal::Undefined => Vec::new(),
        _ => {
            problems.add(options.1, "the second argument of fetch is an object");
            Vec::new()
        }
    };
    let span = Span::new(start, problems.reader.at());
    let sent = sent(&members, &mut problems);
    let mut found = problems.found;
    match url {
        Ok(url) if found.is_empty() => Ok(request(url, &members, sent, span)),
        url => {
            found.extend(url.err());
            found.sort_by_key(|problem| problem.span);
            Err(found)
        }
    }
}

/// The two arguments and their places.
fn arguments(reader: &mut Reader<'_>) -> Result<(Placed, Placed), ImportError> {
    reader.begin();
    reader.skip_blank();
    let start = reader.at();
    let target = reader.value(0)?;
    let target = (target, Span::new(start, reader.at()));
    let mut start = reader.at();
    let mut options = Literal::Undefined;
    if reader.eat(b",") {
        reader.skip_blank();
        start = reader.at();
        if reader.cursor.peek() != Some(b')') {
            options = reader.value(0)?;
        }
    }
    let options = (options, Span::new(start, reader.at()));
    reader.eat(b",");
    if !reader.eat(b")") {
        return Err(reader.problem("a comma or ) is needed after an argument of fetch"));
    }
    Ok((target, options))
}

type Placed = (Literal, Span);

fn url((target, span): &Placed) -> Result<Url, ImportError> {
    let failed = |reason| ImportError::new(*span, ErrorKind::Url(reason));
    let url = target
        .text()
        .ok_or_else(|| failed("the first argument of fetch is a URL as a string"))?;
    Url::parse(escaped(url).as_bytes()).map_err(|error| failed(url_reason(error)))
}

/// What is wrong with the options of a call.
struct Problems<'r, 's> {
    reader: &'r Reader<'s>,
    options: Span,
    found: Vec<ImportError>,
}

impl Problems<'_, '_> {
    fn add(&mut self, span: Span, reason: &'static str) {
        self.found
            .push(ImportError::new(span, ErrorKind::Shape(reason)));
    }

    /// With that option.
    fn option(&mut self, name: &str, reason: &'static str) {
        let span = self.reader.member(0, name);
        self.add(span.unwrap_or(self.options), reason);
    }

    /// With that header.
    fn header(&mut self, name: &str, reason: &'static str) {
        if self.found.len() >= MAX_PROBLEMS {
            return;
        }
        let span = self.reader.member(1, name);
        let span = span.or_else(|| self.reader.member(0, "headers"));
        let kind = ErrorKind::name(reason, name);
        let span = span.unwrap_or(self.options);
        self.found.push(ImportError::new(span, kind));
    }
}

/// What the options say that is sent.
struct Sent {
    method: String,
    lines: Vec<FieldLine>,
    body: Option<Vec<u8>>,
}

fn sent(members: &[(String, Literal)], problems: &mut Problems<'_, '_>) -> Sent {
    let method = normal(text(members, "method").unwrap_or("GET"));
    if !is_field_name(method.as_bytes()) {
        let reason = "the method of fetch has a character that no method may have";
        problems.option("method", reason);
    }
    let lines = headers(member(members, "headers"), problems);
    let body = match member(members, "body") {
        None => None,
        Some(Literal::String(body)) => Some(body.as_bytes().to_vec()),
        Some(_) => {
            let reason = "the body of fetch is read as a string, or as JSON.stringify of a literal";
            problems.option("body", reason);
            None
        }
    };
    if body.is_some() && matches!(method.as_str(), "GET" | "HEAD") {
        problems.option("body", "fetch sends no body with GET and HEAD");
    }
    Sent {
        method,
        lines,
        body,
    }
}

fn member<'m>(members: &'m [(String, Literal)], name: &str) -> Option<&'m Literal> {
    let found = members.iter().find(|(known, _)| known == name);
    found
        .map(|(_, value)| value)
        .filter(|value| !matches!(value, Literal::Null | Literal::Undefined))
}

fn text<'m>(members: &'m [(String, Literal)], name: &str) -> Option<&'m str> {
    member(members, name).and_then(Literal::text)
}

fn request(url: Url, members: &[(String, Literal)], sent: Sent, span: Span) -> ImportedRequest {
    let Sent {
        method,
        mut lines,
        body,
    } = sent;
    let has = |lines: &[FieldLine], name| lines.iter().any(|line| line.is(name));
    if body.is_some() && !has(&lines, "Content-Type") {
        // Fetch Standard, "extract a body".
        lines.push(FieldLine::new("content-type", "text/plain;charset=UTF-8"));
    }
    let counts = body.is_some() || matches!(method.as_str(), "POST" | "PUT");
    let content = body.unwrap_or_default();
    if counts {
        lines.push(FieldLine::new("content-length", content.len().to_string()));
    }
    lines.insert(0, FieldLine::new("host", url.origin.authority()));
    let mut warnings = vec![LEFT_OUT.to_owned()];
    if !has(&lines, "Cookie") && text(members, "credentials") == Some("include") {
        warnings.push(
            "the call sends cookies (credentials: \"include\"), but they are not in the text"
                .to_owned(),
        );
    }
    let plain = ImportedRequest::named_by_path(http11(&method, url, lines, content), span);
    ImportedRequest { warnings, ..plain }
}

/// An object of strings, or a list of pairs.
fn headers(value: Option<&Literal>, problems: &mut Problems<'_, '_>) -> Vec<FieldLine> {
    let mut lines = Vec::new();
    let mut push = |name: &str, value: &Literal, problems: &mut Problems<'_, '_>| {
        if !is_field_name(name.as_bytes()) {
            problems.header(name, "a header name has a character that no name may have");
            return;
        }
        let Some(value) = value.text() else {
            return problems.header(name, "the value of a header is a string");
        };
        let value = value.trim_matches(['\t', '\n', '\r', ' ']);
        if value.contains(['\0', '\n', '\r']) {
            return problems.header(name, "a header cannot have a value of several lines");
        }
        lines.push(FieldLine::new(name, value));
    };
    match value {
        None => {}
        Some(Literal::Object(members)) => {
            for (name, value) in members {
                push(name, value, problems);
            }
        }
        Some(Literal::Array(pairs)) => {
            for pair in pairs {
                let Some((name, value)) = named(pair) else {
                    problems.option("headers", "a header is a pair of two strings");
                    break;
                };
                push(name, value, problems);
            }
        }
        Some(_) => {
            let reason = "the headers of fetch are an object or a list of pairs";
            problems.option("headers", reason);
        }
    }
    lines
}

fn named(pair: &Literal) -> Option<(&str, &Literal)> {
    match pair {
        Literal::Array(pair) => match pair.as_slice() {
            [Literal::String(name), value] => Some((name, value)),
            _ => None,
        },
        _ => None,
    }
}

/// The Fetch Standard writes these, and only these, in capitals.
fn normal(method: &str) -> String {
    let known = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
    let upper = method.to_ascii_uppercase();
    if known.contains(&upper.as_str()) {
        upper
    } else {
        method.to_owned()
    }
}

/// What the URL Standard percent-encodes in a path and a query.
fn escaped(url: &str) -> String {
    let is_special = |c: char| c.is_control() || !c.is_ascii() || " \"<>".contains(c);
    let end = url.find("://").map_or(0, |at| at + 3);
    let authority_end = url
        .get(end..)
        .and_then(|rest| rest.find(['/', '?', '#']))
        .map_or(url.len(), |at| at + end);
    let (origin, target) = url.split_at(authority_end);
    format!("{origin}{}", super::address::escape(target, is_special))
}

const LEFT_OUT: &str = "the browser adds headers that are not in the text (User-Agent, \
                        Accept-Encoding, Referer, Sec-Fetch-…): they are left out";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cost::CpuTime;

    fn all(text: &str) -> Vec<String> {
        let source = Source::new("x", text.as_bytes());
        let imported = import(&source);
        let requests = imported.requests.iter().map(|one| {
            let target = String::from_utf8_lossy(&one.request.target).into_owned();
            format!("{} {}{target}", one.request.method, one.request.url.origin)
        });
        let problems = imported
            .problems
            .iter()
            .map(|problem| format!("{}: {problem}", problem.position(&source)));
        requests.chain(problems).collect()
    }

    #[test]
    fn every_call_of_a_text_is_read() {
        let text = "// fetch('http://no.test')\nconst a = \"fetch('http://no.test')\";\n\
                    await fetch('https://a.test/x y', {method: 'post', body: ''});\n\
                    prefetch('http://no.test'); fetch (`http://b.test?q=ä`,);";
        assert_eq!(
            all(text),
            ["POST https://a.test/x%20y", "GET http://b.test/?q=%C3%A4"]
        );
    }

    #[test]
    fn a_call_that_cannot_be_known_leaves_the_others() {
        let text = "fetch(url, {});\nfetch('https://a.test', {\n  headers: {a: token}\n});\n\
                    fetch('/x');\nfetch('https://b.test');\nfetch('https://c.test', {body: 'x'})";
        let told = all(text);
        assert_eq!(told[0], "GET https://b.test/");
        let starts = [
            "1:7: this is a variable",
            "3:16: this is a variable",
            "5:7: the URL",
            "7:26: fetch sends",
        ];
        for (told, start) in told[1..].iter().zip(starts) {
            assert!(told.starts_with(start), "{told}");
        }
        assert_eq!(told.len(), 5);
        assert!(all("no call")[0].starts_with("1:1: there is no fetch"));
    }

    #[test]
    fn the_body_has_its_length_and_its_type() {
        let text = "fetch('https://a.test', {method: 'PATCH', body: JSON.stringify({a: 'ä'})})";
        let imported = import(&Source::new("x", text.as_bytes()));
        let request = &imported.requests[0].request;
        assert_eq!(request.content.bytes, "{\"a\":\"ä\"}".as_bytes());
        assert_eq!(request.fields.first_text("content-length"), Some("10"));
        assert_eq!(
            request.fields.first_text("content-type"),
            Some("text/plain;charset=UTF-8")
        );
    }

    #[test]
    fn strings_without_an_end_cost_no_quadratic_time() {
        let text = format!("`{}", "\\`".repeat(300_000));
        let start = CpuTime::now();
        import(&Source::new("x", text.as_bytes()));
        assert!(start.elapsed().as_secs() < 10);
    }

    proptest! {
        #[test]
        fn any_text_has_spans_inside_it(text in "(fetch\\(|'http://a/'|, *\\{|headers:|\\}|\\)|[ -~\n\u{e4}]){0,30}") {
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
