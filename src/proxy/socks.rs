//! SOCKS 5 (RFC 1928), 4 and 4a: a client asks for a connection, and gets a tunnel.
//!
//! No authentication and no command but CONNECT. The origin is dialled first, so that the reply says
//! what became of it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::connection::Accepted;
use super::local_site;
use super::transport::Link;
use super::tunnel::Tunnel;
use crate::model::{Entry, FailureCause, Origin, Scheme};

/// Which of them a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// With 4a, which knows names.
    Four,
    Five,
}

/// Why a client gets no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// None of its authentication methods is taken here.
    Methods,
    /// BIND or UDP ASSOCIATE.
    Command,
    /// A kind of address that RFC 1928 does not know.
    AddressType,
    /// What it sent is no request, or names what no host or port can be.
    Malformed,
    /// The origin could not be reached.
    Failed(FailureCause),
}

/// Serves a client whose first byte was that version's.
pub(super) async fn serve(accepted: Accepted<'_>, mut client: Link, version: Version) {
    let patience = accepted.shared.limits.head_timeout;
    let Ok(asked) = tokio::time::timeout(patience, asked(&mut client, version)).await else {
        return tracing::debug!("a SOCKS client did not say in time what it wants");
    };
    let origin = match asked {
        Ok(Ok(origin)) => origin,
        Ok(Err(refusal)) => return accepted.say(client, version.refusal(refusal)).await,
        Err(error) => return tracing::debug!(%error, "a SOCKS client left"),
    };
    if local_site::is_served_on(&origin) {
        if write_all(&mut client, version.granted()).await.is_ok() {
            local_site::serve(client, accepted.shared).await;
        }
        return;
    }
    let mut tunnel = Tunnel::new(accepted, Entry::Socks, origin, None);
    match tunnel.dial().await {
        Ok(upstream) => {
            if write_all(&mut client, version.granted()).await.is_ok() {
                tunnel.carry(client, upstream).await;
            }
        }
        Err(failure) => {
            tunnel.record(&failure);
            let refusal = Refusal::Failed(failure.cause);
            accepted.say(client, version.refusal(refusal)).await;
        }
    }
}

/// Reads what a client wants, to the last byte of its request and not further.
async fn asked(client: &mut Link, version: Version) -> io::Result<Result<Origin, Refusal>> {
    match version {
        Version::Four => asked_in_4(client).await,
        Version::Five => asked_in_5(client).await,
    }
}

/// Version, command, port, IPv4 address, user, NUL; 4a: after an address of 0.0.0.x a name, NUL.
async fn asked_in_4(client: &mut Link) -> io::Result<Result<Origin, Refusal>> {
    let _version = client.read_u8().await?;
    let command = client.read_u8().await?;
    let port = client.read_u16().await?;
    let address = Ipv4Addr::from(client.read_u32().await?);
    let Some(_user) = read_string(client).await? else {
        return Ok(Err(Refusal::Malformed));
    };
    let host = match address.octets() {
        [0, 0, 0, last] if last != 0 => match read_string(client).await? {
            Some(name) => name,
            None => return Ok(Err(Refusal::Malformed)),
        },
        _ => address.to_string().into_bytes(),
    };
    Ok(match command {
        CONNECT => origin(&host, port),
        _ => Err(Refusal::Command),
    })
}

/// Greeting: version, count, methods. Request: version, command, 0, address type, address, port.
async fn asked_in_5(client: &mut Link) -> io::Result<Result<Origin, Refusal>> {
    let _version = client.read_u8().await?;
    let methods = read_counted(client).await?;
    if !methods.contains(&NO_AUTHENTICATION) {
        return Ok(Err(Refusal::Methods));
    }
    client.write_all(&[VERSION_5, NO_AUTHENTICATION]).await?;
    client.flush().await?;
    if client.read_u8().await? != VERSION_5 {
        return Ok(Err(Refusal::Malformed));
    }
    let command = client.read_u8().await?;
    let _reserved = client.read_u8().await?;
    let host = match client.read_u8().await? {
        1 => {
            let address = Ipv4Addr::from(client.read_u32().await?);
            address.to_string().into_bytes()
        }
        3 => read_counted(client).await?,
        4 => {
            let address = Ipv6Addr::from(client.read_u128().await?);
            address.to_string().into_bytes()
        }
        _ => return Ok(Err(Refusal::AddressType)),
    };
    let port = client.read_u16().await?;
    Ok(match command {
        CONNECT => origin(&host, port),
        _ => Err(Refusal::Command),
    })
}

/// A byte that counts those after it.
async fn read_counted(client: &mut Link) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(client.read_u8().await?)];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Bytes up to a NUL; `None` when there are more than anybody needs.
async fn read_string(client: &mut Link) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    while bytes.len() <= LONGEST_STRING {
        match client.read_u8().await? {
            0 => return Ok(Some(bytes)),
            byte => bytes.push(byte),
        }
    }
    Ok(None)
}

/// Where a client wants to go. What it will carry is not known yet, so the port tells the scheme.
fn origin(host: &[u8], port: u16) -> Result<Origin, Refusal> {
    let host = std::str::from_utf8(host).map_err(|_utf8| Refusal::Malformed)?;
    let authority = if host.parse::<Ipv6Addr>().is_ok() {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    let scheme = if port == Scheme::Http.default_port() {
        Scheme::Http
    } else {
        Scheme::Https
    };
    Origin::parse(scheme, authority.as_bytes()).map_err(|_cannot_be| Refusal::Malformed)
}

impl Version {
    /// The reply to a client that gets its connection. It names no address of ours: no client needs it.
    fn granted(self) -> &'static [u8] {
        match self {
            Self::Four => &[0, 0x5A, 0, 0, 0, 0, 0, 0],
            Self::Five => &[VERSION_5, 0, 0, 1, 0, 0, 0, 0, 0, 0],
        }
    }

    /// The reply to a client that does not.
    fn refusal(self, refusal: Refusal) -> &'static [u8] {
        if self == Self::Four {
            return &[0, 0x5B, 0, 0, 0, 0, 0, 0];
        }
        match refusal {
            Refusal::Methods => &[VERSION_5, 0xFF],
            Refusal::Command => &[VERSION_5, 7, 0, 1, 0, 0, 0, 0, 0, 0],
            Refusal::AddressType => &[VERSION_5, 8, 0, 1, 0, 0, 0, 0, 0, 0],
            Refusal::Failed(FailureCause::OwnListener) => &[VERSION_5, 2, 0, 1, 0, 0, 0, 0, 0, 0],
            Refusal::Failed(FailureCause::Unreachable) => &[VERSION_5, 3, 0, 1, 0, 0, 0, 0, 0, 0],
            Refusal::Failed(FailureCause::NameNotFound) => &[VERSION_5, 4, 0, 1, 0, 0, 0, 0, 0, 0],
            Refusal::Failed(FailureCause::Refused) => &[VERSION_5, 5, 0, 1, 0, 0, 0, 0, 0, 0],
            Refusal::Failed(FailureCause::TimedOut) => &[VERSION_5, 6, 0, 1, 0, 0, 0, 0, 0, 0],
            Refusal::Failed(_) | Refusal::Malformed => &[VERSION_5, 1, 0, 1, 0, 0, 0, 0, 0, 0],
        }
    }
}

const VERSION_5: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const CONNECT: u8 = 1;

/// Longer than any host name; SOCKS 4 sets no limit to its user and its name.
const LONGEST_STRING: usize = 255;

async fn write_all(client: &mut Link, bytes: &[u8]) -> io::Result<()> {
    client.write_all(bytes).await?;
    client.flush().await
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::net::Socket;

    /// What is made of these bytes when nothing follows them, what was said meanwhile, and how many
    /// bytes are left.
    async fn read(
        version: Version,
        bytes: &[u8],
    ) -> (Option<Result<String, Refusal>>, Vec<u8>, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let mut client = client.unwrap();
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let mut link = Link::new(Socket::Tcp(accepted.unwrap().0), Vec::new());
        let asked = asked(&mut link, version).await.ok();
        let mut rest = Vec::new();
        link.read_to_end(&mut rest).await.unwrap();
        drop(link);
        let mut said = Vec::new();
        client.read_to_end(&mut said).await.unwrap();
        let asked = asked.map(|asked| asked.map(|origin| origin.to_string()));
        (asked, said, rest.len())
    }

    #[tokio::test]
    async fn each_kind_of_address_is_read_and_nothing_after_it() {
        let greeting = b"\x05\x02\x02\x00".to_vec();
        let requests: [(&[u8], &str); 5] = [
            (
                b"\x05\x01\x00\x01\x7f\x00\x00\x01\x01\xbb",
                "https://127.0.0.1",
            ),
            (b"\x05\x01\x00\x03\x09Acme.test\x00\x50", "http://acme.test"),
            (b"\x05\x01\x00\x03\x03::1\x20\xfb", "https://[::1]:8443"),
            (
                b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb",
                "https://[::1]",
            ),
            (b"\x05\x01\x07\x03\x01a\x00\x51", "https://a:81"),
        ];
        for (request, origin) in requests {
            let bytes = [&greeting, request, b"early"].concat();
            let (asked, said, left) = read(Version::Five, &bytes).await;
            assert_eq!(asked, Some(Ok(origin.to_owned())));
            assert_eq!((&said[..], left), (&b"\x05\x00"[..], 5));
        }
        let requests: [(&[u8], &str); 2] = [
            (b"\x04\x01\x01\xbb\x7f\x00\x00\x01\0", "https://127.0.0.1"),
            (
                b"\x04\x01\x00\x50\x00\x00\x00\x07me\0acme.test\0",
                "http://acme.test",
            ),
        ];
        for (request, origin) in requests {
            let (asked, said, left) = read(Version::Four, &[request, b"early"].concat()).await;
            assert_eq!(asked, Some(Ok(origin.to_owned())));
            assert_eq!((&said[..], left), (&b""[..], 5));
        }
    }

    #[tokio::test]
    async fn what_is_not_served_is_refused_with_its_reason() {
        let long = [b"\x04\x01\x00\x50\0\0\0\x01\0".to_vec(), vec![b'a'; 300]].concat();
        let cases: [(Version, &[u8], Refusal); 10] = [
            (Version::Five, b"\x05\x00", Refusal::Methods),
            (Version::Five, b"\x05\x02\x01\x02", Refusal::Methods),
            (
                Version::Five,
                b"\x05\x01\0\x04\x01\0\x01",
                Refusal::Malformed,
            ),
            (
                Version::Five,
                b"\x05\x01\0\x05\x02\0\x01\x7f\0\0\x01\0\x50",
                Refusal::Command,
            ),
            (
                Version::Five,
                b"\x05\x01\0\x05\x03\0\x01\x7f\0\0\x01\0\x50",
                Refusal::Command,
            ),
            (
                Version::Five,
                b"\x05\x01\0\x05\x01\0\x02",
                Refusal::AddressType,
            ),
            (
                Version::Five,
                b"\x05\x01\0\x05\x01\0\x03\x03a\nb\0\x50",
                Refusal::Malformed,
            ),
            (
                Version::Five,
                b"\x05\x01\0\x05\x01\0\x03\x01a\0\0",
                Refusal::Malformed,
            ),
            (
                Version::Four,
                b"\x04\x02\x00\x50\x7f\0\0\x01\0",
                Refusal::Command,
            ),
            (Version::Four, &long, Refusal::Malformed),
        ];
        for (version, bytes, refusal) in cases {
            let (asked, ..) = read(version, bytes).await;
            assert_eq!(asked, Some(Err(refusal)), "{}", bytes.escape_ascii());
        }
    }

    #[tokio::test]
    async fn a_request_that_breaks_off_asks_for_nothing() {
        let whole = b"\x05\x01\0\x05\x01\0\x03\x01a\0\x50";
        for length in 0..whole.len() {
            assert_eq!(
                read(Version::Five, &whole[..length]).await.0,
                None,
                "{length}"
            );
        }
        let whole = b"\x04\x01\x00\x50\x00\x00\x00\x07\0a\0";
        for length in 0..whole.len() {
            assert_eq!(
                read(Version::Four, &whole[..length]).await.0,
                None,
                "{length}"
            );
        }
    }

    #[test]
    fn the_reply_says_what_became_of_the_origin() {
        let code = |cause| Version::Five.refusal(Refusal::Failed(cause))[1];
        let codes = [
            FailureCause::Closed,
            FailureCause::OwnListener,
            FailureCause::Unreachable,
            FailureCause::NameNotFound,
            FailureCause::Refused,
            FailureCause::TimedOut,
        ]
        .map(code);
        assert_eq!(codes, [1, 2, 3, 4, 5, 6]);
    }
}
