//! `token-whitespace-inside`: a line break, space or invisible character went out with the token.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::auth::credentials::{Carrier, decode_basic};
use crate::auth::jwt;
use crate::diagnosis::facts::{Facts, Good, has_scheme, is_authorization, one_word};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::model::ClientKind;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let found = facts
        .sent
        .credentials()
        .filter(|carrier| !facts.sent.is_unresolved(&carrier.raw))
        .filter_map(|carrier| Split::of(facts.good, carrier))
        .max_by_key(|split| split.strength)?;
    let carrier = found.carrier;
    let mut evidence = vec![
        words::place(&carrier.place)
            .words(" holds ")
            .credential(carrier),
        Phrase::new(found.told()),
    ];
    if found.is_known_good {
        evidence.push(Phrase::new("without it, it is the known-good one"));
    }
    Some(Suspicion {
        strength: found.strength,
        place: Some(carrier.place.clone()),
        title: format!("{} stands in the token", found.name),
        evidence,
        fix: vec![Phrase::new(fix(facts.client(), found.name))],
        about: facts.sent.about(&carrier.place),
        ..Suspicion::default()
    })
}

struct Split<'a> {
    carrier: &'a Carrier,
    name: &'static str,
    /// How many characters stand before the first of them, and how many there are in all.
    at: usize,
    of: usize,
    is_known_good: bool,
    strength: Strength,
}

impl<'a> Split<'a> {
    fn of(good: Option<&Good<'_>>, carrier: &'a Carrier) -> Option<Self> {
        let word = one_word(carrier)?;
        let first = SPACE.find(&word)?;
        let name = name_of(first.as_bytes())?;
        let joined = SPACE.replace_all(&word, &b""[..]);
        let is_one_word = joined.len() >= SHORTEST && joined.iter().all(is_token_byte);
        let is_known_good = good
            .and_then(|good| Some((good, good.sent.in_place(&carrier.place)?)))
            .is_some_and(|(good, there)| {
                one_word(there).is_some_and(|theirs| *theirs == *joined)
                    && !good.sent.is_unresolved(&there.raw)
            });
        let whole_again = is_known_good
            || jwt::decode(&joined).is_some()
            || (has_scheme(carrier, "basic") && decode_basic(&joined).is_some());
        let strength = match name {
            // Words with spaces between them may be anything but a token.
            PLAIN_SPACE if whole_again => Strength::Full,
            PLAIN_SPACE
                if is_authorization(carrier) && is_one_word && has_a_token_scheme(carrier) =>
            {
                Strength::Partial
            }
            PLAIN_SPACE => return None,
            _ if is_one_word || whole_again => Strength::Full,
            _ => return None,
        };
        Some(Self {
            carrier,
            name,
            at: first.start(),
            of: word.len(),
            is_known_good,
            strength,
        })
    }

    fn told(&self) -> String {
        let Self { name, at, of, .. } = self;
        match *at {
            0 => format!("the token begins with {name}"),
            at => format!("{name} stands after {at} of {of} bytes of the token"),
        }
    }
}

/// A token in `Bearer` may hold no space; what other schemes take is less strict.
fn has_a_token_scheme(carrier: &Carrier) -> bool {
    ["bearer", "jwt", "dpop", "basic"]
        .iter()
        .any(|scheme| has_scheme(carrier, scheme))
}

fn is_token_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte)
}

/// Shorter texts with a space in them are words.
const SHORTEST: usize = 16;

/// Whitespace, also escaped, percent-encoded or invisible.
static SPACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x-u) [\ \t\r\n\x0b\x0c]+
        | (?: \\r | \\n | \\t )+
        | (?i: %0d | %0a | %09 | %20 | %c2%a0 )+
        | (?: \xc2[\xa0\xad] | \xe2\x80[\x80-\x8f\xa8-\xaa\xaf] | \xe2\x81\xa0 | \xe3\x80\x80 | \xef\xbb\xbf )+",
    )
    .expect("a constant pattern, which every test of this file compiles")
});

const PLAIN_SPACE: &str = "a space";

fn name_of(found: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(found).ok()?.to_ascii_lowercase();
    let has = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
    Some(if has(&["\\r", "\\n"]) {
        "an escaped line break (\\n)"
    } else if has(&["\\t"]) {
        "an escaped tab (\\t)"
    } else if has(&["%0d", "%0a"]) {
        "an encoded line break (%0A)"
    } else if has(&["%09", "%20", "%c2%a0"]) {
        "an encoded space"
    } else if has(&["\r", "\n"]) {
        "a line break"
    } else if has(&["\t", "\u{b}", "\u{c}"]) {
        "a tab"
    } else if has(&[" "]) {
        PLAIN_SPACE
    } else if has(&["\u{a0}"]) {
        "a no-break space (U+00A0)"
    } else if has(&["\u{feff}"]) {
        "a byte order mark (U+FEFF)"
    } else {
        "an invisible character"
    })
}

fn fix(client: ClientKind, name: &str) -> &'static str {
    if name.contains("U+") || name.contains("invisible") {
        return "paste the token as plain text, or type it anew: the character came with a copy";
    }
    match client {
        ClientKind::Curl | ClientKind::HTTPie => {
            "take the token in one piece: tr -d '[:space:]' < file; base64 -w0 makes no lines"
        }
        ClientKind::Browser | ClientKind::Axios | ClientKind::Node => {
            "trim what was read: token.trim(); if it breaks in the middle, take it from its source again"
        }
        ClientKind::Requests | ClientKind::Httpx => {
            "strip what was read: token.strip(); if it breaks in the middle, take it from its source again"
        }
        ClientKind::Go => {
            "trim what was read: strings.TrimSpace(token); if it breaks in the middle, take it again"
        }
        ClientKind::Postman | ClientKind::Insomnia => {
            "paste the token anew, in one line and without anything after it"
        }
        _ => {
            "trim what was read; a secret made with echo ends in a line break, printf '%s' makes none"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::{Sample, jwt};

    fn found(request: &str) -> Option<(Strength, String)> {
        let found = Sample::new(&format!("GET {request}")).check(check)?;
        Some((found.strength, found.title))
    }

    #[test]
    fn whatever_breaks_a_token_is_named() {
        let token = jwt("{}");
        let (head, tail) = token.split_at(40);
        for (inside, name) in [
            (" ", "a space"),
            ("\t", "a tab"),
            ("\\n", "an escaped line break (\\n)"),
            ("\\r\\n", "an escaped line break (\\n)"),
            ("%0D%0A", "an encoded line break (%0A)"),
            ("%20", "an encoded space"),
            ("\u{a0}", "a no-break space (U+00A0)"),
            ("\u{feff}", "a byte order mark (U+FEFF)"),
            ("\u{200b}", "an invisible character"),
        ] {
            for value in [format!("{head}{inside}{tail}"), format!("{token}{inside}x")] {
                let title = format!("{name} stands in the token");
                let request = format!("/a\nAuthorization: Bearer {value}");
                assert_eq!(
                    found(&request).map(|found| found.1),
                    Some(title),
                    "{inside:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_encoded_or_invisible_counts_at_the_end_too() {
        for request in [
            "/a\nAuthorization: Bearer abcdefghijklmnop1\\n",
            "/a\nAuthorization: Bearer abcdefghijklmnop1%0A",
            "/a\nAuthorization: Bearer \u{feff}abcdefghijklmnop1",
            "/a\nX-Api-Key: abcdefghijklmnop1\u{200b}",
            "/a?api_key=abcdefghijklmnop1%0A",
        ] {
            assert_eq!(found(request).unwrap().0, Strength::Full, "{request}");
        }
    }

    #[test]
    fn a_space_is_only_sure_when_the_parts_make_a_token() {
        let basic = "/a\nAuthorization: Basic dXNlcjpsb25n LXBhc3N3b3Jk";
        assert_eq!(found(basic).unwrap().0, Strength::Full);
        let opaque = "/a\nAuthorization: Bearer abcdefgh ijklmnop1";
        assert_eq!(found(opaque).unwrap().0, Strength::Partial);
        let good = Sample::new("GET /a\nX-Api-Key: abcd efgh")
            .good("GET /a\nX-Api-Key: abcdefgh")
            .check(check);
        assert_eq!(good.unwrap().strength, Strength::Full);
    }

    #[test]
    fn spaces_that_belong_there_are_left_alone() {
        let token = jwt("{}");
        for request in [
            format!("/a\nAuthorization: Bearer {token} "),
            format!("/a\nAuthorization: Bearer  {token}"),
            "/a\nAuthorization: Digest username=\"u\", realm=\"a realm\"".to_owned(),
            "/a\nAuthorization: Bearer [object Object]".to_owned(),
            "/a\nAuthorization: Bearer <your access token>".to_owned(),
            "/a\nAuthorization: Acme abcdefgh ijklmnop1".to_owned(),
            "/a\nX-Okta-User-Agent-Extended: okta-auth-js/7.0 nodejs/20".to_owned(),
            "/a\nX-Api-Key: Bearer abcdefghijklmnop1".to_owned(),
            "/a?api_key=abcdefgh%20ijklmnop".replace("%20", "+"),
            "/a\nCookie: session=abcdefghijkl%20mnop1".to_owned(),
        ] {
            assert_eq!(found(&request), None, "{request}");
        }
    }
}
