//! The ordinary client: small requests over TLS through the proxy, some over fresh connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use crate::load::{self, Load};
use crate::process::Process;

/// How long its requests took.
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// That share of the requests took at most so long.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a length"
        )]
        let at = ((self.0.len() - 1) as f64 * share) as usize;
        self.0[at].as_secs_f64() * 1e3
    }
}

/// So many requests, ten on each connection, one after the other. Each must be answered in time.
pub async fn work(proxy: &Process, origin: SocketAddr, requests: usize) -> Latencies {
    let load = Load {
        name: "ordinary",
        title: "",
        target: "/small".to_owned(),
        count: requests,
        parallel: 1,
        per_connection: 10,
        streams: None,
        records: false,
        bytes: 0,
    };
    let tls = load::connector(proxy.ca(), "http/1.1");
    let left = Arc::new(AtomicUsize::new(requests));
    let asked = load::client(&load, &left, origin, Some(proxy.address()), &tls);
    let served = tokio::time::timeout(PATIENCE, asked).await;
    let mut latencies = served.expect("an ordinary client is not served");
    latencies.sort();
    Latencies(latencies)
}

/// Longer than anybody waits: not a measure of speed.
const PATIENCE: Duration = Duration::from_secs(600);
