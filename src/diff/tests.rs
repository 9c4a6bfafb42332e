//! Whole comparisons.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::{Difference, Kind, Where, diff};
use crate::model::{
    Baseline, BaselineSource, Content, FieldLine, FieldSection, HttpVersion, Place, Provenance,
    Request, Timestamp, Url, Varying,
};

fn request(method: &str, url: &str, fields: &[(&str, &str)]) -> Request {
    let url = Url::parse(url.as_bytes()).unwrap();
    let lines = fields
        .iter()
        .map(|(name, value)| FieldLine::new(*name, value));
    Request {
        method: method.to_owned(),
        target: url.path_and_query(),
        url,
        version: HttpVersion::Http11,
        pseudo: FieldSection::default(),
        fields: FieldSection::from_lines(lines.collect(), Provenance::Wire),
        content: Content::default(),
        trailers: FieldSection::default(),
    }
}

fn get(fields: &[(&str, &str)]) -> Request {
    request("GET", "https://api.acme.test/v1/me", fields)
}

fn baseline(request: Request, unresolved: &[&str]) -> Baseline {
    Baseline {
        name: "good".to_owned(),
        source: BaselineSource::Curl,
        added: Timestamp::default(),
        request,
        unresolved: unresolved.iter().map(|text| (*text).to_owned()).collect(),
        warnings: Vec::new(),
    }
}

fn compare(good: Request, failing: &Request) -> Vec<Difference> {
    diff(&baseline(good, &[]), failing, &[], &[])
}

fn find<'a>(all: &'a [Difference], place: Where, name: &str) -> &'a Difference {
    all.iter()
        .find(|difference| difference.place == place && difference.name.eq_ignore_ascii_case(name))
        .unwrap_or_else(|| panic!("no {name} in {all:?}"))
}

fn changed(good: &str, failing: &str) -> Difference {
    let all = compare(
        get(&[("Authorization", good)]),
        &get(&[("Authorization", failing)]),
    );
    find(&all, Where::Header, "authorization").clone()
}

fn note(good: &str, failing: &str) -> String {
    changed(good, failing).note.unwrap_or_default()
}

fn jwt(claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"alg":"HS256","typ":"JWT"}"#);
    format!(
        "{header}.{}.{}",
        part(claims),
        part("a signature of 32 bytes, or so..")
    )
}

#[test]
fn a_missing_credential_comes_first() {
    let all = compare(
        get(&[
            ("X-Thing", "1"),
            ("Authorization", "Bearer abcdef123456"),
            ("User-Agent", "curl/8"),
        ]),
        &get(&[("User-Agent", "node"), ("Accept", "*/*")]),
    );
    assert_eq!(all[0].name, "Authorization");
    assert_eq!(all[0].kind, Kind::Missing);
    assert_eq!(all[0].weight, 100);
    assert_eq!(all[0].good, [b"Bearer abcdef123456"]);
    assert_eq!(all[1].name, "X-Thing");
    let agent = find(&all, Where::Header, "user-agent");
    assert!(agent.noise.is_some() && agent.weight == 0);
    assert_eq!(find(&all, Where::Header, "accept").kind, Kind::Extra);
    assert_eq!(all.last().unwrap().kind, Kind::Same);
}

#[test]
fn how_a_credential_was_mangled_is_told() {
    let token = "abcdef123456ghijkl";
    let good = format!("Bearer {token}");
    assert_eq!(
        note(&good, &format!("Token {token}")),
        "same secret, but the scheme differs: Token here, Bearer in the known-good request"
    );
    assert_eq!(
        note(&good, token),
        "same secret, but the scheme is missing: Bearer in the known-good request"
    );
    assert_eq!(
        note(&good, &format!("Bearer \"{token}\"")),
        "equal but for quotes"
    );
    assert_eq!(
        note(&good, "Bearer abcdef1234"),
        "the known-good secret, cut off after 10 of 18 bytes"
    );
    assert_eq!(
        note("Bearer abc%3D%3D1234", "Bearer abc==1234"),
        "equal but for percent-encoding"
    );
    assert_eq!(
        note(&good, &format!("Bearer {token}\u{200b}")),
        "equal but for invisible characters"
    );
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    assert_eq!(
        note(&basic("u:p1"), &basic("u:p2")),
        "same user, another password"
    );
}

#[test]
fn a_credential_in_another_place_is_found() {
    let good = get(&[("Authorization", "Bearer abcdef123456")]);
    let failing = request(
        "GET",
        "https://api.acme.test/v1/me?access_token=abcdef123456",
        &[],
    );
    let all = compare(good, &failing);
    assert_eq!(
        find(&all, Where::Header, "authorization").note.as_deref(),
        Some("same secret, sent in another place: query access_token")
    );
    assert_eq!(
        find(&all, Where::Query, "access_token").note.as_deref(),
        Some("the known-good request sends the same secret in header authorization")
    );
}

#[test]
fn claims_that_differ_are_named_with_their_times() {
    let good = jwt(r#"{"sub":"alice-canary","aud":"a","exp":1700003600,"jti":"1"}"#);
    let failing = jwt(r#"{"sub":"alice-canary","aud":"b","exp":1700000000,"scope":"x"}"#);
    let note = note(&format!("Bearer {good}"), &format!("Bearer {failing}"));
    assert_eq!(
        note,
        "claims differ: aud, exp (2023-11-14 22:13:20 UTC here, 2023-11-14 23:13:20 UTC in the \
         known-good token), scope (only here), jti (not here)"
    );
}

#[test]
fn authorization_of_a_file_that_was_not_read_is_unknown() {
    let open = baseline(get(&[]), &[crate::model::UNREAD_AUTHORIZATION]);
    let all = diff(&open, &get(&[("Authorization", "Bearer abc")]), &[], &[]);
    let field = find(&all, Where::Header, "authorization");
    assert_eq!((field.kind, field.unresolved), (Kind::Same, true));
    let known = baseline(get(&[]), &[]);
    let all = diff(&known, &get(&[("Authorization", "Bearer abc")]), &[], &[]);
    assert_eq!(find(&all, Where::Header, "authorization").kind, Kind::Extra);
}

#[test]
fn an_unresolved_variable_is_never_a_difference_in_value() {
    let good = baseline(
        get(&[("Authorization", "Bearer {{token}}")]),
        &["{{token}}"],
    );
    let same = diff(&good, &get(&[("Authorization", "Bearer abc")]), &[], &[]);
    let field = find(&same, Where::Header, "authorization");
    assert_eq!(field.kind, Kind::Same);
    assert!(field.unresolved && field.note.is_some());
    let other = diff(&good, &get(&[("Authorization", "Basic abc")]), &[], &[]);
    let field = find(&other, Where::Header, "authorization");
    assert_eq!(field.kind, Kind::Changed);
    assert!(field.unresolved);
}

#[test]
fn parts_of_the_url_are_apart() {
    let all = compare(
        request("GET", "https://api.acme.test/v1/orders/42?a=1&b=2", &[]),
        &request(
            "GET",
            "http://staging.acme.test:8080/v1/orders/43?b=2&a=1",
            &[],
        ),
    );
    for name in ["scheme", "host", "port"] {
        assert_eq!(find(&all, Where::Url, name).kind, Kind::Changed, "{name}");
        assert_eq!(find(&all, Where::Url, name).weight, 80);
    }
    assert!(find(&all, Where::Url, "path").noise.is_some());
    assert_eq!(find(&all, Where::Query, "a").kind, Kind::Same);
    assert_eq!(find(&all, Where::Method, "method").kind, Kind::Same);
}

#[test]
fn a_default_port_follows_from_the_scheme() {
    let all = compare(
        request("GET", "https://h.test/api/x", &[("Host", "h.test")]),
        &request("GET", "http://h.test/x", &[("Host", "h.test:80")]),
    );
    assert!(find(&all, Where::Url, "port").noise.is_some());
    assert!(find(&all, Where::Header, "host").noise.is_some());
    assert!(
        find(&all, Where::Url, "path")
            .note
            .as_deref()
            .unwrap()
            .contains("prefix")
    );
}

#[test]
fn a_host_field_that_the_url_does_not_say_matters() {
    let all = compare(
        get(&[("Host", "api.acme.test")]),
        &get(&[("Host", "evil.test")]),
    );
    let host = find(&all, Where::Header, "host");
    assert_eq!(
        (host.kind, host.noise, host.weight),
        (Kind::Changed, None, 80)
    );
}

#[test]
fn cookies_are_compared_by_name() {
    let all = compare(
        get(&[("Cookie", "sessionid=abc; theme=dark; x=1")]),
        &get(&[("cookie", "x=1; _ga=GA1.2.3")]),
    );
    assert_eq!(find(&all, Where::Cookie, "sessionid").kind, Kind::Missing);
    assert_eq!(find(&all, Where::Cookie, "x").kind, Kind::Same);
    assert!(find(&all, Where::Cookie, "_ga").noise.is_some());
    assert!(find(&all, Where::Cookie, "theme").noise.is_some());
    assert!(
        !all.iter()
            .any(|one| one.name.eq_ignore_ascii_case("cookie"))
    );
    assert_eq!(all[0].name, "sessionid");
}

#[test]
fn case_order_and_white_space_are_no_difference() {
    let good = get(&[("X-A", "1"), ("Accept", "a, b")]);
    let mut failing = get(&[("Accept", "a"), ("accept", "b")]);
    failing.fields.push(FieldLine::from_wire("x-a", "  1 "));
    let all = compare(good, &failing);
    let field = find(&all, Where::Header, "x-a");
    assert_eq!(field.kind, Kind::Same);
    assert_eq!(
        field.note.as_deref(),
        Some("equal but for white space around the value")
    );
    assert_eq!(field.failing, [b" 1 "]);
    assert_eq!(find(&all, Where::Header, "accept").kind, Kind::Same);
}

#[test]
fn a_credential_sent_twice_is_a_change() {
    let token = ("Authorization", "Bearer abcdef123456");
    let all = compare(get(&[token]), &get(&[token, token]));
    let field = find(&all, Where::Header, "authorization");
    assert_eq!(field.kind, Kind::Changed);
    assert_eq!(
        field.note.as_deref(),
        Some("sent 2 times here, once in the known-good request")
    );
}

#[test]
fn content_is_noise_except_where_one_logs_in() {
    let with = |path: &str, content_type: &str, content: &str| {
        let url = format!("https://h.test{path}");
        let mut request = request("POST", &url, &[("Content-Type", content_type)]);
        request.content = Content::complete(content);
        request
    };
    let form = "application/x-www-form-urlencoded";
    let all = compare(
        with("/orders", "application/json", r#"{"a":1}"#),
        &with("/orders", "application/json", r#"{"a":2}"#),
    );
    assert!(find(&all, Where::Body, "body").noise.is_some());
    let all = compare(
        with("/oauth/token", form, "grant_type=password&username=a"),
        &with("/oauth/token", "application/json", "grant_type=password"),
    );
    assert_eq!(find(&all, Where::Body, "body").noise, None);
    let content_type = find(&all, Where::Header, "content-type");
    assert_eq!((content_type.noise, content_type.weight), (None, 50));
    let all = compare(
        with("/oauth/token", form, "grant_type=password&username=a"),
        &with("/oauth/token", form, "grant_type=refresh_token&x=1"),
    );
    assert_eq!(
        find(&all, Where::Body, "body").note.as_deref(),
        Some("missing here: username; only here: x; changed: grant_type")
    );
}

#[test]
fn content_that_was_not_kept_is_no_difference() {
    let mut good = get(&[]);
    good.content = Content::complete("abc");
    let mut failing = good.clone();
    failing.content.bytes.clear();
    let all = compare(good, &failing);
    assert_eq!(find(&all, Where::Body, "body").kind, Kind::Same);
}

#[test]
fn signatures_are_noise_unless_the_signer_differs() {
    let digest = |user: &str, response: &str| {
        format!(
            "Digest username=\"{user}\", realm=\"r\", nonce=\"n{response}\", response=\"{response}\""
        )
    };
    assert!(
        changed(&digest("u", "1"), &digest("u", "2"))
            .noise
            .is_some()
    );
    assert_eq!(changed(&digest("u", "1"), &digest("v", "2")).noise, None);
}

#[test]
fn noise_wakes_up_where_it_is_evidence() {
    let all = compare(
        get(&[("Accept", "application/json")]),
        &get(&[("Accept", "text/event-stream")]),
    );
    assert_eq!(find(&all, Where::Header, "accept").noise, None);
    let all = compare(
        get(&[("Accept", "application/json")]),
        &get(&[("Accept", "text/html")]),
    );
    assert_eq!(find(&all, Where::Header, "accept").noise, None);
    let all = compare(
        get(&[("Accept", "application/json")]),
        &get(&[("Accept", "*/*")]),
    );
    assert!(find(&all, Where::Header, "accept").noise.is_some());
}

#[test]
fn thousands_of_names_take_no_time() {
    let cookies: Vec<String> = (0..40_000).map(|n| format!("c{n}={n}")).collect();
    let value = cookies.join("; ");
    let failing = get(&[("Cookie", &value)]);
    let all = compare(get(&[]), &failing);
    assert!(all.len() > 40_000);
}

fn any_request() -> impl Strategy<Value = Request> {
    let name = "(authorization|Cookie|x-api-key|host|Accept|content-type|x-[a-c])";
    let value = "([a-c =;,\"%+]|Bearer |Basic |dTpw|\\{\\{v\\}\\}){0,8}";
    let query = "[a-c=&%+2]{0,12}";
    let fields = proptest::collection::vec((name, value), 0..8);
    (
        fields,
        query,
        "(GET|POST)",
        proptest::collection::vec(any::<u8>(), 0..30),
    )
        .prop_map(|(fields, query, method, content)| {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (&**n, &**v)).collect();
            let mut request = request(&method, &format!("https://h.test/p?{query}"), &fields);
            request.content = Content::complete(content);
            request
        })
}

proptest! {
    #[test]
    fn a_request_does_not_differ_from_itself(request in any_request(), open in any::<bool>()) {
        let unresolved: &[&str] = if open { &["{{v}}"] } else { &[] };
        for difference in diff(&baseline(request.clone(), unresolved), &request, &[], &[]) {
            prop_assert_eq!(difference.kind, Kind::Same);
            prop_assert_eq!(difference.noise, None);
            prop_assert_eq!(difference.weight, 0);
        }
    }

    #[test]
    fn the_order_is_by_group_and_weight(good in any_request(), failing in any_request()) {
        let all = diff(&baseline(good, &["{{v}}"]), &failing, &[], &[]);
        let group = |one: &Difference| (one.kind == Kind::Same, one.noise.is_some());
        prop_assert!(all.windows(2).all(|pair| group(&pair[0]) <= group(&pair[1])));
        let falls = |pair: &[Difference]| {
            group(&pair[0]) != group(&pair[1]) || pair[0].weight >= pair[1].weight
        };
        prop_assert!(all.windows(2).all(falls));
        prop_assert!(all.iter().all(|one| one.matters() == (one.weight > 0)));
    }
}

#[test]
fn what_differs_between_good_requests_too_is_folded_and_nothing_else() {
    let good = get(&[
        ("X-Shard", "1"),
        ("X-Mode", "a"),
        ("X-Both", "a"),
        ("Cookie", "ab=1"),
    ]);
    let failing = get(&[("x-shard", "3"), ("X-Other", "b"), ("Cookie", "ab=2")]);
    let varying = [
        (Place::Header("x-shard".into()), true, false),
        (Place::Header("x-mode".into()), true, false),
        (Place::Header("x-both".into()), false, true),
        (Place::Query("ab".into()), true, true),
    ]
    .map(|(place, changes, optional)| Varying {
        place,
        changes,
        optional,
    });
    let all = diff(&baseline(good, &[]), &failing, &[], &varying);
    let folded: Vec<_> = all
        .iter()
        .filter(|one| one.noise == Some("varies between good requests too"))
        .map(|one| (one.name.as_str(), one.kind, one.note.as_deref()))
        .collect();
    let note = Some("varies between good requests too");
    assert_eq!(
        folded,
        [
            ("X-Both", Kind::Missing, note),
            ("x-shard", Kind::Changed, note)
        ]
    );
    let told: Vec<_> = all
        .iter()
        .filter(|one| one.matters())
        .map(|one| &*one.name)
        .collect();
    assert_eq!(told, ["X-Mode", "ab", "X-Other"]);
}
