//! A single entry of an archive.

use serde_json::Value;

use super::archive::Entry;
use super::content::content;
use super::lossy;
use super::scan::Fault;
use crate::import::{ErrorKind, ImportedRequest, Span};
use crate::model::{
    Content, FieldLine, FieldSection, HttpVersion, Provenance, Request, Url, UrlError,
};

/// The request of an entry, as it was sent.
///
/// # Errors
/// When it is no HTTP request, in words that hold no value.
pub(super) fn request(mut entry: Entry, creator: &str) -> Result<ImportedRequest, Fault> {
    if let Some(fault) = entry.fault.take() {
        return Err(fault);
    }
    let refused = |reason| {
        let name = format!("#{}", entry.number);
        entry.place.fault(ErrorKind::Item { name, reason })
    };
    let text = |name: &str| entry.request.get(name).and_then(Value::as_str);
    let method = text("method").filter(|method| !method.is_empty());
    let method = method.ok_or_else(|| refused("it has no request with a method"))?;
    let mut warnings = Vec::new();
    let mut url = text("url").unwrap_or_default().to_owned();
    if creator.starts_with("Insomnia") {
        add_query(&mut url, entry.request.get("queryString"), &mut warnings);
    }
    let url = Url::parse(url.as_bytes()).map_err(|error| refused(in_words(&error)))?;
    let (pseudo, mut fields) = sections(entry.request.get("headers"));
    lossy::warn(&entry, creator, &pseudo, &fields, &mut warnings);
    add_cookies(&mut fields, entry.request.get("cookies"), &mut warnings);
    let size = entry.request.get("bodySize").and_then(Value::as_i64);
    let content = content(entry.content.as_ref(), &fields, size, &mut warnings)?;
    let request = Request {
        method: method.to_owned(),
        target: url.path_and_query(),
        url,
        version: version(text("httpVersion").unwrap_or_default(), &pseudo),
        pseudo,
        fields,
        content: Content::complete(content),
        trailers: FieldSection::new(Provenance::Import),
    };
    lossy::warn_if_masked(&request, &mut warnings);
    Ok(ImportedRequest {
        name: format!("{method} {}", String::from_utf8_lossy(&request.url.path)),
        request,
        unresolved: Vec::new(),
        warnings,
        span: Span::new(entry.place.offset, entry.end),
    })
}

fn in_words(error: &UrlError) -> &'static str {
    match error {
        UrlError::Scheme => "its URL is neither http nor https",
        UrlError::Host => "its URL has no host",
        UrlError::HostCharacter => "its host has a character that no host name may have",
        UrlError::Port => "its port is not a number from 1 to 65535",
    }
}

/// The texts of a list of names and values.
fn pairs(list: Option<&Value>) -> impl Iterator<Item = (&str, &str)> {
    let rows = list.and_then(Value::as_array).map(Vec::as_slice);
    rows.unwrap_or_default().iter().map(|row| {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        (text("name"), text("value"))
    })
}

/// Pseudo-header fields and header fields; browsers list the former among the latter.
fn sections(headers: Option<&Value>) -> (FieldSection, FieldSection) {
    let mut pseudo = FieldSection::new(Provenance::Import);
    let mut fields = FieldSection::new(Provenance::Import);
    for (name, value) in pairs(headers) {
        let section = match name.strip_prefix(':') {
            Some(_) => &mut pseudo,
            None => &mut fields,
        };
        if !name.is_empty() {
            section.push(FieldLine::new(name, value));
        }
    }
    (pseudo, fields)
}

/// Insomnia sends its cookies, but lists them only.
fn add_cookies(fields: &mut FieldSection, cookies: Option<&Value>, warnings: &mut Vec<String>) {
    if fields.contains("cookie") {
        return;
    }
    let cookies: Vec<String> = pairs(cookies)
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if !cookies.is_empty() {
        fields.push(FieldLine::new("Cookie", cookies.join("; ").as_str()));
        warnings.push(FROM_COOKIES.to_owned());
    }
}

/// Insomnia sends its parameters in the query, but leaves them out of the URL.
fn add_query(url: &mut String, parameters: Option<&Value>, warnings: &mut Vec<String>) {
    let query: Vec<String> = pairs(parameters)
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| match value {
            "" => component(name),
            _ => format!("{}={}", component(name), component(value)),
        })
        .collect();
    if query.is_empty() {
        return;
    }
    if let Some(fragment) = url.find('#') {
        url.truncate(fragment);
    }
    url.push(if url.contains('?') { '&' } else { '?' });
    url.push_str(&query.join("&"));
    warnings.push(FROM_QUERY.to_owned());
}

/// As JavaScript's `encodeURIComponent`; what is encoded already stays.
fn component(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        let is_encoded = *byte == b'%'
            && matches!(bytes.get(at + 1..at + 3), Some([a, b]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
        if is_encoded || byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(byte) {
            out.push(char::from(*byte));
        } else {
            out.extend(format!("%{byte:02X}").chars());
        }
    }
    out
}

fn version(text: &str, pseudo: &FieldSection) -> HttpVersion {
    let text = text.to_ascii_lowercase();
    let is_newer = ["http/2", "http/3", "h2", "h3"]
        .iter()
        .any(|start| text.starts_with(start));
    if is_newer || !pseudo.is_empty() {
        HttpVersion::Http2
    } else if text == "http/1.0" {
        HttpVersion::Http10
    } else {
        HttpVersion::Http11
    }
}

const FROM_COOKIES: &str = "the Cookie header is put together from the list of cookies";
const FROM_QUERY: &str = "the query is put together from the list of parameters";
