//! The content of a request, by the mode of its body.

use std::path::Path;

use serde_json::{Value, json};

use super::blocks::{Block, Row};
use super::build::Draft;
use crate::import::Surroundings;
use crate::import::address::escape;
use crate::import::files::within_limit;
use crate::import::postman::multipart::{BOUNDARY, Part, content, media_type};
use crate::import::variables::around;

/// Content, and the type that Bruno gives it when the headers name none.
#[derive(Default)]
pub(super) struct Body {
    pub(super) content: Vec<u8>,
    pub(super) content_type: Option<String>,
    /// The type is that of the content whatever the headers say.
    pub(super) is_type_fixed: bool,
}

impl Body {
    fn new(content: impl Into<Vec<u8>>, content_type: &str) -> Self {
        Self {
            content: content.into(),
            content_type: Some(content_type.to_owned()),
            is_type_fixed: false,
        }
    }
}

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
            let plain = without_comments(&written);
            if plain != written {
                draft.warn("comments in the JSON are left out; the space around them may differ");
            }
            Body::new(draft.resolve(&plain), "application/json")
        }
        "text" => Body::new(draft.resolve(&text("body:text")), "text/plain"),
        "xml" => Body::new(draft.resolve(&text("body:xml")), "application/xml"),
        "sparql" => {
            let content = draft.resolve(&text("body:sparql"));
            Body::new(content, "application/sparql-query")
        }
        "graphql" => {
            let content = graphql(&text("body:graphql"), &text("body:graphql:vars"), draft);
            Body::new(content, "application/json")
        }
        "formUrlEncoded" | "form-urlencoded" => {
            let content = form(&rows("body:form-urlencoded"), draft);
            Body::new(content, "application/x-www-form-urlencoded")
        }
        "multipartForm" | "multipart-form" => {
            multipart(parts("body:multipart-form"), draft, surroundings)
        }
        "file" => file(parts("body:file"), draft, surroundings),
        _ => Body::default(),
    }
}

/// JSON without `// …` and `/* … */`.
fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut in_text = false;
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('"', _) => in_text = !in_text,
            ('\\', Some(_)) if in_text => {
                plain.push(c);
                plain.extend(chars.next());
                continue;
            }
            ('/', Some('/')) if !in_text => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
                continue;
            }
            ('/', Some('*')) if !in_text => {
                chars.next();
                let mut last = ' ';
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
                continue;
            }
            _ => {}
        }
        plain.push(c);
    }
    plain
}

fn graphql(query: &str, variables: &str, draft: &mut Draft) -> String {
    let query = json!(draft.resolve(query));
    let variables = draft.resolve(&without_comments(variables));
    let variables = if variables.trim().is_empty() {
        "{}".to_owned()
    } else {
        match serde_json::from_str::<Value>(&variables) {
            Ok(value) => value.to_string(),
            Err(_unknown) => variables,
        }
    };
    format!("{{\"query\":{query},\"variables\":{variables}}}")
}

/// `encodeURIComponent` for names and values.
fn form(rows: &[Row], draft: &mut Draft) -> String {
    let is_special = |c: char| !c.is_ascii_alphanumeric() && !"-_.!~*'()".contains(c);
    let mut encode = |text: &str| {
        let text = draft.resolve(text);
        around(&text, |text| escape(text, is_special))
    };
    let pairs = rows
        .iter()
        .map(|row| format!("{}={}", encode(&row.name), encode(&row.value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn multipart(rows: Vec<Row>, draft: &mut Draft, surroundings: &Surroundings<'_>) -> Body {
    let mut parts = Vec::new();
    for row in rows {
        let name = draft.resolve(&row.name);
        let content_type = row.content_type.map(|kind| draft.resolve(&kind));
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
            let Some(content) = read(&path, draft, surroundings) else {
                continue;
            };
            let file = path.rsplit(['/', '\\']).next().unwrap_or(&path);
            let kind = content_type.clone();
            parts.push(Part {
                name: name.clone(),
                file_name: Some(file.to_owned()),
                content_type: kind.or_else(|| Some(media_type(file).to_owned())),
                content,
            });
        }
    }
    Body {
        content: content(&parts),
        content_type: Some(format!("multipart/form-data; boundary={BOUNDARY}")),
        is_type_fixed: true,
    }
}

/// The first file that is switched on is sent.
fn file(rows: Vec<Row>, draft: &mut Draft, surroundings: &Surroundings<'_>) -> Body {
    let Some(row) = rows.into_iter().next() else {
        return Body::default();
    };
    let paths = row.files.unwrap_or_default();
    let content = paths
        .first()
        .and_then(|path| read(path, draft, surroundings));
    let kind = row.content_type.as_deref();
    Body {
        content: content.unwrap_or_default(),
        content_type: Some(kind.unwrap_or("application/octet-stream").to_owned()),
        is_type_fixed: true,
    }
}

/// The content of a file; one that cannot be read is left out.
fn read(path: &str, draft: &mut Draft, surroundings: &Surroundings<'_>) -> Option<Vec<u8>> {
    let path = draft.resolve(path.trim());
    match (surroundings.file)(Path::new(&path)).and_then(within_limit) {
        Ok(content) => Some(content),
        Err(error) => {
            draft.warn(&format!("{path} is left out: {error}"));
            None
        }
    }
}
