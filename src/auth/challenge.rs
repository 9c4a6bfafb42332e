//! `WWW-Authenticate` and its relatives, read tolerantly (RFC 9110 section 11.6.1).
//!
//! A diagnosis has to explain malformed challenges, not to reject them: what servers send in the
//! wild is read as it was meant.

use std::fmt;

use super::challenge_reader::MOST_CHALLENGES;
pub use super::challenge_reader::parse_challenges;
use crate::model::FieldSection;

/// One challenge of a response.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme as sent; compare with [`Challenge::is`]. Empty where parameters came without one.
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

    pub(super) fn of(scheme: &[u8]) -> Self {
        Self {
            scheme: String::from_utf8_lossy(scheme).into_owned(),
            token68: None,
            parameters: Vec::new(),
        }
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenge({} parameters)", self.parameters.len())
    }
}

/// All challenges of a response: `WWW-Authenticate`, and the names under which gateways hide it.
pub fn challenges(fields: &FieldSection) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    for name in FIELDS {
        let start = found.len();
        for line in fields.all(name) {
            let mut more = parse_challenges(line.value()).into_iter().peekable();
            // Lines of one name are one list (RFC 9110 section 5.3), so a line may begin with a
            // parameter of the challenge before it.
            let continued = found.get_mut(start..).and_then(<[_]>::last_mut);
            if let Some(before) = continued
                && let Some(rest) = more.next_if(|next| next.scheme.is_empty())
            {
                before.parameters.extend(rest.parameters);
            }
            found.extend(more);
        }
    }
    found.truncate(MOST_CHALLENGES);
    found
}

/// AWS API Gateway renames the field of its backends; a Node library of Auth0 misspelt it.
const FIELDS: [&str; 3] = [
    "www-authenticate",
    "x-amzn-remapped-www-authenticate",
    "www-authentication",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FieldLine, Provenance};

    fn schemes_of(lines: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
        let lines = lines.iter().map(|(n, v)| FieldLine::new(*n, v)).collect();
        challenges(&FieldSection::from_lines(lines, Provenance::Wire))
            .into_iter()
            .map(|c| (c.scheme, c.parameters.into_iter().map(|p| p.0).collect()))
            .collect()
    }

    fn scheme(scheme: &str, parameters: &[&str]) -> (String, Vec<String>) {
        (
            scheme.into(),
            parameters.iter().map(|p| (*p).into()).collect(),
        )
    }

    #[test]
    fn lines_of_all_names_are_read_in_order() {
        assert_eq!(
            schemes_of(&[
                ("x-amzn-Remapped-WWW-Authenticate", "Bearer"),
                ("WWW-Authenticate", r#"Basic realm="a", NTLM"#),
                ("Content-Type", "text/html"),
                ("Proxy-Authenticate", "Basic"),
                ("www-authenticate", r#"Digest nonce="n""#),
                ("WWW-Authentication", "DPoP"),
            ]),
            [
                scheme("Basic", &["realm"]),
                scheme("NTLM", &[]),
                scheme("Digest", &["nonce"]),
                scheme("Bearer", &[]),
                scheme("DPoP", &[]),
            ]
        );
    }

    #[test]
    fn a_line_may_continue_the_challenge_of_the_line_before() {
        assert_eq!(
            schemes_of(&[
                ("WWW-Authenticate", r#"Bearer realm="a""#),
                ("WWW-Authenticate", r#"error="invalid_token", Basic"#),
            ]),
            [scheme("Bearer", &["realm", "error"]), scheme("Basic", &[])]
        );
    }

    #[test]
    fn names_are_compared_in_lower_case() {
        let found = parse_challenges(br#"bEARER Error="x", ERROR="y""#);
        assert!(found[0].is("Bearer"));
        assert_eq!(found[0].parameter("error"), Some(&b"x"[..]));
        assert_eq!(found[0].parameter("realm"), None);
    }

    #[test]
    fn debug_shows_no_content() {
        let found = parse_challenges(br#"canary canary="canary""#);
        assert!(!format!("{found:?}").contains("canary"));
    }
}
