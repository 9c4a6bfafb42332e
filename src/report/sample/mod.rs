//! Sample Cases for the tests of every format: one builder, fixed times.

mod cases;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(super) use cases::{all, bare, expired, from_files, unreachable};

use crate::diagnosis::{Part, Phrase};
use crate::diff::{Difference, Kind, Where};
use crate::model::{
    Baseline, BaselineSource, Case, ChosenBaseline, ClientKey, Content, Context, Entry, Exchange,
    ExchangeId, FieldLine, FieldSection, Fingerprint, Hop, HttpVersion, Match, Outcome, Provenance,
    Request, Response, Seen, State, Timestamp, Timings, TlsParameters, TokenFact, Url,
    Verification,
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
        pseudo: FieldSection::default(),
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
        upstream_proxy: None,
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
            websocket: None,
        },
        unresolved: Vec::new(),
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
        varying: Vec::new(),
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
