//! Names of fields, cookies and parameters that hold credentials (`causes.md` section 5).

use super::name_tables::{
    AFFINITY_COOKIES, AUTHORIZATION_HEADERS, CREDENTIAL_PARAMETERS, CSRF_COOKIES, CSRF_HEADERS,
    KEY_HEADER_PREFIXES, KEY_HEADERS, NEVER_COOKIES, PROOF_HEADERS, SCHEMES, SECRET_PARAMETERS,
    SESSION_COOKIES, SUSPECT_WORDS, VENDOR_PREFIXES,
};

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
pub fn header_class(name: &str) -> Option<HeaderClass> {
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    let listed = |list: &[&str]| list.contains(&name);
    if listed(AUTHORIZATION_HEADERS) {
        Some(HeaderClass::Authorization)
    } else if matches!(name, "cookie" | "set-cookie") {
        Some(HeaderClass::Cookie)
    } else if listed(CSRF_HEADERS) {
        Some(HeaderClass::Csrf)
    } else if listed(PROOF_HEADERS) {
        Some(HeaderClass::Proof)
    } else if listed(KEY_HEADERS) || starts_with_any(name, KEY_HEADER_PREFIXES) {
        Some(HeaderClass::Key)
    } else if !NOT_SECRET_HEADERS.contains(&name) && has_suspect_word(name) {
        Some(HeaderClass::Suspected)
    } else {
        None
    }
}

/// Fields that tell about authentication without holding a secret.
const NOT_SECRET_HEADERS: &[&str] = &[
    "www-authenticate",
    "proxy-authenticate",
    "authentication-info",
    "signature-input",
    "x-amzn-remapped-www-authenticate",
    "www-authentication",
];

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
pub fn cookie_class(name: &str, value: &[u8]) -> CookieClass {
    let name = name.to_ascii_lowercase();
    if matches_any(&name, NEVER_COOKIES) {
        CookieClass::Never
    } else if matches_any(&name, AFFINITY_COOKIES) {
        CookieClass::Affinity
    } else if matches_any(&name, CSRF_COOKIES) {
        CookieClass::Csrf
    } else if matches_any(&name, SESSION_COOKIES)
        || has_suspect_word(&name)
        || super::jwt::decode(value).is_some()
    {
        CookieClass::Session
    } else {
        CookieClass::Unknown
    }
}

/// Whether a query, form or JSON member of that name holds a secret (the value decides for `key`).
pub fn is_secret_parameter(name: &str, value: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "key" => value.len() >= KEY_LENGTH,
        name => SECRET_PARAMETERS.contains(&name) || has_suspect_word(name),
    }
}

/// Whether a query or form parameter of that name is an API key or token by which a client
/// authenticates.
pub fn is_credential_parameter(name: &str, value: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "key" => value.len() >= KEY_LENGTH,
        name => CREDENTIAL_PARAMETERS.contains(&name),
    }
}

/// A shorter `key=` is more likely a dictionary key than an API key (`causes.md` 5.2).
const KEY_LENGTH: usize = 16;

/// Whether a word is known as an authentication scheme, in any case.
pub fn is_scheme_word(word: &[u8]) -> bool {
    SCHEMES
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()))
}

/// The vendor and the public prefix of a token (`ghp_` of GitHub), if it has a known one.
pub fn vendor_prefix(value: &[u8]) -> Option<(&'static str, &'static str)> {
    VENDOR_PREFIXES
        .iter()
        .filter(|(_, prefix)| value.len() > prefix.len() && value.starts_with(prefix.as_bytes()))
        .max_by_key(|(_, prefix)| prefix.len())
        .copied()
}

/// A name that has one of the words of the heuristic between `-`, `_`, `.` or its ends.
fn has_suspect_word(name: &str) -> bool {
    let bounded = |start: usize, end: usize| {
        let before = start.checked_sub(1).and_then(|at| name.as_bytes().get(at));
        let after = name.as_bytes().get(end);
        let is_edge = |byte: Option<&u8>| byte.is_none_or(|b| matches!(b, b'-' | b'_' | b'.'));
        is_edge(before) && is_edge(after)
    };
    SUSPECT_WORDS.iter().any(|word| {
        name.match_indices(word)
            .any(|(start, found)| bounded(start, start + found.len()))
    })
}

fn starts_with_any(name: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// Patterns are lower-case names; a `*` at one end stands for anything.
fn matches_any(name: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| {
        if let Some(prefix) = pattern.strip_suffix('*') {
            name.starts_with(prefix)
        } else if let Some(suffix) = pattern.strip_prefix('*') {
            name.ends_with(suffix)
        } else {
            name == *pattern
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_classed_whatever_their_case() {
        assert_eq!(
            header_class("AUTHORIZATION"),
            Some(HeaderClass::Authorization)
        );
        assert_eq!(header_class("X-Api-Key"), Some(HeaderClass::Key));
        assert_eq!(header_class("x-xsrf-token"), Some(HeaderClass::Csrf));
        assert_eq!(header_class("DPoP"), Some(HeaderClass::Proof));
        assert_eq!(header_class("X-Acme-Secret"), Some(HeaderClass::Suspected));
        for plain in [
            "Accept",
            "X-Request-Id",
            "WWW-Authenticate",
            "Content-Type",
            "Author",
            "X-Design",
        ] {
            assert_eq!(header_class(plain), None, "{plain}");
        }
    }

    #[test]
    fn cookies_are_classed_by_family() {
        assert_eq!(cookie_class("connect.sid", b"s%3Ax"), CookieClass::Session);
        assert_eq!(cookie_class("acme_session", b"x"), CookieClass::Session);
        assert_eq!(
            cookie_class("__Secure-next-auth.session-token", b"x"),
            CookieClass::Session
        );
        assert_eq!(cookie_class("_ga_ABC", b"GS1"), CookieClass::Never);
        assert_eq!(cookie_class("AWSALBCORS", b"x"), CookieClass::Affinity);
        assert_eq!(cookie_class("XSRF-TOKEN", b"x"), CookieClass::Csrf);
        assert_eq!(cookie_class("cart", b"3"), CookieClass::Unknown);
    }

    #[test]
    fn parameters_are_secret_by_name_and_a_short_key_is_none() {
        assert!(is_secret_parameter("access_token", b""));
        assert!(is_secret_parameter("new_password", b"x"));
        assert!(is_secret_parameter("key", b"0123456789abcdef"));
        assert!(!is_secret_parameter("key", b"name"));
        assert!(!is_secret_parameter("page", b"2"));
        assert!(
            is_credential_parameter("api_key", b"x") && !is_credential_parameter("password", b"x")
        );
    }

    #[test]
    fn the_longest_vendor_prefix_wins() {
        assert_eq!(
            vendor_prefix(b"sk-ant-api03-x"),
            Some(("Anthropic", "sk-ant-"))
        );
        assert_eq!(vendor_prefix(b"ghp_abc"), Some(("GitHub", "ghp_")));
        assert_eq!(vendor_prefix(b"hello"), None);
    }
}
