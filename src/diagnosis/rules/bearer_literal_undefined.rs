//! `bearer-literal-undefined`: what a language prints for "nothing" or for an object, sent as the token.

use std::sync::LazyLock;

use regex::Regex;

use crate::auth::credentials::Carrier;
use crate::diagnosis::facts::{Facts, user_and_password};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::model::{ClientKind, Place};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let (carrier, literal) = facts
        .sent
        .credentials()
        .find_map(|carrier| Some((carrier, literal(carrier)?)))?;
    let strength = match &carrier.place {
        Place::Header(_) | Place::Query(_) => Strength::Full,
        Place::Cookie(_) => Strength::Partial,
        Place::Form(_) | Place::UserInfo => return None,
    };
    let title = match literal {
        Literal::Word(word) => format!("the text {word} was sent as the credential"),
        Literal::Program => "program text was sent as the credential".into(),
    };
    Some(Suspicion {
        strength,
        place: Some(carrier.place.clone()),
        title,
        evidence: vec![
            words::place(&carrier.place)
                .words(" holds ")
                .credential(carrier),
        ],
        fix: vec![Phrase::new(fix(facts.client()))],
        about: facts.sent.about(&carrier.place),
        ..Suspicion::default()
    })
}

enum Literal {
    /// One of a closed list, so it may be named.
    Word(&'static str),
    /// The printed form of an object or function.
    Program,
}

fn literal(carrier: &Carrier) -> Option<Literal> {
    if let Some((user, password)) = user_and_password(carrier) {
        return basic_literal(&user, &password);
    }
    of_text(&carrier.secret).or_else(|| of_text(&carrier.raw))
}

/// A user may be called `none`, so both parts must be, but for words that nobody is called.
fn basic_literal(user: &[u8], password: &[u8]) -> Option<Literal> {
    let words = [user, password].map(|part| match of_text(part) {
        Some(Literal::Word(word)) => Some(word),
        Some(Literal::Program) | None => None,
    });
    match words {
        [Some(word @ ("undefined" | "[object Object]")), _]
        | [_, Some(word @ ("undefined" | "[object Object]"))]
        | [
            Some(word @ ("null" | "None" | "nil")),
            Some("null" | "None" | "nil"),
        ] => Some(Literal::Word(word)),
        _ => None,
    }
}

fn of_text(value: &[u8]) -> Option<Literal> {
    let text = std::str::from_utf8(value.get(..value.len().min(LONGEST))?)
        .ok()?
        .trim();
    if let Some(word) = WORDS.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        return Some(Literal::Word(word));
    }
    PROGRAM.is_match(text).then_some(Literal::Program)
}

/// Enough to recognise printed program text by its beginning.
const LONGEST: usize = 256;

const WORDS: &[&str] = &[
    "undefined",
    "null",
    "None",
    "nil",
    "NaN",
    "false",
    "true",
    "0",
    "{}",
    "[]",
    "\"\"",
    "''",
    "[object Object]",
    "[object Promise]",
    "(null)",
    "<null>",
];

static PROGRAM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(promise \{|function\b|async |bound |<coroutine|<function|<bound method|<generator|system\.|java\.lang\.|&\{|map\[)|^\w+(\.\w+)+@[0-9a-f]{5,}$",
    )
    .expect("a constant pattern, which every test of this file compiles")
});

fn fix(client: ClientKind) -> &'static str {
    match client {
        ClientKind::Axios => {
            "the token was read before it existed: read it inside the request interceptor, not when the module loads"
        }
        ClientKind::Browser | ClientKind::Node => {
            "the token was read before it existed: await the login, and check the property name (access_token, accessToken)"
        }
        ClientKind::Curl | ClientKind::HTTPie => {
            "the variable was filled from an answer without a token: check the login step and the jq path"
        }
        _ => {
            "the token was read before it existed: check the login's answer and the name it is read by"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    fn found(lines: &str) -> Option<(Strength, String)> {
        let found = Sample::new(&format!("GET /a\n{lines}")).check(check)?;
        Some((found.strength, found.title))
    }

    #[test]
    fn what_languages_print_for_nothing_is_recognised() {
        for (value, word) in [
            ("Bearer undefined", "undefined"),
            ("Bearer NULL", "null"),
            ("undefined", "undefined"),
            ("null", "null"),
            ("Token None", "None"),
            ("Bearer [object Object]", "[object Object]"),
            ("Bearer (null)", "(null)"),
            ("Basic dW5kZWZpbmVkOnVuZGVmaW5lZA==", "undefined"),
        ] {
            let (strength, title) = found(&format!("Authorization: {value}")).unwrap();
            assert_eq!(strength, Strength::Full);
            assert_eq!(title, format!("the text {word} was sent as the credential"));
        }
    }

    #[test]
    fn printed_objects_and_functions_are_recognised() {
        for value in [
            "Bearer Promise { <pending> }",
            "Bearer function () { return token }",
            "Bearer <coroutine object get_token at 0x7f>",
            "Bearer com.acme.auth.Token@1b6d3586",
            "Bearer map[access_token:x]",
        ] {
            let (_, title) = found(&format!("Authorization: {value}")).unwrap();
            assert_eq!(title, "program text was sent as the credential", "{value}");
        }
    }

    #[test]
    fn keys_and_session_cookies_count_too() {
        assert_eq!(found("X-Api-Key: undefined").unwrap().0, Strength::Full);
        assert_eq!(
            found("Cookie: sessionid=null").unwrap().0,
            Strength::Partial
        );
    }

    #[test]
    fn real_credentials_and_other_cookies_are_left_alone() {
        for lines in [
            "Authorization: Bearer undefinedbehaviour",
            "Authorization: Bearer nullable-token-1234",
            "Authorization: Basic bm9uZTpzM2NyZXQ=",
            "Cookie: theme=null; sessionid=abcdefghijklmnop",
            "X-Debug: true",
        ] {
            assert_eq!(found(lines), None, "{lines}");
        }
    }
}
