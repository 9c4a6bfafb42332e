//! Templates: escapes, and variables like `{{host}}`.

use std::collections::BTreeMap;

use crate::import::Surroundings;

/// The most bytes that one text may grow to.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What variables are worth: those given or set by `[Options]`, else those of the environment.
pub(super) struct Variables<'a> {
    set: BTreeMap<String, String>,
    surroundings: &'a Surroundings<'a>,
}

/// A text after its variables were replaced.
#[derive(Default)]
pub(super) struct Rendered {
    pub(super) text: String,
    /// What could not be replaced, as it stands.
    pub(super) unresolved: Vec<String>,
}

/// How a value is written into a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// Inside the quotes of JSON.
    Json,
}

impl<'a> Variables<'a> {
    pub(super) fn new(given: &[(String, String)], surroundings: &'a Surroundings<'a>) -> Self {
        Self {
            set: given
                .iter()
                .map(|(name, value)| (name.clone(), as_read(value)))
                .collect(),
            surroundings,
        }
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.set.insert(name.to_owned(), as_read(value));
    }

    fn value(&self, expression: &str) -> Option<String> {
        let environment = self.surroundings.variable;
        if let Some(name) = expression.strip_prefix("getEnv ") {
            return environment(name.trim().trim_matches('"'));
        }
        if let Some(value) = self.set.get(expression) {
            return Some(value.clone());
        }
        let value = environment(&format!("HURL_VARIABLE_{expression}"))
            .or_else(|| environment(&format!("HURL_{expression}")));
        value.map(|value| as_read(&value))
    }

    /// Replaces variables; `None` when the text grows larger than an import holds.
    pub(super) fn render(&self, template: &str, form: Form) -> Option<Rendered> {
        let mut rendered = Rendered::default();
        let mut rest = template;
        while let Some((before, inside, after)) = next(rest) {
            rendered.text.push_str(before);
            match self.value(inside.trim()) {
                Some(value) if form == Form::Json => rendered.text.push_str(&in_json(&value)),
                Some(value) => rendered.text.push_str(&value),
                None => {
                    let whole = format!("{{{{{inside}}}}}");
                    rendered.text.push_str(&whole);
                    if !rendered.unresolved.contains(&whole) && rendered.unresolved.len() < 64 {
                        rendered.unresolved.push(whole);
                    }
                }
            }
            if rendered.text.len() > MAX_BYTES {
                return None;
            }
            rest = after;
        }
        rendered.text.push_str(rest);
        Some(rendered)
    }
}

/// A value as it is written after it was read: `"1"` is a text, `1.50` a number.
fn as_read(value: &str) -> String {
    let inside = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    if let Some(text) = inside {
        return text.to_owned();
    }
    if let Ok(number) = value.parse::<i64>() {
        return number.to_string();
    }
    // Whole numbers of any length keep their digits.
    let is_whole = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse::<f64>().ok().filter(|_| !is_whole) {
        Some(number) if number.is_finite() && number.fract() == 0.0 => format!("{number}.0"),
        Some(number) => number.to_string(),
        None => value.to_owned(),
    }
}

/// The text before the first `{{…}}`, what stands in it, and the text after it.
pub(super) fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find("{{")?;
        let inside = text.get(start + 2..)?;
        let end = inside.find(['{', '}', '\n'])?;
        if inside.get(end..)?.starts_with("}}") && !inside.get(..end)?.trim().is_empty() {
            return Some((
                text.get(..start)?,
                inside.get(..end)?,
                inside.get(end + 2..)?,
            ));
        }
        from = start + 1;
    }
}

fn in_json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    let inside = quoted
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}

/// A text with its escapes read: `\n`, `\#`, `\u{20}`.
pub(super) fn unescaped(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        unescaped.push_str(before);
        let mut chars = after.chars();
        rest = match chars.next() {
            Some('b') => push(&mut unescaped, '\u{8}', &chars),
            Some('f') => push(&mut unescaped, '\u{c}', &chars),
            Some('n') => push(&mut unescaped, '\n', &chars),
            Some('r') => push(&mut unescaped, '\r', &chars),
            Some('t') => push(&mut unescaped, '\t', &chars),
            Some('u') => match unicode(chars.as_str()) {
                Some((c, after)) => {
                    unescaped.push(c);
                    after
                }
                None => push(&mut unescaped, 'u', &chars),
            },
            Some(c) => push(&mut unescaped, c, &chars),
            None => "",
        };
    }
    unescaped.push_str(rest);
    unescaped
}

fn push<'t>(text: &mut String, c: char, rest: &std::str::Chars<'t>) -> &'t str {
    text.push(c);
    rest.as_str()
}

/// `{20}`
fn unicode(text: &str) -> Option<(char, &str)> {
    let (digits, rest) = text.strip_prefix('{')?.split_once('}')?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    Some((char::from_u32(number)?, rest))
}
