//! Makes the request of an item, as Postman sends it over HTTP/1.1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use time::OffsetDateTime;

use super::auth;
use super::body::{Body, Reader, form_content};
use super::collection::{Inherited, Item, has_type};
use super::headers::Headers;
use super::json_comments::without_comments;
use super::multipart;
use super::written::written;
use crate::auth::percent::percent_decode;
use crate::import::address::Address;
use crate::import::variables::{Resolver, text, unresolved};
use crate::import::{ImportedRequest, Surroundings};
use crate::model::{Content, FieldSection, HttpVersion, Provenance, Request, Timestamp};

/// A request in the making.
pub(super) struct Draft {
    pub(super) method: String,
    pub(super) address: Address,
    pub(super) headers: Headers,
    pub(super) body: Body,
    /// The day on which it would be sent: `20260331`.
    pub(super) date: String,
    warnings: Vec<String>,
}

impl Draft {
    /// Adds a sentence on what could not be done or had to be assumed.
    pub(super) fn warn(&mut self, warning: &str) {
        self.warnings.push(warning.to_owned());
    }
}

/// The request of an item.
///
/// # Errors
/// When Postman could not send it, in words that hold no value.
pub(super) fn request(
    item: &Item<'_>,
    request: &Value,
    resolver: &mut Resolver,
    surroundings: &Surroundings<'_>,
) -> Result<ImportedRequest, &'static str> {
    let inherited = &*item.inherited;
    let mut draft = draft(request, inherited, resolver, surroundings)?;
    let prunes = BODILESS.contains(&draft.method.as_str()) && !inherited.is("disableBodyPruning");
    if !prunes {
        read_json(&mut draft, inherited);
    }
    let own = request.get("auth").filter(|auth| has_type(auth));
    if let Some(auth) = own.or(inherited.auth.as_deref()) {
        auth::authorize(auth, &mut draft, resolver);
    }
    if inherited.is_scripted {
        draft.warn("a script changes this request before it is sent; what it does is not known");
    }
    if prunes {
        draft.body = Body::Absent;
    }
    let content = complete(&mut draft, inherited);
    let url = draft.address.url()?;
    drop_unknown_names(&mut draft);
    let request = Request {
        method: draft.method,
        target: url.path_and_query(),
        url,
        version: HttpVersion::Http11,
        pseudo: FieldSection::default(),
        fields: draft.headers.section()?,
        content: Content::complete(content),
        trailers: FieldSection::new(Provenance::Import),
    };
    Ok(ImportedRequest {
        name: item.name.clone(),
        unresolved: unresolved(&request),
        request,
        warnings: draft.warnings,
        span: item.span,
    })
}

fn draft(
    request: &Value,
    inherited: &Inherited,
    resolver: &mut Resolver,
    surroundings: &Surroundings<'_>,
) -> Result<Draft, &'static str> {
    let mut warnings = Vec::new();
    // A request may be nothing but its URL.
    let url = if request.is_string() {
        Some(request)
    } else {
        request.get("url")
    };
    let url = resolver.resolve(&url.map(written).unwrap_or_default());
    if url.trim().is_empty() {
        return Err("it has no URL");
    }
    let method = request.get("method").map(text).unwrap_or_default();
    let method = resolver.resolve(&method).to_uppercase();
    let rows = request.get("header").unwrap_or(&Value::Null);
    let headers = Headers::from_json(rows, |text| resolver.resolve(text));
    let body = match request.get("body") {
        Some(body) => Reader {
            resolver,
            surroundings,
            warnings: &mut warnings,
        }
        .body(body),
        None => Body::Absent,
    };
    Ok(Draft {
        method: if method.is_empty() {
            "GET".to_owned()
        } else {
            method
        },
        address: Address::parse(&url, !inherited.is("disableUrlEncoding"))?,
        headers,
        body,
        date: date(surroundings.now),
        warnings,
    })
}

/// JSON is read before the request is signed: its comments go, and its type comes.
fn read_json(draft: &mut Draft, inherited: &Inherited) {
    let given = draft.headers.first("Content-Type").map(is_json_type);
    let Body::Plain {
        content,
        content_type: Some(kind),
        is_json,
    } = &mut draft.body
    else {
        return;
    };
    if is_json.or(given) != Some(true) {
        return;
    }
    *content = without_comments(content);
    if given.is_none() && !is_off(inherited, "Content-Type") {
        draft.headers.push("Content-Type", kind);
    }
}

/// `application/json`, `application/problem+json`.
fn is_json_type(value: &str) -> bool {
    let kind = value.strip_prefix("application/").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or(kind).trim_end();
    kind.starts_with("json") || kind.contains("+json")
}

/// Whether a header that Postman adds by itself is switched off.
fn is_off(inherited: &Inherited, name: &str) -> bool {
    let off = inherited.behavior.get("disabledSystemHeaders");
    off.and_then(|off| off.get(name.to_ascii_lowercase())) == Some(&Value::Bool(true))
}

fn date(now: Timestamp) -> String {
    let at = OffsetDateTime::from_unix_timestamp(now.secs()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!("{:04}{:02}{:02}", at.year(), u8::from(at.month()), at.day())
}

/// Adds what Postman adds by itself, and gives the content.
fn complete(draft: &mut Draft, inherited: &Inherited) -> Vec<u8> {
    let is_off = |name: &str| is_off(inherited, name);
    let headers = &mut draft.headers;
    if let Body::Plain {
        content_type: Some(kind),
        ..
    } = &draft.body
        && !headers.has("Content-Type")
        && !is_off("Content-Type")
    {
        headers.push("Content-Type", kind);
    }
    let host = draft.address.host_field();
    if headers.first("Host") == Some("") {
        headers.set("Host", &host);
    }
    for (name, value) in [
        ("User-Agent", USER_AGENT),
        ("Accept", "*/*"),
        ("Cache-Control", "no-cache"),
        ("Postman-Token", "{{$guid}}"),
        ("Host", &host),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Connection", "keep-alive"),
    ] {
        if !headers.has(name) && !is_off(name) {
            headers.push(name, value);
        }
    }
    if !is_off("Content-Type") {
        name_form(&draft.body, headers);
    }
    if let Some((user, password)) = &draft.address.user
        && !headers.has("Authorization")
    {
        let pair = [
            percent_decode(user.as_bytes()),
            percent_decode(password.as_bytes()),
        ];
        let value = format!("Basic {}", STANDARD.encode(pair.join(&b':')));
        headers.push("Authorization", &value);
    }
    let content = content(&draft.body);
    let has_length = !content.is_empty() || !WITHOUT_LENGTH.contains(&draft.method.as_str());
    if has_length && !headers.has("Content-Length") && !is_off("Content-Length") {
        headers.push("Content-Length", &content.len().to_string());
    }
    if let Body::File {
        content_type: Some(kind),
        ..
    } = &draft.body
        && !headers.has("Content-Type")
        && !is_off("Content-Type")
    {
        headers.push("Content-Type", kind);
    }
    content
}

/// The type of a form is always that of its content.
fn name_form(body: &Body, headers: &mut Headers) {
    let given = headers.first("Content-Type").unwrap_or_default();
    let given = given.to_ascii_lowercase();
    match body {
        Body::Form(_) if !given.starts_with(FORM) => headers.set("Content-Type", FORM),
        Body::Multipart(_) => {
            let value = format!("multipart/form-data; boundary={}", multipart::BOUNDARY);
            headers.set("Content-Type", &value);
        }
        Body::Absent | Body::File { .. } | Body::Form(_) | Body::Plain { .. } => {}
    }
}

fn content(body: &Body) -> Vec<u8> {
    match body {
        Body::Absent => Vec::new(),
        Body::Plain { content, .. } | Body::File { content, .. } => content.clone(),
        Body::Form(rows) => form_content(rows),
        Body::Multipart(parts) => multipart::content(parts),
    }
}

/// A header whose name is not known can be compared with none.
fn drop_unknown_names(draft: &mut Draft) {
    if draft.headers.remove_if(|name| name.contains("{{")) {
        draft.warn("a header is left out: its name is a variable that nothing defines");
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The version of the runtime that the samples of this importer were recorded with.
const USER_AGENT: &str = "PostmanRuntime/7.39.1";

/// Postman sends no body with these.
const BODILESS: &[&str] = &["COPY", "GET", "HEAD", "PURGE", "UNLOCK"];

/// Without content, Node gives these no `Content-Length`.
const WITHOUT_LENGTH: &[&str] = &["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "TRACE"];
