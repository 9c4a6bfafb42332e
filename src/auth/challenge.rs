//! `WWW-Authenticate` and its relatives, read tolerantly (RFC 9110 section 11.6.1).
//!
//! A diagnosis has to explain malformed challenges, not to reject them: what servers send in the wild
//! (`causes.md` 1.5) is read as it was meant.

use crate::model::FieldSection;

/// One challenge of a response.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme as sent; compare with [`Challenge::is`]. Empty for parameters without a scheme.
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

    fn of_scheme(scheme: &[u8]) -> Self {
        let scheme = String::from_utf8_lossy(scheme).into_owned();
        Self {
            scheme,
            token68: None,
            parameters: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Challenge({}, {} parameters)",
            self.scheme,
            self.parameters.len()
        )
    }
}

/// All challenges of a response: `WWW-Authenticate`, and the names under which gateways hide it.
pub fn challenges(fields: &FieldSection) -> Vec<Challenge> {
    fields
        .lines()
        .iter()
        .filter(|line| CHALLENGE_FIELDS.iter().any(|name| line.is(name)))
        .flat_map(|line| parse_challenges(line.value()))
        .collect()
}

/// Gateways rename the field (AWS REST APIs), libraries misspell it.
const CHALLENGE_FIELDS: &[&str] = &[
    "www-authenticate",
    "x-amzn-remapped-www-authenticate",
    "www-authentication",
];

/// The challenges in one field value.
pub fn parse_challenges(value: &[u8]) -> Vec<Challenge> {
    let mut cursor = Cursor { rest: value };
    let mut found: Vec<Challenge> = Vec::new();
    loop {
        cursor.skip(|b| matches!(b, b' ' | b'\t' | b',' | b';'));
        if cursor.rest.is_empty() || found.len() >= MOST_CHALLENGES {
            return found;
        }
        let word = cursor.take(is_word_byte);
        if word.is_empty() {
            // A stray byte (a quote without a name, a control character) ends nothing.
            cursor.advance(1);
            continue;
        }
        match cursor.after_word() {
            After::Value(value) => {
                let name = String::from_utf8_lossy(word).to_ascii_lowercase();
                let challenge = match found.last_mut() {
                    Some(challenge) => challenge,
                    None => found.push_mut(Challenge::of_scheme(b"")),
                };
                if challenge.parameters.len() < MOST_PARAMETERS {
                    challenge.parameters.push((name, value));
                }
            }
            After::Token68(data) => {
                let mut challenge = Challenge::of_scheme(word);
                challenge.token68 = Some(data);
                found.push(challenge);
            }
            After::Nothing => found.push(Challenge::of_scheme(word)),
        }
    }
}

/// More than any server sends; keeps hostile values small.
const MOST_CHALLENGES: usize = 64;
const MOST_PARAMETERS: usize = 64;

/// What follows a word.
enum After {
    /// `=` and a token or quoted string: the word was a parameter's name.
    Value(Vec<u8>),
    /// token68 data: the word was a scheme.
    Token68(Vec<u8>),
    /// Something else: the word was a scheme on its own, its parameters may follow.
    Nothing,
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn skip(&mut self, skipped: impl Fn(u8) -> bool) {
        let count = self.rest.iter().take_while(|b| skipped(**b)).count();
        self.advance(count);
    }

    fn take(&mut self, taken: impl Fn(u8) -> bool) -> &'a [u8] {
        let count = self.rest.iter().take_while(|b| taken(**b)).count();
        let (word, rest) = self.rest.split_at(count);
        self.rest = rest;
        word
    }

    fn after_word(&mut self) -> After {
        let mut ahead = Cursor { rest: self.rest };
        ahead.skip(is_space);
        if ahead.rest.first() == Some(&b'=') {
            ahead.advance(1);
            ahead.skip(is_space);
            let value = ahead.value();
            self.rest = ahead.rest;
            return After::Value(value);
        }
        if ahead.rest.len() < self.rest.len()
            && let Some((data, rest)) = token68(ahead.rest)
        {
            self.rest = rest;
            return After::Token68(data);
        }
        After::Nothing
    }

    /// A quoted string, or all up to the next space or comma.
    fn value(&mut self) -> Vec<u8> {
        if self.rest.first() == Some(&b'"') {
            self.advance(1);
            return self.quoted();
        }
        self.take(|b| !matches!(b, b' ' | b'\t' | b',')).to_vec()
    }

    /// The rest of a quoted string (RFC 9110 section 5.6.4); one that never closes ends with the line.
    fn quoted(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        loop {
            match self.rest {
                [] => return text,
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    return text;
                }
                [b'\\', escaped, rest @ ..] => {
                    text.push(*escaped);
                    self.rest = rest;
                }
                [byte, rest @ ..] => {
                    text.push(*byte);
                    self.rest = rest;
                }
            }
        }
    }
}

/// token68 data at the front, if nothing but a comma or the end follows: a word followed by `=` and a
/// value, or by another word, is no token68.
fn token68(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let count = bytes
        .iter()
        .take_while(|b| is_word_byte(**b) || **b == b'/' || **b == b'+')
        .count();
    let padding = bytes.iter().skip(count).take_while(|b| **b == b'=').count();
    let (data, rest) = bytes.split_at(count + padding);
    let mut after = Cursor { rest };
    after.skip(is_space);
    let ends = matches!(after.rest.first(), None | Some(b','));
    // A short bare word before a comma is the next scheme of a list written without commas.
    let is_data = padding > 0 || count >= SHORTEST_TOKEN68;
    (ends && count > 0 && is_data).then(|| (data.to_vec(), rest))
}

const SHORTEST_TOKEN68: usize = 8;

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `tchar` (RFC 9110 section 5.6.2) without the characters that delimit here.
fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{FieldLine, Provenance};

    fn told(value: &str) -> Vec<String> {
        let tell = |c: Challenge| {
            let mut text = c.scheme;
            if let Some(data) = c.token68 {
                text += &format!(" <{}>", String::from_utf8_lossy(&data));
            }
            for (name, value) in c.parameters {
                text += &format!(" {name}={}", String::from_utf8_lossy(&value));
            }
            text
        };
        parse_challenges(value.as_bytes())
            .into_iter()
            .map(tell)
            .collect()
    }

    #[test]
    fn lists_of_challenges_and_of_parameters_are_told_apart() {
        assert_eq!(
            told(r#"Negotiate YII=, Basic realm="a, b", Digest qop="auth,auth-int", nonce="x""#),
            [
                "Negotiate <YII=>",
                "Basic realm=a, b",
                "Digest qop=auth,auth-int nonce=x"
            ]
        );
        assert_eq!(
            told(r#"Bearer, DPoP algs="ES256 PS256""#),
            ["Bearer", "DPoP algs=ES256 PS256"]
        );
        assert_eq!(told("Negotiate, NTLM"), ["Negotiate", "NTLM"]);
        assert_eq!(told(",, Basic realm = \"x\" ,"), ["Basic realm=x"]);
    }

    #[test]
    fn parameters_separated_by_spaces_alone_are_read() {
        assert_eq!(
            told(
                r#"Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience""#
            ),
            [
                "Bearer scope= error=invalid_token error_description=the token does not have a valid audience"
            ]
        );
        assert_eq!(
            told(r#"Basic realm="security" charset="UTF-8""#),
            ["Basic realm=security charset=UTF-8"]
        );
    }

    #[test]
    fn quoted_text_keeps_its_commas_and_escapes() {
        assert_eq!(
            told(
                r#"Bearer error_description="The audience 'a' is invalid; say \"b\", c", realm=https://x/y?z=1"#
            ),
            [
                r#"Bearer error_description=The audience 'a' is invalid; say "b", c realm=https://x/y?z=1"#
            ]
        );
        assert_eq!(
            told("Bearer realm=\"never closed, x"),
            ["Bearer realm=never closed, x"]
        );
    }

    #[test]
    fn odd_values_lose_nothing() {
        assert_eq!(told(r#"error="invalid_token""#), [" error=invalid_token"]);
        assert_eq!(told("NTLM TlRMTVNTUAACAAAA"), ["NTLM <TlRMTVNTUAACAAAA>"]);
        assert_eq!(told(""), Vec::<String>::new());
        assert_eq!(told("\"\" Bearer"), ["Bearer"]);
    }

    #[test]
    fn every_line_and_every_disguise_of_the_field_counts() {
        let lines = vec![
            FieldLine::new("WWW-Authenticate", "Negotiate"),
            FieldLine::new("www-authenticate", "Basic realm=x"),
            FieldLine::new("X-Amzn-Remapped-WWW-Authenticate", "Bearer"),
        ];
        let all = challenges(&FieldSection::from_lines(lines, Provenance::Wire));
        assert!(all[0].is("negotiate") && all[1].is("BASIC") && all[2].is("bearer"));
        assert_eq!(all[1].parameter("realm"), Some(&b"x"[..]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_in_bounded_space(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let all = parse_challenges(&bytes);
            prop_assert!(all.len() <= MOST_CHALLENGES);
        }

        #[test]
        fn well_formed_challenges_read_back(
            parameters in proptest::collection::vec(("[a-z]{1,8}", "[ -~]{0,20}"), 1..6)
        ) {
            let written: Vec<String> = parameters
                .iter()
                .map(|(n, v)| format!("{n}=\"{}\"", v.replace('\\', "\\\\").replace('"', "\\\"")))
                .collect();
            let all = parse_challenges(format!("Scheme {}", written.join(", ")).as_bytes());
            prop_assert_eq!(all.len(), 1);
            let read: Vec<_> = all[0].parameters.iter()
                .map(|(n, v)| (n.clone(), String::from_utf8(v.clone()).unwrap())).collect();
            prop_assert_eq!(read, parameters);
        }
    }
}
