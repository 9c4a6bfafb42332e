//! Collections, requests and environments in YAML: `OpenCollection`, as Bruno writes it, in the shape of
//! its JSON.

use serde_json::{Map, Value, json};

use super::collection::{self, Collection};
use super::environment::Named;
use super::{MAX_SOURCE_BYTES, exported};
use crate::import::yaml::{self, Node};
use crate::import::{ErrorKind, ImportError, Source};

const NO_LIST: &str = "a list is needed here: of folders and requests";
const NO_ENTRY: &str = "this is neither a request nor a folder";
const NO_ITEMS: &str =
    "this collection has no requests in it: where they are files of their own, import those";
const NO_ENVIRONMENT: &str = "this is no Bruno environment: it has no list \"variables\"";

/// Whether the text is a collection, or a request by itself.
pub(super) fn is_it(text: &str) -> bool {
    let has = |key: &str| has_key(text, key);
    has("opencollection:") || has("info:") && (has("http:") || has("graphql:"))
}

/// Whether the text is an environment.
pub(super) fn is_environment(text: &str) -> bool {
    has_key(text, "variables:")
}

fn has_key(text: &str, key: &str) -> bool {
    let mut lines = text.lines().map(|line| line.trim_start_matches('\u{feff}'));
    lines.any(|line| line.starts_with(key))
}

/// Reads a collection, or a request by itself.
///
/// # Errors
/// When it is no YAML; problems of single items are in the result.
pub(super) fn read(source: &Source<'_>) -> Result<Collection, ImportError> {
    let root = yaml::read(source, MAX_SOURCE_BYTES)?;
    if root.get("opencollection").is_none() {
        let name = name(&root);
        return match sent(&root) {
            Some(http) => Ok(collection::single(&name, request(&root, http), root.span)),
            None => {
                let kind = ErrorKind::Shape(NO_ENTRY);
                Err(ImportError::new(source.start(), kind))
            }
        };
    }
    let mut collection = Collection::of(defaults(&root));
    let config = root.get("config");
    if let Some(list) = config.and_then(|config| config.get("environments")) {
        let list = list.items().into_iter().flatten();
        collection.environments = list.map(named).collect();
    }
    match root.get("items") {
        Some(items) => list(items, 0, &mut collection),
        None => collection.problem(root.span, ErrorKind::Shape(NO_ITEMS)),
    }
    Ok(collection)
}

/// Reads an environment.
///
/// # Errors
/// When it is none.
pub(super) fn environment(source: &Source<'_>) -> Result<Named, ImportError> {
    let root = yaml::read(source, MAX_SOURCE_BYTES)?;
    let variables = root.get("variables");
    if variables.is_none_or(|list| list.items().is_none()) {
        let kind = ErrorKind::Shape(NO_ENVIRONMENT);
        return Err(ImportError::new(source.start(), kind));
    }
    Ok(named(&root))
}

fn named(environment: &Node) -> Named {
    let name = environment.get("name").map(text).unwrap_or_default();
    let variables = variables(environment.get("variables"));
    let pairs = exported::environment(&json!({ "variables": variables }));
    (Some(name), pairs)
}

fn text(node: &Node) -> String {
    crate::import::variables::text(&node.to_value())
}

fn name(item: &Node) -> String {
    let info = item.get("info").and_then(|info| info.get("name"));
    info.map(text).unwrap_or_default()
}

fn list(items: &Node, level: usize, collection: &mut Collection) {
    let Some(list_of) = items.items() else {
        collection.problem(items.span, ErrorKind::Shape(NO_LIST));
        return;
    };
    for item in list_of {
        let name = name(item);
        let info = item.get("info").and_then(|info| info.get("type"));
        let kind = info.and_then(Node::text).unwrap_or_default();
        if kind == "folder" || kind.is_empty() && item.get("items").is_some() {
            let inner = collection.folder(level, &name, defaults(item), item.span);
            if let (Some(inner), Some(items)) = (inner, item.get("items")) {
                list(items, inner, collection);
            }
        } else if let Some(http) = sent(item) {
            let request = request(item, http);
            collection.request(level, &name, request, item.span);
        } else if !matches!(kind, "grpc" | "websocket" | "script" | "app") {
            collection.problem(item.span, ErrorKind::Shape(NO_ENTRY));
        }
    }
}

/// What of an item goes over HTTP.
fn sent(item: &Node) -> Option<&Node> {
    let of = |name: &str| item.get(name).filter(|node| node.is_map());
    of("http").or_else(|| of("graphql"))
}

/// What a collection or a folder says of its requests.
fn defaults(level: &Node) -> Value {
    let Some(request) = level.get("request") else {
        return Value::Null;
    };
    json!({
        "headers": rows(request.get("headers")),
        "auth": auth(request.get("auth")),
        "vars": {"req": variables(request.get("variables"))},
        "script": {"req": script(request.get("scripts"))},
    })
}

fn request(item: &Node, http: &Node) -> Value {
    let is_graphql = item.get("http").is_none();
    let runtime = item.get("runtime");
    let of_runtime = |name: &str| runtime.and_then(|runtime| runtime.get(name));
    let plain = |name: &str| http.get(name).map(text).unwrap_or_default();
    let method = match plain("method") {
        method if method.is_empty() && is_graphql => "POST".to_owned(),
        method => method,
    };
    json!({
        "method": method,
        "url": plain("url"),
        "headers": rows(http.get("headers")),
        "params": rows(http.get("params")),
        "body": body(http.get("body"), is_graphql),
        "auth": auth(http.get("auth")),
        "vars": {"req": variables(of_runtime("variables"))},
        "script": {"req": script(of_runtime("scripts"))},
        "settings": item.get("settings").map(Node::to_value),
    })
}

/// Rows are switched off, not on.
fn rows(list: Option<&Node>) -> Value {
    let items = list.and_then(Node::items).into_iter().flatten();
    let rows = items.map(|row| {
        let mut members = row.to_object(|name| name != "disabled");
        let is_off = row.get("disabled").map(Node::to_value) == Some(Value::Bool(true));
        members.insert("enabled".to_owned(), Value::Bool(!is_off));
        Value::Object(members)
    });
    rows.collect()
}

/// A value may have a type, or be one of several.
fn variables(list: Option<&Node>) -> Value {
    let mut list = rows(list);
    let rows = list.as_array_mut().into_iter().flatten();
    for row in rows.filter_map(Value::as_object_mut) {
        let value = row.get("value").cloned().unwrap_or_default();
        let value = match &value {
            Value::Array(variants) => selected(variants, "value").unwrap_or_default(),
            _ => value,
        };
        let value = value.get("data").cloned().unwrap_or(value);
        row.insert("value".to_owned(), value);
    }
    list
}

/// The member of the variant that is selected, or of the first.
fn selected(variants: &[Value], name: &str) -> Option<Value> {
    let is_selected = |variant: &&Value| variant.get("selected") == Some(&Value::Bool(true));
    let variant = variants.iter().find(is_selected);
    variant.or_else(|| variants.first())?.get(name).cloned()
}

fn script(list: Option<&Node>) -> String {
    let mut scripts = list.and_then(Node::items).into_iter().flatten();
    let is_before =
        |script: &&Node| script.get("type").and_then(Node::text) == Some("before-request");
    let script = scripts
        .find(is_before)
        .and_then(|script| script.get("code"));
    script.map(text).unwrap_or_default()
}

fn auth(node: Option<&Node>) -> Value {
    let Some(node) = node else {
        return Value::Null;
    };
    if let Some(mode) = node.text() {
        return json!({ "mode": mode });
    }
    let mode = node.get("type").map(text).unwrap_or_default();
    let mut members = node.to_object(|_| true);
    if mode == "apikey" && members.get("placement") == Some(&json!("query")) {
        members.insert("placement".to_owned(), json!("queryparams"));
    }
    if mode == "oauth2" {
        members.extend(token(node));
    }
    let mut auth = Map::new();
    auth.insert("mode".to_owned(), json!(mode));
    auth.insert(mode, Value::Object(members));
    Value::Object(auth)
}

/// Where the token of OAuth 2.0 goes.
fn token(auth: &Node) -> Map<String, Value> {
    let mut members = Map::new();
    let config = auth.get("tokenConfig");
    let placement = config.and_then(|config| config.get("placement"));
    for (place, value) in placement.into_iter().flat_map(Node::members) {
        let (place, name) = match place {
            "query" => ("url", "tokenQueryKey"),
            _ => ("header", "tokenHeaderPrefix"),
        };
        members.insert("tokenPlacement".to_owned(), json!(place));
        members.insert(name.to_owned(), value.to_value());
    }
    members
}

fn body(node: Option<&Node>, is_graphql: bool) -> Value {
    let body = node.map(Node::to_value).unwrap_or_default();
    let body = match &body {
        Value::Array(variants) => selected(variants, "body").unwrap_or_default(),
        _ => body,
    };
    if is_graphql {
        return json!({"mode": "graphql", "graphql": body});
    }
    let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
    let mode = match kind {
        "form-urlencoded" => "formUrlEncoded",
        "multipart-form" => "multipartForm",
        kind => kind,
    };
    let mut data = body.get("data").cloned().unwrap_or_default();
    for row in data.as_array_mut().into_iter().flatten() {
        if let Some(row) = row.as_object_mut() {
            let is_off = row.get("disabled") == Some(&Value::Bool(true));
            row.insert("enabled".to_owned(), Value::Bool(!is_off));
            let is_out = row.get("selected") == Some(&Value::Bool(false));
            row.insert("selected".to_owned(), Value::Bool(!is_out));
        }
    }
    let mut written = Map::new();
    written.insert("mode".to_owned(), json!(mode));
    written.insert(mode.to_owned(), data);
    Value::Object(written)
}
