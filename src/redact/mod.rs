//! Decides what may leave the machine: secrets become names before anything is shown.

use std::fmt;

use serde::Serialize;

use crate::model::{FieldLine, Place, Request, Url};

/// Text that may be shown: secrets masked, control and bidi characters escaped. Only this module makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Masked(String);

impl Masked {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Masks the values of one report; equal secrets get equal names.
#[derive(Debug)]
pub struct Masker {}

impl Masker {
    /// A masker for one report.
    pub fn new() -> Self {
        unimplemented!()
    }

    /// Shows the real values: for `--reveal` only. Control characters are escaped all the same.
    pub fn revealing() -> Self {
        unimplemented!()
    }

    /// Learns the secrets of a request, so that their echoes in other texts are masked too.
    pub fn learn(&mut self, _request: &Request) {
        unimplemented!()
    }

    /// A field value, by the field's name.
    pub fn field_value(&mut self, _name: &str, _value: &[u8]) -> Masked {
        unimplemented!()
    }

    /// A field line's value as sent, outer whitespace kept.
    pub fn field_line(&mut self, _line: &FieldLine) -> Masked {
        unimplemented!()
    }

    /// A field name (a long or token-like name is masked itself).
    pub fn field_name(&mut self, _name: &[u8]) -> Masked {
        unimplemented!()
    }

    /// A cookie's value.
    pub fn cookie_value(&mut self, _name: &str, _value: &[u8]) -> Masked {
        unimplemented!()
    }

    /// A query or form parameter's value.
    pub fn parameter_value(&mut self, _name: &str, _value: &[u8]) -> Masked {
        unimplemented!()
    }

    /// A whole URL.
    pub fn url(&mut self, _url: &Url) -> Masked {
        unimplemented!()
    }

    /// A path with an optional query, as in a request line.
    pub fn target(&mut self, _target: &[u8]) -> Masked {
        unimplemented!()
    }

    /// A credential, by its place: scheme words stay.
    pub fn credential(&mut self, _place: &Place, _value: &[u8]) -> Masked {
        unimplemented!()
    }

    /// Free text: known secrets, tokens by shape and URLs inside it are masked.
    pub fn text(&mut self, _text: &[u8]) -> Masked {
        unimplemented!()
    }

    /// Message content: by member name where it can be parsed, then as free text.
    pub fn content(&mut self, _content_type: Option<&[u8]>, _content: &[u8]) -> Masked {
        unimplemented!()
    }

    /// Our own words; control characters are escaped all the same.
    pub fn own_words(&mut self, _text: &str) -> Masked {
        unimplemented!()
    }
}

impl Default for Masker {
    fn default() -> Self {
        Self::new()
    }
}
