//! Names of fields, cookies and parameters that hold credentials (`causes.md` section 5).

/// What kind of credential a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderClass {
    /// `Authorization`, `Proxy-Authorization`, `X-Authorization`: a scheme and a credential.
    Authorization,
    /// An API key or vendor token.
    Key,
    /// A CSRF token.
    Csrf,
    /// A signature or proof: differs on every request by design.
    Proof,
    /// `Cookie`, `Set-Cookie`.
    Cookie,
    /// A secret by its name only (heuristic).
    Suspected,
}

/// What kind of credential a field of that name holds; `None` for ordinary fields.
pub fn header_class(_name: &str) -> Option<HeaderClass> {
    unimplemented!()
}

/// What a cookie is for, by its name (and value).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieClass {
    /// A session or token.
    Session,
    /// A CSRF token.
    Csrf,
    /// Binds a client to a server node.
    Affinity,
    /// Analytics, consent, locale: never a session.
    Never,
    /// Not known.
    Unknown,
}

/// What a cookie is for.
pub fn cookie_class(_name: &str, _value: &[u8]) -> CookieClass {
    unimplemented!()
}

/// Whether a query, form or JSON member of that name holds a secret (the value decides for `key`).
pub fn is_secret_parameter(_name: &str, _value: &[u8]) -> bool {
    unimplemented!()
}

/// Whether a query or form parameter of that name is an API key or token by which a client authenticates.
pub fn is_credential_parameter(_name: &str, _value: &[u8]) -> bool {
    unimplemented!()
}

/// The vendor and the public prefix of a token (`ghp_` of GitHub), if it has a known one.
pub fn vendor_prefix(_value: &[u8]) -> Option<(&'static str, &'static str)> {
    unimplemented!()
}
