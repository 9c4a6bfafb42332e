//! Exchanges for tests: one builder, fixed times.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::recorder::Passed;
use super::settings::Clock;
use super::store::{NewFailure, NewLearned, Plain, Ref, Store};
use crate::model::{
    Baseline, BaselineSource, ClientKey, Content, Entry, Exchange, ExchangeId, FieldLine,
    FieldSection, Hop, HttpVersion, Learned, Origin, Outcome, Provenance, Request, Response,
    Scheme, Seen, Timestamp, Timings, Url,
};
use crate::wire::head::Head;

/// The time at which every test begins.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_750_000_000);

/// A secret that must not be found where nothing may be read.
pub(crate) const CANARY: &str = "canary-7f3a9c51";

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(crate) fn at_start() -> Self {
        Self(Arc::new(AtomicI64::new(START.micros())))
    }

    pub(crate) fn clock(&self) -> Clock {
        let hands = self.0.clone();
        Clock::new(move || Timestamp::from_micros(hands.load(Ordering::SeqCst)))
    }

    pub(crate) fn move_by_secs(&self, secs: i64) {
        self.0.fetch_add(secs * 1_000_000, Ordering::SeqCst);
    }
}

pub(crate) fn after_secs(secs: u64) -> Timestamp {
    START.plus(std::time::Duration::from_secs(secs))
}

pub(crate) fn id(number: u128) -> ExchangeId {
    ExchangeId::from_parts(START, number)
}

pub(crate) fn client() -> SocketAddr {
    "127.0.0.1:50000".parse().unwrap()
}

pub(crate) fn origin(host: &str) -> Origin {
    Origin {
        scheme: Scheme::Https,
        host: host.to_owned(),
        port: 443,
    }
}

pub(crate) fn fields(lines: &[(&str, &str)]) -> FieldSection {
    let lines = lines
        .iter()
        .map(|(name, value)| FieldLine::new(*name, value))
        .collect();
    FieldSection::from_lines(lines, Provenance::Wire)
}

pub(crate) fn request(path: &str, lines: &[(&str, &str)]) -> Request {
    let mut all = vec![("Host", "api.acme.test"), ("User-Agent", "curl/8.5.0")];
    all.extend_from_slice(lines);
    Request {
        method: "GET".to_owned(),
        target: path.as_bytes().to_vec(),
        url: Url::from_parts(origin("api.acme.test"), path.as_bytes()),
        version: HttpVersion::Http11,
        pseudo: FieldSection::default(),
        fields: fields(&all),
        content: Content::default(),
        trailers: FieldSection::default(),
    }
}

/// A 401 with a Bearer challenge, and a canary in every place that is sealed.
pub(crate) fn failing(number: u128, at: Timestamp) -> Exchange {
    let token = format!("Bearer {CANARY}");
    Exchange {
        id: id(number),
        at,
        request: request("/v2/orders", &[("Authorization", &token)]),
        outcome: Outcome::Response(Response {
            status: 401,
            reason: b"Unauthorized".to_vec(),
            version: HttpVersion::Http11,
            fields: fields(&[("WWW-Authenticate", "Bearer realm=\"api\"")]),
            content: Content::complete(format!("{{\"echo\":\"{CANARY}\"}}").into_bytes()),
            trailers: FieldSection::default(),
        }),
        hop: Some(Hop {
            connection: 1,
            earlier: 0,
            entry: Entry::Tunnel,
            client: client(),
            upstream: None,
            client_tls: None,
            upstream_tls: None,
            verification: None,
            upstream_proxy: None,
        }),
        timings: Timings {
            end: Some(1000),
            ..Timings::default()
        },
        notes: Vec::new(),
        websocket: None,
    }
}

/// The same 401 without credentials, whose challenge offers Basic.
pub(crate) fn challenged(number: u128, at: Timestamp) -> Exchange {
    let mut exchange = failing(number, at);
    exchange.request = request("/v2/orders", &[]);
    if let Outcome::Response(response) = &mut exchange.outcome {
        response.fields = fields(&[("WWW-Authenticate", "Basic realm=\"api\"")]);
    }
    exchange
}

pub(crate) fn seen(number: u128, at: Timestamp, status: u16) -> Seen {
    Seen {
        id: id(number),
        at,
        duration: Some(500),
        client: ClientKey {
            address: client().ip(),
            user_agent: b"curl/8.5.0".to_vec(),
        },
        connection: 1,
        request: request("/v2/orders", &[("Authorization", CANARY)]),
        status,
        response_fields: FieldSection::default(),
        credentials: Vec::new(),
        tokens: Vec::new(),
    }
}

pub(crate) fn passed(path: &str, at: Timestamp, status: u16) -> Passed {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: api.acme.test\r\nUser-Agent: curl/8.5.0\r\n\r\n");
    Passed {
        at,
        duration: 500,
        client: client(),
        connection: 2,
        origin: Arc::new(origin("api.acme.test")),
        request: Head::new(request.into_bytes()).into(),
        response: Head::new(format!("HTTP/1.1 {status} X\r\n\r\n").into_bytes()).into(),
        status,
        content: Content::default(),
        token_content: None,
    }
}

/// A request of that head, which got a 200.
pub(crate) fn passed_of(head: String, origin: Origin, at: Timestamp) -> Passed {
    Passed {
        origin: Arc::new(origin),
        request: Head::new(head.into_bytes()).into(),
        ..passed("/", at, 200)
    }
}

/// A request that passed on the route of [`failing`], with a canary.
pub(crate) fn learned(store: &Store, number: u128, at: Timestamp) -> NewLearned {
    let request = request("/v2/orders", &[("Authorization", CANARY)]);
    learned_as(store, number, at, request)
}

/// That request, learned of the client that it names; its route is its path.
pub(crate) fn learned_as(
    store: &Store,
    number: u128,
    at: Timestamp,
    request: Request,
) -> NewLearned {
    let agent = request.fields.first("user-agent").unwrap_or_default();
    let learned = Learned {
        number: 0,
        id: ExchangeId::from_parts(at, number),
        at,
        client: ClientKey {
            address: client().ip(),
            user_agent: agent.to_vec(),
        },
        status: 200,
        request,
    };
    NewLearned::of(learned, as_it_is, store.fingerprinter())
}

/// A route for every path.
pub(crate) fn as_it_is(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

pub(crate) fn baseline(name: &str) -> Baseline {
    Baseline {
        name: name.to_owned(),
        source: BaselineSource::Curl,
        added: START,
        request: request("/v2/orders", &[("Authorization", CANARY)]),
        unresolved: Vec::new(),
        warnings: Vec::new(),
    }
}

/// Opens a store for recording in that folder.
pub(crate) fn open(folder: &Path) -> Store {
    Store::open_for_run(folder).unwrap()
}

/// Writes a failure as the writer does, with these exchanges before it.
pub(crate) fn write(store: &Store, exchange: &Exchange, before: &[Seen]) -> Ref {
    for seen in before {
        store.write_seen(seen).unwrap();
    }
    let plain = Plain {
        method: exchange.request.method.clone(),
        host: "api.acme.test".to_owned(),
        authority: "api.acme.test".to_owned(),
        url: "https://api.acme.test/v2/orders".to_owned(),
        route: "/v2/orders".to_owned(),
        client: "curl".to_owned(),
        agent: "curl/8.5.0".to_owned(),
    };
    store
        .write_failure(NewFailure {
            exchange,
            complete: true,
            before: before.iter().map(|seen| seen.id).collect(),
            credentials: &[],
            lost: 0,
            plain: &plain,
        })
        .unwrap()
}
