//! What stays visible, and what a mask looks like.

use super::Masker;
use super::leak_tests::{jwt as jwt_of, request};
use crate::auth::jwt;
use crate::cost::CpuTime;
use crate::model::{Place, Url};

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
    // Padding makes no parameter of it.
    assert_eq!(show("Basic dTpwYQ=="), "Basic ‹basic:4 len=8›");
    assert_eq!(show("Basic dXNlcjpiYWQ="), "Basic ‹basic:5 len=12›");
}

#[test]
fn a_jwt_is_shown_by_its_claims_only() {
    let token =
        jwt_of(r#"{"iss":"https://i.test/","sub":"alice","exp":1700000000,"jti":"j1","x":[1,2]}"#);
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

#[test]
fn userinfo_is_found_in_any_reference() {
    let mut masker = Masker::new();
    for (shown, expected) in [
        (
            masker.target(b"//u:p@h.test/x"),
            "//‹basic:1 len=3›@h.test/x",
        ),
        (
            masker.target(b"/web/https://u:p@h.test/x"),
            "/web/https://‹basic:1 len=3›@h.test/x",
        ),
        (masker.target(b"/bob@acme.test/x"), "/bob@acme.test/x"),
    ] {
        assert_eq!(shown.as_str(), expected);
    }
}

#[test]
fn digest_and_signatures_show_what_they_are_about() {
    let mut masker = Masker::new();
    let mut show = |value: &str| {
        let masked = masker.field_value("Authorization", value.as_bytes());
        masked.as_str().to_owned()
    };
    assert_eq!(
        show(
            "Digest username=\"bob\", realm=\"r\", uri=\"/x?token=Abc123Def\", nc=1, response=\"00ff\""
        ),
        "Digest username=\"‹secret:1 len=3›\", realm=\"r\", \
         uri=\"/x?token=‹token:2 len=9›\", nc=1, response=\"‹secret:3 len=4›\""
    );
    assert_eq!(
        show(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20250101/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=fe5f80"
        ),
        "AWS4-HMAC-SHA256 Credential=‹key:4 len=20 prefix=AKIA›/20250101/eu-west-1/s3/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=‹signature:5 len=6›"
    );
}

#[test]
fn challenges_keep_their_words_and_lose_their_nonces() {
    let shown = Masker::new().field_value(
        "WWW-Authenticate",
        br#"Digest realm="a, b", nonce="dcd98b7102dd", stale=true, Negotiate oYG2MIGzoAMKAQChCwYJ"#,
    );
    assert_eq!(
        shown.as_str(),
        "Digest realm=\"a, b\", nonce=\"‹nonce:1 len=12›\", stale=true, Negotiate ‹token:2 len=20›"
    );
}

#[test]
fn content_keeps_everything_but_the_secrets() {
    let mut masker = Masker::new();
    let json = "{\"user\" : \"bob\",\n\t\"password\":\"hunter2\", \"n\":1.50, \"pin\": 1234}";
    assert_eq!(
        masker
            .content(Some(b"application/json"), json.as_bytes())
            .as_str(),
        "{\"user\" : \"bob\",\n\t\"password\":\"‹password:1 len=7›\", \"n\":1.50, \"pin\": ‹secret:2 len=4›}"
    );
    let form = "user=bob&client_secret=s3cr3t%2Bx&scope=a+b";
    assert_eq!(
        masker
            .content(Some(b"application/x-www-form-urlencoded"), form.as_bytes())
            .as_str(),
        "user=bob&client_secret=‹secret:3 len=10›&scope=a+b"
    );
    let image = masker.content(Some(b"image/png"), b"\x89PNG\r\n\x1a\n\0\0");
    assert_eq!(image.as_str(), "‹binary:4 len=10›");
    let shown = masker.content(None, b"<b>\x1b[31m not <script></b>\n");
    assert_eq!(shown.as_str(), "<b>\\x1b[31m not <script></b>\n");
}

#[test]
fn cookies_keep_names_and_attributes() {
    let mut masker = Masker::new();
    let cookies = masker.field_value(
        "Cookie",
        b"theme=dark;  sid=Abc123; csrftoken=undefined; lang=en-US",
    );
    assert_eq!(
        cookies.as_str(),
        "theme=dark;  sid=‹cookie:1 len=6›; csrftoken=undefined; lang=en-US"
    );
    let set = masker.field_value(
        "Set-Cookie",
        b"__Host-s=\"Abc123\"; Path=/; Max-Age=60; SameSite=Lax; odd=Abc123",
    );
    assert_eq!(
        set.as_str(),
        "__Host-s=\"‹cookie:1 len=6›\"; Path=/; Max-Age=60; SameSite=Lax; odd=‹cookie:1 len=6›"
    );
}

#[test]
fn hostile_content_takes_linear_time() {
    let size = 8 * 1024;
    let start = CpuTime::now();
    for piece in [
        "a=\"",
        "a=\\\"",
        "eyJ",
        "eyJabcde.",
        "Bearer ",
        "password=",
        "{\"a\":",
        "[",
        "https://h/?a=",
        "%25",
        "-----BEGIN A-----",
        "<a>",
        "<a ",
        "://a",
        "a;b=",
        "\\\"",
        "token: ",
        "ghp_a1",
        "\"\\",
    ] {
        let text = piece.repeat(size / piece.len());
        let mut masker = Masker::new();
        masker.content(None, text.as_bytes());
        masker.content(Some(b"application/json"), text.as_bytes());
        for name in [
            "cookie",
            "authorization",
            "www-authenticate",
            "location",
            "x",
        ] {
            masker.field_value(name, text.as_bytes());
        }
    }
    assert!(start.elapsed().as_secs() < 30);
}

/// Bodies made to be slow: each took the square of its length, or worse.
#[test]
fn hostile_content_takes_no_more_time_than_its_length() {
    for (content_type, content) in [
        ("text/plain", "http://a?x=".repeat(5900)),
        ("text/plain", "password='x http://a?y=".repeat(2800)),
        (
            "application/x-www-form-urlencoded",
            "http%3A%2F%2Fa%3Fx%3D".repeat(3000),
        ),
        (
            "application/json",
            format!("{{\"{}\":{}", "a".repeat(120), "[".repeat(65_000)),
        ),
    ] {
        let start = CpuTime::now();
        let mut masker = Masker::new();
        masker.content(Some(content_type.as_bytes()), content.as_bytes());
        // Unoptimised and on a busy machine it takes a tenth of that, the square ten times it.
        let took = start.elapsed().as_millis();
        assert!(took < 2000, "{took} ms: {content:.40}");
    }
}
