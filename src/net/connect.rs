//! TCP connections to origins.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout_at;

use super::socket::Socket;
use super::tls::UpstreamTls;
use crate::model::{Failure, FailureCause, Side, Stage};

/// What a dialer needs to know.
#[derive(Clone, Debug)]
pub struct DialerSettings {
    /// How long name lookup and connecting may take together.
    pub connect_timeout: Duration,
    /// Our own listening addresses: never dialled.
    pub own_listeners: Vec<SocketAddr>,
}

impl Default for DialerSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            own_listeners: Vec::new(),
        }
    }
}

/// Opens connections to origins.
#[derive(Debug)]
pub struct Dialer {
    settings: DialerSettings,
    tls: UpstreamTls,
}

/// An open connection, and how long opening it took.
#[derive(Debug)]
pub struct Connected {
    /// The connection, with `TCP_NODELAY`.
    pub stream: Socket,
    /// The address that answered.
    pub address: SocketAddr,
    /// From the start of the name lookup on.
    pub took: Duration,
}

impl Dialer {
    /// A dialer.
    pub fn new(settings: DialerSettings, tls: UpstreamTls) -> Self {
        Self { settings, tls }
    }

    /// TLS towards origins.
    pub fn tls(&self) -> &UpstreamTls {
        &self.tls
    }

    /// Connects to the first address of the host that answers.
    ///
    /// # Errors
    /// The failure of the last address tried; [`FailureCause::OwnListener`] without trying when an
    /// address is our own.
    pub async fn connect(&self, host: &str, port: u16) -> Result<Connected, Failure> {
        let start = Instant::now();
        let deadline = tokio::time::Instant::now() + self.settings.connect_timeout;
        let looked_up = timeout_at(deadline, resolve(host, port)).await;
        let addresses =
            looked_up.map_err(|_elapsed| self.timed_out(Stage::Resolve, host, port))??;
        if addresses.iter().any(|address| self.is_own(*address)) {
            return Err(own_listener(host, port));
        }
        let mut last = name_not_found(host);
        let mut left = 0..u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        for address in addresses {
            let others = left.next_back().unwrap_or_default();
            let until = share(tokio::time::Instant::now(), deadline, others);
            match timeout_at(until, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream
                        .set_nodelay(true)
                        .map_err(|error| not_connected(address, &error))?;
                    return Ok(Connected {
                        stream: Socket::Tcp(stream),
                        address,
                        took: start.elapsed(),
                    });
                }
                Ok(Err(error)) => last = not_connected(address, &error),
                Err(_elapsed) => last = self.timed_out(Stage::Connect, host, port),
            }
        }
        Err(last)
    }

    /// Whether dialling that address would lead back to us.
    fn is_own(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.settings.own_listeners.iter().any(|own| {
            own.port() == address.port() && (is_this_machine(ip) || own.ip().to_canonical() == ip)
        })
    }

    fn timed_out(&self, stage: Stage, host: &str, port: u16) -> Failure {
        let waited = self.settings.connect_timeout.as_secs();
        let what = match stage {
            Stage::Resolve => "looking up",
            Stage::Connect | Stage::Tls | Stage::Request | Stage::Response => "connecting to",
        };
        let detail = format!("{what} {host}:{port} took longer than {waited} s");
        Failure {
            side: Side::Upstream,
            stage,
            cause: FailureCause::TimedOut,
            detail,
        }
    }
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    match lookup_host((host, port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(_lookup) => Err(name_not_found(host)),
    }
}

/// Until when an address is tried that has so many others behind it: a dead one (IPv6 that leads
/// nowhere, often) leaves them their part of the time.
fn share(
    now: tokio::time::Instant,
    deadline: tokio::time::Instant,
    others: u32,
) -> tokio::time::Instant {
    now + deadline.saturating_duration_since(now) / others.saturating_add(1)
}

fn is_this_machine(ip: IpAddr) -> bool {
    ip.is_loopback() || ip.is_unspecified()
}

fn name_not_found(host: &str) -> Failure {
    Failure {
        side: Side::Upstream,
        stage: Stage::Resolve,
        cause: FailureCause::NameNotFound,
        detail: format!("the name {host} does not resolve to an address"),
    }
}

fn own_listener(host: &str, port: u16) -> Failure {
    Failure {
        side: Side::Client,
        stage: Stage::Connect,
        cause: FailureCause::OwnListener,
        detail: format!("{host}:{port} is this proxy itself"),
    }
}

fn not_connected(address: SocketAddr, error: &io::Error) -> Failure {
    let (cause, words) = match error.kind() {
        io::ErrorKind::ConnectionRefused => (FailureCause::Refused, "refuses the connection"),
        io::ErrorKind::TimedOut => (FailureCause::TimedOut, "does not answer"),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            (FailureCause::Unreachable, "cannot be reached")
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            (FailureCause::Closed, "resets the connection")
        }
        _ => (FailureCause::Other, "cannot be connected to"),
    };
    Failure {
        side: Side::Upstream,
        stage: Stage::Connect,
        cause,
        detail: format!("{address} {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialer(own: &str) -> Dialer {
        let own_listeners = vec![own.parse().unwrap()];
        Dialer::new(
            DialerSettings {
                own_listeners,
                ..DialerSettings::default()
            },
            UpstreamTls::new(&[], Vec::new()).unwrap(),
        )
    }

    #[tokio::test]
    async fn our_own_listener_is_never_dialled_however_it_is_spelled() {
        let dialer = dialer("127.0.0.1:4010");
        for host in [
            "127.0.0.1",
            "127.0.0.9",
            "0.0.0.0",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "localhost",
        ] {
            let failure = dialer.connect(host, 4010).await.unwrap_err();
            assert_eq!(failure.cause, FailureCause::OwnListener, "{host}");
        }
    }

    #[test]
    fn a_dead_address_leaves_time_for_the_others() {
        let now = tokio::time::Instant::now();
        let deadline = now + Duration::from_secs(9);
        assert_eq!(share(now, deadline, 2), now + Duration::from_secs(3));
        assert_eq!(share(now, deadline, 0), deadline);
        assert_eq!(share(deadline, now, 1), deadline, "no time is left");
    }

    #[tokio::test]
    async fn a_refusal_names_the_address() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let failure = dialer("127.0.0.1:1")
            .connect("127.0.0.1", port)
            .await
            .unwrap_err();
        assert_eq!(failure.cause, FailureCause::Refused);
        assert_eq!(
            failure.detail,
            format!("127.0.0.1:{port} refuses the connection")
        );
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_says_so() {
        let failure = dialer("127.0.0.1:1")
            .connect("no-such-host.invalid", 80)
            .await
            .unwrap_err();
        assert_eq!(
            (failure.stage, failure.cause),
            (Stage::Resolve, FailureCause::NameNotFound)
        );
    }
}
