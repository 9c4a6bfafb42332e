//! Addresses to listen on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use thiserror::Error;

/// An address to listen on. One that other machines can reach is allowed by `lan` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAddr(pub SocketAddr);

impl ListenAddr {
    /// Whether other machines can reach it.
    pub fn is_open_to_others(self) -> bool {
        !self.0.ip().to_canonical().is_loopback()
    }
}

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
        "other machines could reach {0}; only loopback addresses are accepted here (127.0.0.1 or [::1])"
    )]
    NotLoopback(IpAddr),
}

impl FromStr for ListenAddr {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        match text.strip_prefix("localhost:") {
            Some(port) => port
                .parse()
                .map(|port| Self(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)))
                .map_err(|_port| AddressError::Address),
            None => text
                .parse()
                .map(Self)
                .map_err(|_address| why_no_address(text)),
        }
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

/// Where the web UI listens: never where others could reach it.
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
        let address: ListenAddr = text.parse()?;
        if address.is_open_to_others() {
            return Err(AddressError::NotLoopback(address.0.ip()));
        }
        Ok(Self::At(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_port() {
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
    }

    #[test]
    fn what_others_can_reach_is_told_apart() {
        for (text, open) in [
            ("127.0.0.1:1", false),
            ("127.9.9.9:1", false),
            ("[::1]:1", false),
            ("[::ffff:127.0.0.1]:1", false),
            ("0.0.0.0:1", true),
            ("[::]:1", true),
            ("192.0.2.1:1", true),
            ("[::ffff:10.0.0.1]:1", true),
        ] {
            let address: ListenAddr = text.parse().unwrap();
            assert_eq!(address.is_open_to_others(), open, "{text}");
        }
    }

    #[test]
    fn the_ui_is_for_this_machine_alone() {
        assert_eq!("off".parse(), Ok(UiAddr::Off));
        assert!("127.0.0.1:4011".parse::<UiAddr>().is_ok());
        assert_eq!(
            "0.0.0.0:4011".parse::<UiAddr>(),
            Err(AddressError::NotLoopback(Ipv4Addr::UNSPECIFIED.into()))
        );
    }
}
