//! What an export says of a request, a folder or the collection, as the blocks of a `.bru` file.

use serde_json::Value;

use super::Pairs;
use super::blocks::{Block, Row};
use crate::import::Span;
use crate::import::variables::text;

/// A member of a member: `["auth", "mode"]`.
pub(super) fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

/// A text in it; none is empty.
pub(super) fn text_at(value: &Value, path: &[&str]) -> String {
    at(value, path).map(text).unwrap_or_default()
}

/// The rows of a list that are switched on, by the member of that name.
fn list<'v>(
    value: &'v Value,
    path: &[&str],
    switch: &'static str,
) -> impl Iterator<Item = &'v Value> {
    let list = at(value, path).and_then(Value::as_array);
    let is_on = move |row: &&Value| row.get(switch) == Some(&Value::Bool(true));
    list.into_iter().flatten().filter(is_on)
}

fn rows(value: &Value, path: &[&str]) -> Vec<Row> {
    let rows = list(value, path, "enabled");
    rows.map(|row| Row::new(text_at(row, &["name"]), text_at(row, &["value"])))
        .collect()
}

/// The headers.
pub(super) fn headers(request: &Value) -> Vec<Row> {
    let mut rows = rows(request, &["headers"]);
    rows.retain(|row| !row.name.is_empty());
    rows
}

/// The variables that are set before the request.
pub(super) fn variables(request: &Value) -> Pairs {
    let rows = rows(request, &["vars", "req"]).into_iter();
    rows.map(|row| (row.name, row.value)).collect()
}

/// The variables of an environment. An export leaves out the values of secrets.
pub(super) fn environment(environment: &Value) -> Pairs {
    let rows = list(environment, &["variables"], "enabled").filter(|row| {
        let is_secret = row.get("secret") == Some(&Value::Bool(true));
        !is_secret || !text_at(row, &["value"]).is_empty()
    });
    rows.map(|row| (text_at(row, &["name"]), text_at(row, &["value"])))
        .collect()
}

/// Whether a script runs before the request.
pub(super) fn is_scripted(request: &Value) -> bool {
    !text_at(request, &["script", "req"]).trim().is_empty()
}

/// The mode of an authorization that says something by itself.
pub(super) fn own_mode(auth: &Value) -> Option<&str> {
    let mode = auth.get("mode").and_then(Value::as_str)?;
    (!matches!(mode, "" | "none" | "inherit")).then_some(mode)
}

/// The blocks of a request, but for its headers.
pub(super) fn blocks(name: &str, request: &Value, auth: &Value, span: Span) -> Vec<Block<'static>> {
    let of_rows = |name: &str, rows| Block::of_rows(name, rows, span);
    let row = |name: &str, path: &[&str]| Row::new(name, text_at(request, path));
    let method = match text_at(request, &["method"]) {
        method if method.is_empty() => "get".to_owned(),
        method => method,
    };
    let params = at(request, &["params"]).and_then(Value::as_array);
    let params = params.into_iter().flatten();
    let path = params.filter(|row| text_at(row, &["type"]) == "path");
    let path = path.map(|row| Row::new(text_at(row, &["name"]), text_at(row, &["value"])));
    let http = vec![
        Row::new("method", method),
        row("url", &["url"]),
        row("body", &["body", "mode"]),
        Row::new("auth", text_at(auth, &["mode"])),
    ];
    let mut blocks = vec![
        of_rows("meta", vec![Row::new("name", name)]),
        of_rows("http", http),
        of_rows("params:path", path.collect()),
        of_rows("vars:pre-request", rows(request, &["vars", "req"])),
        of_rows(
            "settings",
            vec![row("encodeUrl", &["settings", "encodeUrl"])],
        ),
    ];
    blocks.extend(body(request, span));
    if let Some(mode) = auth.get("mode").and_then(Value::as_str) {
        let members = auth.get(mode).and_then(Value::as_object);
        let rows = members.into_iter().flatten().map(|(name, value)| {
            let name = match mode {
                "oauth2" => in_snake_case(name),
                _ => name.clone(),
            };
            Row::new(name, text(value))
        });
        blocks.push(of_rows(&format!("auth:{mode}"), rows.collect()));
    }
    blocks
}

/// The blocks of the body; there is one for the mode that counts.
fn body(request: &Value, span: Span) -> Vec<Block<'static>> {
    let mode = text_at(request, &["body", "mode"]);
    let of_text = |name: &str, path: &[&str]| {
        let text = text_at(request, &[&["body"], path].concat());
        Block::of_text(name, text, span)
    };
    match mode.as_str() {
        "json" | "text" | "xml" | "sparql" => vec![of_text(&format!("body:{mode}"), &[&mode])],
        "graphql" => vec![
            of_text("body:graphql", &["graphql", "query"]),
            of_text("body:graphql:vars", &["graphql", "variables"]),
        ],
        "formUrlEncoded" => {
            let rows = rows(request, &["body", "formUrlEncoded"]);
            vec![Block::of_rows("body:form-urlencoded", rows, span)]
        }
        "multipartForm" => {
            let parts = list(request, &["body", "multipartForm"], "enabled").map(part);
            let parts = parts.collect();
            vec![Block::of_rows("body:multipart-form", parts, span)]
        }
        "file" => {
            let files = list(request, &["body", "file"], "selected");
            let files = files.map(|row| Row {
                files: Some(vec![text_at(row, &["filePath"])]),
                content_type: content_type(row),
                ..Row::new("", "")
            });
            let files = files.collect();
            vec![Block::of_rows("body:file", files, span)]
        }
        _ => Vec::new(),
    }
}

fn part(row: &Value) -> Row {
    let value = row.get("value").unwrap_or(&Value::Null);
    let files = match value {
        Value::Array(paths) => paths.iter().map(text).collect(),
        path => vec![text(path)],
    };
    let is_file = text_at(row, &["type"]) == "file";
    let paths = files.into_iter().filter(|path| !path.is_empty());
    let value = if is_file { String::new() } else { text(value) };
    Row {
        files: is_file.then(|| paths.collect()),
        content_type: content_type(row),
        ..Row::new(text_at(row, &["name"]), value)
    }
}

fn content_type(row: &Value) -> Option<String> {
    Some(text_at(row, &["contentType"])).filter(|kind| !kind.is_empty())
}

/// `tokenPlacement` is `token_placement` in `.bru` files.
fn in_snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
