//! Takes the layers off a credential: whitespace, quotes, scheme words. They stay visible.

/// Words that stand before a credential, as sent by clients that mean well.
const SCHEMES: &[&[u8]] = &[
    b"authorization",
    b"bearer",
    b"basic",
    b"token",
    b"dpop",
    b"digest",
    b"negotiate",
    b"ntlm",
    b"oauth",
    b"oauth2",
    b"hawk",
    b"jwt",
    b"ssws",
    b"apikey",
    b"api-key",
    b"api_key",
    b"key",
    b"x-api-key",
    b"access_token",
    b"access-token",
    b"sharedkey",
    b"sharedkeylite",
    b"signature",
    b"aws4-hmac-sha256",
    b"aws",
    b"kerberos",
    b"googlelogin",
    b"hmac",
    b"hmac-sha256",
    b"private",
    b"hmacsha256",
    b"apitoken",
    b"genie-key",
    b"deepl-auth-key",
    b"klaviyo-api-key",
];

const QUOTES: &[&[u8]] = &[
    b"\"",
    b"'",
    b"`",
    "“".as_bytes(),
    "”".as_bytes(),
    "„".as_bytes(),
    "‘".as_bytes(),
    "’".as_bytes(),
    "«".as_bytes(),
    "»".as_bytes(),
];

/// Layers are at most this many: `"Bearer Bearer 'x'"` has five.
const MOST_LAYERS: usize = 12;

/// A value, cut into what may be shown and what may not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Peeled<'a> {
    /// Whitespace, quotes and scheme words before the core.
    pub(super) before: &'a [u8],
    /// The last scheme word in `before`.
    pub(super) scheme: Option<&'a [u8]>,
    /// The secret.
    pub(super) core: &'a [u8],
    /// Whitespace and quotes after it.
    pub(super) after: &'a [u8],
}

/// Which first words count as a scheme.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// Those we know.
    Known,
    /// Any word with a space after it: in `Authorization`.
    Any,
}

/// Takes the layers off.
pub(super) fn peel(value: &[u8], words: Words) -> Peeled<'_> {
    let (mut start, mut end) = (0, value.len());
    let mut scheme = None;
    for _ in 0..MOST_LAYERS {
        let outer = value.get(start..end).unwrap_or_default();
        let layer = layer(outer, words, scheme);
        if layer.front == 0 && layer.back == 0 {
            break;
        }
        start += layer.front;
        end -= layer.back;
        scheme = layer.scheme.or(scheme);
    }
    Peeled {
        before: value.get(..start).unwrap_or_default(),
        scheme,
        core: value.get(start..end).unwrap_or_default(),
        after: value.get(end..).unwrap_or_default(),
    }
}

/// How many bytes of one layer come off at each end.
#[derive(Default)]
struct Layer<'a> {
    front: usize,
    back: usize,
    scheme: Option<&'a [u8]>,
}

fn layer<'a>(value: &'a [u8], words: Words, scheme: Option<&[u8]>) -> Layer<'a> {
    let trimmed = value.trim_ascii_start();
    if trimmed.len() < value.len() {
        return Layer {
            front: value.len() - trimmed.len(),
            ..Layer::default()
        };
    }
    let trimmed = value.trim_ascii_end();
    if trimmed.len() < value.len() {
        return Layer {
            back: value.len() - trimmed.len(),
            ..Layer::default()
        };
    }
    let known = known_scheme(value);
    let any = || any_scheme(value).filter(|_| words == Words::Any && scheme.is_none());
    if let Some((word, rest)) = known.or_else(any) {
        return Layer {
            front: value.len() - rest.len(),
            back: 0,
            scheme: Some(word),
        };
    }
    quotes(value)
}

/// A known scheme word with a separator behind it, or glued to a JWT.
fn known_scheme(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = value
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
        .unwrap_or(value.len());
    let (word, rest) = value.split_at(end);
    if SCHEMES.iter().any(|known| word.eq_ignore_ascii_case(known)) {
        let separators: [&[u8]; 6] = [b" ", b"\t", b":", b"=", b"%20", b"+"];
        let after = separators.iter().find_map(|text| rest.strip_prefix(*text));
        return match after {
            Some(after) => Some((word, after)),
            None => rest.is_empty().then_some((word, rest)),
        };
    }
    let glued = ["bearer", "token", "jwt"].iter().find(|word| {
        let (head, tail) = value.split_at(word.len().min(value.len()));
        head.eq_ignore_ascii_case(word.as_bytes()) && tail.starts_with(b"eyJ")
    })?;
    Some(value.split_at(glued.len()))
}

/// A word of letters and a space: `SSWS abc`, `HMAC-SHA256 abc`.
fn any_scheme(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = value.iter().position(|byte| *byte == b' ')?;
    let (word, rest) = value.split_at(end);
    let letters = word
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let plain = word
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (plain && word.len() <= 24 && letters * 3 >= word.len() * 2 && !rest.trim_ascii().is_empty())
        .then_some((word, rest))
}

/// A quote at each end where there is one, Python's `b'…'` included.
fn quotes(value: &[u8]) -> Layer<'_> {
    if let [b'b', quote @ (b'\'' | b'"'), .., last] = value
        && quote == last
    {
        return Layer {
            front: 2,
            back: 1,
            scheme: None,
        };
    }
    let front = QUOTES.iter().find(|quote| value.starts_with(quote));
    let front = front.map_or(0, |quote| quote.len());
    let rest = value.get(front..).unwrap_or_default();
    let back = QUOTES.iter().find(|quote| rest.ends_with(quote));
    Layer {
        front,
        back: back.map_or(0, |quote| quote.len()),
        scheme: None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(value: &str) -> (String, String, String) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let peeled = peel(value.as_bytes(), Words::Any);
        (text(peeled.before), text(peeled.core), text(peeled.after))
    }

    #[test]
    fn whitespace_quotes_and_scheme_words_come_off() {
        for (value, before, core, after) in [
            (" Bearer \"abc\" ", " Bearer \"", "abc", "\" "),
            ("Bearer Bearer abc", "Bearer Bearer ", "abc", ""),
            ("\"Bearer abc\"", "\"Bearer ", "abc", "\""),
            ("Bearer b'abc'", "Bearer b'", "abc", "'"),
            ("bearer: abc", "bearer: ", "abc", ""),
            ("BearereyJabc", "Bearer", "eyJabc", ""),
            ("Bearer%20abc", "Bearer%20", "abc", ""),
            ("Bearer “abc”", "Bearer “", "abc", "”"),
            ("Foo-Bar abc", "Foo-Bar ", "abc", ""),
            ("abc", "", "abc", ""),
            ("Bearer", "Bearer", "", ""),
            ("Bearer  ", "Bearer", "", "  "),
            ("", "", "", ""),
            ("\"", "\"", "", ""),
        ] {
            let expected = (before.to_owned(), core.to_owned(), after.to_owned());
            assert_eq!(parts(value), expected, "{value}");
        }
    }

    #[test]
    fn a_first_word_that_is_no_word_is_not_shown() {
        assert_eq!(parts("8f72-11c9 rest").0, "");
    }

    proptest! {
        #[test]
        fn the_three_parts_are_the_value(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            for words in [Words::Known, Words::Any] {
                let peeled = peel(&value, words);
                prop_assert_eq!([peeled.before, peeled.core, peeled.after].concat(), value.clone());
            }
        }

        #[test]
        fn layers_of_any_order_are_the_value(value in "([\"' \\t“]|Bearer |Token:|b'|abc){0,9}") {
            let peeled = peel(value.as_bytes(), Words::Any);
            let whole = [peeled.before, peeled.core, peeled.after].concat();
            prop_assert_eq!(whole, value.into_bytes());
        }
    }
}
