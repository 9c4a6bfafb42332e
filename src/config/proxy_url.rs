//! The URL of a proxy that we go through ourselves.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::auth::percent::percent_decode;
use crate::model::{Url, UrlError};

/// A proxy on the way to origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamProxy {
    /// How it is spoken to.
    pub scheme: ProxyScheme,
    /// Its host in lower case, IPv6 without brackets.
    pub host: String,
    /// Its port; where the URL has none 80, 443 or 1080.
    pub port: u16,
    /// What it is told about us, if anything.
    pub credentials: Option<ProxyCredentials>,
}

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyScheme {
    /// HTTP, in clear.
    Http,
    /// HTTP inside TLS.
    Https,
    /// SOCKS5; names are looked up here.
    Socks5,
    /// SOCKS5; names are looked up by the proxy.
    Socks5h,
}

impl ProxyScheme {
    /// As written in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks5 | Self::Socks5h => 1080,
        }
    }
}

/// User and password for a proxy, percent-decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyCredentials {
    /// The user.
    pub user: Zeroizing<Vec<u8>>,
    /// The password; `None` when there is no colon.
    pub password: Option<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for ProxyCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyCredentials")
    }
}

/// Without the credentials.
impl fmt::Display for UpstreamProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = (self.scheme.as_str(), &self.host, self.port);
        match host.contains(':') {
            true => write!(f, "{scheme}://[{host}]:{port}"),
            false => write!(f, "{scheme}://{host}:{port}"),
        }
    }
}

/// Why a URL names no proxy. Never says the URL: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProxyUrlError {
    /// There is no scheme, or another one.
    #[error("it must start with http://, https://, socks5:// or socks5h://")]
    Scheme,
    /// Host or port cannot be.
    #[error("{0}")]
    Url(UrlError),
    /// There is more than an address.
    #[error(
        "a proxy has no path: scheme, host and port are expected, as in http://proxy.test:3128"
    )]
    Path,
    /// SOCKS5 has one byte for each length (RFC 1929).
    #[error("user and password for a SOCKS5 proxy have 1 to 255 bytes each")]
    Length,
}

impl UpstreamProxy {
    /// A proxy as environment variables name it: without a scheme it is http.
    ///
    /// # Errors
    /// As when it is parsed.
    pub fn from_variable(value: &str) -> Result<Self, ProxyUrlError> {
        match value.contains("://") {
            true => value.parse(),
            false => Zeroizing::new(format!("http://{value}")).parse(),
        }
    }
}

impl FromStr for UpstreamProxy {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<Self, ProxyUrlError> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(ProxyUrlError::Scheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => ProxyScheme::Http,
            "https" => ProxyScheme::Https,
            "socks5" => ProxyScheme::Socks5,
            "socks5h" => ProxyScheme::Socks5h,
            _ => return Err(ProxyUrlError::Scheme),
        };
        // Its parts are those of any URL; only the default port is another.
        let mut url = Zeroizing::new(format!("http://{rest}"));
        if !has_port(rest) {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            url.insert_str(
                "http://".len() + end,
                &format!(":{}", scheme.default_port()),
            );
        }
        let url = Url::parse(url.as_bytes()).map_err(ProxyUrlError::Url)?;
        if url.path != b"/" || url.query.is_some() || rest.contains('#') {
            return Err(ProxyUrlError::Path);
        }
        let userinfo = url.userinfo.map(Zeroizing::new);
        let credentials = userinfo.map(|userinfo| ProxyCredentials::read(&userinfo));
        let is_socks = matches!(scheme, ProxyScheme::Socks5 | ProxyScheme::Socks5h);
        if is_socks && credentials.as_ref().is_some_and(|c| !c.fit_socks5()) {
            return Err(ProxyUrlError::Length);
        }
        Ok(Self {
            scheme,
            host: url.origin.host,
            port: url.origin.port,
            credentials,
        })
    }
}

impl ProxyCredentials {
    fn read(userinfo: &[u8]) -> Self {
        let colon = userinfo.iter().position(|byte| *byte == b':');
        let (user, password) = match colon {
            Some(at) => (userinfo.get(..at), userinfo.get(at + 1..)),
            None => (Some(userinfo), None),
        };
        Self {
            user: Zeroizing::new(percent_decode(user.unwrap_or_default())),
            password: password.map(|password| Zeroizing::new(percent_decode(password))),
        }
    }

    fn fit_socks5(&self) -> bool {
        let fits = |part: &[u8]| (1..=255).contains(&part.len());
        fits(&self.user)
            && self
                .password
                .as_ref()
                .is_some_and(|password| fits(password))
    }
}

/// Whether the authority before the path ends in a port, or in the colon of one.
fn has_port(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let after_brackets = host.rsplit(']').next().unwrap_or(host);
    after_brackets.contains(':')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, ProxyUrlError> {
        text.parse::<UpstreamProxy>().map(|proxy| proxy.to_string())
    }

    #[test]
    fn a_proxy_is_a_scheme_a_host_and_a_port() {
        for (text, proxy) in [
            ("http://Proxy.Test:3128", "http://proxy.test:3128"),
            ("HTTPS://proxy.test", "https://proxy.test:443"),
            ("http://proxy.test/", "http://proxy.test:80"),
            ("socks5://127.0.0.1", "socks5://127.0.0.1:1080"),
            ("socks5h://[::1]/", "socks5h://[::1]:1080"),
            ("socks5h://u:p@[::1]:9", "socks5h://[::1]:9"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(proxy), "{text}");
        }
        for (text, error) in [
            ("proxy.test:3128", ProxyUrlError::Scheme),
            ("socks4://proxy.test:1", ProxyUrlError::Scheme),
            ("http://", ProxyUrlError::Url(UrlError::Host)),
            ("http://a:b", ProxyUrlError::Url(UrlError::Port)),
            ("http://a:1/x", ProxyUrlError::Path),
            ("http://a:1?x", ProxyUrlError::Path),
            ("http://a:1#x", ProxyUrlError::Path),
            ("socks5://u@a:1", ProxyUrlError::Length),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
    }

    #[test]
    fn user_and_password_are_decoded_and_never_shown() {
        let proxy: UpstreamProxy = "http://user7:pa%40zz:%31@a:1".parse().unwrap();
        let shown = format!("{proxy} {proxy:?}");
        let credentials = proxy.credentials.unwrap();
        assert_eq!(*credentials.user, b"user7");
        assert_eq!(credentials.password.as_deref(), Some(&b"pa@zz:1".to_vec()));
        assert!(!shown.contains("user7") && !shown.contains("zz"), "{shown}");
    }

    #[test]
    fn a_variable_may_leave_the_scheme_out() {
        let proxy = UpstreamProxy::from_variable("u:p@proxy.test:8080").unwrap();
        assert_eq!(proxy.to_string(), "http://proxy.test:8080");
        assert!(proxy.credentials.is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_repeating_it(text in "(http|socks5)://[a-z0-9:@%/]{0,30}SECRET@.*") {
            if let Err(error) = text.parse::<UpstreamProxy>() {
                let told = format!("{error} {error:?}");
                prop_assert!(!told.contains("SECRET"));
            }
        }
    }
}
