//! `cookie-missing-session`: the session cookie of the known-good request is not sent.

use crate::diagnosis::facts::{Facts, Good};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::{ClientKind, Place};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let good = facts.good?;
    if facts.sent.is_preflight() {
        return None;
    }
    let (cookie, name) = good.sent.session_cookies().find_map(|cookie| {
        let Place::Cookie(name) = &cookie.place else {
            return None;
        };
        facts
            .sent
            .in_place(&cookie.place)
            .is_none()
            .then_some((cookie, name))
    })?;
    let replaced = facts
        .sent
        .credentials()
        .any(|carrier| good.sent.in_place(&carrier.place).is_none());
    if replaced {
        return None;
    }
    // Another session cookie that is equal may do; another credential that differs, or is not sent
    // either, may be the cause.
    let doubtful = lacks_authorization(facts, good)
        || facts
            .sent
            .credentials()
            .any(|carrier| matches!(carrier.place, Place::Cookie(_)) || !good.has_same(carrier));
    let title = words::plain_name(name).map_or_else(
        || "a session cookie was not sent".into(),
        |name| format!("the session cookie {name} was not sent"),
    );
    Some(Suspicion {
        strength: if doubtful {
            Strength::Slight
        } else {
            Strength::Partial
        },
        by_difference: true,
        title,
        evidence: vec![
            if facts.sent.request.fields.contains("cookie") {
                Phrase::new("request has Cookie, without ").captured(name.as_bytes())
            } else {
                Phrase::new("request has no Cookie")
            },
            Phrase::new("known good sends the cookie ")
                .captured(name.as_bytes())
                .words("=")
                .credential(cookie),
        ],
        fix: vec![Phrase::new(fix(facts.client()))],
        about: Some((Where::Cookie, name.clone())),
        ..Suspicion::default()
    })
}

fn lacks_authorization(facts: &Facts<'_>, good: &Good<'_>) -> bool {
    good.sent.authorization().is_some() && facts.sent.authorization().is_none()
}

fn fix(client: ClientKind) -> &'static str {
    match client {
        ClientKind::Browser => {
            "log in on this host; across origins: fetch(url, { credentials: \"include\" })"
        }
        ClientKind::Axios => {
            "in a browser: withCredentials: true; in Node axios keeps no cookies: use a cookie jar"
        }
        ClientKind::Node => {
            "Node's fetch keeps no cookies: send Cookie yourself, or use a cookie jar"
        }
        ClientKind::Curl => "curl -c jar at the login, then -b jar here",
        ClientKind::Requests => "use one requests.Session() for the login and for this request",
        ClientKind::Httpx => "use one httpx.Client() for the login and for this request",
        ClientKind::Go => "give http.Client a Jar, and use it for the login, too",
        ClientKind::OkHttp | ClientKind::Java => {
            "give the client a cookie jar, and use it for the login, too"
        }
        ClientKind::HTTPie => "use --session for the login and for this request",
        ClientKind::Postman | ClientKind::Insomnia | ClientKind::Other => {
            "log in with this client first, and let it keep the cookie"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;

    const GOOD: &str = "GET /a\nCookie: theme=dark; sessionid=abcdefghijklmnop1";

    fn found(sample: &Sample) -> Option<(Strength, String)> {
        sample
            .check(check)
            .map(|found| (found.strength, found.title))
    }

    #[test]
    fn the_missing_cookie_is_named() {
        let title = "the session cookie sessionid was not sent".to_owned();
        for request in ["GET /a", "GET /a\nCookie: theme=dark"] {
            let sample = Sample::new(request).answer("401").good(GOOD);
            assert_eq!(found(&sample), Some((Strength::Partial, title.clone())));
        }
    }

    #[test]
    fn it_is_silent_when_the_cookie_is_there_or_something_replaces_it() {
        for request in [
            "GET /a\nCookie: sessionid=other",
            "GET /a\nAuthorization: Bearer abcdefghijklmnop1",
        ] {
            assert_eq!(found(&Sample::new(request).answer("401").good(GOOD)), None);
        }
        let analytics = Sample::new("GET /a")
            .answer("401")
            .good("GET /a\nCookie: _ga=GA1.2.3");
        assert_eq!(found(&analytics), None);
        assert_eq!(found(&Sample::new("GET /a").answer("401")), None);
    }

    #[test]
    fn where_authorization_is_missing_too_it_is_a_guess() {
        let sample = Sample::new("GET /a")
            .answer("401\nWWW-Authenticate: Bearer")
            .good("GET /a\nAuthorization: Bearer qrstuvwxyz123456\nCookie: sessionid=abcdefghijklmnop1");
        assert_eq!(found(&sample).unwrap().0, Strength::Slight);
        let diagnosis = crate::diagnosis::diagnose(&sample.case);
        assert_eq!(diagnosis.verdict.unwrap().cause, "authorization-missing");
    }

    #[test]
    fn beside_another_credential_that_differs_it_is_a_guess() {
        let sample = Sample::new("GET /a\nAuthorization: Bearer abcdefghijklmnop1")
            .answer("401")
            .good("GET /a\nAuthorization: Bearer qrstuvwxyz123456\nCookie: sessionid=abcdefghijklmnop1");
        assert_eq!(found(&sample).unwrap().0, Strength::Slight);
    }
}
