//! Our own listeners: a request for one of them would come back to us for ever.

use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Whether dialling that address would lead to one of these listeners.
///
/// It is the address that counts, not how it is written: `localhost`, `127.1`, `0x7f000001`, `[::]` and a public
/// name that resolves to this machine all end here.
pub(super) fn leads_to(address: SocketAddr, listeners: &[SocketAddr]) -> bool {
    let ip = address.ip().to_canonical();
    listeners.iter().any(|own| {
        let listens = own.ip().to_canonical();
        own.port() == address.port()
            && (ip == listens
                || ip.is_loopback()
                || ip.is_unspecified()
                || (listens.is_unspecified() && is_of_this_machine(ip)))
    })
}

/// Only addresses of this machine can be bound to.
fn is_of_this_machine(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_this_machine_leads_here() {
        let own = ["127.0.0.1:4010".parse().unwrap()];
        for address in [
            "127.0.0.1:4010",
            "127.0.0.9:4010",
            "0.0.0.0:4010",
            "[::1]:4010",
            "[::]:4010",
            "[::ffff:127.0.0.1]:4010",
            "[::ffff:0.0.0.0]:4010",
        ] {
            assert!(leads_to(address.parse().unwrap(), &own), "{address}");
        }
        for address in ["127.0.0.1:4011", "192.0.2.1:4010"] {
            assert!(!leads_to(address.parse().unwrap(), &own), "{address}");
        }
    }

    #[test]
    fn a_listener_on_all_addresses_is_led_to_by_each_of_this_machine() {
        for everywhere in ["0.0.0.0:4010", "[::]:4010"] {
            let own = [everywhere.parse().unwrap()];
            assert!(leads_to("127.0.0.1:4010".parse().unwrap(), &own));
            // No machine has an address of the documentation's network.
            assert!(!leads_to("192.0.2.1:4010".parse().unwrap(), &own));
        }
        assert!(is_of_this_machine("127.0.0.1".parse().unwrap()));
        assert!(!is_of_this_machine("192.0.2.1".parse().unwrap()));
    }
}
