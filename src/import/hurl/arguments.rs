//! An entry as arguments of curl.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::content::Kind;
use super::entries::{Entry, Field, Section};
use super::template::{Form, Rendered, Variables, next, unescaped};
use crate::import::curl;
use crate::import::shell::materials::Materials;
use crate::import::shell::script::{Command, Input};
use crate::import::shell::word::Word;
use crate::import::{ErrorKind, ImportError, ImportedRequest, Span};

/// The version that is imitated.
const USER_AGENT: &str = "hurl/8.0.1";

/// The requests of an entry; none if it is switched off.
///
/// # Errors
/// When Hurl refuses it: all that is wrong.
pub(super) fn requests<'m>(
    entry: &Entry<'_>,
    variables: &mut Variables<'m>,
    materials: &mut Materials<'m>,
) -> Result<Vec<ImportedRequest>, Vec<ImportError>> {
    let mut writer = Writer {
        entry,
        variables,
        materials,
        words: Vec::new(),
        lines: Vec::new(),
        options: Given::default(),
        warnings: Vec::new(),
        problems: Vec::new(),
    };
    writer.options();
    if writer.options.skip {
        return Ok(Vec::new());
    }
    writer.all();
    if !writer.problems.is_empty() {
        return Err(writer.problems);
    }
    let command = Command {
        program: "curl",
        arguments: writer.words,
        input: Input::Empty,
        span: entry.span,
        warnings: writer.warnings,
    };
    curl::of_command(command, materials)
}

/// What `[Options]` says.
#[derive(Default)]
struct Given {
    user: Option<Word>,
    /// libcurl makes the authorization of user and password.
    scheme: Option<Scheme>,
    compressed: bool,
    skip: bool,
}

/// Options about the connection, the output or when a request is sent, and those that may be off.
const UNSEEN: &[&str] = &[
    "cacert",
    "cert",
    "connect-timeout",
    "connect-to",
    "delay",
    "digest",
    "http1.0",
    "http3",
    "insecure",
    "ipv4",
    "ipv6",
    "key",
    "limit-rate",
    "location",
    "location-trusted",
    "max-redirs",
    "max-time",
    "negotiate",
    "netrc",
    "netrc-optional",
    "no-proxy",
    "ntlm",
    "output",
    "path-as-is",
    "pinnedpubkey",
    "proxy",
    "repeat",
    "resolve",
    "retry",
    "retry-interval",
    "unix-socket",
    "verbose",
    "verbosity",
    "very-verbose",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Ntlm,
    SigV4,
}

struct Writer<'w, 'e, 'm> {
    entry: &'w Entry<'e>,
    variables: &'w mut Variables<'m>,
    materials: &'w mut Materials<'m>,
    words: Vec<Word>,
    /// The lines of the header section that Hurl gives to libcurl.
    lines: Vec<Word>,
    options: Given,
    warnings: Vec<String>,
    problems: Vec<ImportError>,
}

impl Writer<'_, '_, '_> {
    fn problem(&mut self, span: Span, reason: &'static str) {
        let kind = ErrorKind::Syntax(reason);
        self.problems.push(ImportError::new(span, kind));
    }

    fn option(&mut self, name: &str, value: Option<Word>) {
        let span = value.as_ref().map_or(self.entry.span, |value| value.span);
        self.words.push(Word::new(name, span));
        self.words.extend(value);
    }

    /// A field with its escapes read and its variables replaced.
    fn word(&mut self, field: Field<'_>) -> Word {
        self.rendered(&unescaped(field.text), field.span)
    }

    fn rendered(&mut self, template: &str, span: Span) -> Word {
        let rendered = self.render(template, span, Form::Plain);
        Word {
            bytes: rendered.text.into_bytes(),
            span,
            unresolved: rendered.unresolved,
        }
    }

    fn render(&mut self, template: &str, span: Span, form: Form) -> Rendered {
        let rendered = self.variables.render(template, form);
        rendered.unwrap_or_else(|| {
            self.problems
                .push(ImportError::new(span, ErrorKind::TooMuch));
            Rendered::default()
        })
    }

    fn options(&mut self) {
        let entry = self.entry;
        let rows = entry.rows.iter();
        for (_, row) in rows.filter(|(section, _)| *section == Section::Options) {
            let known = self.problems.len();
            let value = self.word(row.value);
            if self.problems.len() > known {
                continue;
            }
            let is_on = value.bytes == b"true";
            match row.name.text {
                "variable" => self.variable(&value, row.value.span),
                "user" => self.options.user = Some(value),
                "header" => self.header(&value, row.value.span),
                "aws-sigv4" => {
                    self.options.scheme = Some(Scheme::SigV4);
                    self.option("--aws-sigv4", Some(value));
                }
                "compressed" => self.options.compressed = is_on,
                "skip" => self.options.skip = is_on,
                "netrc-file" => self.option("--netrc-file", Some(value)),
                "netrc" if is_on => self.option("--netrc", None),
                "netrc-optional" if is_on => self.option("--netrc-optional", None),
                "path-as-is" if is_on => self.option("--path-as-is", None),
                "http1.0" if is_on => self.option("--http1.0", None),
                // Each, when it is off, asks for the version before.
                "http1.1" => self.option(if is_on { "--http1.1" } else { "--http1.0" }, None),
                "http2" => self.option(if is_on { "--http2" } else { "--http1.1" }, None),
                "ntlm" if is_on => self.options.scheme = Some(Scheme::Ntlm),
                "digest" | "negotiate" if is_on => {
                    let warning = "the credentials of this scheme go out after the server's challenge only; \
                                   they are left out";
                    self.warnings.push(warning.to_owned());
                    self.options.user = None;
                }
                name if UNSEEN.contains(&name) => {}
                name => {
                    let warning = format!("the option {name} is not known here and left out");
                    self.warnings.push(warning);
                }
            }
        }
    }

    /// `header: name: value`
    fn header(&mut self, line: &Word, span: Span) {
        let mut parts = line.bytes.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            return self.problem(span, "a header needs a name and a value: name: value");
        };
        let (name, value) = (name.trim_ascii(), value.trim_ascii());
        self.line(&Word::new(name, span), &line.with_bytes(value));
    }

    /// `variable: name=value`, for this entry and those after it.
    fn variable(&mut self, value: &Word, span: Span) {
        let text = value.text();
        let Some((name, value)) = text.split_once('=') else {
            return self.problem(span, "a variable needs a name and a value: name=value");
        };
        self.variables.set(name.trim(), value.trim());
    }

    fn all(&mut self) {
        let entry = self.entry;
        self.option("--globoff", None);
        let method = Word::new(entry.method, entry.url.span);
        self.option("--request", Some(method));
        let url = self.url();
        let kind = self.content();
        if self.options.scheme == Some(Scheme::Ntlm) {
            self.option("--ntlm", None);
        }
        self.headers(kind);
        self.cookies();
        if self.options.scheme.is_some()
            && let Some(user) = self.options.user.take()
        {
            self.option("--user", Some(user));
        }
        self.option("--url", Some(url));
    }

    /// The URL with the parameters of `[Query]`: only their values are encoded.
    fn url(&mut self) -> Word {
        let mut url = self.word(self.entry.url);
        let query = self.encoded(Section::Query);
        if query.bytes.is_empty() {
            return url;
        }
        match (url.bytes.contains(&b'?'), url.bytes.ends_with(b"?")) {
            (_, true) => {}
            (true, false) => url.bytes.push(b'&'),
            (false, false) => url.bytes.push(b'?'),
        }
        url.bytes.extend(query.bytes);
        url.unresolved.extend(query.unresolved);
        url
    }

    /// `a=1&b=x%20y` of the rows of a section.
    fn encoded(&mut self, wanted: Section) -> Word {
        let entry = self.entry;
        let mut all = Word::new(Vec::new(), entry.span);
        for (_, row) in entry.rows.iter().filter(|(section, _)| *section == wanted) {
            let (name, value) = (self.word(row.name), self.word(row.value));
            if !all.bytes.is_empty() {
                all.bytes.push(b'&');
            }
            all.bytes.extend(name.bytes);
            all.bytes.push(b'=');
            all.bytes.extend(percent_encode(&value.text()).into_bytes());
            all.unresolved.extend(name.unresolved);
            all.unresolved.extend(value.unresolved);
        }
        all
    }

    /// Adds the content; the type that Hurl gives it when no header does.
    fn content(&mut self) -> Option<&'static str> {
        let entry = self.entry;
        let has = |wanted: Section| entry.rows.iter().any(|(section, _)| *section == wanted);
        let implied = match entry.body.as_ref().map(|(body, _)| body.kind) {
            _ if has(Section::Form) => Some("application/x-www-form-urlencoded"),
            _ if has(Section::Multipart) => Some("multipart/form-data"),
            Some(Kind::Json | Kind::JsonText | Kind::GraphQl) => Some("application/json"),
            Some(Kind::Xml | Kind::XmlText) => Some("application/xml"),
            _ => None,
        };
        // The body counts when there is a form, too.
        if let Some((body, span)) = &entry.body {
            if let Some(content) = self.body(body.kind, body.text, *span)
                && !content.bytes.is_empty()
            {
                self.option("--data-raw", Some(content));
            }
        } else if has(Section::Multipart) {
            self.multipart();
        } else if has(Section::Form) {
            let form = self.encoded(Section::Form);
            self.option("--data-raw", Some(form));
        }
        implied
    }

    fn body(&mut self, kind: Kind, text: &str, span: Span) -> Option<Word> {
        match kind {
            Kind::Json => {
                let rendered = self.render(text, span, Form::Json);
                Some(Word {
                    bytes: rendered.text.into_bytes(),
                    span,
                    unresolved: rendered.unresolved,
                })
            }
            Kind::JsonText | Kind::Text | Kind::XmlText => Some(self.rendered(text, span)),
            Kind::Line => Some(self.rendered(&unescaped(text), span)),
            Kind::Verbatim | Kind::Xml => Some(Word::new(text, span)),
            Kind::Unknown => {
                self.problem(span, "after ``` stands json, xml, graphql, raw or nothing");
                None
            }
            Kind::GraphQl => self.graphql(text, span),
            Kind::Base64 => {
                let digits: String = text.split_ascii_whitespace().collect();
                let decoded = STANDARD_NO_PAD.decode(digits.trim_end_matches('='));
                if decoded.is_err() {
                    self.problem(span, "this is not base64");
                }
                Some(Word::new(decoded.ok()?, span))
            }
            Kind::Hex => {
                let digits: String = text.split_ascii_whitespace().collect();
                let decoded = hex(&digits);
                if decoded.is_none() {
                    self.problem(span, "this is not hexadecimal");
                }
                Some(Word::new(decoded?, span))
            }
            Kind::File => {
                let path = self.rendered(&unescaped(text.trim()), span);
                self.file(&path)
            }
        }
    }

    fn file(&mut self, path: &Word) -> Option<Word> {
        // Hurl knows no `-` for standard input.
        let path = if path.bytes == b"-" {
            &path.with_bytes("./-")
        } else {
            path
        };
        match self.materials.read(path) {
            Ok(content) => Some(content),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// The query, and after `variables` its variables in JSON.
    fn graphql(&mut self, text: &str, span: Span) -> Option<Word> {
        let at = text
            .match_indices("variables")
            .map(|(at, _)| at)
            .find(|at| is_variables(text, *at));
        let (query, variables) = match at {
            Some(at) => (text.get(..at)?, text.get(at + "variables".len()..)),
            None => (text, None),
        };
        let query = self.rendered(query, span);
        let quoted = serde_json::Value::from(query.text().trim()).to_string();
        let mut content = query.with_bytes(format!("{{\"query\":{quoted}}}"));
        if let Some(variables) = variables {
            let variables = self.render(variables.trim(), span, Form::Json);
            let plain = without_space(&variables.text);
            let text = format!("{{\"query\":{quoted},\"variables\":{plain}}}");
            content.bytes = text.into_bytes();
            content.unresolved.extend(variables.unresolved);
        }
        Some(content)
    }

    fn multipart(&mut self) {
        let entry = self.entry;
        let rows = entry.rows.iter();
        for (_, row) in rows.filter(|(section, _)| *section == Section::Multipart) {
            let name = self.word(row.name);
            let Some((path, kind)) = file_and_type(row.value.text) else {
                let value = self.word(row.value);
                let bytes = [name.bytes.as_slice(), b"=", &value.bytes].concat();
                let mut part = value.with_bytes(bytes);
                part.unresolved.extend(name.unresolved);
                self.option("--form-string", Some(part));
                continue;
            };
            let path = self.rendered(&unescaped(path), row.value.span);
            let kind = match kind {
                "" => media_type(&path.text()).to_owned(),
                kind => self.rendered(&unescaped(kind), row.value.span).text(),
            };
            let quoted = path.text().replace('\\', "\\\\").replace('"', "\\\"");
            let value = format!("=@\"{quoted}\";type={kind};filename=\"{quoted}\"");
            let bytes = [name.bytes.as_slice(), value.as_bytes()].concat();
            self.option("--form", Some(path.with_bytes(bytes)));
        }
    }

    /// The lines that Hurl gives to libcurl, in its order.
    fn headers(&mut self, implied_type: Option<&'static str>) {
        let entry = self.entry;
        let own = std::mem::take(&mut self.lines);
        for row in &entry.headers {
            let (name, value) = (self.word(row.name), self.word(row.value));
            self.line(&name, &value);
        }
        let rows = entry.rows.iter();
        for (_, row) in rows.filter(|(section, _)| *section == Section::BasicAuth) {
            let (name, value) = (self.word(row.name), self.word(row.value));
            let mut pair = name.with_bytes([name.bytes.as_slice(), b":", &value.bytes].concat());
            pair.unresolved.extend(value.unresolved);
            self.authorization(&pair);
        }
        self.lines.extend(own);
        if !self.has("Content-Type") {
            let line = match implied_type {
                Some(kind) => format!("Content-Type: {kind}"),
                None => "Content-Type:".to_owned(),
            };
            self.push(&line);
        }
        if !self.has("Expect") && self.options.scheme != Some(Scheme::SigV4) {
            self.push("Expect:");
        }
        if !self.has("User-Agent") {
            self.push(&format!("User-Agent: {USER_AGENT}"));
        }
        if self.options.scheme.is_none()
            && !self.has("Authorization")
            && let Some(user) = self.options.user.take()
        {
            self.authorization(&user);
        }
        if self.options.compressed && !self.has("Accept-Encoding") {
            self.push("Accept-Encoding: gzip, deflate, br");
        }
        for line in std::mem::take(&mut self.lines) {
            self.option("--header", Some(line));
        }
    }

    /// A variable that nothing defines stays readable: encoded, nobody could tell it from a password.
    fn authorization(&mut self, pair: &Word) {
        let value = if pair.unresolved.is_empty() {
            STANDARD.encode(&pair.bytes).into_bytes()
        } else {
            pair.bytes.clone()
        };
        let name = Word::new("Authorization", pair.span);
        let value = pair.with_bytes([b"Basic ".as_slice(), &value].concat());
        self.line(&name, &value);
    }

    fn line(&mut self, name: &Word, value: &Word) {
        let is_broken = |word: &Word| word.bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n'));
        if name.bytes.is_empty()
            || name.bytes.starts_with(b"@")
            || is_broken(name)
            || is_broken(value)
        {
            return self.problem(name.span, "a header has a name, and no line break in it");
        }
        let mut line = name.with_bytes([name.bytes.as_slice(), b": ", &value.bytes].concat());
        if value.bytes.is_empty() {
            // Without a value libcurl would take the line for the wish to leave a field out.
            line.bytes = [name.bytes.as_slice(), b";"].concat();
        }
        line.unresolved.extend(value.unresolved.iter().cloned());
        self.lines.push(line);
    }

    fn push(&mut self, line: &str) {
        self.lines.push(Word::new(line, self.entry.span));
    }

    fn has(&self, name: &str) -> bool {
        self.lines.iter().any(|line| {
            let end = line
                .bytes
                .iter()
                .position(|byte| matches!(byte, b':' | b';'));
            let found = line.bytes.get(..end.unwrap_or(line.bytes.len()));
            found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        })
    }

    fn cookies(&mut self) {
        let entry = self.entry;
        let mut all = Word::new(Vec::new(), entry.span);
        let rows = entry.rows.iter();
        for (_, row) in rows.filter(|(section, _)| *section == Section::Cookies) {
            let (name, value) = (self.word(row.name), self.word(row.value));
            if !all.bytes.is_empty() {
                all.bytes.extend_from_slice(b"; ");
            }
            all.bytes
                .extend([name.bytes.as_slice(), b"=", &value.bytes].concat());
            all.unresolved.extend(name.unresolved);
            all.unresolved.extend(value.unresolved);
        }
        if !all.bytes.is_empty() {
            self.option("--cookie", Some(all));
        }
    }
}

/// JSON without the space between its parts.
fn without_space(json: &str) -> String {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let mut is_kept = |c: char| {
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = is_quoted && c == '\\' && !is_escaped;
        is_quoted || !c.is_ascii_whitespace()
    };
    json.chars().filter(|c| is_kept(*c)).collect()
}

/// Whether the variables of a query start there, at the start of a line.
fn is_variables(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    let line = before.rsplit('\n').next().unwrap_or_default();
    let after = after.get("variables".len()..).unwrap_or_default();
    line.trim().is_empty() && after.trim_start().starts_with('{')
}

/// `file,path;` or `file,path; type`.
fn file_and_type(value: &str) -> Option<(&str, &str)> {
    let (path, kind) = value.strip_prefix("file,")?.split_once(';')?;
    Some((path.trim(), kind.trim()))
}

/// What Hurl takes a file to be by the end of its name.
fn media_type(path: &str) -> &'static str {
    let end = path.rsplit_once('.').map_or("", |(_, end)| end);
    match end {
        "gif" => "image/gif",
        "htm" | "html" => "text/html",
        "jpg" | "jpeg" => "image/jpeg",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain",
        "xml" => "application/xml",
        _ => "application/octet-stream",
    }
}

/// RFC 3986 section 2.3; variables that nothing defines stay as they stand.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside, after)) = next(rest) {
        encode(before, &mut encoded);
        encoded.extend(["{{", inside, "}}"]);
        rest = after;
    }
    encode(rest, &mut encoded);
    encoded
}

fn encode(text: &str, encoded: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            write!(encoded, "%{byte:02X}").unwrap_or_default();
        }
    }
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok()?;
        let is_pair = pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        u8::from_str_radix(pair, 16).ok().filter(|_| is_pair)
    };
    pairs.map(byte).collect()
}
