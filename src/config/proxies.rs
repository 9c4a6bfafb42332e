//! Which upstream proxy a request goes through, if any.

use std::net::{IpAddr, SocketAddr};

use super::exceptions::ProxyException;
use super::proxy_url::{ProxyUrlError, UpstreamProxy};
use super::settings::{Setting, Source};
use crate::model::Scheme;

/// The upstream proxies, and who goes without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For http.
    pub http: Option<Setting<UpstreamProxy>>,
    /// For https, and for tunnels.
    pub https: Option<Setting<UpstreamProxy>>,
    /// Hosts that are reached without.
    pub exceptions: Vec<Setting<ProxyException>>,
    /// Variables of the environment that name no usable proxy.
    pub unusable: Vec<Unusable>,
}

/// A variable that names no usable proxy. Its value is not kept: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// Its name.
    pub variable: &'static str,
    /// Why.
    pub error: ProxyUrlError,
}

impl Proxies {
    /// The proxy on the way to that host (IPv6 without brackets). One that comes from the
    /// environment is never on the way to this machine itself.
    pub fn on_the_way_to(&self, scheme: Scheme, host: &str) -> Option<&UpstreamProxy> {
        let proxy = match scheme {
            Scheme::Http => self.http.as_ref(),
            Scheme::Https => self.https.as_ref(),
        }?;
        let from_environment = matches!(proxy.source, Source::Environment(_));
        if from_environment && is_this_machine(host) {
            return None;
        }
        let excepted = self.exceptions.iter().any(|entry| entry.value.covers(host));
        (!excepted).then_some(&proxy.value)
    }

    /// Drops what the environment says when it leads to our own listener: this shell was pointed at
    /// us. Returns the names of those variables.
    pub fn drop_own_listener(&mut self, own: SocketAddr) -> Vec<&'static str> {
        let mut dropped = Vec::new();
        for proxy in [&mut self.http, &mut self.https] {
            if let Some(Setting {
                value,
                source: Source::Environment(name),
            }) = proxy
                && leads_to(value, own)
            {
                if !dropped.contains(name) {
                    dropped.push(*name);
                }
                *proxy = None;
            }
        }
        dropped
    }
}

fn leads_to(proxy: &UpstreamProxy, own: SocketAddr) -> bool {
    let address = proxy.host.parse::<IpAddr>().map(|ip| ip.to_canonical());
    let is_own = address.is_ok_and(|address| address == own.ip().to_canonical());
    proxy.port == own.port() && (is_own || is_this_machine(&proxy.host))
}

/// Whether a host is this machine by its name alone.
fn is_this_machine(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| {
            let address = address.to_canonical();
            address.is_loopback() || address.is_unspecified()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(url: &str, source: Source) -> Option<Setting<UpstreamProxy>> {
        Some(Setting {
            value: url.parse().unwrap(),
            source,
        })
    }

    fn from_environment(url: &str) -> Proxies {
        Proxies {
            http: proxy(url, Source::Environment("http_proxy")),
            https: proxy(url, Source::Environment("HTTPS_PROXY")),
            ..Proxies::default()
        }
    }

    #[test]
    fn exceptions_go_without_a_proxy() {
        let proxies = Proxies {
            https: proxy("http://p.test:1", Source::Flag("--upstream-proxy")),
            exceptions: vec![Setting {
                value: "corp.test".parse().unwrap(),
                source: Source::Default,
            }],
            ..Proxies::default()
        };
        let way = |scheme, host| proxies.on_the_way_to(scheme, host).is_some();
        assert!(way(Scheme::Https, "api.test"));
        assert!(!way(Scheme::Https, "a.corp.test"));
        assert!(!way(Scheme::Http, "api.test"));
        assert!(way(Scheme::Https, "127.0.0.1"));
    }

    #[test]
    fn the_environments_proxy_is_not_for_this_machine() {
        let proxies = from_environment("http://p.test:1");
        for host in [
            "localhost",
            "LOCALHOST.",
            "app.localhost",
            "127.1.2.3",
            "::1",
            "0.0.0.0",
        ] {
            assert_eq!(proxies.on_the_way_to(Scheme::Http, host), None, "{host}");
        }
        assert!(proxies.on_the_way_to(Scheme::Http, "192.0.2.1").is_some());
    }

    #[test]
    fn a_variable_that_leads_to_ourselves_is_dropped() {
        let own: SocketAddr = "127.0.0.1:4010".parse().unwrap();
        for url in [
            "http://127.0.0.1:4010",
            "http://localhost:4010",
            "socks5h://[::1]:4010",
        ] {
            let mut proxies = from_environment(url);
            let dropped = proxies.drop_own_listener(own);
            assert_eq!(dropped, ["http_proxy", "HTTPS_PROXY"], "{url}");
            assert_eq!(proxies.on_the_way_to(Scheme::Https, "a.test"), None);
        }
        for url in ["http://127.0.0.1:4011", "http://p.test:4010"] {
            let mut proxies = from_environment(url);
            assert!(proxies.drop_own_listener(own).is_empty(), "{url}");
            assert!(proxies.on_the_way_to(Scheme::Https, "a.test").is_some());
        }
        let mut named = Proxies {
            https: proxy("http://127.0.0.1:4010", Source::Flag("--upstream-proxy")),
            ..Proxies::default()
        };
        assert!(named.drop_own_listener(own).is_empty());
    }
}
