//! The content of a request, by the mode of its body.

use std::path::Path;

use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::blocks::{Block, Row};
use super::build::Draft;
use super::comments::without_comments;
use super::media_type::media_type;
use super::url::form_encoded;
use crate::import::Surroundings;
use crate::import::files::within_limit;
use crate::import::javascript::as_javascript;
use crate::import::postman::multipart::{BOUNDARY, Part, content};
use crate::import::variables::{around, has_variable, parts};

/// Content, and the type that Bruno gives it when the headers name none.
#[derive(Default)]
pub(super) struct Body {
    pub(super) content: Vec<u8>,
    pub(super) content_type: Option<String>,
    /// The type is that of the content whatever the headers say.
    pub(super) is_type_fixed: bool,
    /// axios may add a type: Bruno does not forbid it.
    pub(super) may_have_default_type: bool,
    /// Content of no length, which is other than none.
    pub(super) is_sent_empty: bool,
}

impl Body {
    fn new(content: impl Into<Vec<u8>>, content_type: &str) -> Self {
        Self {
            content: content.into(),
            content_type: Some(content_type.to_owned()),
            ..Self::default()
        }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// What the body of that mode holds.
pub(super) fn body(
    mode: &str,
    blocks: &[Block<'_>],
    draft: &mut Draft,
    surroundings: &Surroundings<'_>,
) -> Body {
    let block = |name: &str| blocks.iter().find(|block| block.name == name);
    let text = |name: &str| block(name).map(Block::text).unwrap_or_default();
    let rows = |name: &str| block(name).map(Block::rows).unwrap_or_default();
    let parts = |name: &str| block(name).map(Block::parts).unwrap_or_default();
    match mode {
        "json" => {
            let written = match block("body:json") {
                Some(block) => block.text(),
                None => text("body"),
            };
            if written.is_empty() {
                return Body {
                    may_have_default_type: true,
                    ..Body::default()
                };
            }
            written_out(&without_comments(&written), "application/json", draft)
        }
        "text" => written_out(&text("body:text"), "text/plain", draft),
        "xml" => written_out(&text("body:xml"), "application/xml", draft),
        "sparql" => written_out(&text("body:sparql"), "application/sparql-query", draft),
        "graphql" => {
            let content = graphql(&text("body:graphql"), &text("body:graphql:vars"), draft);
            Body::new(content, "application/json")
        }
        "formUrlEncoded" | "form-urlencoded" => form(rows("body:form-urlencoded"), draft),
        "multipartForm" | "multipart-form" => {
            multipart(parts("body:multipart-form"), draft, surroundings)
        }
        "file" => file(parts("body:file"), draft, surroundings),
        _ => Body {
            may_have_default_type: draft.aws.is_some(),
            ..Body::default()
        },
    }
}

/// Content that is text. axios makes JSON of what shall be JSON: a text that is none becomes a string.
fn written_out(text: &str, otherwise: &str, draft: &mut Draft) -> Body {
    let kind = draft.header("Content-Type").unwrap_or(otherwise).to_owned();
    // Bruno replaces the variables of forms only.
    let content = if kind == FORM {
        text.to_owned()
    } else {
        draft.resolve(text)
    };
    if !kind.contains("application/json") {
        return Body::new(content, otherwise);
    }
    let is_json = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
    // A variable that nothing defines may stand for anything.
    let parts = parts(&content);
    let filled = parts.map(|(part, is_variable)| if is_variable { "0" } else { part });
    if is_json(&filled.collect::<String>()) {
        return Body::new(content.trim(), otherwise);
    }
    if !content.is_empty() {
        draft.warn("the content is no JSON: Bruno sends it as a string of JSON");
    }
    Body::new(json!(content).to_string(), otherwise)
}

fn graphql(query: &str, variables: &str, draft: &mut Draft) -> String {
    let query = json!(draft.resolve(query));
    let variables = draft.resolve(&without_comments(variables));
    let variables = if variables.is_empty() {
        "{}".to_owned()
    } else if let Ok(value) = serde_json::from_str::<Value>(&variables) {
        as_javascript(value).to_string()
    } else {
        if !has_variable(&variables) {
            draft.warn("the variables of GraphQL are no JSON: Bruno does not send this request");
        }
        variables
    };
    format!("{{\"query\":{query},\"variables\":{variables}}}")
}

/// Names stay as they stand, variables of values are replaced. With a type of another name axios writes what
/// Bruno holds in memory.
fn form(rows: Vec<Row>, draft: &mut Draft) -> Body {
    let kind = draft.header("Content-Type").unwrap_or(FORM).to_owned();
    let mut pairs: Vec<(String, String)> = Vec::new();
    for row in rows {
        let value = if kind == FORM || kind.contains("json") {
            draft.resolve(&row.value)
        } else {
            row.value
        };
        pairs.push((row.name, value));
    }
    let pair =
        |name: &str, value: &str| format!("{}={}", form_encoded(name), around(value, form_encoded));
    let content = if kind == FORM {
        pairs.append(&mut draft.form);
        let pairs = pairs.iter().map(|(name, value)| pair(name, value));
        pairs.collect::<Vec<_>>().join("&")
    } else {
        draft.warn("with this Content-Type Bruno does not send the form as one");
        if kind.contains(FORM) {
            let rows = pairs.iter().enumerate().flat_map(|(at, (name, value))| {
                let row = [
                    ("name", name.as_str()),
                    ("value", value),
                    ("enabled", "true"),
                ];
                row.map(|(key, text)| {
                    let name = form_encoded(&format!("{at}[{key}]"));
                    format!("{name}={}", form_encoded(text))
                })
            });
            rows.collect::<Vec<_>>().join("&")
        } else {
            let rows = pairs.iter();
            let rows =
                rows.map(|(name, value)| json!({"name": name, "value": value, "enabled": true}));
            Value::from_iter(rows).to_string()
        }
    };
    Body::new(content, FORM)
}

fn multipart(rows: Vec<Row>, draft: &mut Draft, surroundings: &Surroundings<'_>) -> Body {
    let mut parts = Vec::new();
    for row in rows {
        let name = row.name;
        let content_type = row.content_type.filter(|kind| !kind.is_empty());
        let Some(paths) = row.files else {
            parts.push(Part {
                name,
                file_name: None,
                content_type,
                content: draft.resolve(&row.value).into_bytes(),
            });
            continue;
        };
        for path in paths {
            let Some((path, content)) = read(&path, draft, surroundings) else {
                continue;
            };
            let file = path.rsplit('/').next().unwrap_or(&path);
            let kind = content_type.clone();
            parts.push(Part {
                name: name.clone(),
                file_name: Some(file.to_owned()),
                content_type: kind.or_else(|| Some(media_type(file).to_owned())),
                content,
            });
        }
    }
    // Bruno overwrites a header of just this name, and goes by any other that there is.
    let written = draft.written("Content-Type");
    let other = written.filter(|(name, _)| *name != "content-type");
    let kind = other
        .map_or("multipart/form-data", |(_, kind)| kind)
        .to_owned();
    let kind = if !kind.starts_with("multipart/") {
        draft.warn("with this Content-Type Bruno does not send the form as it is here");
        format!("multipart/form-data; boundary={BOUNDARY}")
    } else if kind.contains("boundary=") {
        draft.warn("Bruno sends another boundary in the content than in this Content-Type");
        kind
    } else {
        format!("{kind}; boundary={BOUNDARY}")
    };
    Body {
        content: if parts.is_empty() {
            Vec::new()
        } else {
            content(&parts)
        },
        is_type_fixed: true,
        is_sent_empty: parts.is_empty(),
        ..Body::new("", &kind)
    }
}

/// The first file that is switched on is sent.
fn file(rows: Vec<Row>, draft: &mut Draft, surroundings: &Surroundings<'_>) -> Body {
    let mut files = rows.into_iter().filter_map(|row| {
        let path = row.files?.into_iter().next()?;
        Some((path, row.content_type))
    });
    let Some((path, kind)) = files.next() else {
        return Body::new("", "application/octet-stream");
    };
    let content = read(&path, draft, surroundings).map(|(_, content)| content);
    Body {
        is_type_fixed: true,
        ..Body::new(content.unwrap_or_default(), &kind.unwrap_or_default())
    }
}

/// The path of a file and its content; one that cannot be read is left out.
fn read(
    path: &str,
    draft: &mut Draft,
    surroundings: &Surroundings<'_>,
) -> Option<(String, Vec<u8>)> {
    let path = draft.resolve(path).trim().to_owned();
    match (surroundings.file)(Path::new(&path)).and_then(within_limit) {
        Ok(content) => Some((path, content)),
        Err(error) => {
            draft.warn(&format!("{path} is left out: {error}"));
            None
        }
    }
}
