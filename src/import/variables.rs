//! Variables of the form `{{name}}`, from the command line, an environment and the file itself.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use serde_json::Value;

use crate::model::Request;

/// How deep variables may stand in the values of variables; Postman stops near this, too.
const MAX_DEPTH: usize = 20;

/// The most bytes that all values of one import may grow to by replacing variables.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Stands for a value that is computed when the request is sent.
pub(super) const COMPUTED: &str = "computed_when_sent";

/// What is longer is text between braces, no name.
const LONGEST_VARIABLE: usize = 256;

/// As many variables as somebody could want to read.
const MAX_UNRESOLVED: usize = 64;

/// Values by name. Of two with one name the last counts.
#[derive(Clone, Default)]
pub(in crate::import) struct Variables {
    values: HashMap<String, String>,
    blank_secrets: BTreeSet<String>,
}

impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Variables({})", self.values.len())
    }
}

impl Variables {
    /// Sets a value.
    pub(in crate::import) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    /// Adds others, that override these.
    pub(super) fn extend(&mut self, more: Self) {
        self.values.extend(more.values);
        self.blank_secrets.extend(more.blank_secrets);
    }

    /// The rows of a list as collections and environments have it: `[{"key", "value"}]`, or
    /// `{"name": value}` in older files. Rows that are switched off are left out.
    pub(in crate::import) fn from_json(list: &Value) -> Self {
        let mut variables = Self::default();
        match list {
            Value::Array(rows) => rows.iter().for_each(|row| variables.add(row)),
            Value::Object(map) => {
                for (name, value) in map {
                    variables.set(name, &text(value));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        variables
    }

    fn add(&mut self, row: &Value) {
        let is_off = row.get("disabled") == Some(&Value::Bool(true))
            || row.get("enabled") == Some(&Value::Bool(false));
        let name = row.get("key").or_else(|| row.get("id"));
        let Some(name) = name.and_then(Value::as_str).filter(|_| !is_off) else {
            return;
        };
        let value = row.get("value").map(text).unwrap_or_default();
        // Exports leave out the values of secrets.
        let is_secret = row.get("type").and_then(Value::as_str) == Some("secret");
        if is_secret && value.is_empty() {
            self.blank_secrets.insert(name.to_owned());
        }
        self.set(name, &value);
    }
}

/// A value as Postman puts it into a text.
pub(in crate::import) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Replaces variables by their values.
pub(in crate::import) struct Resolver {
    /// The first that has a name gives its value.
    scopes: Vec<Variables>,
    /// What scripts set: a blank value of theirs is not what is sent.
    set_by_scripts: BTreeSet<String>,
    known: HashMap<String, Option<Rc<str>>>,
    cyclic: BTreeSet<String>,
    left_bytes: usize,
}

impl Resolver {
    pub(in crate::import) fn new(scopes: Vec<Variables>, set_by_scripts: BTreeSet<String>) -> Self {
        Self {
            scopes,
            set_by_scripts,
            known: HashMap::new(),
            cyclic: BTreeSet::new(),
            left_bytes: MAX_BYTES,
        }
    }

    /// How many bytes the texts grew to so far.
    pub(in crate::import) fn spent_bytes(&self) -> usize {
        MAX_BYTES - self.left_bytes
    }

    /// The text with all variables replaced that have a value; others stay as they stand.
    pub(in crate::import) fn resolve(&mut self, text: &str) -> String {
        let mut resolved = self.pass(text, &mut Vec::new());
        // A name may be made of variables: `{{url_{{stage}}}}`.
        for _ in 1..MAX_DEPTH {
            let again = self.pass(&resolved, &mut Vec::new());
            if again == resolved {
                break;
            }
            resolved = again;
        }
        // What is too much is told, not sent.
        if self.is_spent() {
            return text.to_owned();
        }
        resolved
    }

    /// Whether the values together grew larger than an import holds.
    pub(in crate::import) fn is_spent(&self) -> bool {
        self.left_bytes == 0
    }

    /// The variables that stand in their own values.
    pub(in crate::import) fn cyclic(&self) -> &BTreeSet<String> {
        &self.cyclic
    }

    fn pass(&mut self, text: &str, stack: &mut Vec<String>) -> String {
        let mut resolved = String::new();
        let mut rest = text;
        while let Some(token) = next_token(rest) {
            let value = self.value(token.name, stack);
            let value = value.as_deref().unwrap_or(token.whole);
            // A token costs even when its value is empty: there may be very many.
            let cost = token.before.len() + value.len() + token.whole.len();
            self.left_bytes = self.left_bytes.saturating_sub(cost);
            if self.is_spent() {
                break;
            }
            resolved.push_str(token.before);
            resolved.push_str(value);
            rest = token.after;
        }
        resolved.push_str(rest);
        resolved
    }

    fn value(&mut self, name: &str, stack: &mut Vec<String>) -> Option<Rc<str>> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        if stack.iter().any(|outer| outer == name) {
            self.cyclic.insert(name.to_owned());
            return None;
        }
        let raw = self.raw(name)?;
        if stack.len() >= MAX_DEPTH {
            return None;
        }
        stack.push(name.to_owned());
        let value = self.pass(&raw, stack);
        stack.pop();
        let value = (!self.cyclic.contains(name)).then(|| Rc::from(value));
        self.known.insert(name.to_owned(), value.clone());
        value
    }

    fn raw(&self, name: &str) -> Option<String> {
        let scope = self
            .scopes
            .iter()
            .find(|scope| scope.values.contains_key(name))?;
        let value = scope.values.get(name)?;
        let is_unknown = value.is_empty()
            && (scope.blank_secrets.contains(name) || self.set_by_scripts.contains(name));
        (!is_unknown).then(|| value.clone())
    }
}

/// A `{{name}}` and the texts around it.
struct Token<'t> {
    before: &'t str,
    whole: &'t str,
    name: &'t str,
    after: &'t str,
}

/// The first `{{name}}` of a text; a name holds no braces.
fn next_token(text: &str) -> Option<Token<'_>> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find("{{")?;
        let inside = text.get(start + 2..)?;
        let length = inside.find(['{', '}'])?;
        let name = inside.get(..length)?;
        let end = start + 2 + length + 2;
        if text.get(end - 2..end) == Some("}}") && !name.is_empty() {
            return Some(Token {
                before: text.get(..start)?,
                whole: text.get(start..end)?,
                name,
                after: text.get(end..)?,
            });
        }
        from = start + 1;
    }
}

/// The parts of a text, in order: `true` with those that are variables.
pub(in crate::import) fn parts(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = Some(text);
    let steps = std::iter::from_fn(move || {
        let text = rest?;
        let Some(token) = next_token(text) else {
            rest = None;
            return Some([(text, false), ("", false)]);
        };
        rest = Some(token.after);
        Some([(token.before, false), (token.whole, true)])
    });
    steps.flatten().filter(|(part, _)| !part.is_empty())
}

/// Whether a text holds a variable.
pub(in crate::import) fn has_variable(text: &str) -> bool {
    next_token(text).is_some()
}

/// The variables that a request still holds, each once, in the order in which they are met.
pub(super) fn unresolved(request: &Request) -> Vec<String> {
    let lines = request.fields.lines().iter();
    // Postman makes this up for each request, and nobody compares it.
    let lines = lines.filter(|line| !line.is("Postman-Token"));
    let host = request.url.origin.host.as_bytes();
    let texts = [request.method.as_bytes(), host, &request.target]
        .into_iter()
        .chain(lines.map(|line| line.value()))
        .chain([request.content.bytes.as_slice()]);
    let mut names: Vec<String> = Vec::new();
    for text in texts {
        let text = String::from_utf8_lossy(text);
        let is_name = |part: &(&str, bool)| part.1 && part.0.len() <= LONGEST_VARIABLE;
        let variables = parts(&text).filter(is_name);
        let computed = text.contains(COMPUTED).then_some(COMPUTED);
        for name in variables.map(|part| part.0).chain(computed) {
            if names.len() < MAX_UNRESOLVED && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// Changes the text around variables, and leaves those as they stand.
pub(in crate::import) fn around(text: &str, change: impl Fn(&str) -> String) -> String {
    parts(text)
        .map(|(part, is_variable)| {
            if is_variable {
                part.to_owned()
            } else {
                change(part)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn resolver(scopes: &[Value]) -> Resolver {
        let scopes = scopes.iter().map(Variables::from_json).collect();
        Resolver::new(scopes, BTreeSet::from(["set".to_owned()]))
    }

    #[test]
    fn the_first_scope_that_has_a_name_gives_its_value() {
        let mut resolver = resolver(&[
            json!([{"key": "a", "value": 1}, {"key": "off", "value": "x", "enabled": false}]),
            json!({"a": "2", "b": true, "off": "on"}),
        ]);
        assert_eq!(
            resolver.resolve("{{a}}/{{b}}/{{off}}/{{c}}"),
            "1/true/on/{{c}}"
        );
    }

    #[test]
    fn values_and_names_may_hold_variables() {
        let mut resolver = resolver(&[json!({
            "base": "https://{{host}}", "host": "{{stage}}.acme.test", "stage": "dev",
            "url_dev": "found",
        })]);
        assert_eq!(resolver.resolve("{{base}}/x"), "https://dev.acme.test/x");
        assert_eq!(resolver.resolve("{{url_{{stage}}}}"), "found");
    }

    #[test]
    fn braces_that_are_no_variable_are_left_alone() {
        let mut resolver = resolver(&[json!({"a": "1"})]);
        let text = r#"{"x":{"y":{}}} {{}} {{a {{{a}} }}"#;
        assert_eq!(resolver.resolve(text), r#"{"x":{"y":{}}} {{}} {{a {1 }}"#);
    }

    #[test]
    fn a_circle_is_found_and_left_as_it_stands() {
        let mut resolver = resolver(&[json!({"a": "x{{b}}", "b": "y{{a}}", "c": "{{a}}z"})]);
        let resolved = resolver.resolve("{{c}}");
        assert!(has_variable(&resolved), "{resolved}");
        assert!(!resolver.cyclic().is_empty());
    }

    #[test]
    fn what_a_script_or_a_person_fills_in_is_not_taken_to_be_empty() {
        let mut resolver = resolver(&[json!([
            {"key": "blank", "value": ""},
            {"key": "set", "value": ""},
            {"key": "secret", "value": "", "type": "secret"},
        ])]);
        assert_eq!(
            resolver.resolve("[{{blank}}{{set}}{{secret}}]"),
            "[{{set}}{{secret}}]"
        );
    }

    #[test]
    fn growth_without_end_is_stopped() {
        let mut list = serde_json::Map::new();
        for level in 0..30 {
            let inner = format!("{{{{v{}}}}}", level + 1).repeat(20);
            list.insert(format!("v{level}"), Value::String(inner));
        }
        let mut resolver = resolver(&[Value::Object(list)]);
        let resolved = resolver.resolve("{{v0}}");
        assert!(resolved.len() <= MAX_BYTES && resolver.is_spent());
    }

    proptest! {
        #[test]
        fn parts_join_to_the_text(text in "[a{}$ ]{0,40}") {
            let joined: String = parts(&text).map(|(part, _)| part).collect();
            prop_assert_eq!(joined, text);
        }

        #[test]
        fn any_text_is_resolved(text: String, values: Vec<(String, String)>) {
            let list: serde_json::Map<String, Value> =
                values.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
            resolver(&[Value::Object(list)]).resolve(&text);
        }
    }
}
