//! `redirect-dropped-authorization`: the client followed a redirect and left its credentials behind.

use std::time::Duration;

use crate::auth::credentials::Carrier;
use crate::auth::fingerprint::is_token_path;
use crate::auth::names::is_secret_parameter;
use crate::diagnosis::facts::{Facts, Sent};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::{ClientKind, Origin, Seen, Shape, Timestamp, Url};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let url = &facts.sent.request.url;
    if facts.sent.authorization().is_some()
        || facts.sent.is_preflight()
        || is_login(url)
        || passes_without(facts)
        || is_signed(facts)
    {
        return None;
    }
    let loss = loss(facts)?;
    // What the redirect gave out, as the cookie of a login by token, stands in for it.
    let first = Sent::of(&loss.from.request);
    let mut credentials = facts.sent.credentials();
    if credentials.any(|carrier| first.in_place(&carrier.place).is_none()) {
        return None;
    }
    let client = facts.client();
    if keeps(client, &loss.from.request.url.origin, &loss.to.origin) {
        return None;
    }
    let same_origin = loss.from.request.url.origin == loss.to.origin;
    let connection = facts
        .known
        .case
        .failing
        .hop
        .as_ref()
        .map(|hop| hop.connection);
    // Without a change of the origin only one connection shows that both came from one program.
    let strength = if same_origin && connection != Some(loss.from.connection) {
        Strength::Partial
    } else {
        Strength::Full
    };
    Some(Suspicion {
        strength,
        title: "Authorization was lost at a redirect".into(),
        evidence: evidence(facts, &loss, client),
        fix: fix(client, url, &loss.from.request.url.origin),
        about: Some((Where::Header, "Authorization".into())),
        ..Suspicion::default()
    })
}

/// The redirect at which the credentials stayed behind.
struct Loss<'a> {
    from: &'a Seen,
    to: Url,
    sent: Carrier,
}

/// A client follows at once.
const PAUSE: Duration = Duration::from_secs(5);

/// Redirects in a row that are followed back.
const MOST_REDIRECTS: usize = 5;

fn loss<'a>(facts: &Facts<'a>) -> Option<Loss<'a>> {
    let failing = &facts.known.case.failing;
    let client = failing.client_key()?;
    let mut to = failing.request.url.clone();
    let mut at = failing.at;
    for _ in 0..MOST_REDIRECTS {
        let from = facts
            .known
            .case
            .context
            .before
            .iter()
            .filter(|seen| seen.client == client && is_just_before(seen, at))
            .find(|seen| target(seen).is_some_and(|target| is_same(&target, &to)))?;
        let sent = Sent::of(&from.request).authorization().cloned();
        if let Some(sent) = sent.filter(|sent| sent.shape != Shape::Empty) {
            return Some(Loss { from, to, sent });
        }
        to = from.request.url.clone();
        at = from.at;
    }
    None
}

fn is_just_before(seen: &Seen, at: Timestamp) -> bool {
    seen.at <= at && seen.at >= at.minus(PAUSE)
}

fn is_same(one: &Url, other: &Url) -> bool {
    one.origin == other.origin && one.path == other.path && one.query == other.query
}

/// Where a redirect leads (RFC 3986 section 5.2).
fn target(seen: &Seen) -> Option<Url> {
    if !matches!(seen.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let base = &seen.request.url;
    let location = seen.response_fields.first("location")?;
    let from_root = |target: &[u8]| Url::from_parts(base.origin.clone(), target);
    Some(match location {
        [] => return None,
        [b'/', b'/', ..] => {
            let scheme = base.origin.scheme.as_str().as_bytes();
            Url::parse(&[scheme, b":", location].concat()).ok()?
        }
        [b'/', ..] => from_root(location),
        [b'?', ..] => from_root(&[&base.path, location].concat()),
        _ => match Url::parse(location) {
            Ok(url) => url,
            // Another scheme leads out of HTTP.
            Err(_) if location.contains(&b':') => return None,
            Err(_) => {
                let slash = base.path.iter().rposition(|b| *b == b'/')?;
                let folder = base.path.get(..=slash)?;
                from_root(&[folder, location].concat())
            }
        },
    })
}

/// A redirect to a login is meant to lose them.
fn is_login(url: &Url) -> bool {
    let first = url.origin.host.split(['.', '-']).next().unwrap_or_default();
    LOGIN_HOSTS.contains(&first) || is_token_path(&url.path) || {
        let path = url.path.to_ascii_lowercase();
        // `sign_in`, `log-in`, `signIn`: all one word.
        let joined = |segment: &[u8]| -> Vec<u8> {
            let letters = segment.iter().copied();
            letters.filter(u8::is_ascii_alphanumeric).collect()
        };
        let mut segments = path.split(|b| *b == b'/').map(joined);
        segments.any(|segment| matches!(&*segment, b"login" | b"logon" | b"signin"))
            || path
                .split(|b| !b.is_ascii_alphanumeric())
                .any(|word| LOGIN_WORDS.contains(&word))
    }
}

const LOGIN_HOSTS: &[&str] = &[
    "account", "accounts", "auth", "id", "identity", "idp", "login", "oauth", "signin", "sso",
];

const LOGIN_WORDS: &[&[u8]] = &[b"authorize", b"callback", b"cas", b"saml", b"saml2", b"sso"];

/// Whether the URL has a credential of its own, as those of storage have: then Authorization is not missing.
fn is_signed(facts: &Facts<'_>) -> bool {
    facts
        .sent
        .request
        .url
        .query_pairs()
        .iter()
        .any(|(name, value)| {
            let name = String::from_utf8_lossy(name);
            is_secret_parameter(&name, value.unwrap_or_default())
        })
}

/// Whether a request without Authorization passed here: then it is not needed.
fn passes_without(facts: &Facts<'_>) -> bool {
    facts
        .known
        .passed
        .iter()
        .any(|seen| !seen.request.fields.contains("authorization"))
}

/// Whether this client is known to keep `Authorization` from one origin to the other; false where that is
/// not known.
fn keeps(client: ClientKind, from: &Origin, to: &Origin) -> bool {
    let same_host = from.host == to.host;
    let defaults = |origin: &Origin| origin.port == origin.scheme.default_port();
    let upgrade = same_host && from.scheme < to.scheme && defaults(from) && defaults(to);
    let below = to
        .host
        .strip_suffix(&from.host)
        .is_some_and(|front| front.ends_with('.'));
    let same_port = from.port == to.port || (defaults(from) && defaults(to));
    match client {
        // .NET's HttpClient never keeps it.
        ClientKind::Other => false,
        ClientKind::Requests | ClientKind::HTTPie | ClientKind::Httpx => from == to || upgrade,
        ClientKind::Go => (same_host || below) && same_port,
        ClientKind::Axios => (same_host || below) && same_port && from.scheme <= to.scheme,
        ClientKind::Browser
        | ClientKind::Curl
        | ClientKind::Insomnia
        | ClientKind::Java
        | ClientKind::Node
        | ClientKind::OkHttp
        | ClientKind::Postman => from == to,
    }
}

fn evidence(facts: &Facts<'_>, loss: &Loss<'_>, client: ClientKind) -> Vec<Phrase> {
    let micros = facts.known.case.failing.at.micros_since(loss.from.at);
    let ago = match micros / 1000 {
        millis @ ..1000 => format!("{millis} ms"),
        millis => words::span(millis / 1000),
    };
    vec![
        Phrase::new(format!("{ago} before, the client asked "))
            .captured(place(&loss.from.request.url))
            .words(" with Authorization: ")
            .credential(&loss.sent),
        Phrase::new(format!("that answered {}: to ", loss.from.status)).captured(place(&loss.to)),
        Phrase::new(format!(
            "request has no Authorization: {} drops it {}",
            match client {
                ClientKind::Other => "the client",
                ClientKind::Browser => "a browser",
                client => client.name(),
            },
            change(&loss.from.request.url.origin, &loss.to.origin),
        )),
    ]
}

/// Without the query, which may hold anything.
fn place(url: &Url) -> Vec<u8> {
    [url.origin.to_string().as_bytes(), &url.path].concat()
}

fn change(from: &Origin, to: &Origin) -> &'static str {
    if from.host != to.host {
        "when a redirect leads to another host"
    } else if from.scheme != to.scheme {
        "when a redirect leads to another scheme"
    } else if from.port != to.port {
        "when a redirect leads to another port"
    } else {
        "at every redirect"
    }
}

fn fix(client: ClientKind, url: &Url, from: &Origin) -> Vec<Phrase> {
    // A credential must not follow into the open.
    if from.scheme > url.origin.scheme && from.host == url.origin.host {
        let url = Url::from_parts(from.clone(), &url.path);
        return vec![
            Phrase::new("call ").captured(place(&url)).words(
                " at once; that the server redirects to http is its mistake: behind TLS it has to heed X-Forwarded-Proto",
            ),
        ];
    }
    let same_origin = *from == url.origin;
    let mut fix = vec![
        Phrase::new("call ")
            .captured(place(url))
            .words(" at once, without the redirect"),
    ];
    let option = match client {
        ClientKind::Curl if !same_origin => {
            "or, where you trust that host: curl --location-trusted …"
        }
        ClientKind::Go => "or set it again in http.Client's CheckRedirect, for hosts you trust",
        ClientKind::Axios => "or set it again in axios' beforeRedirect, for hosts you trust",
        ClientKind::Postman => {
            "or, where you trust that host: Postman: Settings, Follow Authorization header"
        }
        ClientKind::Other if same_origin => {
            ".NET: HttpClient clears it at every redirect; AllowAutoRedirect = false, and follow by hand"
        }
        _ => return fix,
    };
    fix.push(Phrase::new(option));
    fix
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::sample::Sample;
    use crate::model::{FieldLine, Scheme};

    const SENT: &str = "Authorization: Bearer abcdefghijklmnop1";

    /// A redirect with Authorization from `path` to `location`, then the failing GET /a/.
    fn redirected(agent: &str, path: &str, location: &str) -> Sample {
        let mut sample = Sample::new(&format!("GET /a/\nUser-Agent: {agent}"))
            .answer("401")
            .before(-1, &format!("GET {path}\nUser-Agent: {agent}\n{SENT}"), 301);
        let seen = sample.case.context.before.first_mut().unwrap();
        seen.response_fields
            .push(FieldLine::new("Location", location));
        sample
    }

    fn from_origin(mut sample: Sample, scheme: Scheme, authority: &str) -> Sample {
        let seen = sample.case.context.before.first_mut().unwrap();
        seen.request.url.origin = Origin::parse(scheme, authority.as_bytes()).unwrap();
        sample
    }

    #[test]
    fn another_scheme_loses_it() {
        let sample = redirected("curl/8.5.0", "/a/", "https://api.acme.test/a/");
        let sample = from_origin(sample, Scheme::Http, "api.acme.test");
        let verdict = crate::diagnosis::diagnose(&sample.case).verdict.unwrap();
        assert_eq!(
            (verdict.cause, verdict.score),
            ("redirect-dropped-authorization", 95)
        );
    }

    #[test]
    fn a_client_that_keeps_it_did_not_drop_it() {
        for agent in [
            "python-requests/2.32.3",
            "Go-http-client/1.1",
            "axios/1.7.2",
        ] {
            let sample = redirected(agent, "/a/", "https://api.acme.test/a/");
            let sample = from_origin(sample, Scheme::Http, "api.acme.test");
            assert!(sample.check(check).is_none(), "{agent}");
        }
        let same_origin = redirected("curl/8.5.0", "/a", "/a/");
        assert!(same_origin.check(check).is_none());
    }

    #[test]
    fn a_client_that_never_keeps_it_is_known_by_its_connection() {
        let sample = redirected("", "/a", "/a/");
        assert_eq!(sample.check(check).unwrap().strength, Strength::Full);
        let other = sample.on_other_connection();
        assert_eq!(other.check(check).unwrap().strength, Strength::Partial);
    }

    #[test]
    fn locations_are_resolved() {
        for (path, location) in [
            ("/a", "a/"),
            ("/x", "/a/#top"),
            ("/x", "//api.acme.test/a/"),
            ("/a/", "?"),
        ] {
            let sample = redirected("", path, location);
            let found = sample.check(check).is_some();
            assert_eq!(found, location != "?", "{location}");
        }
    }

    #[test]
    fn another_target_a_late_request_or_no_credential_is_no_loss() {
        assert!(redirected("", "/a", "/b/").check(check).is_none());
        assert!(
            redirected("", "/a", "mailto:x@a.test")
                .check(check)
                .is_none()
        );
        let mut late = redirected("", "/a", "/a/");
        let seen = late.case.context.before.first_mut().unwrap();
        seen.at = seen.at.minus(Duration::from_secs(5));
        assert!(late.check(check).is_none());
        let mut without = redirected("", "/a", "/a/");
        let seen = without.case.context.before.first_mut().unwrap();
        seen.request.fields = crate::model::FieldSection::default();
        assert!(without.check(check).is_none());
    }

    #[test]
    fn a_route_that_passes_without_needs_none() {
        let sample = redirected("", "/a", "/a/").before(-60, "GET /a/", 200);
        assert!(sample.check(check).is_none());
    }
}
