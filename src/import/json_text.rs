//! JSON files whose parts are read one by one, so that each problem has its place.

use serde::Deserialize;

use super::{ErrorKind, ImportError, Source, Span};

/// The text of a JSON file.
#[derive(Clone, Copy)]
pub(super) struct JsonText<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> JsonText<'a> {
    /// The text of a file, without a byte order mark.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub(super) fn new(source: &Source<'a>) -> Result<Self, ImportError> {
        let start = source.span().start;
        let text = std::str::from_utf8(source.bytes()).map_err(|error| {
            let at = start + error.valid_up_to();
            let kind = ErrorKind::Json("it is not UTF-8 text".to_owned());
            ImportError::new(Span::new(at, at), kind)
        })?;
        Ok(Self { text, start })
    }

    /// All of it.
    pub(super) fn whole(&self) -> &'a str {
        self.text.trim_start_matches('\u{feff}')
    }

    /// Where a part of the text stands in it.
    pub(super) fn span(&self, part: &str) -> Span {
        let offset = part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        let start = self.start + offset.min(self.text.len());
        Span::new(start, start + part.len())
    }

    /// Reads a part that has to be an object: a list would be taken for its members in order.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn object<T: Deserialize<'a>>(
        &self,
        part: &'a str,
        otherwise: &'static str,
    ) -> Result<T, ImportError> {
        let trimmed = part.trim_ascii_start();
        if trimmed.starts_with(['[', '"']) {
            let at = self.span(trimmed).start;
            let kind = ErrorKind::Shape(otherwise);
            return Err(ImportError::new(Span::new(at, at), kind));
        }
        self.read(part, otherwise)
    }

    /// Reads a part; `otherwise` says what it should be when it is JSON of another shape.
    ///
    /// # Errors
    /// When it is not JSON, or of another shape.
    pub(super) fn read<T: Deserialize<'a>>(
        &self,
        part: &'a str,
        otherwise: &'static str,
    ) -> Result<T, ImportError> {
        serde_json::from_str(part).map_err(|error| {
            let at = offset(part.as_bytes(), error.line(), error.column());
            let at = self.span(part).start + at;
            let kind = kind(&error, otherwise);
            ImportError::new(Span::new(at, at), kind)
        })
    }
}

/// What the parser says, without values; `otherwise` stands for a wrong shape.
pub(super) fn kind(error: &serde_json::Error, otherwise: &'static str) -> ErrorKind {
    if error.is_data() {
        return ErrorKind::Shape(otherwise);
    }
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or_default();
    ErrorKind::Json(reason.to_owned())
}

/// The place of a line and a column, both from 1.
pub(super) fn offset(text: &[u8], line: usize, column: usize) -> usize {
    let newlines = memchr::memchr_iter(b'\n', text);
    let before = line
        .checked_sub(2)
        .and_then(|lines| newlines.map(|at| at + 1).nth(lines));
    (before.unwrap_or(0) + column.saturating_sub(1)).min(text.len())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::value::RawValue;

    use super::*;

    fn place(text: &str) -> String {
        let source = Source::new("x", text.as_bytes());
        let json = JsonText::new(&source).unwrap();
        let error = json.read::<Value>(json.whole(), "").unwrap_err();
        format!("{}: {error}", error.position(&source))
    }

    #[test]
    fn broken_json_is_told_with_its_place() {
        assert_eq!(
            place("{\n  \"a\": 1,\n  b\n}"),
            "3:3: this is not JSON: key must be a string"
        );
        assert_eq!(
            place("\u{feff}[1 2]"),
            "1:4: this is not JSON: expected `,` or `]`"
        );
        assert!(place("").starts_with("1:1: "));
    }

    #[test]
    fn a_part_of_another_shape_is_told_without_its_value() {
        let source = Source::new("x", b"[\n {\"a\": \"canary\"}]");
        let json = JsonText::new(&source).unwrap();
        let parts: Vec<&RawValue> = json.read(json.whole(), "").unwrap();
        let error = json
            .read::<Vec<u8>>(parts[0].get(), "a list is needed here")
            .unwrap_err();
        assert_eq!(error.position(&source).to_string(), "2:2");
        assert_eq!(error.to_string(), "a list is needed here");
    }

    #[test]
    fn bytes_that_are_no_text_are_told_with_their_place() {
        let source = Source::new("x", b"{\"a\": \"\xff\"}");
        let error = JsonText::new(&source).map(|_| ()).unwrap_err();
        assert_eq!(error.position(&source).to_string(), "1:8");
    }
}
