//! Makes the request of a command, as far as the versions of PowerShell agree.

use std::path::Path;

use super::MAX_PROBLEMS;
use super::script::{Command, Session};
use super::value::Value;
use crate::import::address::escape;
use crate::import::request::{http11, is_field_name, url_reason};
use crate::import::{ErrorKind, ImportError, ImportedRequest, Span, Surroundings};
use crate::model::{FieldLine, Url};

/// The request of a command.
///
/// # Errors
/// When PowerShell could not send it, or nobody knows where to: all that is wrong.
pub(super) fn request(
    command: &Command,
    surroundings: &Surroundings<'_>,
) -> Result<ImportedRequest, Vec<ImportError>> {
    let mut warnings = vec![LEFT_OUT.to_owned()];
    let mut problems = Vec::new();
    let method = method(command).unwrap_or_else(|problem| {
        problems.push(problem);
        "GET".to_owned()
    });
    let url = url(command).map_err(|problem| problems.push(problem));
    let mut headers = headers(command, &mut problems);
    let content = content(command, surroundings).map_err(|problem| problems.push(problem));
    let (Ok(mut url), Ok(content), true) = (url, content, problems.is_empty()) else {
        problems.sort_by_key(|problem| problem.span);
        return Err(problems);
    };
    let content = content.or_else(|| table(command, &mut url, &method));
    if matches!(command.value("body"), Some((Value::Text(text), _)) if !text.is_ascii()) {
        warnings.push(NOT_ASCII.to_owned());
    }
    for parameter in [
        "authentication",
        "credential",
        "form",
        "usedefaultcredentials",
    ] {
        if command.value(parameter).is_some() {
            warnings.push(format!(
                "what -{parameter} adds is not known: it is left out"
            ));
        }
    }
    complete(&mut headers, command, &url, &method, content.as_deref());
    let request = http11(&method, url, headers, content.unwrap_or_default());
    let mut unresolved: Vec<String> = Vec::new();
    for name in &command.unresolved {
        if !unresolved.contains(name) {
            unresolved.push(name.clone());
        }
    }
    let plain = ImportedRequest::named_by_path(request, command.span);
    Ok(ImportedRequest {
        unresolved,
        warnings,
        ..plain
    })
}

fn method(command: &Command) -> Result<String, ImportError> {
    let named = |name| Some((command.text(name)?, command.value(name)?.1));
    let Some((text, span)) = named("custommethod").or_else(|| named("method")) else {
        return Ok("GET".to_owned());
    };
    if !is_field_name(text.as_bytes()) {
        let kind = ErrorKind::Shape("the method has a character that no method may have");
        return Err(ImportError::new(span, kind));
    }
    Ok(text.to_uppercase())
}

/// The content of a file or a text.
fn content(
    command: &Command,
    surroundings: &Surroundings<'_>,
) -> Result<Option<Vec<u8>>, ImportError> {
    if let Some((path, span)) = command.value("infile") {
        let path = path.clone().into_text();
        let read = (surroundings.file)(Path::new(&path));
        let bytes =
            read.map_err(|error| ImportError::new(*span, ErrorKind::File { path, error }))?;
        return Ok(Some(bytes));
    }
    match command.value("body") {
        Some((Value::Text(text) | Value::Utf8(text), _)) => Ok(Some(text.clone().into_bytes())),
        Some((Value::Cookie(_) | Value::Object, span)) => {
            let kind = ErrorKind::Shape("the body is read as a string or as a table");
            Err(ImportError::new(*span, kind))
        }
        Some((Value::Table(_), _)) | None => Ok(None),
    }
}

/// A table as content: it goes into the query of a GET.
fn table(command: &Command, url: &mut Url, method: &str) -> Option<Vec<u8>> {
    let Some((Value::Table(rows), _)) = command.value("body") else {
        return None;
    };
    let is_query = method == "GET";
    let pairs = pairs(
        rows,
        if is_query { "%20" } else { "+" },
        &command.unresolved,
    );
    if !is_query {
        return Some(pairs.into_bytes());
    }
    let query = match url.query.take() {
        Some(query) => [query.as_slice(), pairs.as_bytes()].join(&b'&'),
        None => pairs.into_bytes(),
    };
    url.query = Some(query);
    None
}

impl Command {
    /// The last value of a parameter, and its place.
    fn value(&self, name: &str) -> Option<&(Value, Span)> {
        let mut found = self.parameters.iter().rev();
        found
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<String> {
        let (value, _) = self.value(name)?;
        Some(value.clone().into_text()).filter(|text| !text.is_empty())
    }
}

fn url(command: &Command) -> Result<Url, ImportError> {
    let Some((value, span)) = command.value("uri") else {
        return Err(ImportError::new(command.span, ErrorKind::NoUrl));
    };
    let text = value.clone().into_text();
    let failed = |reason| ImportError::new(*span, ErrorKind::Url(reason));
    let is_unknown = command
        .unresolved
        .iter()
        .any(|name| text.starts_with(name.as_str()));
    if is_unknown {
        return Err(failed(
            "the URL starts with a variable that nothing defines: --var NAME=VALUE does",
        ));
    }
    let is_special = |c: char| c.is_control() || !c.is_ascii() || " \"<>`".contains(c);
    // PowerShell takes what has no scheme for http.
    let text = if text.contains("://") {
        text
    } else {
        format!("http://{text}")
    };
    Url::parse(escape(&text, is_special).as_bytes()).map_err(|error| failed(url_reason(error)))
}

fn headers(command: &Command, problems: &mut Vec<ImportError>) -> Vec<FieldLine> {
    let mut lines: Vec<FieldLine> = Vec::new();
    let Some((value, span)) = command.value("headers") else {
        return lines;
    };
    let mut wrong = |kind| {
        if problems.len() < MAX_PROBLEMS {
            problems.push(ImportError::new(*span, kind));
        }
    };
    let Value::Table(rows) = value else {
        wrong(ErrorKind::Shape(NO_TABLE));
        return lines;
    };
    for (name, value) in rows {
        let value = value.clone().into_text();
        if !is_field_name(name.as_bytes()) {
            let reason = "a header name has a character that no name may have";
            wrong(ErrorKind::name(reason, name));
            continue;
        }
        if value.contains(['\0', '\n', '\r']) {
            let reason = "a header cannot have a value of several lines";
            wrong(ErrorKind::name(reason, name));
            continue;
        }
        lines.push(FieldLine::new(name.as_bytes(), value));
    }
    lines
}

/// Adds what parameters and the session say, and what all versions add.
fn complete(
    lines: &mut Vec<FieldLine>,
    command: &Command,
    url: &Url,
    method: &str,
    content: Option<&[u8]>,
) {
    let Session {
        user_agent,
        cookies,
    } = &command.session;
    let mut add = |name: &str, value: String| {
        if !lines.iter().any(|line| line.is(name)) {
            lines.push(FieldLine::new(name, value));
        }
    };
    if let Some(agent) = command.text("useragent").or(user_agent.clone()) {
        add("User-Agent", agent);
    }
    let sent = cookies.iter().filter_map(|cookie| for_url(cookie, url));
    let sent = sent.collect::<Vec<_>>().join("; ");
    if !sent.is_empty() {
        add("Cookie", sent);
    }
    let kind = command.text("contenttype");
    let is_form = content.is_some() && matches!(method, "POST" | "PUT");
    if let Some(kind) = kind.or(is_form.then(|| FORM.to_owned())) {
        add("Content-Type", kind);
    }
    if let Some(content) = content {
        add("Content-Length", content.len().to_string());
    }
    if !lines.iter().any(|line| line.is("Host")) {
        lines.insert(0, FieldLine::new("Host", url.origin.authority()));
    }
}

/// `name=value`, if the cookie is for that URL. A domain without a dot before it has no subdomains.
fn for_url(cookie: &[String], url: &Url) -> Option<String> {
    let part = |at: usize| cookie.get(at).map_or("", String::as_str);
    let (name, value, path, domain) = (part(0), part(1), part(2), part(3));
    let domain = domain.to_ascii_lowercase();
    let host = &url.origin.host;
    let is_host = match domain.strip_prefix('.') {
        Some(parent) => host == parent || host.ends_with(&domain),
        None => domain.is_empty() || *host == domain,
    };
    let is_path = url.path.starts_with(path.as_bytes());
    (is_host && is_path && !name.is_empty()).then(|| format!("{name}={value}"))
}

/// A table as a form or a query. What nothing defines stays as it stands.
fn pairs(rows: &[(String, Value)], blank: &str, unresolved: &[String]) -> String {
    let encoded = |text: &str| around(text, unresolved, blank);
    let pairs = rows
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(&value.clone().into_text())));
    pairs.collect::<Vec<_>>().join("&")
}

/// Percent-encodes what stands around some names.
fn around(text: &str, names: &[String], blank: &str) -> String {
    let Some((name, more)) = names.split_first() else {
        let is_special = |c: char| !c.is_ascii_alphanumeric() && !"-._~ ".contains(c);
        return escape(text, is_special).replace(' ', blank);
    };
    let parts = text
        .split(name.as_str())
        .map(|part| around(part, more, blank));
    parts.collect::<Vec<_>>().join(name)
}

const FORM: &str = "application/x-www-form-urlencoded";

const NO_TABLE: &str = "the headers are read as a table: @{ name = value }";
const LEFT_OUT: &str = "what PowerShell adds goes by its version: a User-Agent that the text does \
                        not set, Connection, and the order of headers are left open";

const NOT_ASCII: &str = "the body has characters beyond ASCII: they are taken as UTF-8, which \
                         PowerShell before 7.4 sends only when the Content-Type says so";
