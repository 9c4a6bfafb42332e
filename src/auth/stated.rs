//! What the server says about the failure, in its own words (`causes.md` 1.7).

use crate::model::Response;

/// Where the server said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatedSource {
    /// A challenge parameter: scheme and parameter name.
    Challenge(String, String),
    /// A member of a JSON body, as a dotted path.
    Json(String),
    /// A response field.
    Field(String),
    /// The title or first heading of an HTML body.
    Html,
    /// The text of the body.
    Text,
}

/// One thing the server said.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    /// Where.
    pub source: StatedSource,
    /// The words as sent; may echo a secret, so they are masked before they are shown.
    pub words: String,
}

/// All that the server said, in order of weight.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Stated {
    /// The statements, challenges first.
    pub statements: Vec<Statement>,
    /// Whether the body could not be read (coding, cut off): unknown is not empty.
    pub body_unreadable: bool,
}

impl Stated {
    /// The first statement that the pattern matches (matched against lower-cased words).
    pub fn find(&self, pattern: &regex::Regex) -> Option<&Statement> {
        self.statements
            .iter()
            .find(|statement| pattern.is_match(&statement.words.to_lowercase()))
    }
}

/// Reads what the server says from challenges, body and fields.
pub fn stated(_response: &Response) -> Stated {
    unimplemented!()
}
