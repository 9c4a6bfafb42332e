//! Makes the request, as Bruno sends it over HTTP/1.1.

use std::collections::{BTreeSet, HashMap};

use super::Given;
use super::auth;
use super::blocks::{Block, Row};
use super::body::{self, Body};
use crate::import::address::Address;
use crate::import::httpie::url::without_dot_segments;
use crate::import::variables::{Resolver, Variables};
use crate::import::{ErrorKind, ImportError, ImportedRequest, Span, Surroundings, unresolved};
use crate::model::{Content, FieldLine, FieldSection, HttpVersion, Provenance, Request, Url};

/// The version that is imitated.
const USER_AGENT: &str = "bruno-runtime/2.15.1";

/// As many headers as no server takes.
const MAX_HEADERS: usize = 500;

/// A request in the making.
pub(super) struct Draft {
    resolver: Resolver,
    /// Names and values; of names that differ only in case there is one.
    headers: Vec<(String, String)>,
    /// Headers that are set after the content is known.
    pub(super) late: Vec<(String, String)>,
    /// Parameters that the authorization adds.
    pub(super) query: Vec<(String, String)>,
    pub(super) unresolved: Vec<String>,
    warnings: Vec<String>,
}

impl Draft {
    pub(super) fn resolve(&mut self, text: &str) -> String {
        self.resolver.resolve(&without_space(text))
    }

    pub(super) fn warn(&mut self, warning: &str) {
        self.warnings.push(warning.to_owned());
    }

    /// Sets a header where the first of its name stands, else at the end.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let mut headers = self.headers.iter_mut();
        match headers.find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, known)) => value.clone_into(known),
            None => self.headers.push((name.to_owned(), value.to_owned())),
        }
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self
            .headers
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(self.headers.remove(at).1)
    }

    fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}

/// The request of a file.
///
/// # Errors
/// When Bruno could not send it.
pub(super) fn request(
    blocks: &[Block<'_>],
    whole: Span,
    given: &Given<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<ImportedRequest, ImportError> {
    let mut draft = draft(blocks, given, surroundings);
    let request = complete(&mut draft, blocks, whole, surroundings);
    let spent = given.spent_bytes.get() + draft.resolver.spent_bytes();
    given.spent_bytes.set(spent);
    request
}

fn complete(
    draft: &mut Draft,
    blocks: &[Block<'_>],
    whole: Span,
    surroundings: &Surroundings<'_>,
) -> Result<ImportedRequest, ImportError> {
    let start = Span::new(whole.start, whole.start);
    let block = |name: &str| blocks.iter().find(|block| block.name == name);
    let Some(http) = blocks.iter().find(|block| METHODS.contains(&&*block.name)) else {
        let kind =
            ErrorKind::Syntax("there is no request in this file: a block like get { … } is needed");
        return Err(ImportError::new(start, kind));
    };
    let headers = block("headers").map(Block::rows).unwrap_or_default();
    if headers.len() > MAX_HEADERS {
        return Err(ImportError::new(start, ErrorKind::TooMuch));
    }
    for row in headers {
        let (name, value) = (draft.resolve(&row.name), draft.resolve(&row.value));
        draft.set(&name, &value);
    }
    auth::authorize(&http.get("auth"), blocks, draft);
    let body = body::body(&http.get("body"), blocks, draft, surroundings);
    if block("script:pre-request").is_some() {
        draft.warn("a script changes this request before it is sent; what it does is not known");
    }
    let method = match &*http.name {
        "http" => draft.resolve(&http.get("method")),
        name => name.to_owned(),
    };
    let method = method.to_uppercase();
    let (url, host) = url(http, blocks, draft)
        .map_err(|reason| ImportError::new(http.span, ErrorKind::Url(reason)))?;
    let name = block("meta")
        .map(|meta| meta.get("name"))
        .unwrap_or_default();
    let fields = section(draft, &body, &method, &host)
        .map_err(|reason| ImportError::new(http.span, ErrorKind::Syntax(reason)))?;
    if draft.resolver.is_spent() {
        return Err(ImportError::new(start, ErrorKind::TooMuch));
    }
    let request = Request {
        target: url.path_and_query(),
        method,
        url,
        version: HttpVersion::Http11,
        pseudo: FieldSection::default(),
        fields,
        content: Content::complete(body.content),
        trailers: FieldSection::new(Provenance::Import),
    };
    let mut names = unresolved::of(&request, Vec::new());
    names.append(&mut draft.unresolved);
    let fallback = || {
        let path = String::from_utf8_lossy(&request.url.path);
        format!("{} {path}", request.method)
    };
    Ok(ImportedRequest {
        name: Some(name)
            .filter(|name| !name.is_empty())
            .unwrap_or_else(fallback),
        unresolved: names,
        request,
        warnings: std::mem::take(&mut draft.warnings),
        span: whole,
    })
}

const METHODS: &[&str] = &[
    "connect", "delete", "get", "head", "http", "options", "patch", "post", "put", "trace",
];

fn draft(blocks: &[Block<'_>], given: &Given<'_>, surroundings: &Surroundings<'_>) -> Draft {
    let block = blocks.iter().find(|block| block.name == "vars:pre-request");
    let own: Vec<(String, String)> = block
        .map(Block::rows)
        .unwrap_or_default()
        .into_iter()
        .map(|row| (row.name.trim_start_matches('@').to_owned(), row.value))
        .collect();
    let scopes = [
        given.variables,
        &own,
        &given.folders,
        given.environment,
        &given.collection,
    ];
    let mut scopes: Vec<Variables> = scopes.into_iter().map(scope).collect();
    scopes.push(environment(blocks, given, surroundings));
    Draft {
        resolver: Resolver::new(scopes, BTreeSet::new()),
        headers: Vec::new(),
        late: Vec::new(),
        query: Vec::new(),
        unresolved: Vec::new(),
        warnings: Vec::new(),
    }
}

fn scope(rows: &[(String, String)]) -> Variables {
    let mut variables = Variables::default();
    for (name, value) in rows {
        variables.set(name, &without_space(value));
    }
    variables
}

/// What `{{process.env.NAME}}` stands for, for the names that the texts hold.
fn environment(
    blocks: &[Block<'_>],
    given: &Given<'_>,
    surroundings: &Surroundings<'_>,
) -> Variables {
    const PREFIX: &str = "process.env.";
    let mut variables = Variables::default();
    let texts = blocks.iter().map(Block::text);
    let all = given.all();
    for text in texts.chain(all.map(|(_, value)| value.clone())) {
        for (at, _) in text.match_indices(PREFIX) {
            let rest = text.get(at + PREFIX.len()..).unwrap_or_default();
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let name = rest.split(|c| !is_name(c)).next().unwrap_or_default();
            if let Some(value) = (surroundings.variable)(name) {
                variables.set(&format!("{PREFIX}{name}"), &value);
            }
        }
    }
    variables
}

/// `{{ name }}` is `{{name}}`.
fn without_space(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        plain.push_str(before);
        plain.push_str("{{");
        rest = after;
        if let Some(end) = after
            .find(['{', '}', '\n'])
            .filter(|end| after.get(*end..).is_some_and(|end| end.starts_with("}}")))
        {
            plain.push_str(after.get(..end).unwrap_or_default().trim());
            rest = after.get(end..).unwrap_or_default();
        }
    }
    plain.push_str(rest);
    plain
}

/// Where the request goes, and the value of `Host`.
fn url(
    http: &Block<'_>,
    blocks: &[Block<'_>],
    draft: &mut Draft,
) -> Result<(Url, String), &'static str> {
    let address = address(http, blocks, draft)?;
    let mut url = address.url()?;
    let path = String::from_utf8_lossy(&url.path).into_owned();
    url.path = without_dot_segments(&path).into_bytes();
    Ok((url, address.host_field()))
}

/// The URL as written holds the parameters that are switched on; those of the path have names.
fn address(
    http: &Block<'_>,
    blocks: &[Block<'_>],
    draft: &mut Draft,
) -> Result<Address, &'static str> {
    let block = |name: &str| blocks.iter().find(|block| block.name == name);
    let mut url = http.get("url");
    if url.is_empty() {
        return Err("the request has no URL");
    }
    if !url.contains('?') {
        // Files of the first versions have parameters in their block only.
        let rows = block("query").map(Block::rows).unwrap_or_default();
        let pairs: Vec<String> = rows
            .iter()
            .map(|row| format!("{}={}", row.name, row.value))
            .collect();
        if !pairs.is_empty() {
            url = format!("{url}?{}", pairs.join("&"));
        }
    }
    let named = block("params:path").map(Block::rows).unwrap_or_default();
    let url = draft.resolve(&with_path_parameters(&url, &named));
    let mut address = Address::parse(&url, true)?;
    for (name, value) in std::mem::take(&mut draft.query) {
        address.set_query(&name, &value);
    }
    if address.user.is_some() {
        draft.warn("user and password in the URL: Bruno may send them as Authorization");
    }
    Ok(address)
}

/// Each segment `:name` of the path replaced by the parameter of that name.
fn with_path_parameters(url: &str, rows: &[Row]) -> String {
    let (before, query) = match url.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (url, None),
    };
    let (scheme, rest) = match before.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), before),
    };
    let mut values = HashMap::new();
    for row in rows {
        values.entry(row.name.as_str()).or_insert(&row.value);
    }
    let mut segments = rest.split('/');
    let host = segments.next().unwrap_or_default().to_owned();
    let replaced = segments.map(|segment| {
        let value = segment.strip_prefix(':').and_then(|name| values.get(name));
        value.map_or(segment, |value| value.as_str()).to_owned()
    });
    let path: Vec<String> = std::iter::once(host).chain(replaced).collect();
    let mut url = format!("{scheme}{}", path.join("/"));
    if let Some(query) = query {
        url.extend(["?", query]);
    }
    url
}

/// The fields in the order of axios and Node, on which Bruno is built.
fn section(
    draft: &mut Draft,
    body: &Body,
    method: &str,
    host: &str,
) -> Result<FieldSection, &'static str> {
    if let Some(kind) = &body.content_type
        && (body.is_type_fixed || !draft.has("Content-Type"))
    {
        draft.set("Content-Type", kind);
    }
    for (name, value) in std::mem::take(&mut draft.late) {
        draft.set(&name, &value);
    }
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut push = |name: &str, value: String| lines.push((name.to_owned(), value));
    let accept = draft.take("Accept");
    push(
        "Accept",
        accept.unwrap_or_else(|| "application/json, text/plain, */*".to_owned()),
    );
    if let Some(kind) = draft.take("Content-Type") {
        push("Content-Type", kind);
    }
    let agent = draft.take("User-Agent");
    push("User-Agent", agent.unwrap_or_else(|| USER_AGENT.to_owned()));
    let own = std::mem::take(&mut draft.headers);
    let has = |name: &str| {
        own.iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    let (has_coding, has_host, has_connection) =
        (has("Accept-Encoding"), has("Host"), has("Connection"));
    let has_length = has("Content-Length");
    for (name, value) in own {
        push(&name, value);
    }
    // Bruno sends the time at which it started.
    push("request-start-time", "{{$timestamp}}".to_owned());
    let length = body.content.len().to_string();
    if !body.content.is_empty() && !has_length {
        push("Content-Length", length);
    }
    if !has_coding {
        push("Accept-Encoding", "gzip, compress, deflate, br".to_owned());
    }
    if !has_host {
        push("Host", host.to_owned());
    }
    if !has_connection {
        push("Connection", "keep-alive".to_owned());
    }
    let has_default = !matches!(
        method,
        "CONNECT" | "DELETE" | "GET" | "HEAD" | "OPTIONS" | "TRACE"
    );
    if body.content.is_empty() && !has_length && has_default {
        push("Content-Length", "0".to_owned());
    }
    checked(lines)
}

fn checked(rows: Vec<(String, String)>) -> Result<FieldSection, &'static str> {
    let mut lines = Vec::with_capacity(rows.len());
    for (name, value) in rows {
        if name.is_empty()
            || name
                .chars()
                .any(|c| c.is_whitespace() || c == ':' || c.is_control())
        {
            return Err("a header name has a character that no name may have");
        }
        if value.chars().any(|c| c.is_control() && c != '\t') {
            return Err("a header value has a line break or another control character");
        }
        lines.push(FieldLine::new(name, value));
    }
    Ok(FieldSection::from_lines(lines, Provenance::Import))
}
