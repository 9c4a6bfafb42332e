//! Makes the request, as Bruno sends it over HTTP/1.1.

use std::collections::BTreeSet;

use super::Given;
use super::auth;
use super::blocks::{Block, Row};
use super::body::{self, Body};
use super::signed;
use super::url::{self, Target};
use crate::auth::percent::percent_decode;
use crate::import::variables::{Resolver, Variables};
use crate::import::{ErrorKind, ImportError, ImportedRequest, Span, Surroundings, unresolved};
use crate::model::{Content, FieldLine, FieldSection, HttpVersion, Provenance, Request};

/// The version that is imitated.
const USER_AGENT: &str = "bruno-runtime/4.1.0";

/// As many headers as no server takes.
const MAX_HEADERS: usize = 500;

/// A request in the making.
pub(super) struct Draft {
    resolver: Resolver,
    /// Names and values; of names that differ only in case there is one.
    headers: Vec<(String, String)>,
    /// Headers that are set after the content is known.
    pub(super) late: Vec<(String, String)>,
    /// A signature of AWS is made over the headers before it: what is added to them afterwards.
    pub(super) aws: Option<Vec<(String, String)>>,
    /// NTLM has a way of its own to send, without the time.
    pub(super) is_untimed: bool,
    /// Parameters that the authorization adds to the URL.
    pub(super) query: Vec<(String, String)>,
    /// And those that it adds when the URL is encoded.
    pub(super) late_query: Vec<(String, String)>,
    /// And to a form.
    pub(super) form: Vec<(String, String)>,
    pub(super) unresolved: Vec<String>,
    warnings: Vec<String>,
}

impl Draft {
    pub(super) fn resolve(&mut self, text: &str) -> String {
        self.resolver.resolve(text)
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

    /// Adds a header that is not there.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if self.header(name).is_none() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self
            .headers
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(self.headers.remove(at).1)
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.written(name).map(|(_, value)| value)
    }

    /// A header, its name as it is written.
    pub(super) fn written(&self, name: &str) -> Option<(&str, &str)> {
        let mut headers = self.headers.iter();
        let header = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some((&header.0, &header.1))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(name, _)| name.as_str())
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
    write(&headers, draft).map_err(|kind| ImportError::new(start, kind))?;
    auth::authorize(&http.get("auth"), blocks, draft);
    let method = method(http, draft);
    // A block `body` is JSON, whatever the request says.
    let mode = match block("body") {
        Some(_) => "json".to_owned(),
        None => http.get("body"),
    };
    let body = body::body(&mode, blocks, draft, surroundings);
    if block("script:pre-request").is_some() {
        draft.warn("a script changes this request before it is sent; what it does is not known");
    }
    let target = url::target(http, blocks, draft)
        .map_err(|reason| ImportError::new(http.span, ErrorKind::Url(reason)))?;
    let name = block("meta")
        .map(|meta| meta.get("name"))
        .unwrap_or_default();
    let fields = section(draft, &body, &method, &target).map_err(|reason| {
        let span = block("headers").unwrap_or(http).span;
        ImportError::new(span, ErrorKind::Syntax(reason))
    })?;
    if draft.resolver.is_spent() {
        return Err(ImportError::new(start, ErrorKind::TooMuch));
    }
    let request = Request {
        target: target.url.path_and_query(),
        method,
        url: target.url,
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

fn write(headers: &[Row], draft: &mut Draft) -> Result<(), ErrorKind> {
    if headers.len() > MAX_HEADERS {
        return Err(ErrorKind::TooMuch);
    }
    for row in headers {
        let (name, value) = (draft.resolve(&row.name), draft.resolve(&row.value));
        draft.set(&name, &value);
    }
    Ok(())
}

fn method(http: &Block<'_>, draft: &mut Draft) -> String {
    let method = match &*http.name {
        "http" => draft.resolve(&http.get("method")),
        name => name.to_owned(),
    };
    method.to_uppercase()
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
        aws: None,
        is_untimed: false,
        query: Vec::new(),
        late_query: Vec::new(),
        form: Vec::new(),
        unresolved: Vec::new(),
        warnings: Vec::new(),
    }
}

fn scope(rows: &[(String, String)]) -> Variables {
    let mut variables = Variables::default();
    for (name, value) in rows {
        variables.set(name, value);
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

/// The fields in the order of axios and Node, on which Bruno is built.
fn section(
    draft: &mut Draft,
    body: &Body,
    method: &str,
    target: &Target,
) -> Result<FieldSection, &'static str> {
    if let Some(kind) = &body.content_type
        && (body.is_type_fixed || draft.header("Content-Type").is_none())
    {
        draft.set("Content-Type", kind);
    }
    for (name, value) in std::mem::take(&mut draft.late) {
        draft.set(&name, &value);
    }
    let accept = draft.take("Accept");
    let kind = draft.take("Content-Type");
    let agent = draft.take("User-Agent");
    let mut lines = vec![(
        "Accept".to_owned(),
        accept.unwrap_or_else(|| "application/json, text/plain, */*".to_owned()),
    )];
    lines.extend(kind.map(|kind| ("Content-Type".to_owned(), kind)));
    let agent = agent.unwrap_or_else(|| USER_AGENT.to_owned());
    lines.push(("User-Agent".to_owned(), agent));
    lines.append(&mut draft.headers);
    draft.headers = lines;
    let length = body.content.len().to_string();
    if let Some(signed) = draft.aws.take() {
        draft.add("Host", &target.host);
        if !body.content.is_empty() {
            draft.add("Content-Length", &length);
        }
        signed::sign_for_aws(signed, draft);
    }
    if draft.header("Content-Type").is_none()
        && body.may_have_default_type
        && matches!(method, "PATCH" | "POST" | "PUT")
    {
        let kind = "application/x-www-form-urlencoded".to_owned();
        draft.headers.insert(1, ("Content-Type".to_owned(), kind));
    }
    if target.user.is_some() {
        draft.take("Authorization");
    }
    if !draft.is_untimed {
        // The time at which it is sent.
        draft.set("request-start-time", "{{$timestamp}}");
    }
    if !body.content.is_empty() || body.is_sent_empty {
        draft.add("Content-Length", &length);
    }
    draft.add("Accept-Encoding", "gzip, compress, deflate, br");
    draft.add("Host", &target.host);
    if let Some((user, password)) = &target.user {
        let pair = [user, password].map(|text| percent_decode(text.as_bytes()));
        let value = auth::basic(&pair.join(&b':'), draft);
        draft.add("Authorization", &value);
    }
    draft.add("Connection", "keep-alive");
    let has_default = !matches!(
        method,
        "CONNECT" | "DELETE" | "GET" | "HEAD" | "OPTIONS" | "TRACE"
    );
    if has_default {
        draft.add("Content-Length", "0");
    }
    checked(std::mem::take(&mut draft.headers))
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
        // Latin-1; axios leaves out what is not in it.
        let value: Vec<u8> = value
            .chars()
            .filter_map(|c| u8::try_from(u32::from(c)).ok())
            .collect();
        lines.push(FieldLine::new(name, value.trim_ascii()));
    }
    Ok(FieldSection::from_lines(lines, Provenance::Import))
}
