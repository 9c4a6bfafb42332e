//! The resource a request names: scheme, authority, path and query, as bytes.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

impl Scheme {
    /// As written in a URL, without the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that a URL of this scheme may leave out.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Scheme, host and port (RFC 6454), normalised: the host in lower case, IPv6 without brackets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The scheme.
    pub scheme: Scheme,
    /// The host in lower case; an IPv6 address without its brackets.
    pub host: String,
    /// The port, never left out.
    pub port: u16,
}

impl Origin {
    /// `host` or `host:port`; the default port is left out, IPv6 gets its brackets.
    pub fn authority(&self) -> String {
        let host = self.host_in_url();
        if self.port == self.scheme.default_port() {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    fn host_in_url(&self) -> String {
        if self.host.contains(':') && !self.host.contains(['{', '$']) {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority())
    }
}

/// An http or https URL. Path and query are kept byte for byte; only the origin is normalised.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Url {
    /// Scheme, host and port.
    pub origin: Origin,
    /// `user:password`, if the URL carried one (a secret).
    #[serde(with = "serde_bytes")]
    pub userinfo: Option<Vec<u8>>,
    /// The path; starts with `/`, or is `*` for `OPTIONS *`.
    #[serde(with = "serde_bytes")]
    pub path: Vec<u8>,
    /// The query without its `?`; `Some` and empty for a bare `?`.
    #[serde(with = "serde_bytes")]
    pub query: Option<Vec<u8>>,
}

/// Why a URL cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UrlError {
    /// There is no scheme, or another one.
    #[error("the URL starts with neither http:// nor https://")]
    Scheme,
    /// There is no host.
    #[error("the URL has no host")]
    Host,
    /// The host has characters that no host name may have.
    #[error("the host has a character that no host name may have")]
    HostCharacter,
    /// The port is not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
}

impl Url {
    /// Parses an absolute URL. A fragment is dropped: it is never sent.
    ///
    /// # Errors
    /// Without an http(s) scheme or a host, or with a host or port that cannot be.
    pub fn parse(text: &[u8]) -> Result<Self, UrlError> {
        let (scheme, rest) = split_scheme(text).ok_or(UrlError::Scheme)?;
        let end = rest
            .iter()
            .position(|b| matches!(b, b'/' | b'?' | b'#'))
            .unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (userinfo, host_port) = match authority.iter().rposition(|b| *b == b'@') {
            Some(at) => (
                authority.get(..at),
                authority.get(at + 1..).unwrap_or_default(),
            ),
            None => (None, authority),
        };
        let origin = parse_origin(scheme, host_port)?;
        let mut url = Self::from_parts(origin, target);
        url.userinfo = userinfo.map(<[u8]>::to_vec);
        Ok(url)
    }

    /// A URL from an origin and a target in origin form (or `*`).
    pub fn from_parts(origin: Origin, target: &[u8]) -> Self {
        let target = target.split(|b| *b == b'#').next().unwrap_or_default();
        let (path, query) = match target.iter().position(|b| *b == b'?') {
            Some(at) => (target.get(..at), target.get(at + 1..).map(<[u8]>::to_vec)),
            None => (Some(target), None),
        };
        let path = match path.unwrap_or_default() {
            [] => b"/".to_vec(),
            path => path.to_vec(),
        };
        Self {
            origin,
            userinfo: None,
            path,
            query,
        }
    }

    /// Path and query, as a request in origin form carries them.
    pub fn path_and_query(&self) -> Vec<u8> {
        let mut bytes = self.path.clone();
        if let Some(query) = &self.query {
            bytes.push(b'?');
            bytes.extend_from_slice(query);
        }
        bytes
    }

    /// The query's parameters in order, still percent-encoded; `None` where there is no `=`.
    pub fn query_pairs(&self) -> Vec<(&[u8], Option<&[u8]>)> {
        self.query.as_deref().map(split_pairs).unwrap_or_default()
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({}, {} bytes of path)", self.origin, self.path.len())
    }
}

/// Splits `a=1&b` into its pairs, nothing decoded.
fn split_pairs(query: &[u8]) -> Vec<(&[u8], Option<&[u8]>)> {
    query
        .split(|b| *b == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.iter().position(|b| *b == b'=') {
            Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..)),
            None => (pair, None),
        })
        .collect()
}

fn split_scheme(text: &[u8]) -> Option<(Scheme, &[u8])> {
    let at = text.iter().position(|b| *b == b':')?;
    let rest = text.get(at..)?.strip_prefix(b"://")?;
    let scheme = text.get(..at)?;
    if scheme.eq_ignore_ascii_case(b"http") {
        Some((Scheme::Http, rest))
    } else if scheme.eq_ignore_ascii_case(b"https") {
        Some((Scheme::Https, rest))
    } else {
        None
    }
}

/// Reads `host`, `host:port` or `[v6]:port`.
///
/// # Errors
/// As [`Url::parse`].
pub(super) fn parse_origin(scheme: Scheme, authority: &[u8]) -> Result<Origin, UrlError> {
    let text = std::str::from_utf8(authority).map_err(|_utf8| UrlError::HostCharacter)?;
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or(UrlError::HostCharacter)?;
            host.parse::<std::net::Ipv6Addr>()
                .map_err(|_address| UrlError::HostCharacter)?;
            match after {
                "" => (host, None),
                _ => (host, Some(after.strip_prefix(':').ok_or(UrlError::Port)?)),
            }
        }
        None => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() {
        return Err(UrlError::Host);
    }
    if !text.starts_with('[') && !host.chars().all(is_host_character) {
        return Err(UrlError::HostCharacter);
    }
    let port = match port {
        None | Some("") => scheme.default_port(),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits
            .parse()
            .ok()
            .filter(|port| *port != 0)
            .ok_or(UrlError::Port)?,
        Some(_) => return Err(UrlError::Port),
    };
    Ok(Origin {
        scheme,
        host: host.to_lowercase(),
        port,
    })
}

impl Origin {
    /// Reads an authority (`host`, `host:port`, `[v6]:port`) of that scheme.
    ///
    /// # Errors
    /// As [`Url::parse`].
    pub fn parse(scheme: Scheme, authority: &[u8]) -> Result<Self, UrlError> {
        parse_origin(scheme, authority)
    }
}

/// RFC 3986 `unreserved` and `sub-delims` and percent signs; beyond ASCII, letters and digits.
fn is_host_character(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(
            c,
            '-' | '.'
                | '_'
                | '~'
                | '%'
                | '!'
                | '$'
                | '&'
                | '\''
                | '('
                | ')'
                | '*'
                | '+'
                | ','
                | ';'
                | '='
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_url_keeps_path_and_query_bytes() {
        let url = Url::parse(b"HTTPS://u:p@API.Acme.test:8443/a%2Fb/?q=1&&x#frag").unwrap();
        assert_eq!(url.origin.to_string(), "https://api.acme.test:8443");
        assert_eq!(url.userinfo.as_deref(), Some(&b"u:p"[..]));
        assert_eq!(url.path_and_query(), b"/a%2Fb/?q=1&&x");
        assert_eq!(
            url.query_pairs(),
            [(&b"q"[..], Some(&b"1"[..])), (&b"x"[..], None)]
        );
    }

    #[test]
    fn ipv6_loses_and_regains_its_brackets() {
        let url = Url::parse(b"http://[::1]:8080?x").unwrap();
        assert_eq!(url.origin.host, "::1");
        assert_eq!(url.origin.authority(), "[::1]:8080");
        assert_eq!(url.path_and_query(), b"/?x");
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_reason() {
        assert_eq!(Url::parse(b"ftp://x/"), Err(UrlError::Scheme));
        assert_eq!(Url::parse(b"http:///x"), Err(UrlError::Host));
        assert_eq!(Url::parse(b"http://a b/"), Err(UrlError::HostCharacter));
        assert_eq!(Url::parse(b"http://a:99999/"), Err(UrlError::Port));
        assert_eq!(Url::parse(b"http://a:0/"), Err(UrlError::Port));
        assert_eq!(Url::parse(b"http://[::1/"), Err(UrlError::HostCharacter));
    }
}
