//! A single entry of an archive.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::import::{ImportedRequest, Span};
use crate::model::{
    Content, FieldLine, FieldSection, HttpVersion, Provenance, Request, Url, UrlError,
};

/// The request of an entry, as it stands.
///
/// # Errors
/// When it is no HTTP request, in words that hold no value.
pub(super) fn request(entry: &Value, span: Span) -> Result<ImportedRequest, &'static str> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let method = text("method");
    if method.is_empty() {
        return Err("it has no request with a method");
    }
    let url = Url::parse(text("url").as_bytes()).map_err(|error| match error {
        UrlError::Scheme => "its URL is neither http nor https",
        UrlError::Host => "its URL has no host",
        UrlError::HostCharacter => "its host has a character that no host name may have",
        UrlError::Port => "its port is not a number from 1 to 65535",
    })?;
    let mut warnings = Vec::new();
    let (pseudo, fields) = sections(entry.get("headers"));
    let has_cookies = entry.get("cookies").and_then(Value::as_array);
    if has_cookies.is_some_and(|cookies| !cookies.is_empty()) && !fields.contains("cookie") {
        warnings
            .push("cookies are listed, but there is no Cookie header: they are left out".into());
    }
    let content = content(entry.get("postData"), &mut warnings);
    let request = Request {
        method: method.to_owned(),
        target: url.path_and_query(),
        url,
        version: version(text("httpVersion"), &pseudo),
        pseudo,
        fields,
        content: Content::complete(content),
        trailers: FieldSection::new(Provenance::Import),
    };
    Ok(ImportedRequest {
        name: format!("{method} {}", String::from_utf8_lossy(&request.url.path)),
        request,
        unresolved: Vec::new(),
        warnings,
        span,
    })
}

/// Pseudo-header fields and header fields; browsers list the former among the latter.
fn sections(headers: Option<&Value>) -> (FieldSection, FieldSection) {
    let mut pseudo = FieldSection::new(Provenance::Import);
    let mut fields = FieldSection::new(Provenance::Import);
    let rows = headers.and_then(Value::as_array).map(Vec::as_slice);
    for row in rows.unwrap_or_default() {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        let section = match name.strip_prefix(':') {
            Some(_) => &mut pseudo,
            None => &mut fields,
        };
        if !name.is_empty() {
            section.push(FieldLine::new(name, text("value")));
        }
    }
    (pseudo, fields)
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

fn content(data: Option<&Value>, warnings: &mut Vec<String>) -> Vec<u8> {
    let Some(data) = data else {
        return Vec::new();
    };
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let content = text("text");
    if !content.is_empty() {
        let decoded = (text("encoding") == "base64").then(|| STANDARD.decode(content));
        return match decoded {
            Some(Ok(bytes)) => bytes,
            Some(Err(_)) | None => content.as_bytes().to_vec(),
        };
    }
    let parameters = data.get("params").and_then(Value::as_array);
    let parameters = parameters.map(Vec::as_slice).unwrap_or_default();
    if parameters.is_empty() {
        return Vec::new();
    }
    if !text("mimeType").starts_with("application/x-www-form-urlencoded") {
        warnings.push("the content of the form is not in the file".to_owned());
        return Vec::new();
    }
    warnings.push("the content is put together from its parameters".to_owned());
    let pairs: Vec<String> = parameters
        .iter()
        .map(|pair| {
            let text = |name: &str| pair.get(name).and_then(Value::as_str).unwrap_or_default();
            format!("{}={}", text("name"), text("value"))
        })
        .collect();
    pairs.join("&").into_bytes()
}
