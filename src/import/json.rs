//! Imported requests as the JSON of `import --json`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::ImportedRequest;

/// A request in the array of `import --json`: what the user's own file holds, nothing masked.
pub fn json(imported: &ImportedRequest) -> Value {
    let request = &imported.request;
    let fields = request.fields.lines().iter();
    let headers: Vec<[String; 2]> = fields
        .map(|line| [text(line.name()), text(line.value())])
        .collect();
    let url = format!(
        "{}{}",
        request.url.origin,
        text(&request.url.path_and_query())
    );
    json!({
        "name": imported.name,
        "method": request.method,
        "url": url,
        "headers": headers,
        "body_base64": STANDARD.encode(&request.content.bytes),
        "unresolved": imported.unresolved,
        "warnings": imported.warnings,
    })
}

/// UTF-8 where it is, else each byte as the character of that number (Latin-1).
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(
        |_latin_1| bytes.iter().map(|byte| char::from(*byte)).collect(),
        str::to_owned,
    )
}
