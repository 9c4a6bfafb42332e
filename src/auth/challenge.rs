//! `WWW-Authenticate` and its relatives, read tolerantly (RFC 9110 section 11.6.1).

use crate::model::FieldSection;

/// One challenge of a response.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme as sent; compare with [`Challenge::is`].
    pub scheme: String,
    /// The token68 data, if the challenge has that form.
    pub token68: Option<Vec<u8>>,
    /// The parameters in order; names in lower case, values unquoted.
    pub parameters: Vec<(String, Vec<u8>)>,
}

impl Challenge {
    /// Whether it is of that scheme; schemes are case-insensitive.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The first parameter of that lower-case name.
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_slice())
    }
}

/// All challenges of a response: `WWW-Authenticate`, and the names under which gateways hide it.
pub fn challenges(_fields: &FieldSection) -> Vec<Challenge> {
    unimplemented!()
}

/// The challenges in one field value.
pub fn parse_challenges(_value: &[u8]) -> Vec<Challenge> {
    unimplemented!()
}
