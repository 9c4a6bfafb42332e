//! Keyed fingerprints, and what is remembered of a message's credentials.

use ring::hmac;
use serde_json::{Map, Value};

use super::credentials::{carriers, is_form, normalise};
use super::decode::readable;
use crate::model::{CredentialFact, Fingerprint, Request, Response, TokenFact};

/// Makes fingerprints with one key: HMAC-SHA-256, the first 10 bytes.
#[derive(Clone)]
pub struct Fingerprinter {
    key: hmac::Key,
}

impl Fingerprinter {
    /// A fingerprinter with this store's key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
        }
    }

    /// The fingerprint of a secret.
    pub fn fingerprint(&self, secret: &[u8]) -> Fingerprint {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"why401:v1:");
        context.update(secret);
        let mut bytes = [0; 10];
        for (to, from) in bytes.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        Fingerprint(bytes)
    }

    /// What is remembered of the credentials of a request.
    pub fn credentials(&self, request: &Request) -> Vec<CredentialFact> {
        carriers(request)
            .into_iter()
            .map(|carrier| CredentialFact {
                place: carrier.place,
                scheme: carrier.scheme.map(|scheme| scheme.to_ascii_lowercase()),
                raw: self.fingerprint(&carrier.raw),
                normalised: self.fingerprint(&carrier.normalised),
                shape: carrier.shape,
            })
            .collect()
    }

    /// What is remembered of a token response; empty for any other.
    pub fn tokens(&self, request: &Request, response: &Response) -> Vec<TokenFact> {
        if !response.is_success() || !asks_for_tokens(request) {
            return Vec::new();
        }
        let Some(content) = readable(&response.fields, &response.content) else {
            return Vec::new();
        };
        let Ok(Value::Object(members)) = serde_json::from_slice(&content.bytes) else {
            return Vec::new();
        };
        // Some wrap the members in one object more: `data`, `AuthenticationResult`.
        std::iter::once(&members)
            .chain(members.values().filter_map(Value::as_object))
            .take(MOST_OBJECTS)
            .map(|object| self.tokens_of(object))
            .find(|tokens| !tokens.is_empty())
            .unwrap_or_default()
    }

    fn tokens_of(&self, members: &Map<String, Value>) -> Vec<TokenFact> {
        let expires_in = find(members, "expires_in").and_then(seconds);
        TOKEN_MEMBERS
            .iter()
            .filter_map(|member| {
                let token = find(members, member)?.as_str().filter(|t| !t.is_empty())?;
                Some(TokenFact {
                    member: (*member).to_owned(),
                    // As a carrier's: an equal token has an equal fingerprint there.
                    fingerprint: self.fingerprint(&normalise(token.as_bytes())),
                    expires_in,
                })
            })
            .collect()
    }
}

impl std::fmt::Debug for Fingerprinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprinter")
    }
}

/// The member of that name, in snake case or without underscores: `access_token`, `accessToken`.
fn find<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let joined = name.replace('_', "");
    members.get(name).or_else(|| {
        members
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(&joined))
            .map(|(_, value)| value)
    })
}

/// A lifetime, which some write as a string.
fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_i64(),
    }
}

/// A token endpoint by what is sent there, or by its path.
fn asks_for_tokens(request: &Request) -> bool {
    let grant = is_form(request)
        && request
            .content
            .bytes
            .split(|b| *b == b'&')
            .any(|pair| pair.starts_with(b"grant_type="));
    grant || is_token_path(&request.url.path)
}

/// Whether a path is by its words one where tokens are given out.
pub fn is_token_path(path: &[u8]) -> bool {
    let path = path.to_ascii_lowercase();
    path.split(|b| !b.is_ascii_alphanumeric())
        .any(|word| TOKEN_WORDS.contains(&word))
}

const MOST_OBJECTS: usize = 16;

const TOKEN_MEMBERS: &[&str] = &["access_token", "refresh_token", "id_token"];

const TOKEN_WORDS: &[&[u8]] = &[
    b"token",
    b"tokens",
    b"login",
    b"signin",
    b"refresh",
    b"oauth",
    b"oauth2",
    b"session",
    b"sessions",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Content, FieldLine, FieldSection, HttpVersion, Provenance, Url};

    fn request(path: &str, body: &str) -> Request {
        let url = Url::parse(format!("https://a.test{path}").as_bytes()).unwrap();
        let form = FieldLine::new("content-type", "application/x-www-form-urlencoded");
        Request {
            method: "POST".into(),
            target: url.path_and_query(),
            url,
            version: HttpVersion::Http11,
            pseudo: FieldSection::default(),
            fields: FieldSection::from_lines(vec![form], Provenance::Wire),
            content: Content::complete(body),
            trailers: FieldSection::default(),
        }
    }

    fn response(body: &str) -> Response {
        Response {
            status: 200,
            reason: b"OK".to_vec(),
            version: HttpVersion::Http11,
            fields: FieldSection::default(),
            content: Content::complete(body),
            trailers: FieldSection::default(),
        }
    }

    #[test]
    fn equal_secrets_have_equal_fingerprints_under_one_key_only() {
        let (one, other) = (Fingerprinter::new(&[1; 32]), Fingerprinter::new(&[2; 32]));
        assert_eq!(one.fingerprint(b"s"), one.fingerprint(b"s"));
        assert_ne!(one.fingerprint(b"s"), one.fingerprint(b"t"));
        assert_ne!(one.fingerprint(b"s"), other.fingerprint(b"s"));
    }

    #[test]
    fn a_token_response_is_remembered_by_its_members() {
        let prints = Fingerprinter::new(&[1; 32]);
        let answer =
            response(r#"{"access_token":"AT","expires_in":300,"refresh_token":"RT","x":1}"#);
        for asked in [
            request("/x", "grant_type=refresh_token"),
            request("/api/login", ""),
        ] {
            let tokens = prints.tokens(&asked, &answer);
            let members: Vec<_> = tokens
                .iter()
                .map(|t| (t.member.as_str(), t.expires_in))
                .collect();
            assert_eq!(
                members,
                [("access_token", Some(300)), ("refresh_token", Some(300))]
            );
            assert_eq!(tokens[0].fingerprint, prints.fingerprint(b"AT"));
        }
        let mut failed = answer.clone();
        failed.status = 401;
        assert_eq!(prints.tokens(&request("/login", ""), &failed), []);
        assert_eq!(prints.tokens(&request("/items", "a=b"), &answer), []);
        assert_eq!(prints.tokens(&request("/login", ""), &response("[]")), []);
    }

    #[test]
    fn members_are_found_one_object_down_and_in_other_spellings() {
        let prints = Fingerprinter::new(&[1; 32]);
        let told = |body| -> Vec<_> {
            prints
                .tokens(&request("/token", ""), &response(body))
                .into_iter()
                .map(|token| (token.member, token.expires_in))
                .collect()
        };
        assert_eq!(
            told(r#"{"data":{"accessToken":"AT","expiresIn":"60"}}"#),
            [("access_token".to_owned(), Some(60))]
        );
        assert_eq!(
            told(r#"{"AuthenticationResult":{"IdToken":"IT"},"x":{}}"#),
            [("id_token".to_owned(), None)]
        );
        assert_eq!(told(r#"{"access_token":"","refresh_token":7}"#), []);
    }

    #[test]
    fn a_token_is_known_again_where_it_is_sent() {
        let prints = Fingerprinter::new(&[1; 32]);
        let given = prints.tokens(
            &request("/token", ""),
            &response(r#"{"access_token":"abc.def"}"#),
        );
        let mut sent = request("/items", "");
        sent.fields
            .push(FieldLine::new("Authorization", "Bearer \"abc.def\""));
        let facts = prints.credentials(&sent);
        assert_eq!(facts[0].normalised, given[0].fingerprint);
        assert_ne!(facts[0].raw, facts[0].normalised);
        assert_eq!(facts[0].scheme.as_deref(), Some("bearer"));
    }

    #[test]
    fn a_fingerprint_is_the_start_of_the_keyed_hash() {
        // From another implementation: HMAC-SHA-256 of "why401:v1:s" with 32 bytes of 0x01.
        let expected = [0x5a, 0x5d, 0x2a, 0xf6, 0x24, 0x75, 0xa4, 0xc1, 0x0e, 0x2e];
        assert_eq!(Fingerprinter::new(&[1; 32]).fingerprint(b"s").0, expected);
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(
            format!("{:?}", Fingerprinter::new(&[1; 32])),
            "Fingerprinter"
        );
    }
}
