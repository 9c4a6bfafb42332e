//! Requests for tests, at fixed times.

use std::net::{IpAddr, Ipv4Addr};

use crate::model::{
    ClientKey, Content, Entry, Exchange, ExchangeId, FieldLine, FieldSection, Hop, HttpVersion,
    Learned, Outcome, Provenance, Request, Timestamp, Timings, Url,
};

/// When every failing request was sent.
pub(super) const NOW: Timestamp = Timestamp::from_secs(1_768_478_400);

pub(super) fn request(method: &str, url: &str, fields: &[(&str, &str)]) -> Request {
    let url = Url::parse(url.as_bytes()).unwrap();
    let lines = fields
        .iter()
        .map(|(name, value)| FieldLine::new(*name, value))
        .collect();
    Request {
        method: method.into(),
        target: url.path_and_query(),
        url,
        version: HttpVersion::Http11,
        pseudo: FieldSection::default(),
        fields: FieldSection::from_lines(lines, Provenance::Wire),
        content: Content::default(),
        trailers: FieldSection::default(),
    }
}

/// That request of a client on this machine, not answered yet.
pub(super) fn failing(request: Request) -> Exchange {
    Exchange {
        id: ExchangeId::from_parts(NOW, 1),
        at: NOW,
        request,
        outcome: Outcome::Unobserved,
        hop: Some(Hop {
            connection: 1,
            earlier: 0,
            entry: Entry::Tunnel,
            client: (Ipv4Addr::LOCALHOST, 50_000).into(),
            upstream: None,
            client_tls: None,
            upstream_tls: None,
            verification: None,
            upstream_proxy: None,
        }),
        timings: Timings::default(),
        notes: Vec::new(),
        websocket: None,
    }
}

/// That request, passed so many seconds before; the seconds are its number.
pub(super) fn learned(seconds: u64, request: Request) -> Learned {
    let at = NOW.minus(std::time::Duration::from_secs(seconds));
    Learned {
        number: seconds,
        id: ExchangeId::from_parts(at, seconds.into()),
        at,
        client: ClientKey {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_agent: request
                .fields
                .first("user-agent")
                .unwrap_or_default()
                .to_vec(),
        },
        status: 200,
        request,
    }
}
