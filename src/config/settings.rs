//! The resolved settings: typed values, each of which knows where it came from.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::file::Position;
use super::units::ByteSize;

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the proxy listens.
    pub listen: Setting<ListenAddr>,
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
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File(path, position) => write!(f, "{}:{position}", path.display()),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// An address to listen on that only this machine can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAddr(pub SocketAddr);

/// Why an address cannot be listened on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// There is no port.
    #[error("the port is missing, as in 127.0.0.1:4010")]
    Port,
    /// It is no address.
    #[error("an address and a port are expected, as in 127.0.0.1:4010")]
    Address,
    /// Others could reach it.
    #[error(
        "other machines could reach {0}; so far only loopback addresses are accepted (127.0.0.1 or [::1])"
    )]
    NotLoopback(IpAddr),
}

impl FromStr for ListenAddr {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let address = match text.strip_prefix("localhost:") {
            Some(port) => port
                .parse()
                .map(|port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port))
                .map_err(|_port| AddressError::Address)?,
            None => text
                .parse::<SocketAddr>()
                .map_err(|_address| why_no_address(text))?,
        };
        if !address.ip().to_canonical().is_loopback() {
            return Err(AddressError::NotLoopback(address.ip()));
        }
        Ok(Self(address))
    }
}

fn why_no_address(text: &str) -> AddressError {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if text == "localhost" || bare.parse::<IpAddr>().is_ok() {
        AddressError::Port
    } else {
        AddressError::Address
    }
}

/// Where the web UI listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UiAddr {
    /// Nowhere.
    Off,
    /// There.
    At(ListenAddr),
}

impl FromStr for UiAddr {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.trim() == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At)
    }
}

/// A host whose certificate is not verified: in lower case, IPv6 without brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsecureHost(pub String);

/// The text is no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a host is expected, without scheme, port, path or wildcard: api.example.test")]
pub struct HostError;

impl FromStr for InsecureHost {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let text = text.trim();
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        let is_host = bare.parse::<IpAddr>().is_ok()
            || (!text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_')));
        if is_host {
            Ok(Self(bare.to_lowercase()))
        } else {
            Err(HostError)
        }
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorWhen {
    /// All names.
    pub const NAMES: [&'static str; 3] = ["auto", "always", "never"];
}

/// Not one of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("auto, always or never is expected")]
pub struct ColorError;

impl FromStr for ColorWhen {
    type Err = ColorError;

    fn from_str(text: &str) -> Result<Self, ColorError> {
        match text {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err(ColorError),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_listened_on() {
        let read = |text: &str| {
            text.parse::<ListenAddr>()
                .map(|listen| listen.0.to_string())
        };
        assert_eq!(read("127.0.0.1:4010"), Ok("127.0.0.1:4010".to_owned()));
        assert_eq!(read("[::1]:0"), Ok("[::1]:0".to_owned()));
        assert_eq!(read("localhost:80"), Ok("127.0.0.1:80".to_owned()));
        assert_eq!(read("127.0.0.1"), Err(AddressError::Port));
        assert_eq!(read("::1"), Err(AddressError::Port));
        assert_eq!(read("example:x"), Err(AddressError::Address));
        let everywhere = read("0.0.0.0:4010").unwrap_err();
        assert_eq!(
            everywhere,
            AddressError::NotLoopback(Ipv4Addr::UNSPECIFIED.into())
        );
        assert!(read("[::ffff:127.0.0.1]:1").is_ok());
        assert!(read("[::ffff:10.0.0.1]:1").is_err());
    }

    #[test]
    fn an_insecure_host_is_a_bare_host() {
        let read = |text: &str| text.parse::<InsecureHost>().map(|host| host.0);
        assert_eq!(read("API.Test"), Ok("api.test".to_owned()));
        assert_eq!(read("[::1]"), Ok("::1".to_owned()));
        for wrong in ["", "https://a", "a:443", "a/b", "*", "*.a"] {
            assert_eq!(read(wrong), Err(HostError), "{wrong}");
        }
    }

    #[test]
    fn every_colour_name_is_read() {
        for name in ColorWhen::NAMES {
            assert!(name.parse::<ColorWhen>().is_ok());
        }
        assert_eq!("Always".parse::<ColorWhen>(), Err(ColorError));
    }
}
