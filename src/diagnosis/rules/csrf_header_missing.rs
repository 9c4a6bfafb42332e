//! `csrf-header-missing`: the session goes along, the token against forged requests does not.

use serde_json::Value;

use crate::auth::cookie::cookies;
use crate::auth::credentials::{Carrier, is_form};
use crate::auth::names::{CookieClass, HeaderClass, cookie_class, header_class};
use crate::diagnosis::facts::{Answer, Facts, Good, Said, Sent};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::{ClientKind, Place, Request};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let answer = facts.answer?;
    if has_token(facts.sent.request) {
        return None;
    }
    if let Some(found) = by_wordpress(facts, answer) {
        return Some(found);
    }
    if is_safe(&facts.sent.request.method) {
        return None;
    }
    let told = answer.says(&[Said::Csrf]);
    match facts.good {
        // Without such a field it passes without a token, or has it elsewhere.
        Some(good) => token_field(&good.sent).map(|name| by_difference(facts, good, &name, told)),
        None if told => Some(by_words(facts, answer)),
        None => by_cookie(facts),
    }
}

fn by_difference(facts: &Facts<'_>, good: &Good<'_>, name: &str, told: bool) -> Suspicion {
    let lacks = good
        .sent
        .credentials()
        .any(|carrier| facts.sent.in_place(&carrier.place).is_none());
    let mut sent = facts.sent.credentials().peekable();
    let same_session = sent.peek().is_some()
        && sent.all(|carrier| good.has_same(carrier) && matches!(carrier.place, Place::Cookie(_)));
    let strength = if lacks {
        Strength::Slight
    } else if told {
        Strength::Full
    } else {
        Strength::Partial
    };
    let mut evidence = vec![
        Phrase::new("request has no ").captured(name.as_bytes()),
        Phrase::new("known good sends ").captured(name.as_bytes()),
    ];
    if same_session {
        evidence.push(Phrase::new("the session is that of the known-good request"));
    }
    evidence.extend(quote(facts));
    Suspicion {
        strength,
        by_difference: true,
        by_words: told,
        title: words::plain_name(name).map_or_else(
            || "no CSRF token was sent".into(),
            |name| format!("the CSRF token {name} was not sent"),
        ),
        evidence,
        fix: vec![fix(facts, words::plain_name(name))],
        // Not every API checks the token that its pages send, and the session may have ended.
        about: told.then(|| (Where::Header, name.to_owned())),
        ..Suspicion::default()
    }
}

fn by_words(facts: &Facts<'_>, answer: &Answer<'_>) -> Suspicion {
    let cookies = facts.sent.request.fields.contains("cookie");
    let mut evidence = vec![Phrase::new(
        "request has no CSRF token: no such field, parameter or member of the content",
    )];
    evidence.extend(answer.quote(&[Said::Csrf]));
    if !cookies {
        evidence.push(Phrase::new("request has no Cookie either"));
    }
    Suspicion {
        // Without a session the token alone will not do.
        strength: if cookies {
            Strength::Full
        } else {
            Strength::Partial
        },
        by_words: true,
        title: "no CSRF token was sent".into(),
        evidence,
        fix: vec![fix(facts, None)],
        ..Suspicion::default()
    }
}

/// A cookie that is there to be sent back in a field. Not every API checks that it is.
fn by_cookie(facts: &Facts<'_>) -> Option<Suspicion> {
    let (cookie, field) = known_cookie(facts.sent.request)?;
    let only_cookies = facts
        .sent
        .credentials()
        .all(|carrier: &Carrier| matches!(carrier.place, Place::Cookie(_)));
    let session = facts.sent.session_cookies().next().is_some() || facts.sent.has_unknown_cookies();
    (only_cookies && session).then(|| Suspicion {
        strength: Strength::Slight,
        title: format!("the CSRF token {field} was not sent"),
        evidence: vec![
            Phrase::new("request has the cookie ")
                .captured(cookie)
                .words(format!(", but no {field} that repeats it")),
        ],
        fix: vec![fix(facts, Some(field))],
        ..Suspicion::default()
    })
}

/// `WordPress` takes a cookie without a nonce for nobody's, whatever the method.
fn by_wordpress(facts: &Facts<'_>, answer: &Answer<'_>) -> Option<Suspicion> {
    let request = facts.sent.request;
    let rest = memchr::memmem::find(&request.url.path, b"/wp-json/").is_some()
        || request
            .url
            .query_pairs()
            .iter()
            .any(|(name, _)| *name == b"rest_route");
    let refused = answer
        .stated
        .statements
        .iter()
        .any(|statement| statement.words.starts_with("rest_"));
    let cookie = facts
        .sent
        .session_cookies()
        .find_map(|carrier| match &carrier.place {
            Place::Cookie(name) if name.starts_with("wordpress_logged_in_") => Some(name),
            _ => None,
        })?;
    (rest && refused && facts.sent.authorization().is_none()).then(|| Suspicion {
        strength: Strength::Full,
        title: "the CSRF token X-WP-Nonce was not sent".into(),
        evidence: std::iter::once(
            Phrase::new("request has the cookie ")
                .captured(cookie.as_bytes())
                .words(", but neither X-WP-Nonce nor _wpnonce: WordPress takes it for logged out"),
        )
        .chain(answer.first_words())
        .collect(),
        fix: vec![Phrase::new(
            "send X-WP-Nonce: wpApiSettings.nonce (wp_create_nonce(\"wp_rest\") on the page)",
        )],
        ..Suspicion::default()
    })
}

fn quote(facts: &Facts<'_>) -> Option<Phrase> {
    let answer = facts.answer?;
    answer
        .quote(&[Said::Csrf])
        .or_else(|| answer.quote(&[Said::Missing, Said::NotAuthenticated]))
}

fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "QUERY")
}

/// The field with a CSRF token, as the request spells it.
fn token_field(sent: &Sent<'_>) -> Option<String> {
    sent.request
        .fields
        .lines()
        .iter()
        .find(|line| is_token_field(&line.name_text()) && !line.value().is_empty())
        .map(|line| line.name_text().into_owned())
}

fn is_token_field(name: &str) -> bool {
    header_class(name) == Some(HeaderClass::Csrf) || is_token_name(name)
}

/// Whether a token stands anywhere, in a field, a parameter or a member of the content, or may stand in
/// content that was not kept.
fn has_token(request: &Request) -> bool {
    let pairs = |text: &[u8]| {
        text.split(|b| *b == b'&')
            .filter_map(|pair| pair.split(|b| *b == b'=').next())
            .any(|name| is_token_name(&String::from_utf8_lossy(name)))
    };
    let content = &request.content.bytes;
    let form = is_form(request) || is_multipart(request);
    if !request.content.is_whole() || (form && content.is_empty()) {
        return true;
    }
    let fields = request.fields.lines().iter();
    fields
        .filter(|line| !line.value().is_empty())
        .any(|line| is_token_field(&line.name_text()))
        || pairs(request.url.query.as_deref().unwrap_or_default())
        || (is_form(request) && pairs(content))
        || (is_multipart(request) && TOKEN_NAMES.iter().any(|name| holds(content, name)))
        || matches!(
            serde_json::from_slice(content),
            Ok(Value::Object(members)) if members.keys().any(|name| is_token_name(name))
        )
}

fn is_multipart(request: &Request) -> bool {
    request
        .fields
        .first_text("content-type")
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/"))
}

fn holds(content: &[u8], name: &str) -> bool {
    memchr::memmem::find(content, format!("name=\"{name}\"").as_bytes()).is_some()
}

fn is_token_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("csrf")
        || name.contains("xsrf")
        || TOKEN_NAMES
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&name))
}

const TOKEN_NAMES: &[&str] = &[
    "__RequestVerificationToken",
    "_csrf",
    "_token",
    "_wpnonce",
    "authenticity_token",
    "csrf_token",
    "csrfmiddlewaretoken",
    "form_key",
];

/// The cookie that is to be repeated, and the field in which its framework looks for it.
fn known_cookie(request: &Request) -> Option<(Vec<u8>, &'static str)> {
    cookies(&request.fields)
        .into_iter()
        .filter(|cookie| cookie_class(&cookie.name, &cookie.value) == CookieClass::Csrf)
        .find_map(|cookie| {
            let (_, field) = COOKIES
                .iter()
                .find(|(name, _)| cookie.name.eq_ignore_ascii_case(name))?;
            Some((cookie.name.into_bytes(), *field))
        })
}

/// Angular, axios, Laravel and Spring; Django; flask-jwt-extended.
const COOKIES: &[(&str, &str)] = &[
    ("XSRF-TOKEN", "X-XSRF-TOKEN"),
    ("csrftoken", "X-CSRFToken"),
    ("csrf_access_token", "X-CSRF-TOKEN"),
];

fn fix(facts: &Facts<'_>, name: Option<&str>) -> Phrase {
    let cookie = known_cookie(facts.sent.request);
    let name = name.or(cookie.as_ref().map(|(_, field)| *field));
    let client = facts.client();
    let across = facts.sent.request.fields.contains("origin");
    if client == ClientKind::Axios || (client == ClientKind::Browser && across) {
        let how = name.map_or_else(
            || "send the CSRF token".to_owned(),
            |name| format!("send {name}"),
        );
        return Phrase::new(format!(
            "{how}: axios does it by itself with xsrfCookieName, xsrfHeaderName and, across origins, withXSRFToken: true"
        ));
    }
    let Some(name) = name else {
        return Phrase::new(
            "get the CSRF token from the cookie or page of this API, and send it in the field that it names",
        );
    };
    let send = words::send_field(client, name);
    match cookie {
        Some((cookie, _)) => Phrase::new(format!("{send}, with the value of the cookie "))
            .captured(cookie)
            .words(", percent-decoded"),
        None => Phrase::new(format!(
            "{send}, with the token that came with this session"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    const GOOD: &str =
        "POST /a\nCookie: sessionid=abcdefghijklmnop1; csrftoken=t1\nX-CSRFToken: t1";

    fn strength(sample: &Sample) -> Option<Strength> {
        sample.check(check).map(|found| found.strength)
    }

    fn without(good: &str) -> String {
        good.replace("\nX-CSRFToken: t1", "")
    }

    #[test]
    fn the_known_good_one_shows_it() {
        let same = Sample::new(&without(GOOD)).answer("401").good(GOOD);
        assert_eq!(strength(&same), Some(Strength::Partial));
        let other = without(GOOD).replace("klmnop1", "klmnop2");
        let sample = Sample::new(&other).answer("401").good(GOOD);
        assert_eq!(strength(&sample), Some(Strength::Partial));
        let logged_out = Sample::new("POST /a").answer("401").good(GOOD);
        assert_eq!(strength(&logged_out), Some(Strength::Slight));
    }

    #[test]
    fn the_server_says_it() {
        let said = "401\nContent-Type: application/json\n\n{\"msg\":\"Missing CSRF token\"}";
        let with = Sample::new("POST /a\nCookie: access_token_cookie=abc").answer(said);
        assert_eq!(strength(&with), Some(Strength::Full));
        let bare = Sample::new("POST /a").answer(said);
        assert_eq!(strength(&bare), Some(Strength::Partial));
    }

    #[test]
    fn a_cookie_to_be_repeated_is_a_guess_and_with_a_token_beside_it_none() {
        let cookies = "POST /a\nCookie: sessionid=abcdefghijklmnop1\nCookie: XSRF-TOKEN=t";
        let alone = Sample::new(cookies).answer("401");
        assert_eq!(strength(&alone), Some(Strength::Slight));
        let bearer = format!("{cookies}\nAuthorization: Bearer abcdefghijklmnop1");
        assert_eq!(strength(&Sample::new(&bearer).answer("401")), None);
    }

    #[test]
    fn safe_methods_need_none_but_for_wordpress() {
        let get = |text: &str| text.replace("POST", "GET");
        let sample = Sample::new(&get(&without(GOOD)))
            .answer("401")
            .good(&get(GOOD));
        assert_eq!(strength(&sample), None);
        let said = "401\nContent-Type: application/json\n\n{\"code\":\"rest_not_logged_in\",\"message\":\"You are not currently logged in.\"}";
        let wordpress = "GET /wp-json/wp/v2/users/me\nCookie: wordpress_logged_in_abc=ann%7C1";
        let sample = Sample::new(wordpress).answer(said);
        assert_eq!(strength(&sample), Some(Strength::Full));
        let nonce = format!("{wordpress}\nX-WP-Nonce: 1f2e3d");
        assert_eq!(strength(&Sample::new(&nonce).answer(said)), None);
    }

    #[test]
    fn a_token_elsewhere_is_one() {
        let cookie = "Cookie: sessionid=abcdefghijklmnop1; csrftoken=t1";
        for request in [
            format!("POST /a\n{cookie}\nX-XSRF-TOKEN: t1"),
            format!("POST /a?_csrf=t1\n{cookie}"),
            format!("POST /a\n{cookie}\nContent-Type: application/json\n\n{{\"_csrf\":\"t1\"}}"),
            format!(
                "POST /a\n{cookie}\nContent-Type: application/x-www-form-urlencoded\n\ncsrfmiddlewaretoken=t1"
            ),
            format!(
                "POST /a\n{cookie}\nContent-Type: multipart/form-data; boundary=b\n\n--b\nContent-Disposition: form-data; name=\"authenticity_token\"\n\nt1\n--b--"
            ),
        ] {
            let sample = Sample::new(&request).answer("401").good(GOOD);
            assert_eq!(strength(&sample), None, "{request}");
        }
    }

    #[test]
    fn what_passes_without_needs_none() {
        let sample = Sample::new(&without(GOOD))
            .answer("401")
            .good(&without(GOOD));
        assert_eq!(strength(&sample), None);
    }
}
