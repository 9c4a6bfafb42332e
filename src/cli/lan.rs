//! A proxy that other machines can reach: by which address, and what that means.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::config::settings::{Setting, Source};

/// The address by which this machine reaches what listens there.
pub(crate) fn address_here(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

/// What is to be said about a listener that other machines can reach, in short lines; nothing of
/// another, unless they were meant to.
pub(crate) fn cautions(listening: SocketAddr, lan: &Setting<bool>) -> Vec<String> {
    if listening.ip().to_canonical().is_loopback() {
        return match lan.source {
            Source::Flag(_) => vec![ONLY_HERE.to_owned()],
            Source::Default | Source::File(..) | Source::Environment(_) => Vec::new(),
        };
    }
    let others = match address_for_others(listening) {
        Some(address) => format!("other devices use the proxy {address}"),
        None => format!(
            "other devices use this machine's address, port {}",
            listening.port()
        ),
    };
    vec![
        "whoever is on the network can send requests through this".to_owned(),
        "machine, also to its own services, and read the answers;".to_owned(),
        others,
    ]
}

/// The address that other machines use; of all that this one has, that of the default route.
fn address_for_others(listening: SocketAddr) -> Option<SocketAddr> {
    if !listening.ip().is_unspecified() {
        return Some(listening);
    }
    let v4 = || route(Ipv4Addr::UNSPECIFIED.into(), ROUTED_V4.into());
    let ip = match listening.ip() {
        IpAddr::V4(_) => v4(),
        IpAddr::V6(_) => v4().or_else(|| route(Ipv6Addr::UNSPECIFIED.into(), ROUTED_V6.into())),
    }?;
    Some(SocketAddr::new(ip, listening.port()))
}

/// The source address of packets to there. None is sent.
fn route(any: IpAddr, to: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((to, 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

const ONLY_HERE: &str = "no other machine reaches this; for --lan add --listen 0.0.0.0:4010";

/// Addresses for documentation (RFC 5737, RFC 3849): routed as any other, and nobody's.
const ROUTED_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const ROUTED_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_reaches_an_open_listener_by_loopback() {
        for (listening, here) in [
            ("0.0.0.0:4010", "127.0.0.1:4010"),
            ("[::]:4010", "[::1]:4010"),
            ("192.0.2.7:1", "192.0.2.7:1"),
            ("127.0.0.1:1", "127.0.0.1:1"),
        ] {
            assert_eq!(
                address_here(listening.parse().unwrap()),
                here.parse().unwrap()
            );
        }
    }

    #[test]
    fn only_an_open_listener_is_told_of() {
        let told = |listening: &str, source| {
            let lan = Setting {
                value: true,
                source,
            };
            cautions(listening.parse().unwrap(), &lan)
        };
        assert!(told("127.0.0.1:4010", Source::Default).is_empty());
        assert!(told("[::1]:4010", Source::Default).is_empty());
        let in_vain = told("127.0.0.1:4010", Source::Flag("--lan"));
        assert_eq!(in_vain, [ONLY_HERE]);
        let open = told("192.0.2.7:4010", Source::Default);
        assert!(open[2].ends_with(" 192.0.2.7:4010"), "{open:?}");
        let every = told("0.0.0.0:4010", Source::Flag("--lan"));
        assert!(!every.concat().contains("0.0.0.0"), "{every:?}");
    }
}
