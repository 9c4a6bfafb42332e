//! The content of a request, by the type of its body.

use serde_json::Value;

use super::template::{Renderer, around};
use crate::import::postman::multipart::media_type;
use crate::import::shell::materials::Materials;
use crate::import::shell::word::Word;
use crate::import::{ImportError, Span};

/// Insomnia writes the same one always.
const BOUNDARY: &str = "X-INSOMNIA-BOUNDARY";

/// The type of a form with parts.
pub(super) const MULTIPART: &str = "multipart/form-data; boundary=X-INSOMNIA-BOUNDARY";

/// Content.
pub(super) struct Body {
    pub(super) content: Vec<u8>,
    pub(super) is_multipart: bool,
}

/// What the body of a request holds; `None` if nothing is sent, not even a length.
///
/// # Errors
/// When a file of it cannot be read.
pub(super) fn body(
    request: &Value,
    method: &str,
    renderer: &mut Renderer<'_>,
    materials: &mut Materials<'_>,
    span: Span,
) -> Result<Option<Body>, ImportError> {
    let body = request.get("body").unwrap_or(&Value::Null);
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let kind = text("mimeType");
    let plain = |content: Vec<u8>| {
        Ok(Some(Body {
            content,
            is_multipart: false,
        }))
    };
    match kind {
        Some("application/x-www-form-urlencoded") => {
            let rows = rows(body.get("params"));
            let pairs = rows.map(|row| {
                let (name, value) = (field(row, "name"), field(row, "value"));
                (renderer.render(&name), renderer.render(&value))
            });
            let pairs: Vec<(String, String)> = pairs.collect();
            return plain(form(&pairs).into_bytes());
        }
        Some("multipart/form-data") => {
            let content = multipart(body, renderer, materials, span)?;
            return Ok(Some(Body {
                content,
                is_multipart: true,
            }));
        }
        _ => {}
    }
    if let Some(path) = text("fileName").filter(|path| !path.is_empty()) {
        let path = renderer.render(path);
        return plain(read(&path, materials, span)?);
    }
    let expects = matches!(method, "POST" | "PUT" | "PATCH");
    if kind.is_none() && !expects {
        return Ok(None);
    }
    let written = text("text").unwrap_or_default();
    let is_raw = request.get("settingDisableRenderRequestBody") == Some(&Value::Bool(true));
    let content = if is_raw {
        written.to_owned()
    } else {
        renderer.render(written)
    };
    plain(content.into_bytes())
}

/// The rows of a list that are switched on.
pub(super) fn rows(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    let rows = list.and_then(Value::as_array).map(Vec::as_slice);
    let is_on = |row: &&Value| row.get("disabled") != Some(&Value::Bool(true));
    rows.unwrap_or_default().iter().filter(is_on)
}

/// A text of a row.
pub(super) fn field(row: &Value, name: &str) -> String {
    match row.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => String::new(),
    }
}

/// As `URLSearchParams` writes it.
fn form(pairs: &[(String, String)]) -> String {
    let encode = |text: &str| {
        around(text, |text| {
            let mut encoded = String::with_capacity(text.len());
            for byte in text.bytes() {
                if byte == b' ' {
                    encoded.push('+');
                } else if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
                    encoded.push(char::from(byte));
                } else {
                    encoded.extend(["%".to_owned(), format!("{byte:02X}")]);
                }
            }
            encoded
        })
    };
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn multipart(
    body: &Value,
    renderer: &mut Renderer<'_>,
    materials: &mut Materials<'_>,
    span: Span,
) -> Result<Vec<u8>, ImportError> {
    let mut content = Vec::new();
    for row in rows(body.get("params")) {
        let mut get = |name: &str| renderer.render(&field(row, name));
        let (name, value, file) = (get("name"), get("value"), get("fileName"));
        if name.is_empty() && value.is_empty() && file.is_empty() {
            continue;
        }
        let mut head = format!("--{BOUNDARY}\r\n");
        let bytes = if field(row, "type") == "file" && !file.is_empty() {
            let quoted = |text: &str| text.replace('"', "\\\"");
            let base = file.rsplit(['/', '\\']).next().unwrap_or(&file);
            head.extend([
                "Content-Disposition: form-data; name=\"",
                &quoted(&name),
                "\"; filename=\"",
                &quoted(base),
                "\"\r\nContent-Type: ",
                media_type(base),
                "\r\n\r\n",
            ]);
            read(&file, materials, span)?
        } else {
            head.extend(["Content-Disposition: form-data; name=\"", &name, "\"\r\n"]);
            let kind = row.get("multiline").and_then(Value::as_str);
            if let Some(kind) = kind {
                head.extend(["Content-Type: ", kind, "\r\n"]);
            }
            head.push_str("\r\n");
            value.into_bytes()
        };
        content.extend_from_slice(head.as_bytes());
        content.extend(bytes);
        content.extend_from_slice(b"\r\n");
    }
    content.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    Ok(content)
}

fn read(path: &str, materials: &mut Materials<'_>, span: Span) -> Result<Vec<u8>, ImportError> {
    let path = if path == "-" { "./-" } else { path };
    materials
        .read(&Word::new(path, span))
        .map(|word| word.bytes)
}
