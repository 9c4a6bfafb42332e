//! Header fields in the order in which HTTPie and the libraries below it send them.

use crate::model::{FieldLine, FieldSection, Provenance};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// `Name:` takes a default away.
    Removed,
    Text(String),
    /// Set by a library, not by HTTPie: never moved to the end, whatever it is.
    Computed(String),
}

/// Names and values; several of one name are allowed.
#[derive(Debug, Default)]
pub(super) struct Headers {
    rows: Vec<(String, Value)>,
}

impl Headers {
    /// An item of the command line; without a value it takes away what is there.
    pub(super) fn add(&mut self, name: &str, value: Option<&str>) {
        match value {
            None => {
                let first = self.rows.iter().position(|row| is(row, name));
                let at = first.unwrap_or(self.rows.len());
                self.rows.retain(|row| !is(row, name));
                self.rows
                    .insert(at.min(self.rows.len()), (name.to_owned(), Value::Removed));
            }
            Some(value) => {
                self.rows
                    .retain(|row| !(is(row, name) && row.1 == Value::Removed));
                let value = Value::Text(value.to_owned());
                self.rows.push((name.to_owned(), value));
            }
        }
    }

    /// The first value of that name.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        let row = self.rows.iter().find(|row| is(row, name))?;
        match &row.1 {
            Value::Text(text) | Value::Computed(text) => Some(text),
            Value::Removed => None,
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.rows.iter().any(|row| is(row, name))
    }

    /// Sets the only value of that name, where the first stands or at the end.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.put(name, Value::Text(value.to_owned()));
    }

    fn put(&mut self, name: &str, value: Value) {
        let Some(at) = self.rows.iter().position(|row| is(row, name)) else {
            return self.rows.push((name.to_owned(), value));
        };
        let mut index = 0;
        self.rows.retain(|row| {
            index += 1;
            index - 1 <= at || !is(row, name)
        });
        if let Some(row) = self.rows.get_mut(at) {
            *row = (name.to_owned(), value);
        }
    }

    /// These, with others in the places of their namesakes, or after them.
    pub(super) fn updated(mut self, others: &Self) -> Self {
        let mut used = Vec::new();
        for (name, value) in &others.rows {
            let key = name.to_ascii_lowercase();
            let row = (name.clone(), value.clone());
            if used.contains(&key) {
                self.rows.push(row);
            } else {
                self.put(name, value.clone());
                used.push(key);
            }
        }
        for (_, value) in &mut self.rows {
            if let Value::Text(text) = value {
                *text = text.trim().to_owned();
            }
        }
        self
    }
}

fn is(row: &(String, Value), name: &str) -> bool {
    row.0.eq_ignore_ascii_case(name)
}

/// What is known of a request besides the headers that HTTPie gives to its libraries.
pub(super) struct Sending<'s> {
    pub(super) method: &'s str,
    pub(super) host: &'s str,
    pub(super) length: usize,
    pub(super) chunked: bool,
    /// The value of `Authorization`.
    pub(super) authorization: Option<Authorization>,
}

/// Credentials.
pub(super) enum Authorization {
    Basic(String),
    Bearer(String),
}

/// The fields as sent: first what the libraries set, then what HTTPie did.
pub(super) fn section(
    given: &Headers,
    sending: &Sending<'_>,
    encoding: Option<usize>,
) -> FieldSection {
    let mut prepared = prepared(given, sending);
    let mut moved = Vec::new();
    prepared.rows.retain(|(name, value)| {
        let originals = given.rows.iter().filter(|row| is(row, name));
        let originals: Vec<(String, Value)> = originals.cloned().collect();
        let is_original = originals.iter().any(|(_, original)| original == value);
        if is_original {
            moved.extend(originals);
        }
        !is_original
    });
    prepared.rows.append(&mut moved);
    if let Some(length) = encoding {
        prepared.set("Content-Encoding", "deflate");
        prepared.set("Content-Length", &length.to_string());
    }
    let mut lines = Vec::new();
    if !prepared.has("Host") {
        lines.push(FieldLine::new("Host", sending.host));
    }
    for (name, value) in prepared.rows {
        if let Value::Text(text) | Value::Computed(text) = value {
            lines.push(FieldLine::new(name, text));
        }
    }
    FieldSection::from_lines(lines, Provenance::Import)
}

fn prepared(given: &Headers, sending: &Sending<'_>) -> Headers {
    let mut prepared = Headers::default();
    for (name, value) in [
        ("User-Agent", ""),
        ("Accept-Encoding", "gzip, deflate"),
        ("Accept", "*/*"),
        ("Connection", "keep-alive"),
    ] {
        prepared.put(name, Value::Computed(value.to_owned()));
    }
    for (name, value) in &given.rows {
        prepared.put(name, value.clone());
    }
    // Of these a library below would send its own if they were only left out.
    const SKIPPED: &[&str] = &["Accept-Encoding", "Host", "User-Agent"];
    prepared
        .rows
        .retain(|row| row.1 != Value::Removed || SKIPPED.iter().any(|name| is(row, name)));
    if sending.chunked {
        prepared.put("Transfer-Encoding", Value::Computed("chunked".to_owned()));
    } else if sending.length > 0 {
        let length = sending.length.to_string();
        prepared.put("Content-Length", Value::Computed(length));
    } else if !matches!(sending.method, "GET" | "HEAD" | "OPTIONS")
        && !prepared.has("Content-Length")
    {
        prepared.put("Content-Length", Value::Computed("0".to_owned()));
    }
    match &sending.authorization {
        // Compared as bytes, and so taken for the user's own when it is the same.
        Some(Authorization::Basic(value)) => {
            prepared.put("Authorization", Value::Text(value.clone()));
        }
        Some(Authorization::Bearer(value)) => {
            prepared.put("Authorization", Value::Computed(value.clone()));
        }
        None => {}
    }
    prepared
}
