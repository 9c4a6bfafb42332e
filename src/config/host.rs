//! Hosts that a setting is about.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

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
        host(text).map(Self).ok_or(HostError)
    }
}

/// One host, or every host below a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPattern {
    /// That host: in lower case, IPv6 without brackets.
    Exact(String),
    /// `*.example.test`: any host below it, at any depth, but not itself. Kept as `.example.test`.
    Below(String),
}

/// The text is no host pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a host is expected, or *. and a domain: api.example.test, *.example.test")]
pub struct PatternError;

impl HostPattern {
    /// Whether it means that host (IPv6 without brackets).
    pub fn matches(&self, tested: &str) -> bool {
        match self {
            Self::Exact(host) => host.eq_ignore_ascii_case(tested),
            Self::Below(suffix) => is_below(tested, suffix),
        }
    }
}

impl FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let Some(domain) = text.trim().strip_prefix("*.") else {
            return host(text).map(Self::Exact).ok_or(PatternError);
        };
        match host(domain) {
            Some(domain) if domain.parse::<IpAddr>().is_err() && !domain.starts_with('.') => {
                Ok(Self::Below(format!(".{domain}")))
            }
            _ => Err(PatternError),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => f.write_str(host),
            Self::Below(suffix) => write!(f, "*{suffix}"),
        }
    }
}

/// Whether a host ends in `.suffix` and has a label before it. A suffix is in lower case.
pub(super) fn is_below(tested: &str, suffix: &str) -> bool {
    let Some(at) = tested.len().checked_sub(suffix.len()) else {
        return false;
    };
    let end = tested.as_bytes().get(at..).unwrap_or_default();
    at > 0 && end.eq_ignore_ascii_case(suffix.as_bytes())
}

/// The host in lower case, IPv6 without its brackets; `None` when it is none.
pub(super) fn host(text: &str) -> Option<String> {
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
    is_host.then(|| bare.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_pattern_is_a_host_or_all_below_a_domain() {
        let matches =
            |pattern: &str, host: &str| pattern.parse::<HostPattern>().unwrap().matches(host);
        assert!(matches("API.acme.test", "api.acme.test"));
        assert!(matches("api.acme.test", "API.acme.test"));
        assert!(!matches("acme.test", "api.acme.test"));
        assert!(matches("*.acme.test", "api.acme.test"));
        assert!(matches("*.acme.test", "A.B.Acme.Test"));
        assert!(!matches("*.acme.test", "acme.test"));
        assert!(!matches("*.acme.test", ".acme.test"));
        assert!(!matches("*.acme.test", "badacme.test"));
        assert!(matches("[2001:DB8::1]", "2001:db8::1"));
        for wrong in [
            "", "*", "*.", "*..a", "a.*", "*.*.a", "*a.test", "a:443", "http://a", "*.::1",
        ] {
            assert_eq!(wrong.parse::<HostPattern>(), Err(PatternError), "{wrong}");
        }
    }

    #[test]
    fn a_pattern_is_written_as_it_is_read() {
        for text in ["api.acme.test", "*.acme.test", "::1"] {
            assert_eq!(text.parse::<HostPattern>().unwrap().to_string(), text);
        }
    }
}
