//! The header fields of a request, in the order in which Postman sends them.

use std::collections::HashMap;

use serde_json::Value;

use crate::import::variables::text;
use crate::model::{FieldLine, FieldSection, Provenance};

/// Names and values in order.
#[derive(Default)]
pub(super) struct Headers {
    rows: Vec<(String, String)>,
}

impl Headers {
    /// The rows of a request that are switched on; older files have them as text.
    pub(super) fn from_json(list: &Value, mut resolve: impl FnMut(&str) -> String) -> Self {
        let mut headers = Self::default();
        match list {
            Value::Array(rows) => {
                for row in rows.iter().filter(|row| is_on(row)) {
                    let part = |name| row.get(name).map(text).unwrap_or_default();
                    headers.push(&resolve(&part("key")), &resolve(&part("value")));
                }
            }
            Value::String(lines) => {
                for line in lines.lines().filter(|line| !line.starts_with("//")) {
                    let (name, value) = line.split_once(':').unwrap_or((line, ""));
                    headers.push(&resolve(name.trim()), &resolve(value.trim()));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
        }
        headers
    }

    pub(super) fn push(&mut self, name: &str, value: &str) {
        if !name.is_empty() {
            self.rows.push((name.to_owned(), value.to_owned()));
        }
    }

    pub(super) fn first(&self, name: &str) -> Option<&str> {
        let mut rows = self.rows.iter();
        rows.find(|row| row.0.eq_ignore_ascii_case(name))
            .map(|row| row.1.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// Removes all of that name and appends one, as the Authorization tab does.
    pub(super) fn replace(&mut self, name: &str, value: &str) {
        self.rows.retain(|row| !row.0.eq_ignore_ascii_case(name));
        self.push(name, value);
    }

    /// Sets a value where the name stands first, else at the end; no other of the name stays.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let mut is_set = false;
        self.rows.retain_mut(|row| {
            if !row.0.eq_ignore_ascii_case(name) {
                return true;
            }
            value.clone_into(&mut row.1);
            !std::mem::replace(&mut is_set, true)
        });
        if !is_set {
            self.push(name, value);
        }
    }

    /// The names in lower case.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.rows.iter().map(|row| row.0.to_ascii_lowercase())
    }

    /// Removes the rows that the test picks, and tells whether there were any.
    pub(super) fn remove_if(&mut self, test: impl Fn(&str) -> bool) -> bool {
        let before = self.rows.len();
        self.rows.retain(|row| !test(&row.0));
        self.rows.len() < before
    }

    /// The fields as sent: those of one name stand together, where the first is. Of names that differ
    /// only in case Node sends the last.
    ///
    /// # Errors
    /// When a name or a value has a character that no field may have.
    pub(super) fn section(self) -> Result<FieldSection, &'static str> {
        let mut last_names = HashMap::new();
        let mut order = HashMap::new();
        for (at, (name, _)) in self.rows.iter().enumerate() {
            let key = name.to_ascii_lowercase();
            order.entry(key.clone()).or_insert(at);
            last_names.insert(key, name.clone());
        }
        let key = |row: &(String, String)| row.0.to_ascii_lowercase();
        let mut rows = self.rows;
        rows.retain(|row| last_names.get(&key(row)) == Some(&row.0));
        rows.sort_by_cached_key(|row| order.get(&key(row)).copied());
        let mut lines = Vec::with_capacity(rows.len());
        for (name, value) in with_one_cookie(rows) {
            if !name.bytes().all(is_token) {
                return Err("a header name has a character that no name may have");
            }
            if value.chars().any(|c| c.is_control() && c != '\t') {
                return Err("a header value has a line break or another control character");
            }
            lines.push(FieldLine::new(name, value));
        }
        Ok(FieldSection::from_lines(lines, Provenance::Import))
    }
}

/// Whether a row is not switched off.
pub(super) fn is_on(row: &Value) -> bool {
    row.get("disabled") != Some(&Value::Bool(true))
}

/// RFC 9110 `tchar`.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Node puts the values of several `Cookie` into one field.
fn with_one_cookie(rows: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String)> = Vec::with_capacity(rows.len());
    for (name, value) in rows {
        match joined.last_mut() {
            Some(last) if last.0 == name && name.eq_ignore_ascii_case("cookie") => {
                last.1.push_str("; ");
                last.1.push_str(&value);
            }
            _ => joined.push((name, value)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent(headers: Headers) -> Vec<String> {
        let section = headers.section().unwrap();
        let lines = section.lines().iter();
        lines
            .map(|line| {
                let value = String::from_utf8_lossy(line.value()).into_owned();
                format!("{}: {value}", line.name_text())
            })
            .collect()
    }

    #[test]
    fn rows_that_are_off_or_without_a_name_are_not_sent() {
        let rows = json!([
            {"key": "A", "value": "1"}, {"key": "", "value": "x"},
            {"key": "B", "value": "2", "disabled": true}, {"key": "C", "value": null},
        ]);
        let headers = Headers::from_json(&rows, str::to_owned);
        assert_eq!(sent(headers), ["A: 1", "C: "]);
    }

    #[test]
    fn headers_as_text_are_read() {
        let rows = json!("A: 1\n//B: 2\nC:3\n");
        assert_eq!(
            sent(Headers::from_json(&rows, str::to_owned)),
            ["A: 1", "C: 3"]
        );
    }

    #[test]
    fn lines_of_one_name_are_sent_together() {
        let mut headers = Headers::default();
        for (name, value) in [("A", "1"), ("c", "1"), ("B", "2"), ("A", "3"), ("C", "2")] {
            headers.push(name, value);
        }
        assert_eq!(sent(headers), ["A: 1", "A: 3", "C: 2", "B: 2"]);
    }

    #[test]
    fn cookies_share_a_line_and_a_set_value_stands_alone() {
        let mut headers = Headers::default();
        for (name, value) in [("Cookie", "a=1"), ("T", "1"), ("Cookie", "b=2"), ("t", "2")] {
            headers.push(name, value);
        }
        headers.set("T", "3");
        assert_eq!(sent(headers), ["Cookie: a=1; b=2", "T: 3"]);
    }

    #[test]
    fn what_would_break_the_head_is_refused() {
        for (name, value) in [("A b", "1"), ("A", "1\r\nB: 2"), ("A\n", "1")] {
            let mut headers = Headers::default();
            headers.push(name, value);
            assert!(headers.section().is_err(), "{name:?}");
        }
    }
}
