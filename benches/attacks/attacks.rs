//! The attacks by name: how many sockets, how long, and what may at most come of it.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::sinks::Sinks;
use crate::{floods, sockets};

/// Where an attack takes place.
#[derive(Clone, Copy)]
pub struct Field {
    /// What is attacked.
    pub proxy: SocketAddr,
    /// Origins to name.
    pub sinks: Sinks,
}

/// One attacker with a socket; tells how many bytes it has sent.
pub type Attacker = fn(Field, Arc<AtomicU64>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// An attack.
pub struct Attack {
    /// For `--only`, and the first column.
    pub name: &'static str,
    /// What each socket does.
    what: &'static str,
    attacker: Attacker,
    /// How many at the same time.
    pub sockets: usize,
    /// How many requests the ordinary client sends.
    pub requests: usize,
    /// How long the attack goes on when the ordinary client is done.
    pub lasts: Duration,
    /// What a socket may cost at most, beside what the process has anyway.
    kib_each: usize,
}

/// What the process may hold whoever attacks it: code, store, caches, spare buffers.
const ANYWAY_MIB: f64 = 64.0;

impl Attack {
    /// The most memory that it may lead to.
    pub fn most_mib(&self) -> f64 {
        ANYWAY_MIB + (self.sockets * self.kib_each) as f64 / 1024.0
    }

    /// Opens all sockets, and attacks with each as it opens.
    pub async fn begin(&self, field: Field) -> Assault {
        let sent = Arc::new(AtomicU64::new(0));
        let mut attackers = JoinSet::new();
        for at in 0..self.sockets {
            attackers.spawn((self.attacker)(field, Arc::clone(&sent)));
            if at % 64 == 63 {
                // The queue of a listener is short.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        Assault {
            attackers,
            sent,
            what: self.what,
        }
    }
}

/// An attack that goes on.
pub struct Assault {
    attackers: JoinSet<()>,
    sent: Arc<AtomicU64>,
    what: &'static str,
}

impl Assault {
    /// Ends it, and tells what it was.
    pub async fn end(&mut self) -> String {
        let mut gone = 0;
        while let Some(ended) = self.attackers.try_join_next() {
            ended.unwrap();
            gone += 1;
        }
        let there = self.attackers.len();
        self.attackers.shutdown().await;
        let mib = self.sent.load(Ordering::Relaxed) as f64 / f64::from(1 << 20);
        let dropped = match gone {
            0 => String::new(),
            gone => format!(", {gone} of them dropped by the proxy"),
        };
        format!(
            "{} × {}{dropped}; {mib:.1} MiB sent",
            there + gone,
            self.what
        )
    }
}

/// All of them.
pub fn all(quick: bool) -> Vec<Attack> {
    let (requests, lasts) = if quick {
        (100, Duration::from_millis(200))
    } else {
        (2_000, Duration::from_secs(5))
    };
    let sockets = |crowd| match (crowd, quick) {
        (Crowd::Few, _) => 8,
        (Crowd::Many, true) => 100,
        (Crowd::Many, false) => 1_000,
        (Crowd::Tunnels, true) => 500,
        (Crowd::Tunnels, false) => sockets::most_tunnels(10_000),
    };
    TABLE
        .iter()
        .map(|&(name, what, attacker, crowd, kib_each)| Attack {
            name,
            what,
            attacker,
            sockets: sockets(crowd),
            requests,
            lasts,
            kib_each,
        })
        .collect()
}

/// How many sockets an attack has.
#[derive(Clone, Copy)]
enum Crowd {
    Few,
    Many,
    Tunnels,
}

/// Name, what each socket does, how, how many, and what each may cost at most in KiB.
const TABLE: &[(&str, &str, Attacker, Crowd, usize)] = {
    use Crowd::{Few, Many, Tunnels};
    &[
        (
            "silent",
            "a connection that says nothing",
            sockets::silent,
            Many,
            16,
        ),
        (
            "slow-heads",
            "a request head, a byte every 0.2 s",
            sockets::slow_head,
            Many,
            48,
        ),
        (
            "slow-bodies",
            "a request content, a byte every 0.2 s",
            sockets::slow_body,
            Many,
            64,
        ),
        (
            "slow-reads",
            "an endless answer, a byte read every 0.2 s",
            sockets::slow_read,
            Many,
            64,
        ),
        (
            "idle-tunnels",
            "an idle tunnel",
            sockets::idle_tunnel,
            Tunnels,
            16,
        ),
        (
            "connections",
            "connect and close, again and again",
            sockets::connect_and_close,
            Few,
            1024,
        ),
        (
            "long-heads",
            "a request with a 200 KiB cookie after the other",
            floods::long_heads,
            Few,
            24 * 1024,
        ),
        (
            "resets",
            "HTTP/2: a request and its reset",
            floods::resets,
            Few,
            4096,
        ),
        (
            "continuations",
            "HTTP/2: CONTINUATION without end",
            floods::continuations,
            Few,
            4096,
        ),
        ("pings", "HTTP/2: PING", floods::pings, Few, 1024),
        ("settings", "HTTP/2: SETTINGS", floods::settings, Few, 1024),
        (
            "empty-data",
            "HTTP/2: DATA without content",
            floods::empty_data,
            Few,
            1024,
        ),
        (
            "streams",
            "HTTP/2: requests that nobody answers",
            floods::streams,
            Few,
            16 * 1024,
        ),
        (
            "hpack-bomb",
            "HTTP/2: 16 000 times a 4 KiB field by its index",
            floods::hpack_bomb,
            Few,
            4096,
        ),
    ]
};
