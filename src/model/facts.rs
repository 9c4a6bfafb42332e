//! What is remembered of a credential without the credential itself.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A keyed fingerprint of a secret: equal fingerprints mean equal secrets, in this store only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 10]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fp:")?;
        self.0
            .iter()
            .take(4)
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Where a credential stood in a request. Names are in lower case but for cookies and parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Place {
    /// A field, by its lower-case name.
    Header(String),
    /// A cookie, by its name.
    Cookie(String),
    /// A query parameter, by its name.
    Query(String),
    /// A parameter of a form in the content, by its name.
    Form(String),
    /// `user:password@` in the URL.
    UserInfo,
}

/// What a credential looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Shape {
    /// Nothing.
    Empty,
    /// A signed JWT: three base64url parts, the first a JSON object with `alg`.
    JwtJws,
    /// An encrypted JWT: five parts, `enc` in the header.
    JwtJwe,
    /// Starts like a JWT but is none.
    JwtBroken,
    /// A PASETO.
    Paseto,
    /// A UUID.
    Uuid,
    /// Hexadecimal digits.
    Hex,
    /// Base64 of a text with a colon.
    Basic,
    /// A public vendor prefix.
    Prefixed,
    /// A placeholder that nothing replaced.
    Placeholder,
    /// Anything else.
    Opaque,
}

/// What is remembered of one credential that a request carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialFact {
    /// Where it stood.
    pub place: Place,
    /// The authentication scheme in lower case, for `Authorization` and its like.
    pub scheme: Option<String>,
    /// The fingerprint of the bytes as sent.
    pub raw: Fingerprint,
    /// The fingerprint of the bare secret: no scheme, quotes, whitespace or percent-encoding.
    pub normalised: Fingerprint,
    /// What it looks like.
    pub shape: Shape,
}

/// What is remembered of one member of a token response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenFact {
    /// The member: `access_token`, `refresh_token`, `id_token`.
    pub member: String,
    /// The fingerprint of the value.
    pub fingerprint: Fingerprint,
    /// `expires_in` of the same response, in seconds.
    pub expires_in: Option<i64>,
}
