//! Hosts that are reached without the upstream proxy.

use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use super::host::{host, is_below};

/// One entry of `no_proxy`, read as curl does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyException {
    /// `*`: every host.
    All,
    /// `example.test`, `.example.test`: that host and all below it. Kept without the dot.
    Domain(String),
    /// `10.0.0.0/8`, `192.0.2.1`: addresses of which so many leading bits are equal.
    Network(IpAddr, u8),
}

/// The text is no such entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a host, a domain, an address or a network is expected: localhost, .corp.test, 10.0.0.0/8, *"
)]
pub struct ExceptionError;

impl ProxyException {
    /// Whether that host (IPv6 without brackets) is meant. Names are not looked up: a network
    /// means addresses that stand in URLs.
    pub fn covers(&self, tested: &str) -> bool {
        match self {
            Self::All => true,
            Self::Domain(domain) => {
                let tested = tested.strip_suffix('.').unwrap_or(tested);
                tested.eq_ignore_ascii_case(domain) || is_below(tested, &format!(".{domain}"))
            }
            Self::Network(network, bits) => tested
                .parse::<IpAddr>()
                .is_ok_and(|address| leading_bits_agree(*network, address.to_canonical(), *bits)),
        }
    }
}

impl FromStr for ProxyException {
    type Err = ExceptionError;

    fn from_str(text: &str) -> Result<Self, ExceptionError> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self::All);
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let bare = address.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            let address = address.to_canonical();
            let all = width(address);
            let bits = match bits {
                Some(bits) => bits.parse().map_err(|_number| ExceptionError)?,
                None => all,
            };
            return match bits <= all {
                true => Ok(Self::Network(address, bits)),
                false => Err(ExceptionError),
            };
        }
        let domain = text.strip_prefix("*.").unwrap_or(text);
        let domain = domain.strip_prefix('.').unwrap_or(domain);
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        host(domain).map(Self::Domain).ok_or(ExceptionError)
    }
}

fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn leading_bits_agree(network: IpAddr, address: IpAddr, bits: u8) -> bool {
    let unlike = match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => return false,
    };
    unlike >= u32::from(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(entry: &str, host: &str) -> bool {
        entry.parse::<ProxyException>().unwrap().covers(host)
    }

    #[test]
    fn a_name_covers_itself_and_all_below_it() {
        for entry in ["corp.test", ".corp.test", "*.corp.test", "CORP.test."] {
            assert!(covers(entry, "corp.test"), "{entry}");
            assert!(covers(entry, "a.b.Corp.test"), "{entry}");
            assert!(covers(entry, "a.corp.test."), "{entry}");
            assert!(!covers(entry, "notcorp.test"), "{entry}");
            assert!(!covers(entry, "corp.test.evil.test"), "{entry}");
        }
        assert!(covers("*", "anything"));
    }

    #[test]
    fn a_network_covers_its_addresses() {
        assert!(covers("10.0.0.0/8", "10.200.3.4"));
        assert!(!covers("10.0.0.0/8", "11.0.0.1"));
        assert!(covers("10.0.0.0/9", "10.127.0.0"));
        assert!(!covers("10.0.0.0/9", "10.128.0.0"));
        assert!(covers("0.0.0.0/0", "1.2.3.4"));
        assert!(!covers("0.0.0.0/0", "::1"));
        assert!(covers("192.0.2.1", "192.0.2.1"));
        assert!(!covers("192.0.2.1", "192.0.2.10"));
        assert!(covers("[2001:db8::]/32", "2001:db8:1::1"));
        assert!(covers("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(!covers("10.0.0.0/8", "10.corp.test"));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for wrong in [
            "",
            ".",
            "10.0.0.0/33",
            "10.0.0.0/x",
            "a/8",
            "http://a",
            "a:80",
            "a b",
        ] {
            assert_eq!(
                wrong.parse::<ProxyException>(),
                Err(ExceptionError),
                "{wrong}"
            );
        }
    }
}
