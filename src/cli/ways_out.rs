//! The settings about the ways to origins, as the dialer takes them.

use std::net::SocketAddr;

use crate::config::proxy_url::{ProxyScheme, UpstreamProxy};
use crate::config::settings::Settings;
use crate::net::{self, DialerSettings, Override, ProxyCredentials, ProxyKind};

/// How origins are reached by a proxy that listens there.
pub(crate) fn dialer(settings: &Settings, listening: SocketAddr) -> DialerSettings {
    let usual = DialerSettings::default();
    let chosen = settings.limits.connect_timeout;
    let overrides = settings.resolve.iter().map(|setting| Override {
        host: setting.value.host.clone(),
        port: setting.value.port,
        ip: setting.value.address.ip,
        to_port: setting.value.address.port,
    });
    let proxies = settings.proxies.clone();
    let passthrough = settings.passthrough.clone();
    DialerSettings {
        connect_timeout: chosen.map_or(usual.connect_timeout, |chosen| chosen.0),
        own_listeners: vec![listening],
        overrides: overrides.collect(),
        proxy: Box::new(move |scheme, host| proxies.on_the_way_to(scheme, host).map(proxy)),
        passthrough: Box::new(move |host| {
            passthrough
                .iter()
                .any(|setting| setting.value.matches(host))
        }),
    }
}

fn proxy(named: &UpstreamProxy) -> net::UpstreamProxy {
    let credentials = named.credentials.as_ref();
    net::UpstreamProxy {
        kind: match named.scheme {
            ProxyScheme::Http => ProxyKind::Http,
            ProxyScheme::Https => ProxyKind::Https,
            ProxyScheme::Socks5 => ProxyKind::Socks5,
            ProxyScheme::Socks5h => ProxyKind::Socks5h,
        },
        host: named.host.clone(),
        port: named.port,
        credentials: credentials.map(|credentials| ProxyCredentials {
            user: credentials.user.clone(),
            password: credentials.password.clone().unwrap_or_default(),
        }),
    }
}
