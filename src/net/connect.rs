//! Connections to origins: where they are, whether a proxy is on the way, and who answers first.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::lookup_host;
use tokio::time::timeout_at;

use super::socket::{Socket, is_out_of_handles};
use super::tls::UpstreamTls;
use super::upstream_proxy::{Target, UpstreamProxy};
use super::{own, race};
use crate::model::{Failure, FailureCause, Origin, Scheme, Side, Stage};

/// What a dialer needs to know.
pub struct DialerSettings {
    /// How long name lookup and connecting may take together.
    pub connect_timeout: Duration,
    /// Our own listening addresses: never dialled.
    pub own_listeners: Vec<SocketAddr>,
    /// Where hosts are, in place of what the name service says; the first that fits counts.
    pub overrides: Vec<Override>,
    /// The proxy on the way to a host, if there is one.
    pub proxy: Box<ProxyChoice>,
    /// The hosts whose connections are let through unread.
    pub passthrough: Box<HostChoice>,
}

/// The proxy on the way to a host (IPv6 without brackets) of that scheme.
pub type ProxyChoice = dyn Fn(Scheme, &str) -> Option<UpstreamProxy> + Send + Sync;

/// Whether a host (IPv6 without brackets) is meant.
pub type HostChoice = dyn Fn(&str) -> bool + Send + Sync;

/// Where a host is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The host, in lower case, IPv6 without brackets.
    pub host: String,
    /// Only for this port; for all when there is none.
    pub port: Option<u16>,
    /// The address.
    pub ip: IpAddr,
    /// The port there, when it is another one.
    pub to_port: Option<u16>,
}

impl Default for DialerSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            own_listeners: Vec::new(),
            overrides: Vec::new(),
            proxy: Box::new(|_scheme, _host| None),
            passthrough: Box::new(|_host| false),
        }
    }
}

impl fmt::Debug for DialerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialerSettings")
            .field("connect_timeout", &self.connect_timeout)
            .field("own_listeners", &self.own_listeners)
            .field("overrides", &self.overrides)
            .finish_non_exhaustive()
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
    /// The address that answered: the origin's, or that of the proxy on the way to it.
    pub address: SocketAddr,
    /// The proxy on the way, `host:port`.
    pub proxy: Option<String>,
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

    /// Whether the connections to that host are let through unread, by the user's wish.
    pub fn is_passthrough(&self, host: &str) -> bool {
        (self.settings.passthrough)(host)
    }

    /// Connects to the origin, through a proxy if one is on the way.
    ///
    /// # Errors
    /// The failure of the address that told most; [`FailureCause::OwnListener`] without trying when an
    /// address is our own.
    pub async fn connect(&self, origin: &Origin) -> Result<Connected, Failure> {
        let start = Instant::now();
        let target = self.target(origin);
        let proxy = (self.settings.proxy)(origin.scheme, &origin.host);
        let (stream, address) = match &proxy {
            None => self.reach(&target.host, target.port).await?,
            Some(proxy) => self.reach_through(proxy, target).await?,
        };
        Ok(Connected {
            stream,
            address,
            proxy: proxy.map(|proxy| proxy.authority()),
            took: start.elapsed(),
        })
    }

    /// Whether that origin's host is this machine, to which a client came at that address, and nobody said
    /// where else it is.
    pub async fn is_this_machine(&self, origin: &Origin, came_to: IpAddr) -> bool {
        if self.override_of(origin).is_some() {
            return false;
        }
        let looked_up = timeout_at(self.deadline(), resolve(&origin.host, origin.port)).await;
        let is_here = |address: &SocketAddr| {
            let ip = address.ip().to_canonical();
            ip == came_to.to_canonical() || ip.is_loopback() || ip.is_unspecified()
        };
        looked_up.is_ok_and(|found| found.is_ok_and(|all| all.iter().any(is_here)))
    }

    fn override_of(&self, origin: &Origin) -> Option<&Override> {
        self.settings.overrides.iter().find(|entry| {
            entry.host == origin.host && entry.port.is_none_or(|port| port == origin.port)
        })
    }

    /// Where the origin is, as far as somebody said.
    fn target(&self, origin: &Origin) -> Target {
        match self.override_of(origin) {
            Some(entry) => Target {
                host: entry.ip.to_string(),
                port: entry.to_port.unwrap_or(origin.port),
            },
            None => Target {
                host: origin.host.clone(),
                port: origin.port,
            },
        }
    }

    async fn reach_through(
        &self,
        proxy: &UpstreamProxy,
        mut target: Target,
    ) -> Result<(Socket, SocketAddr), Failure> {
        let is_our_port = |own: &SocketAddr| own.port() == target.port;
        if proxy.wants_addresses() {
            let addresses = self.look_up(&target.host, target.port).await?;
            if let Some(address) = addresses.first() {
                target.host = address.ip().to_string();
            }
        } else if self.settings.own_listeners.iter().any(is_our_port) {
            // A proxy on this machine would lead it back here. A name that only the proxy can find is none of ours.
            match self.look_up(&target.host, target.port).await {
                Err(failure) if failure.cause == FailureCause::OwnListener => return Err(failure),
                Ok(_) | Err(_) => {}
            }
        }
        let (stream, address) = self
            .reach(&proxy.host, proxy.port)
            .await
            .map_err(|failure| proxy.unreachable(&failure))?;
        let patience = self.settings.connect_timeout;
        let stream = proxy.open(stream, &target, &self.tls, patience).await?;
        Ok((stream, address))
    }

    /// Connects to the first address of the host that answers.
    async fn reach(&self, host: &str, port: u16) -> Result<(Socket, SocketAddr), Failure> {
        let deadline = self.deadline();
        let addresses = self.look_up(host, port).await?;
        let race = timeout_at(deadline, race::connect(race::in_turns(addresses)));
        match race.await {
            Ok(Ok((stream, address))) => {
                stream
                    .set_nodelay(true)
                    .map_err(|error| not_connected(address, &error))?;
                Ok((Socket::Tcp(stream), address))
            }
            Ok(Err(failed)) => Err(most_telling(&failed).unwrap_or_else(|| name_not_found(host))),
            Err(_elapsed) => Err(self.timed_out(Stage::Connect, host, port)),
        }
    }

    /// The addresses of a host, none of which is our own.
    async fn look_up(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let addresses = timeout_at(self.deadline(), resolve(host, port))
            .await
            .map_err(|_elapsed| self.timed_out(Stage::Resolve, host, port))??;
        let listeners = &self.settings.own_listeners;
        if addresses
            .iter()
            .any(|address| own::leads_to(*address, listeners))
        {
            return Err(own_listener(host, port));
        }
        Ok(addresses)
    }

    fn deadline(&self) -> tokio::time::Instant {
        tokio::time::Instant::now() + self.settings.connect_timeout
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
    let host = if is_localhost(host) {
        "localhost"
    } else {
        host
    };
    match lookup_host((host, port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(_lookup) => Err(name_not_found(host)),
    }
}

/// Names that mean this machine wherever they are asked for (RFC 6761 section 6.3).
fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// Of several addresses the one that answered something, rather than one that no route leads to.
fn most_telling(failed: &[(SocketAddr, io::Error)]) -> Option<Failure> {
    let failures = failed
        .iter()
        .map(|(address, error)| not_connected(*address, error));
    failures.min_by_key(|failure| match failure.cause {
        FailureCause::Refused => 0,
        FailureCause::Closed => 1,
        FailureCause::TimedOut => 2,
        FailureCause::Unreachable => 4,
        _ => 3,
    })
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
    if is_out_of_handles(error) {
        return Failure {
            side: Side::Proxy,
            stage: Stage::Connect,
            cause: FailureCause::FileHandles,
            detail: format!("no file handle is left to connect to {address}"),
        };
    }
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
#[path = "connect_tests.rs"]
mod tests;
