//! Files as other tools write them, as large as one likes.

use std::io::{Result, Write};

use serde_json::json;

use crate::Size;

/// A collection of folders, ten requests each, every other with content.
pub fn postman(out: &mut dyn Write, size: Size) -> Result<usize> {
    let schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
    let info = json!({"name": "Large", "schema": schema});
    write!(
        out,
        "{{\"info\": {info}, \"variable\": {}, \"item\": [",
        variables()
    )?;
    for folder in 0..size.requests.div_ceil(10) {
        let requests = folder * 10..size.requests.min(folder * 10 + 10);
        let items: Vec<_> = requests.map(item).collect();
        let comma = if folder == 0 { "" } else { "," };
        let folder = json!({"name": format!("Folder {folder}"), "item": items});
        writeln!(out, "{comma}{folder:#}")?;
    }
    writeln!(out, "]}}")?;
    Ok(size.requests)
}

fn variables() -> serde_json::Value {
    json!([{"key": "base", "value": "https://{{host}}/v1"}, {"key": "host", "value": "api.acme.test"},
        {"key": "token", "value": "abcdefghijklmnop0123456789"}])
}

fn item(n: usize) -> serde_json::Value {
    let body = json!({"mode": "raw", "raw": format!("{{\"id\": {n}, \"note\": \"{}\"}}", "x".repeat(200))});
    json!({
        "name": format!("Request {n}"),
        "request": {
            "method": if n.is_multiple_of(2) { "POST" } else { "GET" },
            "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
            "header": [{"key": "X-Request", "value": format!("{n}")}, {"key": "Accept", "value": "application/json"}],
            "url": {"raw": format!("{{{{base}}}}/orders/{n}?page=1"), "host": ["{{base}}"],
                "path": ["orders", format!("{n}")], "query": [{"key": "page", "value": "1"}]},
            "body": if n.is_multiple_of(2) { body } else { serde_json::Value::Null },
        },
        "response": [],
    })
}

/// Commands as a browser copies them, one after the other.
pub fn curl(out: &mut dyn Write, size: Size) -> Result<usize> {
    for n in 0..size.requests {
        writeln!(out, "curl 'https://api.acme.test/v1/orders/{n}?page=1' \\")?;
        for (name, value) in fields(n).into_iter().skip(1) {
            writeln!(out, "  -H '{name}: {value}' \\")?;
        }
        writeln!(
            out,
            "  --data-raw $'{{\"id\":{n},\"note\":\"it\\'s\"}}' \\\n  --compressed ;\n"
        )?;
    }
    Ok(size.requests)
}

/// Entries of 50 kB each, nearly all of it the response.
pub fn har(out: &mut dyn Write, size: Size) -> Result<usize> {
    let creator = json!({"name": "WebInspector", "version": "537.36"});
    write!(
        out,
        "{{\n  \"log\": {{\n    \"version\": \"1.2\",\n    \"creator\": {creator},\n    \"entries\": ["
    )?;
    let text = "{\"id\":1,\"name\":\"caf\u{e9}\",\"tags\":[\"a\",\"b\"]}\n".repeat(1000);
    let (mut written, mut count) = (0, 0);
    while written < size.bytes {
        let headers: Vec<_> = fields(count)
            .map(|(name, value)| json!({"name": name, "value": value}))
            .into();
        let entry = json!({
            "_initiator": {"type": "script", "stack": {"callFrames": [{"functionName": "load", "lineNumber": count}]}},
            "request": {"method": "POST", "url": format!("https://api.acme.test/v1/orders/{count}?page=1"),
                "httpVersion": "http/2.0", "headers": headers, "queryString": [{"name": "page", "value": "1"}],
                "cookies": [], "headersSize": -1, "bodySize": 8, "postData": {"mimeType": "application/json", "text": "{\"a\": 1}"}},
            "response": {"status": 200, "statusText": "", "headers": headers,
                "content": {"size": text.len(), "mimeType": "application/json", "text": text}},
            "startedDateTime": "2026-03-01T10:00:00.000Z", "time": 22,
            "timings": {"blocked": 1.2, "dns": -1, "connect": -1, "send": 0.1, "wait": 20, "receive": 1},
        });
        let comma = if count == 0 { "" } else { "," };
        let entry = format!("{comma}\n{entry:#}");
        out.write_all(entry.as_bytes())?;
        written += entry.len() as u64;
        count += 1;
    }
    writeln!(out, "\n]}}}}")?;
    Ok(count)
}

fn fields(n: usize) -> [(&'static str, String); 10] {
    [
        (":authority", "api.acme.test".to_owned()),
        ("accept", "application/json, text/plain, */*".to_owned()),
        ("accept-language", "en-GB,en;q=0.9".to_owned()),
        ("authorization", format!("Bearer abcdefghijklmnop{n:08}")),
        ("content-type", "application/json".to_owned()),
        ("cookie", format!("sid={n:032x}; theme=dark")),
        ("origin", "https://app.acme.test".to_owned()),
        ("referer", "https://app.acme.test/".to_owned()),
        ("sec-fetch-mode", "cors".to_owned()),
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36".to_owned(),
        ),
    ]
}
