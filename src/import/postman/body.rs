//! The content of a request, by the mode of its body.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::headers::is_on;
use super::multipart::{self, Part};
use crate::import::Surroundings;
use crate::import::address::escape;
use crate::import::files::within_limit;
use crate::import::variables::{Resolver, around, text};

/// What a request sends.
pub(super) enum Body {
    Absent,
    /// Content as it is, and the type that Postman gives it when the headers name none.
    Plain {
        content: Vec<u8>,
        content_type: Option<&'static str>,
        /// Whether the editor was set to JSON, if it was set to a language.
        is_json: Option<bool>,
    },
    /// A file, whose name tells its type.
    File {
        content: Vec<u8>,
        content_type: Option<&'static str>,
    },
    /// `application/x-www-form-urlencoded`
    Form(Vec<(String, String)>),
    /// `multipart/form-data`
    Multipart(Vec<Part>),
}

/// Reads bodies.
pub(super) struct Reader<'r> {
    pub(super) resolver: &'r mut Resolver,
    pub(super) surroundings: &'r Surroundings<'r>,
    pub(super) warnings: &'r mut Vec<String>,
}

impl Reader<'_> {
    /// What the body of a request holds.
    pub(super) fn body(&mut self, body: &Value) -> Body {
        if let Value::String(content) = body {
            return self.raw(content, None);
        }
        if !is_on(body) {
            return Body::Absent;
        }
        let mode = body.get("mode").map(text).unwrap_or_default();
        let content = body.get(&mode).unwrap_or(&Value::Null);
        match mode.to_ascii_lowercase().as_str() {
            "raw" => {
                let language = body.pointer("/options/raw/language");
                self.raw(&text(content), language.and_then(Value::as_str))
            }
            "urlencoded" => self.urlencoded(content),
            "formdata" => self.formdata(content),
            "file" => self.whole_file(content),
            "graphql" => self.graphql(content),
            _ => Body::Absent,
        }
    }

    fn raw(&mut self, content: &str, language: Option<&str>) -> Body {
        let content = self.resolver.resolve(content).into_bytes();
        if content.is_empty() {
            return Body::Absent;
        }
        let content_type = match language {
            Some("html") => "text/html",
            Some("javascript") => "application/javascript",
            Some("json") => "application/json",
            Some("xml") => "application/xml",
            _ => "text/plain",
        };
        Body::Plain {
            content,
            content_type: Some(content_type),
            is_json: language.map(|language| language == "json"),
        }
    }

    fn urlencoded(&mut self, content: &Value) -> Body {
        let rows: Vec<(String, String)> = match content {
            Value::String(text) => {
                let pairs = text.split('&').filter(|pair| !pair.is_empty());
                let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
                pairs
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect()
            }
            _ => rows(content)
                .map(|row| (field(row, "key"), field(row, "value")))
                .collect(),
        };
        if rows.is_empty() {
            return Body::Absent;
        }
        let resolve = |(name, value): (String, String)| {
            (self.resolver.resolve(&name), self.resolver.resolve(&value))
        };
        Body::Form(rows.into_iter().map(resolve).collect())
    }

    fn formdata(&mut self, content: &Value) -> Body {
        if rows(content).next().is_none() {
            return Body::Absent;
        }
        let mut parts = Vec::new();
        for row in rows(content) {
            let name = self.resolver.resolve(&field(row, "key"));
            let content_type = row.get("contentType").and_then(Value::as_str);
            let content_type = content_type
                .filter(|kind| !kind.is_empty())
                .map(|kind| self.resolver.resolve(kind));
            if row.get("type").and_then(Value::as_str) != Some("file") {
                parts.push(Part {
                    name,
                    file_name: None,
                    content_type,
                    content: self.resolver.resolve(&field(row, "value")).into_bytes(),
                });
                continue;
            }
            for path in self.paths(row) {
                let Some(content) = self.file(&path) else {
                    continue;
                };
                let file_name = row.get("fileName").and_then(Value::as_str);
                let file_name = file_name.filter(|name| !name.is_empty());
                let file_name = file_name.unwrap_or_else(|| last_segment(&path));
                parts.push(Part {
                    name: name.clone(),
                    content_type: content_type
                        .clone()
                        .or_else(|| Some(multipart::media_type(file_name).to_owned())),
                    file_name: Some(file_name.to_owned()),
                    content,
                });
            }
        }
        if parts.is_empty() {
            Body::Absent
        } else {
            Body::Multipart(parts)
        }
    }

    /// `src` is a path or a list of paths.
    fn paths(&mut self, row: &Value) -> Vec<String> {
        match row.get("src") {
            Some(Value::Array(paths)) => {
                let paths = paths.iter().filter_map(Value::as_str);
                paths.map(|path| self.resolver.resolve(path)).collect()
            }
            Some(Value::String(path)) => vec![self.resolver.resolve(path)],
            _ => {
                self.warnings
                    .push("a file of the form is left out: none is chosen".to_owned());
                Vec::new()
            }
        }
    }

    fn whole_file(&mut self, content: &Value) -> Body {
        let inline = content.get("content").and_then(Value::as_str);
        let path = content.as_str().or_else(|| content.get("src")?.as_str());
        let content = match (path, inline) {
            (Some(path), _) => {
                let path = self.resolver.resolve(path);
                self.file(&path)
            }
            (None, Some(inline)) => Some(self.resolver.resolve(inline).into_bytes()),
            (None, None) => None,
        };
        match content {
            Some(content) => Body::File {
                content,
                content_type: path.map(multipart::media_type),
            },
            None => Body::Absent,
        }
    }

    /// The content of a file; one that cannot be read is left out, as Postman does it.
    fn file(&mut self, path: &str) -> Option<Vec<u8>> {
        match (self.surroundings.file)(Path::new(path)).and_then(within_limit) {
            Ok(content) => Some(content),
            Err(error) => {
                self.warnings.push(format!("{path} is left out: {error}"));
                None
            }
        }
    }

    fn graphql(&mut self, content: &Value) -> Body {
        let Value::Object(map) = content else {
            return Body::Absent;
        };
        let query = map.get("query").map(|value| self.resolved(value));
        let operation = map.get("operationName").map(|value| self.resolved(value));
        let content = match map.get("variables") {
            Some(Value::String(variables)) => {
                let variables = self.resolver.resolve(variables);
                let named = [("query", query), ("operationName", operation)];
                let mut members: Vec<String> = named
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?)))
                    .filter(|(_, value)| value.is_string())
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                if !variables.is_empty() {
                    members.push(format!("\"variables\":{variables}"));
                }
                format!("{{{}}}", members.join(","))
            }
            variables => {
                let variables = variables.map(|value| self.resolved(value));
                let members = [
                    ("query", query),
                    ("operationName", operation),
                    ("variables", variables),
                ];
                let members = members
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), value?)));
                Value::Object(members.collect::<Map<_, _>>()).to_string()
            }
        };
        Body::Plain {
            content: content.into_bytes(),
            content_type: Some("application/json"),
            is_json: Some(false),
        }
    }

    /// A JSON value with the variables in its texts replaced.
    fn resolved(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(self.resolver.resolve(text)),
            Value::Array(items) => items.iter().map(|item| self.resolved(item)).collect(),
            Value::Object(map) => Value::Object(
                map.iter()
                    .map(|(name, value)| (name.clone(), self.resolved(value)))
                    .collect(),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
}

/// The rows of a list that are switched on.
fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    let rows = list.as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter().filter(|row| is_on(row))
}

fn field(row: &Value, name: &str) -> String {
    row.get(name).map(text).unwrap_or_default()
}

fn last_segment(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A form as it is sent: parameters of one name stand together, where the first is.
pub(super) fn form_content(rows: &[(String, String)]) -> Vec<u8> {
    let mut first = std::collections::HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        first.entry(row.0.as_str()).or_insert(at);
    }
    let mut rows: Vec<&(String, String)> = rows.iter().collect();
    rows.sort_by_key(|row| first.get(row.0.as_str()).copied());
    let encode = |text: &str| {
        let is_special = |c: char| !c.is_ascii_alphanumeric() && !"-_.~".contains(c);
        around(text, |text| escape(text, is_special))
    };
    let pairs: Vec<String> = rows
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&").into_bytes()
}
