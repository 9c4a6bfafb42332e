//! Field lines as received: order, case, whitespace and duplicates kept (RFC 9110 section 5).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A field line: a name and the bytes that followed the colon, exactly as received.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FieldLine {
    #[serde(with = "serde_bytes")]
    name: Vec<u8>,
    #[serde(with = "serde_bytes")]
    raw_value: Vec<u8>,
}

impl FieldLine {
    /// A line from the wire: `raw_value` is everything between the colon and the line end.
    pub fn from_wire(name: impl Into<Vec<u8>>, raw_value: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            raw_value: raw_value.into(),
        }
    }

    /// A line as a program would write it: one space between the colon and the value.
    pub fn new(name: impl Into<Vec<u8>>, value: impl AsRef<[u8]>) -> Self {
        let mut raw_value = Vec::with_capacity(value.as_ref().len() + 1);
        raw_value.push(b' ');
        raw_value.extend_from_slice(value.as_ref());
        Self {
            name: name.into(),
            raw_value,
        }
    }

    /// The name in the case in which it was sent.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The name as text; bytes outside UTF-8 are replaced.
    pub fn name_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// The value without the optional whitespace around it (RFC 9110 section 5.5).
    pub fn value(&self) -> &[u8] {
        trim_ows(&self.raw_value)
    }

    /// Everything between the colon and the line end, whitespace included.
    pub fn raw_value(&self) -> &[u8] {
        &self.raw_value
    }

    /// Whether this line has that name; field names are case-insensitive.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

impl fmt::Debug for FieldLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FieldLine({} bytes: {} bytes)",
            self.name.len(),
            self.raw_value.len()
        )
    }
}

/// Where a field section came from, and so what its order, case and duplicates prove.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Provenance {
    /// Read from the wire: exact.
    #[default]
    Wire,
    /// Built from a file of another tool, as that tool would send it.
    Import,
}

/// The field lines of one header or trailer section, in order.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSection {
    lines: Vec<FieldLine>,
    provenance: Provenance,
}

impl FieldSection {
    /// An empty section of that provenance.
    pub fn new(provenance: Provenance) -> Self {
        Self {
            lines: Vec::new(),
            provenance,
        }
    }

    /// A section of these lines.
    pub fn from_lines(lines: Vec<FieldLine>, provenance: Provenance) -> Self {
        Self { lines, provenance }
    }

    /// Appends a line.
    pub fn push(&mut self, line: FieldLine) {
        self.lines.push(line);
    }

    /// All lines in order.
    pub fn lines(&self) -> &[FieldLine] {
        &self.lines
    }

    /// Where the section came from.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// The lines of that name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a FieldLine> + 'a {
        self.lines.iter().filter(move |line| line.is(name))
    }

    /// The value of the first line of that name, without whitespace around it.
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.lines
            .iter()
            .find(|line| line.is(name))
            .map(FieldLine::value)
    }

    /// The value of the first line of that name if it is UTF-8.
    pub fn first_text(&self, name: &str) -> Option<&str> {
        self.first(name)
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Whether there is a line of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.lines.iter().any(|line| line.is(name))
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl fmt::Debug for FieldSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldSection({} lines)", self.lines.len())
    }
}

/// Strips spaces and tabs at both ends (OWS, RFC 9110 section 5.6.3).
fn trim_ows(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_drops_only_the_whitespace_around_it() {
        let line = FieldLine::from_wire("X-A", " \t a b\t ");
        assert_eq!(line.value(), b"a b");
        assert_eq!(line.raw_value(), b" \t a b\t ");
    }

    #[test]
    fn duplicates_and_case_are_kept_in_order() {
        let lines = vec![
            FieldLine::new("X-A", "1"),
            FieldLine::new("b", "2"),
            FieldLine::new("x-a", "3"),
        ];
        let section = FieldSection::from_lines(lines, Provenance::Wire);
        let all: Vec<_> = section.all("X-a").map(FieldLine::value).collect();
        assert_eq!(all, [b"1", b"3"]);
        assert_eq!(section.first("x-A"), Some(&b"1"[..]));
    }

    #[test]
    fn debug_shows_no_content() {
        let line = FieldLine::new("Authorization", "Bearer canary");
        assert!(!format!("{line:?}").contains("canary"));
    }
}
