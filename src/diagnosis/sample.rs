//! Cases for the unit tests of rules, written as short texts.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::facts::{Facts, Known};
use super::suspicion::Suspicion;
use crate::auth::fingerprint::Fingerprinter;
use crate::model::{
    Baseline, BaselineSource, Case, ChosenBaseline, Content, Context, Entry, Exchange, ExchangeId,
    FieldLine, FieldSection, Hop, HttpVersion, Match, Origin, Outcome, Provenance, Request,
    Response, Scheme, Seen, State, Timestamp, Timings, Url,
};

/// The time of every sample: 2026-01-15T12:00:00Z.
pub(crate) const AT: Timestamp = Timestamp::from_secs(1_768_478_400);

/// A Case in the making.
pub(crate) struct Sample {
    pub(crate) case: Case,
}

impl Sample {
    /// A request in a file, which nobody saw being sent. `text`: method and target, fields, content.
    pub(crate) fn new(text: &str) -> Self {
        let request = request(text);
        let context = Context {
            credentials: fingerprinter().credentials(&request),
            ..Context::default()
        };
        Self {
            case: Case {
                number: 12,
                failing: Exchange {
                    id: ExchangeId::from_parts(AT, 1),
                    at: AT,
                    request,
                    outcome: Outcome::Unobserved,
                    hop: Some(hop()),
                    timings: Timings::default(),
                    notes: Vec::new(),
                    websocket: None,
                },
                unresolved: Vec::new(),
                state: State::Failed,
                baseline: None,
                context,
            },
        }
    }

    /// What the origin answered: status, fields, content.
    pub(crate) fn answer(mut self, text: &str) -> Self {
        self.case.failing.outcome = Outcome::Response(response(text));
        self
    }

    /// The known-good request, added an hour before.
    pub(crate) fn good(mut self, text: &str) -> Self {
        self.case.baseline = Some(ChosenBaseline {
            baseline: Baseline {
                name: "good".into(),
                source: BaselineSource::Curl,
                added: at(-3600),
                request: request(text),
                unresolved: Vec::new(),
                warnings: Vec::new(),
            },
            found: Match::SameOrigin,
            distrust: Vec::new(),
            varying: Vec::new(),
        });
        self
    }

    /// A variable that the known-good request leaves unresolved.
    pub(crate) fn unresolved(mut self, variable: &str) -> Self {
        let chosen = self.case.baseline.as_mut().unwrap();
        chosen.baseline.unresolved.push(variable.into());
        self
    }

    /// A variable that the failing request, which is from a file, leaves unresolved.
    pub(crate) fn failing_unresolved(mut self, variable: &str) -> Self {
        self.case.unresolved.push(variable.into());
        self
    }

    /// A reason not to trust the known-good request.
    pub(crate) fn distrusted(mut self) -> Self {
        let chosen = self.case.baseline.as_mut().unwrap();
        chosen.distrust.push("a reason".into());
        self
    }

    /// An exchange of the same client, that many seconds later.
    pub(crate) fn after(mut self, seconds: i64, text: &str, status: u16) -> Self {
        self.case.context.after.push(seen(seconds, text, status));
        self
    }

    /// An exchange of the same client; `seconds` is negative. Call the newest first.
    pub(crate) fn before(mut self, seconds: i64, text: &str, status: u16) -> Self {
        self.case.context.before.push(seen(seconds, text, status));
        self
    }

    /// The failing request came over another connection than all others.
    pub(crate) fn on_other_connection(mut self) -> Self {
        self.case.failing.hop.as_mut().unwrap().connection = 99;
        self
    }

    /// Asks one rule.
    pub(crate) fn check(&self, check: fn(&Facts<'_>) -> Option<Suspicion>) -> Option<Suspicion> {
        let found = check(&Known::of(&self.case).failing())?;
        assert!(found.title.chars().count() <= 60, "{} is long", found.title);
        assert!(!found.evidence.is_empty(), "a suspicion shows what it saw");
        Some(found)
    }
}

/// That many seconds after the sample's time.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(AT.secs() + seconds)
}

/// A signed-looking JWT of these claims; `"T-60"` stands for a minute before the sample's time.
pub(crate) fn jwt(claims: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(claims).unwrap();
    for claim in value.as_object_mut().unwrap().values_mut() {
        let relative = claim.as_str().and_then(|text| text.strip_prefix('T'));
        if let Some(seconds) = relative.and_then(|text| text.parse::<i64>().ok()) {
            *claim = at(seconds).secs().into();
        }
    }
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!(
        "{}.{}.{}",
        part(b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}"),
        part(value.to_string().as_bytes()),
        part(&[7; 32])
    )
}

fn fingerprinter() -> Fingerprinter {
    Fingerprinter::new(&[7; 32])
}

fn hop() -> Hop {
    Hop {
        connection: 1,
        earlier: 0,
        entry: Entry::Tunnel,
        client: SocketAddr::from(([127, 0, 0, 1], 50_000)),
        upstream: None,
        client_tls: None,
        upstream_tls: None,
        verification: None,
        upstream_proxy: None,
    }
}

fn seen(seconds: i64, text: &str, status: u16) -> Seen {
    let request = request(text);
    let of_failing = Sample::new(text).case.failing;
    Seen {
        id: ExchangeId::from_parts(at(seconds), 2),
        at: at(seconds),
        duration: Some(1000),
        client: of_failing.client_key().unwrap(),
        connection: 1,
        credentials: fingerprinter().credentials(&request),
        request,
        status,
        response_fields: FieldSection::default(),
        tokens: Vec::new(),
    }
}

fn request(text: &str) -> Request {
    let (start, fields, content) = parts(text);
    let (method, target) = start.split_once(' ').unwrap();
    let origin = Origin::parse(Scheme::Https, b"api.acme.test").unwrap();
    Request {
        method: method.into(),
        target: target.into(),
        url: Url::from_parts(origin, target.as_bytes()),
        version: HttpVersion::Http11,
        pseudo: FieldSection::default(),
        fields,
        content,
        trailers: FieldSection::default(),
    }
}

fn response(text: &str) -> Response {
    let (start, fields, content) = parts(text);
    Response {
        status: start.parse().unwrap(),
        reason: Vec::new(),
        version: HttpVersion::Http11,
        fields,
        content,
        trailers: FieldSection::default(),
    }
}

fn parts(text: &str) -> (&str, FieldSection, Content) {
    let (head, content) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.split('\n');
    let start = lines.next().unwrap();
    let fields = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            FieldLine::from_wire(name, value)
        })
        .collect();
    (
        start,
        FieldSection::from_lines(fields, Provenance::Wire),
        Content::complete(content),
    )
}
