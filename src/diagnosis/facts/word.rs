//! Credentials that are one word by their grammar: a token, a key, base64 (RFC 9110 section 11.2, token68).

use std::borrow::Cow;

use super::has_scheme;
use crate::auth::credentials::{Carrier, split_scheme};
use crate::auth::names::{HeaderClass, header_class};
use crate::auth::percent::percent_decode;
use crate::model::Place;

/// What was sent as the one word, whatever it is that stands there: after the scheme, without the whitespace
/// around. `None` where parameters belong (`Digest username="…"`), and for cookies, forms and the URL's user.
pub(crate) fn one_word(carrier: &Carrier) -> Option<Cow<'_, [u8]>> {
    let word: Cow<'_, [u8]> = match &carrier.place {
        Place::Header(name) if header_class(name) == Some(HeaderClass::Authorization) => {
            let takes_a_word = carrier.scheme.is_none()
                || ONE_WORD.iter().any(|scheme| has_scheme(carrier, scheme));
            takes_a_word.then(|| carrier.secret.trim_ascii().into())?
        }
        Place::Header(_) => {
            let (scheme, secret) = split_scheme(&carrier.secret);
            let known = scheme.is_some_and(|word| {
                ONE_WORD
                    .iter()
                    .any(|scheme| word.eq_ignore_ascii_case(scheme))
            });
            let value = if known { secret } else { &carrier.secret };
            value.trim_ascii().into()
        }
        Place::Query(_) => percent_decode(&carrier.secret).into(),
        Place::Cookie(_) | Place::Form(_) | Place::UserInfo => return None,
    };
    // Rails and others write `Token token="abc"`.
    let has_parameters = memchr::memmem::find(&word, b"=\"").is_some();
    (!word.is_empty() && !has_parameters).then_some(word)
}

/// Schemes that are followed by one word.
const ONE_WORD: &[&str] = &[
    "apikey",
    "basic",
    "bearer",
    "bot",
    "dpop",
    "geniekey",
    "jwt",
    "key",
    "oauth",
    "privatetoken",
    "ssws",
    "token",
];

#[cfg(test)]
mod tests {
    use super::one_word;
    use crate::diagnosis::facts::Sent;
    use crate::diagnosis::sample::Sample;

    fn word(request: &str) -> Option<String> {
        let sample = Sample::new(request);
        let sent = Sent::of(&sample.case.failing.request);
        let word = one_word(sent.carriers.first()?)?;
        Some(String::from_utf8_lossy(&word).into_owned())
    }

    #[test]
    fn what_follows_the_scheme_is_the_word() {
        for (request, expected) in [
            ("GET /a\nAuthorization: Bearer  a b ", "a b"),
            ("GET /a\nAuthorization: \"Bearer a\"", "\"Bearer a\""),
            ("GET /a\nX-Api-Key: Bearer a", "a"),
            ("GET /a\nX-Api-Key: a b", "a b"),
            ("GET /a?api_key=a%0A", "a\n"),
        ] {
            assert_eq!(word(request).as_deref(), Some(expected), "{request}");
        }
    }

    #[test]
    fn parameters_are_no_word() {
        for request in [
            "GET /a\nAuthorization: Digest username=\"u\"",
            "GET /a\nAuthorization: Token token=\"abc\"",
            "GET /a\nAuthorization: AWS4-HMAC-SHA256 Credential=a, Signature=b",
            "GET /a\nAuthorization: Bearer",
            "GET /a\nCookie: sessionid=abc",
        ] {
            assert_eq!(word(request), None, "{request}");
        }
    }
}
