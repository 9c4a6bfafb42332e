//! Planted secrets must not come out of any function of the masker, in any encoding.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::encode::forms;
use super::escape::is_hidden;
use super::{Masked, Masker};
use crate::auth::jwt;
use crate::auth::percent::percent_decode;
use crate::model::{
    Content, FieldLine, FieldSection, HttpVersion, Place, Provenance, Request, Url,
};

fn request(url: &str, fields: &[(&str, String)], content: &str) -> Request {
    let url = Url::parse(url.as_bytes()).unwrap();
    let lines = fields
        .iter()
        .map(|(name, value)| FieldLine::new(*name, value));
    Request {
        method: "POST".to_owned(),
        target: url.path_and_query(),
        url,
        version: HttpVersion::Http11,
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

/// Every place that is masked without having learnt anything.
fn by_place(secret: &str) -> Vec<(&'static str, Masked)> {
    let b64 = STANDARD.encode(format!("someone:{secret}"));
    let mut m = Masker::new();
    let field = |name: &'static str, value: String| {
        (name, Masker::new().field_value(name, value.as_bytes()))
    };
    let mut all = vec![
        field("Authorization", format!("Bearer {secret}")),
        field("Authorization", format!("bearer: \"{secret}\"")),
        field("Authorization", format!("Bearer Bearer '{secret}' ")),
        field("authorization", secret.to_owned()),
        field("Authorization", format!("Whatever {secret}")),
        field("Authorization", format!("Basic {b64}")),
        field("Authorization", format!("Basic someone:{secret}")),
        field(
            "Authorization",
            format!("Digest username=\"{secret}\", realm=\"r\", response={secret}"),
        ),
        field("Authorization", format!("Token token=\"{secret}\"")),
        field(
            "Authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential={secret}/20250101/eu/s3/aws4_request, SignedHeaders=host, Signature={secret}"
            ),
        ),
        field("Proxy-Authorization", format!("Negotiate {secret}")),
        field("X-Api-Key", secret.to_owned()),
        field("X-Auth-Token", format!("Bearer%20{secret}")),
        field("X-CSRF-Token", secret.to_owned()),
        field("X-Acme-Secret", secret.to_owned()),
        field("X-Unheard-Of", secret.to_owned()),
        field("DPoP", secret.to_owned()),
        field("Cookie", format!("a=b; session={secret}; theme=dark")),
        field("Cookie", secret.to_owned()),
        field(
            "Set-Cookie",
            format!("sid={secret}; Path=/; HttpOnly; x={secret}"),
        ),
        field(
            "Referer",
            format!("https://u:{secret}@h.test/p?access_token={secret}#id_token={secret}"),
        ),
        field("Location", format!("/cb?code={secret}&state={secret}")),
        field(
            "Location",
            format!("https://h.test/l?next=https%3A%2F%2Fx.test%2F%3Ftoken%3D{secret}"),
        ),
        field(
            "Link",
            format!("<https://h.test/p?api_key={secret}>; rel=next"),
        ),
        field(
            "Refresh",
            format!("0; url=https://h.test/;jsessionid={secret}"),
        ),
        field(
            "WWW-Authenticate",
            format!("Digest nonce=\"{secret}\", Negotiate {secret}"),
        ),
        field(
            "WWW-Authenticate",
            format!("Bearer realm=\"https://h.test/?token={secret}\""),
        ),
        field("Sec-WebSocket-Protocol", format!("bearer, {secret}")),
    ];
    all.extend([
        ("cookie", m.cookie_value("whatever", secret.as_bytes())),
        (
            "parameter",
            m.parameter_value("client_secret", secret.as_bytes()),
        ),
        (
            "parameter",
            m.parameter_value("clientSecret", secret.as_bytes()),
        ),
        ("name", m.field_name(secret.repeat(3).as_bytes())),
        (
            "telegram",
            m.target(format!("/bot123:{secret}/getMe").as_bytes()),
        ),
        (
            "slack",
            m.target(format!("/services/T1/B2/{secret}").as_bytes()),
        ),
        (
            "reset",
            m.target(format!("/password/reset/{secret}?x=1").as_bytes()),
        ),
        (
            "matrix",
            m.target(format!("/p;jsessionid={secret}/q").as_bytes()),
        ),
        ("bare query", m.target(format!("/p?{secret}").as_bytes())),
        ("path", m.target(format!("/files/{secret}/x").as_bytes())),
        (
            "header place",
            m.credential(&Place::Header("x-any".into()), secret.as_bytes()),
        ),
        (
            "query place",
            m.credential(&Place::Query("q".into()), secret.as_bytes()),
        ),
        (
            "form place",
            m.credential(&Place::Form("q".into()), secret.as_bytes()),
        ),
        (
            "userinfo place",
            m.credential(&Place::UserInfo, secret.as_bytes()),
        ),
        (
            "text",
            m.text(format!("it said Bearer {secret}.").as_bytes()),
        ),
        (
            "text",
            m.text(format!("password={secret}, retry").as_bytes()),
        ),
        (
            "text",
            m.text(format!("see ftp://me:{secret}@h.test/").as_bytes()),
        ),
        (
            "text",
            m.text(format!("<wsse:Password Type=\"t\">{secret}</wsse:Password>").as_bytes()),
        ),
        (
            "pem",
            m.text(format!("-----BEGIN PRIVATE KEY-----\n{secret}").as_bytes()),
        ),
    ]);
    all
}

/// Contents of every format.
fn contents(secret: &str) -> Vec<(&'static str, Masked)> {
    let show = |content_type: Option<&str>, content: String| {
        Masker::new().content(content_type.map(str::as_bytes), content.as_bytes())
    };
    let json = Some("application/json");
    let quoted = serde_json::to_string(&format!("{{\"password\":\"{secret}\"}}")).unwrap();
    vec![
        (
            "json",
            show(
                json,
                format!("{{\"user\":\"u\",\"password\":\"{secret}\"}}"),
            ),
        ),
        (
            "json deep",
            show(
                json,
                format!("{{\"a\":[{{\"credentials\":{{\"x\":[\"{secret}\"]}}}}]}}"),
            ),
        ),
        (
            "json cut off",
            show(json, format!("{{\"a\":1,\"refresh_token\":\"{secret}")),
        ),
        ("json in json", show(json, format!("{{\"body\":{quoted}}}"))),
        (
            "json url",
            show(json, format!("{{\"u\":\"https://h.test/?sig={secret}\"}}")),
        ),
        (
            "json untyped",
            show(None, format!(" [{{\"api_key\": \"{secret}\"}}]")),
        ),
        (
            "graphql",
            show(
                json,
                format!(
                    "{{\"query\":\"mutation {{ login(password: \\\"{secret}\\\") {{ id }} }}\"}}"
                ),
            ),
        ),
        (
            "form",
            show(
                Some("application/x-www-form-urlencoded"),
                format!("a=b&client_secret={secret}"),
            ),
        ),
        (
            "form untyped",
            show(None, format!("grant_type=password&password={secret}")),
        ),
        (
            "multipart",
            show(
                Some("multipart/form-data; boundary=xyz"),
                format!(
                    "--xyz\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{secret}\r\n--xyz--\r\n"
                ),
            ),
        ),
        (
            "xml",
            show(
                Some("application/xml"),
                format!("<a><password>{secret}</password></a>"),
            ),
        ),
        (
            "yaml",
            show(Some("text/yaml"), format!("db:\n  password: {secret}\n")),
        ),
        ("binary", show(None, format!("\0\u{1}{secret}"))),
    ]
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
    for (place, masked) in by_place(secret).iter().chain(&contents(secret)) {
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

fn jwt(claims: &str) -> String {
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

#[test]
fn equal_secrets_have_one_number_wherever_they_stand() {
    let secret = "Qm7Wn3Ex9Rc5Tv1Yb8Un";
    let mut masker = Masker::new();
    for (shown, expected) in [
        (
            masker.field_value("Authorization", format!("Bearer {secret}").as_bytes()),
            "Bearer ‹token:1 len=20›",
        ),
        (
            masker.field_value("Authorization", b"Bearer other-Secret-77"),
            "Bearer ‹token:2 len=15›",
        ),
        (
            masker.target(format!("/p?access_token={secret}").as_bytes()),
            "/p?access_token=‹token:1 len=20›",
        ),
        (
            masker.field_value("X-Api-Key", format!(" \"{secret}\" ").as_bytes()),
            " \"‹key:1 len=20›\" ",
        ),
        (
            masker.text(format!("bad: {secret}").as_bytes()),
            "bad: ‹token:1 len=20›",
        ),
    ] {
        assert_eq!(shown.as_str(), expected);
    }
}

#[test]
fn what_is_wrong_with_a_credential_stays_visible() {
    let mut masker = Masker::new();
    let mut show = |value: &str| {
        masker
            .field_value("Authorization", value.as_bytes())
            .as_str()
            .to_owned()
    };
    assert_eq!(show("Bearer undefined"), "Bearer undefined");
    assert_eq!(show("Bearer [object Object]"), "Bearer [object Object]");
    assert_eq!(show("Bearer {{token}}"), "Bearer {{token}}");
    assert_eq!(show("Bearer $TOKEN"), "Bearer $TOKEN");
    assert_eq!(show("Bearer <token>"), "Bearer <token>");
    assert_eq!(show("Bearer"), "Bearer");
    assert_eq!(show("Bearer "), "Bearer ");
    assert_eq!(
        show("Bearer ab1\u{200b}cd2"),
        "Bearer ‹token:1 len=7 has=U+200B›"
    );
    assert_eq!(show("Bearer ab1cd2"), "Bearer ‹token:1 len=6›");
    assert_eq!(show("Bearer x{{token}}"), "Bearer ‹token:2 len=1›{{token}}");
    assert_eq!(show("Basic dTpw"), "Basic ‹basic:3 len=4›");
}

#[test]
fn a_jwt_is_shown_by_its_claims_only() {
    let token =
        jwt(r#"{"iss":"https://i.test/","sub":"alice","exp":1700000000,"jti":"j1","x":[1,2]}"#);
    let mut masker = Masker::new();
    let masked = masker.field_value("Authorization", format!("Bearer {token}").as_bytes());
    assert_eq!(
        masked.as_str(),
        format!("Bearer ‹jwt:1 len={}›", token.len())
    );
    let claims = masker.claims(&jwt::decode(token.as_bytes()).unwrap());
    let shown: Vec<_> = claims
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        shown,
        [
            "alg=HS256",
            "typ=JWT",
            "kid=k1",
            "iss=https://i.test/",
            "sub=‹sub:2›",
            "exp=2023-11-14T22:13:20Z",
            "jti=‹jti:3›",
            "x=array of 2",
        ]
    );
}

#[test]
fn ordinary_text_stays_as_it_is() {
    let mut masker = Masker::new();
    masker.learn(&request(
        "https://h.test/",
        &[("Authorization", "Bearer Qm7Wn3Ex9Rc5Tv1Yb8Un".into())],
        "",
    ));
    for text in [
        r#"{"error":"invalid_token","error_description":"The access token expired","code":401}"#,
        r#"{"code":"token_not_valid","token_type":"bearer","expires_in":3600,"request_id":"req_8f7d6"}"#,
        "Basic authentication required",
        "Bearer error=\"invalid_token\"",
        "grant_type=password&user=me",
        "Authorization: Bearer",
        "<title>401 Unauthorized</title>",
    ] {
        assert_eq!(masker.content(None, text.as_bytes()).as_str(), text);
    }
    for (name, value) in [
        ("Date", "Tue, 15 Nov 1994 08:12:31 GMT"),
        (
            "Content-Type",
            "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
        ),
        ("X-Request-Id", "550e8400-e29b-41d4-a716-446655440000"),
        (
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
        ),
        (
            "WWW-Authenticate",
            "Bearer realm=\"api\", error=\"invalid_token\", error_description=\"expired, sorry\"",
        ),
        ("Set-Cookie", "theme=dark; Path=/; Secure"),
        ("Referer", "https://h.test/a/b?page=2&sort=name"),
        ("X-Tenant-Id", "acme-corp"),
    ] {
        assert_eq!(
            masker.field_value(name, value.as_bytes()).as_str(),
            value,
            "{name}"
        );
    }
    let path =
        "/v1/users/550e8400-e29b-41d4-a716-446655440000/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV?q=a%20b";
    assert_eq!(masker.target(path.as_bytes()).as_str(), path);
}

#[test]
fn revealing_shows_the_value_and_still_escapes() {
    let mut masker = Masker::revealing();
    let shown = masker.field_value("Authorization", b"Bearer abc\x1b[2J");
    assert_eq!(shown.as_str(), "Bearer abc\\x1b[2J");
    let url = Url::parse(b"https://u:p@h.test/?api_key=k").unwrap();
    assert_eq!(masker.url(&url).as_str(), "https://u:p@h.test/?api_key=k");
}

#[test]
fn names_and_order_of_a_url_stay() {
    let url = Url::parse(b"https://u:p@h.test:8443/a?z=1&api_key=Xk99aaQ2&b=&a").unwrap();
    assert_eq!(
        Masker::new().url(&url).as_str(),
        "https://‹basic:1 len=3›@h.test:8443/a?z=1&api_key=‹key:2 len=8›&b=&a"
    );
}

#[test]
fn basic_and_userinfo_of_one_account_have_one_number() {
    let mut masker = Masker::new();
    let header = masker.field_value("Authorization", b"Basic YWxpY2U6aHVudGVyMjI=");
    assert_eq!(header.as_str(), "Basic ‹basic:1 len=20›");
    let place = masker.credential(&Place::UserInfo, b"alice:hunter22");
    assert_eq!(place.as_str(), "‹basic:1 len=14›");
}

#[test]
fn deep_json_and_long_names_end() {
    let text = format!("{{\"{}\":{}", "n".repeat(40_000), "[".repeat(20_000));
    let masked = Masker::new().content(Some(b"application/json"), text.as_bytes());
    assert!(masked.as_str().ends_with("[[["));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

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
