//! The Cases themselves: what each is for stands above it.

use super::{
    AGENT, case, chosen, difference, gave_out, noise, request, response, seen, token, words,
};
use crate::diagnosis::{Diagnosis, FaultSide, Finding, Part, Phrase};
use crate::diff::Where;
use crate::model::{
    Case, Content, ContentEnd, Context, Failure, FailureCause, FieldLine, FieldSection, Note,
    Outcome, Provenance, Side, Stage, Timings,
};

/// An expired token, with a newer one in the known-good request; a login and a refresh before.
pub(in crate::report) fn expired() -> (Case, Diagnosis) {
    let good = format!("Bearer {}", token(2904, "at_7c20"));
    let bad = format!("Bearer {}", token(-702, "at_1f9e"));
    let url = "https://api.acme.test/v2/orders/search?page=2";
    let failing = request(
        "POST",
        url,
        &[
            ("Host", "api.acme.test"),
            ("User-Agent", AGENT),
            ("authorization", &bad),
            ("x-app-version", "4.17.9"),
            ("Accept", "application/json"),
        ],
    );
    let answer = response(
        401,
        &[
            ("WWW-Authenticate", "Bearer error=\"invalid_token\""),
            ("Content-Type", "application/json"),
        ],
        "{\"error\":\"invalid_token\"}",
    );
    let mut case = case(31, failing, Outcome::Response(answer));
    case.baseline = Some(chosen(request(
        "POST",
        url,
        &[("Host", "api.acme.test"), ("authorization", &good)],
    )));
    let token_url = "https://auth.acme.test/oauth/token";
    let mut refresh = seen(696, "POST", token_url, 200);
    refresh.tokens = vec![gave_out("access_token"), gave_out("refresh_token")];
    let mut login = seen(4296, "POST", token_url, 200);
    login.tokens = vec![gave_out("access_token")];
    let worked = seen(1500, "POST", url, 200);
    case.context.before = vec![refresh, worked, login];
    (case, expired_diagnosis(&good, &bad))
}

fn expired_diagnosis(good: &str, bad: &str) -> Diagnosis {
    Diagnosis {
        verdict: Some(Finding {
            cause: "jwt-expired",
            side: FaultSide::Client,
            score: 97,
            title: "access token expired, a newer one exists".to_owned(),
            evidence: vec![
                Phrase(vec![
                    Part::Words("server: ".to_owned()),
                    Part::Captured(b"error=\"invalid_token\"".to_vec()),
                ]),
                words("token expired 11 min 42 s before it was sent"),
                words("refresh at 14:10:31 gave out a newer one; this client kept the old one"),
            ],
            fix: vec![words(
                "read the token for each request, not once at start-up",
            )],
            about: Some((Where::Header, "authorization".to_owned())),
        }),
        alternatives: vec![Finding {
            cause: "cookie-missing-session",
            side: FaultSide::Client,
            score: 45,
            title: "session cookie sid was not sent".to_owned(),
            evidence: vec![words("the known-good request has the cookie sid")],
            fix: vec![words("send the cookie sid")],
            about: Some((Where::Cookie, "sid".to_owned())),
        }],
        differences: vec![
            difference(Where::Header, "authorization", Some(good), Some(bad)),
            difference(Where::Cookie, "sid", Some("s3cr3t-session-value"), None),
            difference(
                Where::Header,
                "x-app-version",
                Some("4.18.2"),
                Some("4.17.9"),
            ),
            difference(Where::Header, "x-debug", None, Some("1")),
            noise("User-Agent", Some("curl/8.5.0"), Some(AGENT)),
            noise("Accept", Some("*/*"), Some("application/json")),
            difference(Where::Method, "method", Some("POST"), Some("POST")),
            difference(
                Where::Url,
                "host",
                Some("api.acme.test"),
                Some("api.acme.test"),
            ),
            difference(
                Where::Url,
                "path",
                Some("/v2/orders/search"),
                Some("/v2/orders/search"),
            ),
        ],
        ..Diagnosis::default()
    }
}

/// Nothing to compare with, nothing sent: a guess from the 401 alone.
pub(in crate::report) fn bare() -> (Case, Diagnosis) {
    let failing = request(
        "GET",
        "https://api.acme.test/v2/reports/88",
        &[("Host", "api.acme.test"), ("User-Agent", AGENT)],
    );
    let answer = response(
        401,
        &[("WWW-Authenticate", "Bearer realm=\"api.acme.test\"")],
        "",
    );
    let diagnosis = Diagnosis {
        alternatives: vec![Finding {
            cause: "authorization-missing",
            side: FaultSide::Client,
            score: 55,
            title: "no credential was sent".to_owned(),
            evidence: vec![
                words("server asks for: Bearer realm=\"api.acme.test\""),
                words("request has no authorization header and no cookie"),
            ],
            fix: vec![words("send Authorization: Bearer <token>")],
            about: Some((Where::Header, "authorization".to_owned())),
        }],
        next: vec![words("paste one that works:  why401 baseline add --curl -")],
        ..Diagnosis::default()
    };
    (case(12, failing, Outcome::Response(answer)), diagnosis)
}

/// A known-good request with a token, a failing one without.
pub(in crate::report) fn missing() -> (Case, Diagnosis) {
    let (mut case, mut diagnosis) = expired();
    let good = format!("Bearer {}", token(2904, "at_7c20"));
    case.number = 32;
    case.failing.request = request(
        "POST",
        "https://api.acme.test/v2/orders/search",
        &[("Host", "api.acme.test"), ("User-Agent", AGENT)],
    );
    diagnosis.differences = vec![difference(
        Where::Header,
        "Authorization",
        Some(&good),
        None,
    )];
    diagnosis.alternatives = Vec::new();
    diagnosis.verdict = Some(Finding {
        cause: "authorization-missing",
        side: FaultSide::Client,
        score: 95,
        title: "no Authorization was sent".to_owned(),
        evidence: vec![words("the known-good request sends Authorization: Bearer")],
        fix: vec![words(
            "axios: headers: { Authorization: `Bearer ${token}` }",
        )],
        about: Some((Where::Header, "Authorization".to_owned())),
    });
    (case, diagnosis)
}

/// No cause is certain; what is in order, what is not known, what to try.
pub(in crate::report) fn undecided() -> (Case, Diagnosis) {
    let (mut case, mut diagnosis) = expired();
    case.number = 33;
    case.context = Context {
        lost: 4,
        ..Context::default()
    };
    diagnosis.verdict = None;
    diagnosis.alternatives = Vec::new();
    diagnosis.differences = vec![
        difference(Where::Header, "x-tenant", Some("acme-eu"), Some("acme-us")),
        noise("User-Agent", Some("curl/8.5.0"), Some(AGENT)),
    ];
    diagnosis.fine = vec![words(
        "Authorization: a well-formed JWT, 37 min left, issuer and audience as in the known-good one",
    )];
    diagnosis.unknown = vec![words(
        "what the server wants: its answer has no challenge and names no reason",
    )];
    diagnosis.next = vec![words(
        "make it like the known-good one, one difference at a time, header x-tenant first",
    )];
    (case, diagnosis)
}

/// The origin could not be reached.
pub(in crate::report) fn unreachable() -> (Case, Diagnosis) {
    let failing = request(
        "GET",
        "http://api.acme.test:8081/v2/reports/88",
        &[("Host", "api.acme.test:8081"), ("User-Agent", AGENT)],
    );
    let failure = Failure {
        side: Side::Upstream,
        stage: Stage::Connect,
        cause: FailureCause::Refused,
        detail: "192.0.2.10:8081 refused the connection".to_owned(),
    };
    let mut case = case(14, failing, Outcome::Failure(failure));
    case.failing.notes = vec![Note::InsecureUpstream, Note::HostReplaced];
    let diagnosis = Diagnosis {
        verdict: Some(Finding {
            cause: "upstream-refused",
            side: FaultSide::Undecided,
            score: 99,
            title: "connection refused".to_owned(),
            evidence: vec![words("192.0.2.10:8081 refused the connection")],
            fix: vec![words("check host and port, and that the server runs")],
            about: None,
        }),
        ..Diagnosis::default()
    };
    (case, diagnosis)
}

/// Two requests from files.
pub(in crate::report) fn from_files() -> (Case, Diagnosis) {
    let (mut case, diagnosis) = expired();
    case.number = 0;
    case.failing.outcome = Outcome::Unobserved;
    case.failing.hop = None;
    case.failing.timings = Timings::default();
    case.context = Context::default();
    (case, diagnosis)
}

/// Content that is no text, cut off, with a trailer.
pub(in crate::report) fn binary() -> (Case, Diagnosis) {
    let (mut case, diagnosis) = expired();
    case.failing.request.content = Content {
        bytes: vec![0x1f, 0x8b, 0xff],
        length: 70_000,
        end: ContentEnd::CutOff,
    };
    case.failing.request.trailers =
        FieldSection::from_lines(vec![FieldLine::new("Digest", "x")], Provenance::Wire);
    (case, diagnosis)
}

/// Every sample, with its name.
pub(in crate::report) fn all() -> Vec<(&'static str, Case, Diagnosis)> {
    let samples = [
        ("expired", expired()),
        ("bare", bare()),
        ("missing", missing()),
        ("undecided", undecided()),
        ("unreachable", unreachable()),
        ("from_files", from_files()),
        ("binary", binary()),
    ];
    samples
        .into_iter()
        .map(|(name, (case, diagnosis))| (name, case, diagnosis))
        .collect()
}
