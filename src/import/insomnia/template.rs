//! Templates: variables like `{{ _.host }}`, and tags like `{% uuid 'v4' %}`, which are never run.

use serde_json::{Map, Value};

/// How deep variables may stand in the values of variables.
const MAX_DEPTH: usize = 16;

/// The most bytes that the texts of one request may grow to.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The most tags and variables of one request that are named as unresolved.
const MAX_UNRESOLVED: usize = 64;

/// Replaces variables by their values.
pub(super) struct Renderer<'e> {
    /// From the command line: they override all others.
    given: &'e [(String, String)],
    /// The first that has a name gives its value.
    scopes: Vec<&'e Map<String, Value>>,
    left_bytes: usize,
    /// What could not be replaced, as it stands.
    pub(super) unresolved: Vec<String>,
}

impl<'e> Renderer<'e> {
    pub(super) fn new(given: &'e [(String, String)], scopes: Vec<&'e Map<String, Value>>) -> Self {
        Self {
            given,
            scopes,
            left_bytes: MAX_BYTES,
            unresolved: Vec::new(),
        }
    }

    /// Whether the texts grew larger than an import holds.
    pub(super) fn is_spent(&self) -> bool {
        self.left_bytes == 0
    }

    /// The text with all variables replaced that have a value; others stay as they stand.
    pub(super) fn render(&mut self, text: &str) -> String {
        self.pass(text, 0)
    }

    fn pass(&mut self, text: &str, depth: usize) -> String {
        let mut rendered = String::new();
        let mut rest = text;
        while let Some(token) = next(rest) {
            let value = match token.expression {
                Some(expression) if depth < MAX_DEPTH => self.value(expression),
                _ => None,
            };
            let value = match value {
                Some(value) => self.pass(&value, depth + 1),
                None => {
                    self.note(token.whole);
                    token.whole.to_owned()
                }
            };
            let cost = token.before.len() + value.len() + token.whole.len();
            self.left_bytes = self.left_bytes.saturating_sub(cost);
            if self.is_spent() {
                break;
            }
            rendered.push_str(token.before);
            rendered.push_str(&value);
            rest = token.after;
        }
        rendered.push_str(rest);
        rendered
    }

    fn note(&mut self, whole: &str) {
        let is_known = self.unresolved.iter().any(|known| known == whole);
        if !is_known && self.unresolved.len() < MAX_UNRESOLVED {
            self.unresolved.push(whole.to_owned());
        }
    }

    /// The value of `_.name`, `name`, `name.member` or `name['member']`.
    fn value(&self, expression: &str) -> Option<String> {
        let path = expression.trim();
        let path = path.strip_prefix("_.").unwrap_or(path);
        let path = path
            .strip_prefix('_')
            .filter(|rest| rest.starts_with('['))
            .unwrap_or(path);
        let mut given = self.given.iter().rev();
        if let Some((_, value)) = given.find(|(name, _)| name == path) {
            return Some(value.clone());
        }
        let mut value: Option<&Value> = None;
        let plain = path
            .replace("['", ".")
            .replace("[\"", ".")
            .replace(['[', ']', '\'', '"'], ".");
        for name in plain.split('.').filter(|name| !name.is_empty()) {
            if name.contains(['|', '(', ' ']) {
                return None;
            }
            value = Some(match value {
                None => self.scopes.iter().find_map(|scope| scope.get(name))?,
                Some(Value::Array(list)) => list.get(name.parse::<usize>().ok()?)?,
                Some(value) => value.get(name)?,
            });
        }
        match value? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(bool) => Some(bool.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// A `{{…}}` or `{%…%}` and the texts around it.
pub(super) struct Token<'t> {
    pub(super) before: &'t str,
    pub(super) whole: &'t str,
    /// What stands in `{{…}}`.
    expression: Option<&'t str>,
    pub(super) after: &'t str,
}

/// The first `{{…}}` or `{%…%}` of a text.
pub(super) fn next(text: &str) -> Option<Token<'_>> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find('{')?;
        let rest = text.get(start..)?;
        let inside = match rest.as_bytes() {
            [b'{', b'{', ..] => variable(rest),
            [b'{', b'%', ..] => tag(rest),
            _ => None,
        };
        let Some(inside) = inside else {
            from = start + 1;
            continue;
        };
        let length = inside.len() + 4;
        return Some(Token {
            before: text.get(..start)?,
            whole: rest.get(..length)?,
            expression: rest.starts_with("{{").then_some(inside),
            after: rest.get(length..)?,
        });
    }
}

/// What stands in `{{…}}`; two brackets of JSON are none.
fn variable(text: &str) -> Option<&str> {
    let inside = text.get(2..)?;
    let end = inside.find(['{', '}', '\n'])?;
    let is_closed = inside.get(end..)?.starts_with("}}");
    let inside = inside.get(..end)?;
    (is_closed && !inside.trim().is_empty()).then_some(inside)
}

/// What stands in `{%…%}`, in which no other tag starts.
fn tag(text: &str) -> Option<&str> {
    let inside = text.get(2..)?;
    for (at, _) in inside.match_indices('%') {
        if inside.get(at + 1..)?.starts_with('}') {
            return inside.get(..at);
        }
        if inside.get(..at)?.ends_with('{') {
            return None;
        }
    }
    None
}

/// Changes the text around what could not be replaced.
pub(super) fn around(text: &str, change: impl Fn(&str) -> String) -> String {
    let mut changed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(token) = next(rest) {
        changed.push_str(&change(token.before));
        changed.push_str(token.whole);
        rest = token.after;
    }
    changed.push_str(&change(rest));
    changed
}
