//! Planted secrets must not come out of any function of the masker, in any encoding.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::encode::forms;
use super::escape::is_hidden;
use super::{Masked, Masker};
use crate::auth::percent::percent_decode;
use crate::model::{
    Content, FieldLine, FieldSection, HttpVersion, Place, Provenance, Request, Url,
};

pub(super) fn request(url: &str, fields: &[(&str, String)], content: &str) -> Request {
    let url = Url::parse(url.as_bytes()).unwrap();
    let lines = fields
        .iter()
        .map(|(name, value)| FieldLine::new(*name, value));
    Request {
        method: "POST".to_owned(),
        target: url.path_and_query(),
        url,
        version: HttpVersion::Http11,
        pseudo: FieldSection::default(),
        fields: FieldSection::from_lines(lines.collect(), Provenance::Wire),
        content: Content::complete(content.as_bytes()),
        trailers: FieldSection::default(),
    }
}

/// Neither the secret nor a form of it, nor eight bytes of it in a row.
fn assert_hidden(masked: &Masked, secret: &str, place: &str) {
    let text = masked.as_str();
    for form in forms(secret.as_bytes()) {
        let form = String::from_utf8_lossy(&form).into_owned();
        assert!(!text.contains(&form), "{place}: {text} holds {form}");
    }
    let decoded = percent_decode(text.as_bytes());
    for piece in secret.as_bytes().windows(8) {
        let found = decoded.windows(8).any(|window| window == piece);
        assert!(!found, "{place}: {text} holds a part of the secret");
    }
}

/// Field values; `§` stands for the secret, `§64` for `someone:` and the secret in base64.
const FIELDS: &[(&str, &str)] = &[
    ("Authorization", "Bearer §"),
    ("Authorization", "bearer: \"§\""),
    ("Authorization", "Bearer Bearer '§' "),
    ("authorization", "§"),
    ("Authorization", "Whatever §"),
    ("Authorization", "Basic §64"),
    ("Authorization", "Basic someone:§"),
    (
        "Authorization",
        "Digest username=\"§\", realm=\"r\", response=§",
    ),
    ("Authorization", "Token token=\"§\""),
    (
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=§/20250101/eu/s3, Signature=§",
    ),
    ("Proxy-Authorization", "Negotiate §"),
    ("X-Api-Key", "§"),
    ("X-Auth-Token", "Bearer%20§"),
    ("X-CSRF-Token", "§"),
    ("X-Acme-Secret", "§"),
    ("X-Unheard-Of", "§"),
    ("DPoP", "§"),
    ("Cookie", "a=b; session=§; theme=dark"),
    ("Cookie", "§"),
    ("Set-Cookie", "sid=§; Path=/; HttpOnly; x=§"),
    ("Referer", "https://u:§@h.test/p?access_token=§#id_token=§"),
    ("Location", "/cb?code=§&state=§"),
    (
        "Location",
        "https://h.test/l?next=https%3A%2F%2Fx.test%2F%3Ftoken%3D§",
    ),
    ("Location", "/l?next=%252Fcb%253Fapi_key%253D§"),
    ("Link", "<https://h.test/p?api_key=§>; rel=next"),
    ("Refresh", "0; url=https://h.test/;jsessionid=§"),
    ("WWW-Authenticate", "Digest nonce=\"§\", Negotiate §"),
    (
        "WWW-Authenticate",
        "Bearer realm=\"https://h.test/?token=§\"",
    ),
    ("Sec-WebSocket-Protocol", "bearer, §"),
];

const TARGETS: &[&str] = &[
    "/bot123:§/getMe",
    "/services/T1/B2/§",
    "/api/webhooks/123/§",
    "/password/reset/§?x=1",
    "/p;jsessionid=§/q",
    "/p?§",
    "/files/§/x",
    "https://u:§@h.test/",
];

const TEXTS: &[&str] = &[
    "it said Bearer §.",
    "password=§, retry",
    "db:\n  password: §\n",
    "see ftp://me:§@h.test/",
    "<wsse:Password Type=\"t\">§</wsse:Password>",
    "-----BEGIN PRIVATE KEY-----\n§",
    "{\\\"password\\\":\\\"§\\\"}",
];

const CONTENTS: &[(Option<&str>, &str)] = &[
    (JSON, r#"{"user":"u","password":"§"}"#),
    (JSON, r#"{"a":[{"credentials":{"x":["§"]}}]}"#),
    (JSON, r#"{"a":1,"refresh_token":"§"#),
    (JSON, r#"{"body":"{\"password\":\"§\"}"}"#),
    (JSON, r#"{"u":"https://h.test/?sig=§"}"#),
    (
        JSON,
        r#"{"query":"mutation { login(password: \"§\") { id } }"}"#,
    ),
    (None, r#" [{"api_key": "§"}]"#),
    (
        Some("application/x-www-form-urlencoded"),
        "a=b&client_secret=§",
    ),
    (None, "grant_type=password&password=§"),
    (
        Some("multipart/form-data; boundary=xyz"),
        "--xyz\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n§\r\n--xyz--\r\n",
    ),
    (Some("application/xml"), "<a><password>§</password></a>"),
    (Some("text/yaml"), "db:\n  password: §\n"),
    (None, "\0\u{1}§"),
];

const JSON: Option<&str> = Some("application/json");

/// Every place that is masked without having learnt anything.
fn by_place(secret: &str) -> Vec<(&'static str, Masked)> {
    let b64 = STANDARD.encode(format!("someone:{secret}"));
    let put = |template: &str| {
        template
            .replace("§64", &b64)
            .replace('§', secret)
            .into_bytes()
    };
    let mut all = Vec::new();
    for (name, value) in FIELDS {
        all.push((*value, Masker::new().field_value(name, &put(value))));
        let line = FieldLine::from_wire(*name, put(value));
        all.push((*value, Masker::new().field_line(&line)));
    }
    for target in TARGETS {
        all.push((*target, Masker::new().target(&put(target))));
        all.push((
            *target,
            Masker::new().text(&put(&format!("https://h.test{target}"))),
        ));
    }
    for text in TEXTS {
        all.push((*text, Masker::new().text(&put(text))));
    }
    for (content_type, content) in CONTENTS {
        let content_type = content_type.map(str::as_bytes);
        all.push((*content, Masker::new().content(content_type, &put(content))));
    }
    let secret = secret.as_bytes();
    let place = |place: Place| Masker::new().credential(&place, secret);
    all.extend([
        ("cookie", Masker::new().cookie_value("whatever", secret)),
        (
            "snake",
            Masker::new().parameter_value("client_secret", secret),
        ),
        (
            "camel",
            Masker::new().parameter_value("clientSecret", secret),
        ),
        ("name", Masker::new().field_name(&secret.repeat(3))),
        ("header place", place(Place::Header("x-any".into()))),
        ("cookie place", place(Place::Cookie("c".into()))),
        ("query place", place(Place::Query("q".into()))),
        ("form place", place(Place::Form("q".into()))),
        ("userinfo place", place(Place::UserInfo)),
    ]);
    all
}

/// Echoes of a learnt secret that no place gives away.
fn echoes(secret: &str) -> Vec<(String, Masked)> {
    let failing = request(
        "https://h.test/p",
        &[("Authorization", format!("Bearer {secret}"))],
        "",
    );
    let mut masker = Masker::new();
    masker.learn(&failing);
    let mut all = Vec::new();
    for form in forms(secret.as_bytes()) {
        let form = String::from_utf8(form).unwrap();
        let place = format!("echo {form}");
        let text = format!("bad value '{form}' given");
        all.push((place.clone(), masker.text(text.as_bytes())));
        all.push((place.clone(), masker.content(None, text.as_bytes())));
        all.push((place.clone(), masker.field_value("Server", form.as_bytes())));
        all.push((
            place.clone(),
            masker.target(format!("/e?m={form}").as_bytes()),
        ));
        all.push((place, masker.field_name(form.as_bytes())));
    }
    let twice = STANDARD.encode(STANDARD.encode(secret));
    all.push(("twice".into(), masker.text(twice.as_bytes())));
    let inside = STANDARD.encode(format!("{{\"t\":\"{secret}\"}}"));
    all.push(("inside".into(), masker.text(inside.as_bytes())));
    all.push((
        "part".into(),
        masker.text(secret.get(..12).unwrap().as_bytes()),
    ));
    all
}

fn check_everything(secret: &str) {
    for (place, masked) in &by_place(secret) {
        assert_hidden(masked, secret, place);
        let b64 = STANDARD.encode(format!("someone:{secret}"));
        assert!(!masked.as_str().contains(&b64), "{place}");
    }
    for (place, masked) in &echoes(secret) {
        assert_hidden(masked, secret, place);
    }
}

#[test]
fn a_planted_secret_is_hidden_everywhere() {
    check_everything("Zk3Pq9Xw7Lm2Vb8Nc4Rt");
    check_everything("ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
}

#[test]
fn a_planted_jwt_is_hidden_everywhere() {
    let jwt = jwt(r#"{"sub":"alice","aud":"api","exp":1700000000}"#);
    check_everything(&jwt);
}

pub(super) fn jwt(claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#),
        part(claims),
        part("a signature of 32 bytes, or so..")
    )
}

#[test]
fn a_secret_of_a_request_is_learnt_from_any_place() {
    let secret = "Qm7Wn3Ex9Rc5Tv1Yb8Un";
    let form = format!("user=me&password={secret}");
    let json = format!("{{\"refresh_token\":\"{secret}\"}}");
    let header = |name, value: String| request("https://h.test/", &[(name, value)], "");
    for (place, failing) in [
        ("key", header("X-Api-Key", secret.to_owned())),
        ("cookie", header("Cookie", format!("a=1; sid={secret}"))),
        (
            "basic",
            header(
                "Authorization",
                format!("Basic {}", STANDARD.encode(format!("u:{secret}"))),
            ),
        ),
        (
            "userinfo",
            request(&format!("https://u:{secret}@h.test/"), &[], ""),
        ),
        (
            "query",
            request(&format!("https://h.test/?api_key={secret}"), &[], ""),
        ),
        (
            "form",
            request(
                "https://h.test/",
                &[("Content-Type", "application/x-www-form-urlencoded".into())],
                &form,
            ),
        ),
        (
            "json",
            request(
                "https://h.test/",
                &[("Content-Type", "application/json".into())],
                &json,
            ),
        ),
    ] {
        let mut masker = Masker::new();
        masker.learn(&failing);
        let masked = masker.text(format!("no: {secret}!").as_bytes());
        assert_hidden(&masked, secret, place);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_random_token_is_hidden_everywhere(
        letters in Just((b'a'..=b'z').chain(b'A'..=b'Z').collect::<Vec<u8>>()).prop_shuffle(),
        digits in Just((b'0'..=b'9').collect::<Vec<u8>>()).prop_shuffle(),
        length in 8_usize..20,
    ) {
        let token = letters.iter().zip(digits.iter().cycle()).take(length);
        let token: Vec<u8> = token.flat_map(|(letter, digit)| [*letter, *digit]).collect();
        check_everything(&format!("xQ{}Yz7b", String::from_utf8(token).unwrap()));
    }

    #[test]
    fn nothing_panics_and_nothing_hidden_comes_out(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        name in "(authorization|cookie|set-cookie|www-authenticate|referer|x|x-api-key)",
    ) {
        let mut masker = Masker::new();
        let place = Place::Header(name.clone());
        for masked in [
            masker.field_value(&name, &bytes),
            masker.field_name(&bytes),
            masker.cookie_value("a", &bytes),
            masker.parameter_value("token", &bytes),
            masker.target(&bytes),
            masker.credential(&place, &bytes),
            masker.text(&bytes),
            masker.content(None, &bytes),
            masker.content(Some(b"application/json"), &bytes),
            masker.content(Some(b"multipart/form-data; boundary=a"), &bytes),
            Masker::revealing().content(None, &bytes),
        ] {
            let bad = |c: char| is_hidden(c) && !matches!(c, '‹' | '›' | '\n' | '\t');
            prop_assert!(!masked.as_str().chars().any(bad));
        }
    }

    #[test]
    fn text_like_http_never_panics(
        text in "([a-c=&;,:/?#@%\"'{}\\[\\]\\\\<> \r\n-]|Bearer |password|https://|eyJ|%2[0-9F]){0,60}",
        name in "(authorization|cookie|set-cookie|www-authenticate|referer|x)",
    ) {
        let mut masker = Masker::new();
        masker.field_value(&name, text.as_bytes());
        masker.content(None, text.as_bytes());
        masker.content(Some(b"application/json"), text.as_bytes());
        masker.content(Some(b"multipart/form-data"), text.as_bytes());
        masker.target(text.as_bytes());
    }
}
