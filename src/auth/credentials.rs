//! The credentials a request carries, wherever they stand: fields, cookies, query, form, URL.

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};

pub use super::bare::{normalise, split_scheme};
use super::cookie::cookies;
use super::names::{CookieClass, HeaderClass, cookie_class, header_class, is_credential_parameter};
use super::percent::percent_decode;
pub use super::shape::{placeholder, shape};
use crate::model::{FieldLine, Place, Request, Shape};

/// One credential of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Carrier {
    /// Where it stands.
    pub place: Place,
    /// The whole value as sent, scheme and outer whitespace included (for a field: all after the
    /// colon).
    pub raw: Vec<u8>,
    /// The scheme word as sent, for `Authorization` and its like, if there is one.
    pub scheme: Option<String>,
    /// What follows the scheme and its one separator; the whole trimmed value where there is no
    /// scheme.
    pub secret: Vec<u8>,
    /// The bare secret: trimmed, unquoted, one scheme word, percent-decoding once, zero-width
    /// characters gone.
    pub normalised: Vec<u8>,
    /// What it looks like.
    pub shape: Shape,
}

impl std::fmt::Debug for Carrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Carrier({:?}, {:?}, {} bytes)",
            self.place,
            self.scheme,
            self.raw.len()
        )
    }
}

/// Every credential of a request: fields, cookies, query, form, URL; each as sent, in order.
pub fn carriers(request: &Request) -> Vec<Carrier> {
    let mut found: Vec<Carrier> = request.fields.lines().iter().filter_map(of_field).collect();
    found.extend(cookies(&request.fields).into_iter().filter_map(|cookie| {
        let credential = cookie_class(&cookie.name, &cookie.value) == CookieClass::Session;
        credential.then(|| plain(Place::Cookie(cookie.name), &cookie.value))
    }));
    found.extend(parameters(
        request.url.query.as_deref().unwrap_or_default(),
        Place::Query,
    ));
    if is_form(request) {
        found.extend(parameters(&request.content.bytes, Place::Form));
    }
    found.extend(
        request
            .url
            .userinfo
            .as_ref()
            .map(|userinfo| plain(Place::UserInfo, userinfo)),
    );
    found
}

/// User and password of a Basic credential (RFC 7617): the decoded value, split at the first colon.
pub fn decode_basic(secret: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let decoded = BASE64.decode(secret.trim_ascii()).ok()?;
    let colon = decoded.iter().position(|b| *b == b':')?;
    let (user, password) = decoded.split_at(colon);
    Some((user.to_vec(), password.get(1..)?.to_vec()))
}

/// Many decoders do not ask for padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Whether the content is a form (`application/x-www-form-urlencoded`).
pub fn is_form(request: &Request) -> bool {
    let media_type = request.fields.first("content-type").unwrap_or_default();
    let essence = media_type
        .split(|b| *b == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

fn of_field(line: &FieldLine) -> Option<Carrier> {
    let name = line.name_text().to_ascii_lowercase();
    match header_class(&name)? {
        HeaderClass::Authorization => {
            let (scheme, secret) = split_scheme(line.value());
            Some(Carrier {
                raw: line.raw_value().to_vec(),
                scheme,
                ..plain(Place::Header(name), secret)
            })
        }
        HeaderClass::Key | HeaderClass::Suspected => {
            let mut carrier = plain(Place::Header(name), line.value());
            carrier.raw = line.raw_value().to_vec();
            Some(carrier)
        }
        HeaderClass::Csrf | HeaderClass::Proof | HeaderClass::Cookie => None,
    }
}

fn plain(place: Place, value: &[u8]) -> Carrier {
    let normalised = match place {
        // `token:abc` is a user and a password there.
        Place::UserInfo => percent_decode(value),
        _ => normalise(value),
    };
    Carrier {
        place,
        raw: value.to_vec(),
        scheme: None,
        secret: value.to_vec(),
        shape: shape(&normalised),
        normalised,
    }
}

/// The credentials among `name=value` pairs.
fn parameters(text: &[u8], place: fn(String) -> Place) -> Vec<Carrier> {
    text.split(|b| *b == b'&')
        .filter_map(|pair| {
            let at = pair.iter().position(|b| *b == b'=')?;
            let name = String::from_utf8_lossy(&percent_decode(pair.get(..at)?)).into_owned();
            let value = pair.get(at + 1..)?;
            is_credential_parameter(&name, value).then(|| plain(place(name), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Content, FieldSection, HttpVersion, Provenance, Url};

    fn request(url: &str, fields: &[(&str, &str)], body: &str) -> Request {
        let lines = fields.iter().map(|(n, v)| FieldLine::new(*n, v)).collect();
        let url = Url::parse(url.as_bytes()).unwrap();
        Request {
            method: "GET".into(),
            target: url.path_and_query(),
            url,
            version: HttpVersion::Http11,
            pseudo: FieldSection::default(),
            fields: FieldSection::from_lines(lines, Provenance::Wire),
            content: Content::complete(body),
            trailers: FieldSection::default(),
        }
    }

    #[test]
    fn credentials_are_found_in_every_place() {
        let request = request(
            "https://u:p@a.test/x?api_key=K1&page=2&key=short",
            &[
                ("Authorization", "Bearer tok"),
                ("x-api-key", "K2"),
                ("Cookie", "sid=S; theme=dark"),
                ("X-CSRF-Token", "c"),
                (
                    "Content-Type",
                    "application/x-www-form-urlencoded; charset=utf-8",
                ),
            ],
            "access_token=F&x=1",
        );
        let found: Vec<_> = carriers(&request)
            .into_iter()
            .map(|c| (c.place, c.secret))
            .collect();
        let expected = [
            (Place::Header("authorization".into()), b"tok".to_vec()),
            (Place::Header("x-api-key".into()), b"K2".to_vec()),
            (Place::Cookie("sid".into()), b"S".to_vec()),
            (Place::Query("api_key".into()), b"K1".to_vec()),
            (Place::Form("access_token".into()), b"F".to_vec()),
            (Place::UserInfo, b"u:p".to_vec()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_mangled_credential_has_the_shape_of_what_is_inside() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln";
        for value in [
            format!("Bearer {jwt}"),
            format!("Bearer \"{jwt}\""),
            format!("Bearer Bearer {jwt}"),
            format!("bearer: {jwt}"),
            jwt.to_owned(),
        ] {
            let request = request("http://a.test/", &[("Authorization", &value)], "");
            let carrier = &carriers(&request)[0];
            assert_eq!(carrier.shape, Shape::JwtJws, "{value}");
            assert_eq!(carrier.normalised, jwt.as_bytes(), "{value}");
            assert_eq!(carrier.raw, format!(" {value}").as_bytes());
        }
        for value in ["Bearer", "Bearer ", "Bearer \"\"", ""] {
            let request = request("http://a.test/", &[("Authorization", value)], "");
            assert_eq!(carriers(&request)[0].shape, Shape::Empty, "{value}");
        }
    }

    #[test]
    fn every_authorization_line_counts() {
        let fields = [
            ("Authorization", "Basic dTpw"),
            ("authorization", "Bearer t"),
        ];
        let request = request("http://a.test/", &fields, "");
        let schemes: Vec<_> = carriers(&request).into_iter().map(|c| c.scheme).collect();
        assert_eq!(schemes, [Some("Basic".into()), Some("Bearer".into())]);
    }

    #[test]
    fn debug_shows_no_secret() {
        let fields = [("Authorization", "Bearer canary")];
        let shown = format!(
            "{:?}",
            carriers(&request("http://canary@a.test/", &fields, ""))
        );
        assert!(!shown.contains("canary"));
    }

    #[test]
    fn basic_is_split_at_its_first_colon() {
        assert_eq!(
            decode_basic(b"dTpwOnE="),
            Some((b"u".to_vec(), b"p:q".to_vec()))
        );
        assert_eq!(
            decode_basic(b"dTpwOnE"),
            Some((b"u".to_vec(), b"p:q".to_vec()))
        );
        assert_eq!(decode_basic(b"dXA="), None);
        assert_eq!(decode_basic(b"u:p"), None);
    }

    proptest! {
        #[test]
        fn any_value_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            normalise(&bytes);
            shape(&bytes);
            placeholder(&bytes);
            decode_basic(&bytes);
        }
    }
}
