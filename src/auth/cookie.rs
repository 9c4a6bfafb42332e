//! Cookies sent and set (RFC 6265bis).

use crate::model::FieldSection;

/// A cookie of a request, as sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    /// The name.
    pub name: String,
    /// The value, nothing decoded.
    pub value: Vec<u8>,
}

/// The cookies of a request in order, all `Cookie` lines taken together.
pub fn cookies(_fields: &FieldSection) -> Vec<Cookie> {
    unimplemented!()
}
