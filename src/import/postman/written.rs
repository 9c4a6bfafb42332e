//! URLs as a collection has them: in parts, which make one text.

use serde_json::Value;

use crate::import::address::escape;
use crate::import::variables::{around, text};

/// The URL as one text, path variables replaced, other variables as they stand.
///
/// The parts count, not `raw`, which Postman only displays.
pub(super) fn written(url: &Value) -> String {
    let Value::Object(map) = url else {
        return text(url);
    };
    let get = |name: &str| map.get(name).filter(|value| !value.is_null());
    let (host, path) = (get("host"), get("path"));
    if host.is_none() && path.is_none() {
        return get("raw").map(text).unwrap_or_default();
    }
    let mut written = String::new();
    if let Some(protocol) = get("protocol").map(text).filter(|text| !text.is_empty()) {
        written.push_str(&protocol);
        if !protocol.ends_with("://") {
            written.push_str("://");
        }
    }
    if let Some(user) = get("auth").and_then(userinfo) {
        written.push_str(&user);
        written.push('@');
    }
    written.push_str(&host.map(|host| joined(host, ".")).unwrap_or_default());
    if let Some(port) = get("port").map(text).filter(|port| !port.is_empty()) {
        written.push(':');
        written.push_str(&port);
    }
    if let Some(path) = path {
        written.push_str(&path_text(path, get("variable")));
    }
    if let Some(query) = get("query").and_then(query_text) {
        written.push('?');
        written.push_str(&query);
    }
    written
}

fn userinfo(auth: &Value) -> Option<String> {
    let user = text(auth.get("user")?);
    match auth.get("password") {
        Some(password) => Some(format!("{user}:{}", text(password))),
        None => Some(user),
    }
}

fn joined(parts: &Value, separator: &str) -> String {
    match parts {
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().map(segment).collect();
            parts.join(separator)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            text(parts)
        }
    }
}

/// A segment is a text, or an object that has one.
fn segment(value: &Value) -> String {
    text(value.get("value").unwrap_or(value))
}

/// The path with each segment `:name` replaced by the value of that path variable; what follows a
/// dot stays.
fn path_text(path: &Value, variables: Option<&Value>) -> String {
    let path = joined(path, "/");
    let path = path.strip_prefix('/').unwrap_or(&path);
    let replaced = path.split('/').map(|segment| {
        let name = segment.strip_prefix(':').unwrap_or_default();
        let (name, end) = name.split_at(name.find('.').unwrap_or(name.len()));
        let value = path_variable(variables, name).map(|value| value + end);
        value.unwrap_or_else(|| segment.to_owned())
    });
    let segments: Vec<String> = replaced.collect();
    format!("/{}", segments.join("/"))
}

fn path_variable(variables: Option<&Value>, name: &str) -> Option<String> {
    let has_name = |row: &&Value| {
        let key = row.get("key").or_else(|| row.get("id"));
        key.and_then(Value::as_str) == Some(name)
    };
    let variables = variables.filter(|_| !name.is_empty())?;
    let row = variables.as_array()?.iter().rev().find(has_name)?;
    // Without a text for it the name stays.
    let value = row.get("value").and_then(Value::as_str);
    value.filter(|value| !value.is_empty()).map(str::to_owned)
}

/// The rows that are switched on; `None` without any.
fn query_text(query: &Value) -> Option<String> {
    let rows = match query {
        Value::String(text) => return Some(text.clone()),
        Value::Array(rows) => rows
            .iter()
            .filter(|row| row.get("disabled") != Some(&Value::Bool(true)))
            .map(|row| match row {
                Value::String(text) => text.clone(),
                _ => pair(row.get("key"), row.get("value")),
            })
            .collect::<Vec<_>>(),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| pair(Some(&Value::String(name.clone())), Some(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    (!rows.is_empty()).then(|| rows.join("&"))
}

/// A parameter, with what would end it escaped.
fn pair(name: Option<&Value>, value: Option<&Value>) -> String {
    let name = name.map(text).unwrap_or_default();
    let name = around(&name, |text| escape(text, |c| "&=#".contains(c)));
    match value.filter(|value| !value.is_null()) {
        Some(value) => {
            let value = around(&text(value), |text| escape(text, |c| "&#".contains(c)));
            format!("{name}={value}")
        }
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_parts_make_the_url_and_raw_is_only_shown() {
        let url = json!({
            "raw": "other", "protocol": "https", "host": ["api", "acme", "test"], "port": "8443",
            "path": ["users", ":id", {"type": "string", "value": "x"}],
            "query": [
                {"key": "a", "value": "1&2"}, {"key": "off", "value": "x", "disabled": true},
                {"key": "flag", "value": null}, {"key": "b", "value": ""},
            ],
            "variable": [{"key": "id", "value": "{{user}}"}],
        });
        assert_eq!(
            written(&url),
            "https://api.acme.test:8443/users/{{user}}/x?a=1%262&flag&b="
        );
        assert_eq!(written(&json!("acme.test/:id")), "acme.test/:id");
        assert_eq!(written(&json!({"raw": "acme.test"})), "acme.test");
        let old = json!({"host": "acme.test", "path": "/a/:b.c", "variable": [{"id": "b", "value": "7"}]});
        assert_eq!(written(&old), "acme.test/a/7.c");
    }
}
