//! Names of fields, cookies and parameters that hold credentials.

use super::cookie_tables::{AFFINITY_COOKIES, CSRF_COOKIES, NEVER_COOKIES, SESSION_COOKIES};
use super::name_tables::{
    ABOUT_ENDS, AUTHORIZATION_HEADERS, CREDENTIAL_PARAMETERS, CSRF_HEADERS, KEY_HEADER_PREFIXES,
    KEY_HEADERS, NO_SECRET_HEADERS, PROOF_HEADERS, SCHEMES, SECRET_PARAMETERS, SUSPECT_WORDS,
};
pub use super::vendors::vendor_prefix;

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
    } else if listed(PROOF_HEADERS) || name.starts_with("x-hmac-") {
        Some(HeaderClass::Proof)
    } else if listed(KEY_HEADERS) {
        Some(HeaderClass::Key)
    } else if listed(NO_SECRET_HEADERS) || tells_about(name) {
        None
    } else if starts_with_any(name, KEY_HEADER_PREFIXES) {
        Some(HeaderClass::Key)
    } else if has_suspect_word(name) || is_misspelt_authorization(name) {
        Some(HeaderClass::Suspected)
    } else {
        None
    }
}

/// Names of what surrounds a credential: `Travis-API-Version`, `X-Okta-Request-Id`.
fn tells_about(name: &str) -> bool {
    starts_with_any(name, &["access-control-", "sec-"])
        || ABOUT_ENDS.iter().any(|end| {
            name.strip_suffix(end)
                .is_some_and(|n| n.ends_with(['-', '_', '.']))
        })
}

/// `Authentication`, `Authorisation`, `Autorization`: a client may have put its credential there.
fn is_misspelt_authorization(name: &str) -> bool {
    name == "authentication"
        || ((11..=15).contains(&name.len()) && strsim::levenshtein(name, "authorization") <= 2)
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
pub fn cookie_class(name: &str, value: &[u8]) -> CookieClass {
    let lower = name.to_ascii_lowercase();
    // The prefixes of RFC 6265bis section 4.1.3 say how it was set, not what it is for.
    let bare = ["__secure-", "__host-"]
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix))
        .unwrap_or(&lower);
    if matches_any(bare, NEVER_COOKIES) {
        CookieClass::Never
    } else if matches_any(bare, AFFINITY_COOKIES) {
        CookieClass::Affinity
    } else if matches_any(bare, CSRF_COOKIES) || bare.contains("csrf") || bare.contains("xsrf") {
        CookieClass::Csrf
    } else if matches_any(bare, SESSION_COOKIES)
        || is_drupal_session(bare)
        // Okta's; in lower case it is anyone's.
        || name == "DT"
        || (has_suspect_word(bare) && !tells_about(bare))
        || super::jwt::decode(value).is_some()
    {
        CookieClass::Session
    } else {
        CookieClass::Unknown
    }
}

/// Drupal: `SESS` or `SSESS` and a hash of the site.
fn is_drupal_session(name: &str) -> bool {
    ["ssess", "sess"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .is_some_and(|hash| hash.len() >= 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a query, form or JSON member of that name holds a secret (the value decides for `key`).
pub fn is_secret_parameter(name: &str, value: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "key" => value.len() >= KEY_LENGTH,
        name => {
            let suspected = has_suspect_word(name) && !tells_about(name) && is_name_like(name);
            SECRET_PARAMETERS.contains(&name) || suspected
        }
    }
}

/// Whether a text is itself the listed name of a secret (`access_token`, `x-api-key`) and not one.
pub fn is_name_of_a_secret(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SECRET_PARAMETERS.contains(&text.as_str()) || KEY_HEADERS.contains(&text.as_str())
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

/// A shorter `key=` is more likely a dictionary key than an API key.
const KEY_LENGTH: usize = 16;

/// Whether a word is known as an authentication scheme, in any case.
pub fn is_scheme_word(word: &[u8]) -> bool {
    SCHEMES
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()))
}

/// Whether a text may be a name: a secret may hold the word `token` too, but it is no name.
fn is_name_like(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).all(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        digits < 2 || word.len() < 6
    })
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
        assert_eq!(header_class("X-Hmac-Nonce"), Some(HeaderClass::Proof));
        assert_eq!(header_class("X-Okta-Foo"), Some(HeaderClass::Key));
        assert_eq!(header_class("Set-Cookie"), Some(HeaderClass::Cookie));
        for suspected in [
            "X-Acme-Secret",
            "Authentication",
            "Authorisation",
            "Autorization",
        ] {
            assert_eq!(
                header_class(suspected),
                Some(HeaderClass::Suspected),
                "{suspected}"
            );
        }
        for plain in [
            "Postman-Token",
            "Accept",
            "X-Request-Id",
            "WWW-Authenticate",
            "Content-Type",
            "Author",
            "X-Design",
            "Signature-Input",
            "Access-Control-Allow-Credentials",
            "Sec-Fetch-Site",
            "Travis-API-Version",
            "X-Okta-Request-Id",
            "X-Nf-Request-Id",
            "X-Token-Type",
            "Authority",
            "",
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
        assert_eq!(cookie_class("__Host-acme_csrf", b"x"), CookieClass::Csrf);
        assert_eq!(
            cookie_class("sb-abc-auth-token.1", b"x"),
            CookieClass::Session
        );
        assert_eq!(
            cookie_class("SESS0123456789abcdef0123456789abcdef", b"x"),
            CookieClass::Session
        );
        assert_eq!(
            cookie_class("u", b"eyJhbGciOiJIUzI1NiJ9.e30.c2ln"),
            CookieClass::Session
        );
        assert_eq!(cookie_class("DT", b"x"), CookieClass::Session);
        for unknown in ["cart", "dt", "sessions", "session_count", "sb-theme", ""] {
            assert_eq!(
                cookie_class(unknown, b"3"),
                CookieClass::Unknown,
                "{unknown}"
            );
        }
    }

    #[test]
    fn parameters_are_secret_by_name_and_a_short_key_is_none() {
        assert!(is_secret_parameter("access_token", b""));
        assert!(is_secret_parameter("new_password", b"x"));
        assert!(is_secret_parameter("key", b"0123456789abcdef"));
        assert!(!is_secret_parameter("key", b"name"));
        for plain in [
            "page",
            "token_type",
            "auth_time",
            "expires_in",
            "max_tokens",
        ] {
            assert!(!is_secret_parameter(plain, b"2"), "{plain}");
        }
        assert!(!is_secret_parameter("prod-token-zk3pq9xw7lm2", b"x"));
        assert!(
            is_credential_parameter("api_key", b"x") && !is_credential_parameter("password", b"x")
        );
    }
}
