//! Which differences of fields mean nothing, and when they wake up.

use super::align::Pair;
use super::credential::Carriers;
use super::difference::{Difference, Kind, Where};
use super::fields::Lines;
use crate::auth::cookie::cookies;
use crate::auth::names::{CookieClass, HeaderClass, cookie_class, header_class};
use crate::model::{Place, Request, Varying};

/// Names and the reason why their difference is noise. A `*` at the end stands for any rest.
const TABLE: &[(&str, &[&str])] = &[
    (
        "names the client program",
        &[
            "dnt",
            "priority",
            "save-data",
            "sec-ch-*",
            "sec-gpc",
            "user-agent",
            "upgrade-insecure-requests",
        ],
    ),
    (
        "content negotiation",
        &[
            "accept",
            "accept-charset",
            "accept-encoding",
            "accept-language",
            "te",
        ],
    ),
    (
        "describes the content",
        &["content-encoding", "content-language", "content-type"],
    ),
    (
        "framing of the content",
        &["content-length", "expect", "trailer", "transfer-encoding"],
    ),
    (
        "concerns one connection only",
        &[
            "connection",
            "http2-settings",
            "keep-alive",
            "proxy-connection",
        ],
    ),
    (
        "caching",
        &[
            "age",
            "cache-control",
            "if-modified-since",
            "if-none-match",
            "if-range",
            "pragma",
        ],
    ),
    (
        "fresh for every request",
        &[
            "b3",
            "baggage",
            "idempotency-key",
            "newrelic",
            "postman-token",
            "request-id",
            "request-start-time",
            "sentry-trace",
            "traceparent",
            "tracestate",
            "uber-trace-id",
            "x-amzn-trace-id",
            "x-b3-*",
            "x-correlation-id",
            "x-datadog-*",
            "x-request-id",
        ],
    ),
    (
        "tells from which page it was sent",
        &["origin", "referer", "sec-fetch-*"],
    ),
    ("a mark of the client's library", &["x-requested-with"]),
    (
        "added by hops on the way",
        &[
            "forwarded",
            "true-client-ip",
            "via",
            "x-forwarded-*",
            "x-real-ip",
        ],
    ),
    (
        "telemetry of the client's library",
        &[
            "amz-sdk-*",
            "openai-beta",
            "sec-websocket-extensions",
            "sec-websocket-key",
            "x-amz-user-agent",
            "x-client-version",
            "x-goog-api-client",
            "x-stainless-*",
        ],
    ),
    (
        "differs on every request by design",
        &[
            "date",
            "x-amz-content-sha256",
            "x-amz-date",
            "x-date",
            "x-timestamp",
        ],
    ),
];

/// Schemes whose credential is made anew for every request.
const SIGNING: &[&str] = &[
    "aws4-hmac-sha256",
    "digest",
    "hawk",
    "hmac",
    "hmac-sha256",
    "oauth",
    "sharedkey",
    "sharedkeylite",
    "signature",
];

/// Why a difference of this field is noise here; `None` for one that may matter.
pub(super) fn field_noise(
    pair: &Pair<'_>,
    key: &str,
    kind: Kind,
    lines: &Lines<'_>,
) -> Option<&'static str> {
    if kind == Kind::Same {
        return None;
    }
    if key == "host" {
        return host_noise(pair, lines);
    }
    let listed = TABLE
        .iter()
        .find(|(_, names)| names.iter().any(|name| fits(name, key)))
        .map(|(reason, _)| *reason);
    match listed {
        Some(_) if wakes_up(pair, key, kind, lines) => None,
        Some(reason) => Some(reason),
        None => by_design(pair, key, kind),
    }
}

/// Folds what differs between good requests, too.
pub(super) fn fold(differences: &mut [Difference], varying: &[Varying]) {
    for difference in differences {
        let is_excused = varying.iter().any(|varying| {
            let excuses = match difference.kind {
                Kind::Changed => varying.changes,
                Kind::Missing | Kind::Extra => varying.optional,
                Kind::Same => false,
            };
            excuses && is_at(difference, &varying.place)
        });
        if is_excused && difference.noise.is_none() {
            difference.noise = Some(VARIES);
            difference.note.get_or_insert_with(|| VARIES.to_owned());
        }
    }
}

const VARIES: &str = "varies between good requests too";

fn is_at(difference: &Difference, place: &Place) -> bool {
    let name = difference.name.as_str();
    match place {
        Place::Header(other) => {
            difference.place == Where::Header && name.eq_ignore_ascii_case(other)
        }
        Place::Cookie(other) => difference.place == Where::Cookie && name == other,
        Place::Query(other) => difference.place == Where::Query && name == other,
        Place::Form(_) | Place::UserInfo => false,
    }
}

fn fits(pattern: &str, key: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => key.starts_with(start),
        None => pattern == key,
    }
}

/// The conditions under which a listed difference is evidence after all.
fn wakes_up(pair: &Pair<'_>, key: &str, kind: Kind, lines: &Lines<'_>) -> bool {
    if kind == Kind::Missing && is_signed(pair, key) {
        return true;
    }
    match key {
        "accept" => accept_decides(lines),
        "content-type" => pair.token_endpoint,
        "connection" => connection_matters(pair, lines),
        // CSRF checks, stateful sessions and keys that are restricted to a site read these.
        "origin" | "referer" => {
            kind != Kind::Extra && (depends_on_site(pair.good) || depends_on_site(pair.failing))
        }
        // Frameworks answer 401 or a redirect to the login by this one; some take it against CSRF.
        "x-requested-with" => kind != Kind::Extra,
        "x-forwarded-host" | "x-forwarded-proto" | "forwarded" => kind == Kind::Missing,
        _ => false,
    }
}

/// `Accept` decides when one side wants a page, events or a versioned media type.
fn accept_decides(lines: &Lines<'_>) -> bool {
    let has = |values: &[&[u8]], word: &str| {
        values.iter().any(|value| {
            memchr::memmem::find(&value.to_ascii_lowercase(), word.as_bytes()).is_some()
        })
    };
    let (good, failing) = (lines.good_values(), lines.failing_values());
    let wants_page = |values: &[&[u8]]| has(values, "text/html");
    let wants_json = |values: &[&[u8]]| has(values, "json") && !wants_page(values);
    (wants_page(&good) && wants_json(&failing))
        || (wants_json(&good) && wants_page(&failing))
        || ["text/event-stream", "application/vnd."]
            .iter()
            .any(|word| has(&good, word) != has(&failing, word))
}

/// `Connection` may name a credential field, and NTLM and Negotiate authenticate a connection.
fn connection_matters(pair: &Pair<'_>, lines: &Lines<'_>) -> bool {
    let names_credential = lines.failing_values().iter().any(|value| {
        value.split(|byte| *byte == b',').any(|name| {
            let name = String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase();
            name == "cookie" || header_class(&name).is_some()
        })
    });
    let bound = pair
        .good_carriers
        .iter()
        .chain(pair.failing_carriers.iter())
        .any(|carrier| {
            carrier.scheme.as_deref().is_some_and(|scheme| {
                scheme.eq_ignore_ascii_case("ntlm") || scheme.eq_ignore_ascii_case("negotiate")
            })
        });
    names_credential || bound
}

/// Whether the request proves itself by cookies, a CSRF token or an API key.
fn depends_on_site(request: &Request) -> bool {
    let field = request.fields.lines().iter().any(|line| {
        matches!(
            header_class(&line.name_text()),
            Some(HeaderClass::Csrf | HeaderClass::Key)
        )
    });
    field
        || cookies(&request.fields)
            .iter()
            .any(|cookie| cookie_class(&cookie.name, &cookie.value) == CookieClass::Session)
}

/// Signatures and proofs differ on every request; only their absence says something.
fn by_design(pair: &Pair<'_>, key: &str, kind: Kind) -> Option<&'static str> {
    if kind != Kind::Changed {
        return None;
    }
    let reason = Some("signatures differ on every request by design");
    if header_class(key) == Some(HeaderClass::Proof) {
        return reason;
    }
    let place = Place::Header(key.to_owned());
    let scheme = |carriers: &Carriers| {
        let scheme = carriers.at(&place).first()?.scheme.clone();
        scheme.map(|scheme| scheme.to_ascii_lowercase())
    };
    let good = scheme(&pair.good_carriers)?;
    let equal = scheme(&pair.failing_carriers)? == good;
    (equal && SIGNING.contains(&good.as_str()) && same_signer(pair, &place))
        .then_some(reason)
        .flatten()
}

/// Whether two signed credentials name the same key, user and scope.
fn same_signer(pair: &Pair<'_>, place: &Place) -> bool {
    const SIGNER: &[&str] = &[
        "username=",
        "realm=",
        "keyid=",
        "credential=",
        "id=",
        "oauth_consumer_key=",
        "oauth_token=",
        "algorithm=",
        "signedheaders=",
    ];
    let parts = |carriers: &Carriers| -> Option<Vec<Option<Vec<u8>>>> {
        let carrier = *carriers.at(place).first()?;
        let text = carrier.secret.to_ascii_lowercase();
        Some(SIGNER.iter().map(|name| parameter(&text, name)).collect())
    };
    parts(&pair.good_carriers) == parts(&pair.failing_carriers)
}

/// The value of a parameter; of an access key's scope only the key: the date changes daily.
fn parameter(text: &[u8], name: &str) -> Option<Vec<u8>> {
    let found = memchr::memmem::find_iter(text, name.as_bytes()).find(|at| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
    })?;
    let rest = text.get(found + name.len()..)?;
    let value = match rest.strip_prefix(b"\"") {
        Some(quoted) => quoted.split(|byte| *byte == b'"').next(),
        None => rest.split(|byte| matches!(byte, b',' | b' ')).next(),
    }?;
    let key = if name == "credential=" {
        value.split(|byte| *byte == b'/').next()?
    } else {
        value
    };
    Some(key.to_vec())
}

/// Whether a signature covers this field.
fn is_signed(pair: &Pair<'_>, key: &str) -> bool {
    pair.good_carriers
        .iter()
        .chain(pair.failing_carriers.iter())
        .any(|carrier| {
            let text = carrier.secret.to_ascii_lowercase();
            ["signedheaders=", "headers="]
                .iter()
                .filter_map(|name| parameter(&text, name))
                .any(|list| {
                    list.split(|byte| matches!(byte, b';' | b' '))
                        .any(|name| name == key.as_bytes())
                })
        })
}

/// `Host` says what the URL says; where it does not, the difference is one of its own.
fn host_noise(pair: &Pair<'_>, lines: &Lines<'_>) -> Option<&'static str> {
    let follows = |request: &Request, values: &[&[u8]]| {
        let authority = request.url.origin.authority().into_bytes();
        let with_port = format!("{}:{}", authority_host(request), request.url.origin.port);
        values.iter().all(|value| {
            let value = value.to_ascii_lowercase();
            value == authority || value == with_port.as_bytes()
        })
    };
    if follows(pair.good, &lines.good_values()) && follows(pair.failing, &lines.failing_values()) {
        return Some("follows from the URL");
    }
    let plain = |values: Vec<&[u8]>| -> Vec<String> {
        let text = |value: &[u8]| String::from_utf8_lossy(value).to_lowercase();
        let bare = |text: String| {
            let host = text.strip_suffix(":443").or(text.strip_suffix(":80"));
            host.unwrap_or(&text).trim_end_matches('.').to_owned()
        };
        values.into_iter().map(|value| bare(text(value))).collect()
    };
    (plain(lines.good_values()) == plain(lines.failing_values()))
        .then_some("the same host, written another way")
}

fn authority_host(request: &Request) -> String {
    let host = &request.url.origin.host;
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.clone()
    }
}

/// Whether a field or parameter of that lower-case name chooses the tenant or account.
pub(super) fn is_tenant(key: &str) -> bool {
    const WORDS: &[&str] = &[
        "account",
        "company",
        "customer",
        "org",
        "organisation",
        "organization",
        "project",
        "subscription",
        "team",
        "tenant",
        "workspace",
    ];
    key.split(['-', '_']).any(|word| WORDS.contains(&word))
}

/// Whether a field or parameter of that lower-case name chooses the version of the API.
pub(super) fn is_api_version(key: &str) -> bool {
    key != "x-client-version" && key.split(['-', '_']).any(|word| word == "version")
}
