//! What scripts of a collection would set. They are read for names, never run.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// The most names that are kept.
const MAX_NAMES: usize = 10_000;

/// Adds the names of variables that the scripts of these events set.
pub(super) fn names_set(events: &Value, names: &mut BTreeSet<String>) {
    for script in scripts(events, None) {
        for found in SETS.captures_iter(&script) {
            if names.len() >= MAX_NAMES {
                return;
            }
            names.extend(found.get(1).map(|name| name.as_str().to_owned()));
        }
    }
}

/// Whether a script that runs before the request changes it.
pub(super) fn changes_request(events: &Value) -> bool {
    scripts(events, Some("prerequest"))
        .iter()
        .any(|script| CHANGES.is_match(script))
}

fn scripts(events: &Value, listen: Option<&str>) -> Vec<String> {
    let events = events.as_array().map(Vec::as_slice).unwrap_or_default();
    events
        .iter()
        .filter(|event| listen.is_none() || event.get("listen").and_then(Value::as_str) == listen)
        .filter_map(|event| event.pointer("/script/exec"))
        .map(|exec| match exec {
            Value::Array(lines) => {
                let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
                lines.join("\n")
            }
            Value::String(text) => text.clone(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
        })
        .collect()
}

/// `pm.environment.set("name", ...)`, `postman.setEnvironmentVariable('name', ...)` and the like.
static SETS: LazyLock<Regex> = LazyLock::new(|| {
    compiled(concat!(
        r"(?:(?:environment|globals|variables|collectionVariables)\s*\.\s*set",
        r"|set(?:Environment|Global)Variable)",
        r#"\s*\(\s*["'`]([^"'`\\\r\n]{1,200})["'`]"#,
    ))
});

/// Calls that add to the request or replace parts of it.
static CHANGES: LazyLock<Regex> = LazyLock::new(|| {
    compiled(concat!(
        r"request\s*\.\s*(?:(?:headers|body|url|auth)\b[\w.\s]*?",
        r"\.\s*(?:add|upsert|update|remove|clear|append|insert|addQueryParams)\s*\(",
        r"|(?:addHeader|removeHeader|upsertHeader|addQueryParams|removeQueryParams|update)\s*\(",
        r"|(?:headers|body|url|method|auth)(?:\s*\.\s*\w+)*\s*=[^=])",
    ))
});

fn compiled(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant that the tests compile")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(listen: &str, exec: &Value) -> Value {
        json!([{"listen": listen, "script": {"exec": exec}}])
    }

    #[test]
    fn names_are_read_from_the_calls_that_set_them() {
        let lines = json!([
            "pm.environment.set('token', pm.response.json().token);",
            "postman.setGlobalVariable(\"legacy\", 1); pm.variables.get('read')",
            "pm.collectionVariables\n .set(`id`, x); pm.environment.set(name, x)",
        ]);
        let mut names = BTreeSet::new();
        names_set(&event("test", &lines), &mut names);
        assert_eq!(
            names.into_iter().collect::<Vec<_>>(),
            ["id", "legacy", "token"]
        );
    }

    #[test]
    fn a_change_of_the_request_is_seen_and_reading_it_is_not() {
        for (script, expected) in [
            ("pm.request.headers.add({key: 'X-Sig', value: sig})", true),
            ("pm.request.addHeader('a: b')", true),
            ("pm.request.body.raw = JSON.stringify(x)", true),
            (
                "const a = pm.request.headers.get('x'); if (pm.request.method == 'GET') {}",
                false,
            ),
        ] {
            assert_eq!(
                changes_request(&event("prerequest", &json!(script))),
                expected,
                "{script}"
            );
        }
        assert!(!changes_request(&event(
            "test",
            &json!("pm.request.addHeader('a: b')")
        )));
    }
}
