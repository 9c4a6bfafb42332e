//! What can be set, and who set it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::color::ColorWhen;
use super::entries::{BaselineFile, ClientCertificate, Resolve};
use super::fault::Position;
use super::host::{HostPattern, InsecureHost};
use super::limits::ChosenLimits;
use super::listen::{ListenAddr, UiAddr};
use super::proxies::Proxies;
use super::units::ByteSize;
use crate::model::Origin;

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the proxy listens.
    pub listen: Setting<ListenAddr>,
    /// Whether it may listen where other machines can reach it.
    pub lan: Setting<bool>,
    /// Where the web UI listens.
    pub ui: Setting<UiAddr>,
    /// The folder of the store; `None` when nobody said and the user has no home.
    pub data: Option<Setting<PathBuf>>,
    /// The folder of the CA; the folder of the store when nobody said.
    pub ca_dir: Option<Setting<PathBuf>>,
    /// PEM files with further CAs for origins: those of the file, then those of the flags.
    pub upstream_ca: Vec<Setting<PathBuf>>,
    /// Origins whose certificates are not verified.
    pub insecure_upstream: Vec<Setting<InsecureHost>>,
    /// The upstream proxies.
    pub proxies: Proxies,
    /// Where some hosts are to be reached; the first that fits counts.
    pub resolve: Vec<Setting<Resolve>>,
    /// What is shown to origins that ask for a certificate; the first that fits counts.
    pub client_certificates: Vec<Setting<ClientCertificate>>,
    /// Hosts whose TLS is not ended here.
    pub passthrough: Vec<Setting<HostPattern>>,
    /// Requests that are known to work, beside a configuration.
    pub baselines: Vec<Setting<BaselineFile>>,
    /// The one origin of a reverse proxy.
    pub reverse: Option<Setting<Origin>>,
    /// Whether it gets the `Host` that the client sent.
    pub reverse_keep_host: Setting<bool>,
    /// Bounds of the proxy path.
    pub limits: ChosenLimits,
    /// How many bytes of a message's content are kept.
    pub body_limit: Setting<ByteSize>,
    /// How many exchanges the history remembers.
    pub history_exchanges: Setting<usize>,
    /// How long it remembers them.
    pub history_age: Setting<Duration>,
    /// How long recorded failures are kept.
    pub retention: Setting<Duration>,
    /// When to use colour.
    pub color: Setting<ColorWhen>,
    /// How wide the output is; `None` follows the terminal.
    pub width: Setting<Option<u16>>,
    /// Keys of a file that was found in passing, and that do not count there.
    pub passed_over: Vec<Setting<String>>,
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A configuration file.
    File(PathBuf, Position),
    /// A variable of the environment.
    Environment(&'static str),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File(path, position) => write!(f, "{}:{position}", path.display()),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Where the proxy listens when nobody says.
pub const LISTEN: ListenAddr = ListenAddr(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4010));
/// How many bytes of a message's content are kept when nobody says.
pub const BODY_LIMIT: ByteSize = ByteSize(64 << 10);
/// How many exchanges the history remembers when nobody says.
pub const HISTORY_EXCHANGES: usize = 500;
/// How long the history remembers when nobody says.
pub const HISTORY_AGE: Duration = Duration::from_secs(30 * 60);
/// How long failures are kept when nobody says.
pub const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);
