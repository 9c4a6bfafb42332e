//! Sample Cases for the tests of every format: one builder, fixed times.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::diagnosis::{Diagnosis, FaultSide, Finding, Part, Phrase};
use crate::diff::{Difference, Kind, Where};
use crate::model::{
    Baseline, BaselineSource, Case, ChosenBaseline, ClientKey, Content, ContentEnd, Context, Entry,
    Exchange, ExchangeId, Failure, FailureCause, FieldLine, FieldSection, Fingerprint, Hop,
    HttpVersion, Match, Note, Outcome, Provenance, Request, Response, Seen, Side, Stage, State,
    Timestamp, Timings, TlsParameters, TokenFact, Url, Verification,
};

/// 2026-07-31 14:22:07.084 UTC: when every sample failed.
pub(super) const AT: Timestamp = Timestamp::from_micros(1_785_507_727_084_000);

const AGENT: &str = "axios/1.7.2";

/// Words of our own.
pub(super) fn words(text: &str) -> Phrase {
    Phrase(vec![Part::Words(text.to_owned())])
}

/// An unsigned JWT that expires that many seconds after [`AT`].
pub(super) fn token(expires: i64, id: &str) -> String {
    let claims = format!(
        r#"{{"iss":"https://auth.acme.test","exp":{},"jti":"{id}"}}"#,
        AT.secs() + expires
    );
    format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#),
        URL_SAFE_NO_PAD.encode(claims),
        URL_SAFE_NO_PAD.encode([7; 32])
    )
}

/// A request with these fields.
pub(super) fn request(method: &str, url: &str, fields: &[(&str, &str)]) -> Request {
    let url = Url::parse(url.as_bytes()).unwrap();
    let lines = fields
        .iter()
        .map(|(name, value)| FieldLine::new(*name, value))
        .collect();
    Request {
        method: method.to_owned(),
        target: url.path_and_query(),
        url,
        version: HttpVersion::Http11,
        fields: FieldSection::from_lines(lines, Provenance::Wire),
        content: Content::default(),
        trailers: FieldSection::default(),
    }
}

fn response(status: u16, fields: &[(&str, &str)], content: &str) -> Response {
    let lines = fields
        .iter()
        .map(|(name, value)| FieldLine::new(*name, value))
        .collect();
    Response {
        status,
        reason: b"Unauthorized".to_vec(),
        version: HttpVersion::Http11,
        fields: FieldSection::from_lines(lines, Provenance::Wire),
        content: Content::complete(content),
        trailers: FieldSection::default(),
    }
}

fn hop() -> Hop {
    let tls = TlsParameters {
        version: "TLSv1.3".to_owned(),
        cipher: "TLS13_AES_256_GCM_SHA384".to_owned(),
        alpn: Some("http/1.1".to_owned()),
    };
    Hop {
        connection: 3,
        earlier: 2,
        entry: Entry::Tunnel,
        client: "127.0.0.1:52110".parse().unwrap(),
        upstream: Some("192.0.2.10:443".parse().unwrap()),
        client_tls: Some(tls.clone()),
        upstream_tls: Some(tls),
        verification: Some(Verification::Verified),
    }
}

/// A Case without baseline or context.
pub(super) fn case(number: u64, request: Request, outcome: Outcome) -> Case {
    let observed = outcome != Outcome::Unobserved;
    Case {
        number,
        failing: Exchange {
            id: ExchangeId::from_parts(AT, u128::from(number)),
            at: AT,
            request,
            outcome,
            hop: observed.then(hop),
            timings: Timings {
                response_head: observed.then_some(83_000),
                end: observed.then_some(84_000),
                connect: observed.then_some(12_000),
                tls: observed.then_some(25_000),
            },
            notes: Vec::new(),
        },
        state: State::Failed,
        baseline: None,
        context: Context::default(),
    }
}

fn chosen(request: Request) -> ChosenBaseline {
    ChosenBaseline {
        baseline: Baseline {
            name: "orders search".to_owned(),
            source: BaselineSource::Curl,
            added: Timestamp::from_secs(AT.secs() - 86_400),
            request,
            unresolved: Vec::new(),
            warnings: Vec::new(),
        },
        found: Match::SameOrigin,
        distrust: Vec::new(),
    }
}

/// A difference that may matter.
pub(super) fn difference(
    place: Where,
    name: &str,
    good: Option<&str>,
    failing: Option<&str>,
) -> Difference {
    let kind = match (good, failing) {
        (Some(good), Some(failing)) if good == failing => Kind::Same,
        (Some(_), Some(_)) => Kind::Changed,
        (Some(_), None) => Kind::Missing,
        (None, _) => Kind::Extra,
    };
    let values = |value: Option<&str>| value.map(|text| text.as_bytes().to_vec());
    Difference {
        place,
        name: name.to_owned(),
        kind,
        noise: None,
        unresolved: false,
        good: values(good).into_iter().collect(),
        failing: values(failing).into_iter().collect(),
        weight: 50,
        note: None,
    }
}

fn noise(name: &str, good: Option<&str>, failing: Option<&str>) -> Difference {
    Difference {
        noise: Some("names the client"),
        ..difference(Where::Header, name, good, failing)
    }
}

fn seen(secs_before: i64, method: &str, url: &str, status: u16) -> Seen {
    let at = Timestamp::from_secs(AT.secs() - secs_before);
    Seen {
        id: ExchangeId::from_parts(at, 1),
        at,
        duration: Some(20_000),
        client: ClientKey {
            address: "127.0.0.1".parse().unwrap(),
            user_agent: AGENT.into(),
        },
        connection: 2,
        request: request(method, url, &[("User-Agent", AGENT)]),
        status,
        response_fields: FieldSection::default(),
        credentials: Vec::new(),
        tokens: Vec::new(),
    }
}

fn gave_out(member: &str) -> TokenFact {
    TokenFact {
        member: member.to_owned(),
        fingerprint: Fingerprint([1; 10]),
        expires_in: (member == "access_token").then_some(3600),
    }
}

/// An expired token, with a newer one in the known-good request; a login and a refresh before.
pub(super) fn expired() -> (Case, Diagnosis) {
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
pub(super) fn bare() -> (Case, Diagnosis) {
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
pub(super) fn missing() -> (Case, Diagnosis) {
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
pub(super) fn undecided() -> (Case, Diagnosis) {
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
pub(super) fn unreachable() -> (Case, Diagnosis) {
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
        unknown: vec![words("192.0.2.10:8081 refused the connection")],
        next: vec![words("check the port, and that the server runs")],
        ..Diagnosis::default()
    };
    (case, diagnosis)
}

/// Two requests from files.
pub(super) fn from_files() -> (Case, Diagnosis) {
    let (mut case, diagnosis) = expired();
    case.number = 0;
    case.failing.outcome = Outcome::Unobserved;
    case.failing.hop = None;
    case.failing.timings = Timings::default();
    case.context = Context::default();
    (case, diagnosis)
}

/// Content that is no text, cut off, with a trailer.
pub(super) fn binary() -> (Case, Diagnosis) {
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
pub(super) fn all() -> Vec<(&'static str, Case, Diagnosis)> {
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
