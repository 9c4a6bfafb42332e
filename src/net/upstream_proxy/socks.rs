//! A tunnel through a SOCKS5 proxy (RFC 1928), with user and password (RFC 1929).

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

use super::super::socket::Socket;
use super::{Target, UpstreamProxy};
use crate::model::{Failure, FailureCause};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NOTHING_ACCEPTABLE: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const DOMAIN: u8 = 3;
const IPV6: u8 = 4;

/// What stands between us and a tunnel.
enum Obstacle {
    Gone(io::Error),
    NotSocks,
    Authentication,
    Refused(u8),
}

impl From<io::Error> for Obstacle {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

pub(super) async fn connect(
    proxy: &UpstreamProxy,
    mut stream: Socket,
    target: &Target,
) -> Result<Socket, Failure> {
    let opened = async {
        authenticate(proxy, &mut stream).await?;
        ask(&mut stream, target).await
    };
    match opened.await {
        Ok(()) => Ok(stream),
        Err(Obstacle::Gone(error)) => Err(proxy.gone(&error)),
        Err(Obstacle::NotSocks) => Err(proxy.broken("does not speak SOCKS5")),
        Err(Obstacle::Authentication) => {
            let words = match proxy.credentials {
                None => "wants a user and a password",
                Some(_) => "refuses this user and password",
            };
            Err(proxy.failure(FailureCause::UpstreamProxyAuthentication, words))
        }
        Err(Obstacle::Refused(code)) => {
            let words = format!(
                "opens no tunnel to {}: {}",
                target.authority(),
                reason(code)
            );
            Err(proxy.failure(FailureCause::UpstreamProxyRefused, &words))
        }
    }
}

async fn authenticate(proxy: &UpstreamProxy, stream: &mut Socket) -> Result<(), Obstacle> {
    let greeting: &[u8] = match proxy.credentials {
        None => &[VERSION, 1, NO_AUTHENTICATION],
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
    };
    send(stream, greeting).await?;
    let mut choice = [0; 2];
    stream.read_exact(&mut choice).await?;
    match (choice, &proxy.credentials) {
        ([VERSION, NO_AUTHENTICATION], _) => Ok(()),
        ([VERSION, USER_AND_PASSWORD], Some(credentials)) => {
            let mut words = Zeroizing::new(vec![1]);
            for word in [&credentials.user, &credentials.password] {
                words.push(u8::try_from(word.len()).map_err(|_long| Obstacle::Authentication)?);
                words.extend_from_slice(word);
            }
            send(stream, &words).await?;
            let mut verdict = [0; 2];
            stream.read_exact(&mut verdict).await?;
            match verdict {
                [_, 0] => Ok(()),
                _ => Err(Obstacle::Authentication),
            }
        }
        ([VERSION, NOTHING_ACCEPTABLE], _) => Err(Obstacle::Authentication),
        _ => Err(Obstacle::NotSocks),
    }
}

async fn ask(stream: &mut Socket, target: &Target) -> Result<(), Obstacle> {
    let mut request = vec![VERSION, CONNECT, 0];
    match target.host.parse() {
        Ok(IpAddr::V4(ip)) => {
            request.push(IPV4);
            request.extend(ip.octets());
        }
        Ok(IpAddr::V6(ip)) => {
            request.push(IPV6);
            request.extend(ip.octets());
        }
        Err(_name) => {
            // No name is longer (RFC 1035 section 2.3.4): such a one cannot be found.
            let length = u8::try_from(target.host.len()).map_err(|_long| Obstacle::Refused(4))?;
            request.extend([DOMAIN, length]);
            request.extend(target.host.as_bytes());
        }
    }
    request.extend(target.port.to_be_bytes());
    send(stream, &request).await?;
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).await?;
    let [VERSION, code, _, kind] = reply else {
        return Err(Obstacle::NotSocks);
    };
    if code != 0 {
        return Err(Obstacle::Refused(code));
    }
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        DOMAIN => stream.read_u8().await?.into(),
        _ => return Err(Obstacle::NotSocks),
    };
    // The address that the proxy dialled from, and its port.
    let mut bound = [0; 255 + 2];
    if let Some(bound) = bound.get_mut(..length + 2) {
        stream.read_exact(bound).await?;
    }
    Ok(())
}

async fn send(stream: &mut Socket, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// RFC 1928 section 6.
fn reason(code: u8) -> &'static str {
    match code {
        2 => "not allowed by its rules",
        3 => "the network cannot be reached",
        4 => "the host cannot be reached",
        5 => "the connection is refused",
        6 => "no answer in time",
        7 => "it does not take CONNECT",
        8 => "it does not take this kind of address",
        _ => "it failed there",
    }
}

#[cfg(test)]
mod tests {
    use super::super::ProxyKind;
    use super::super::sample::{proxy, target};
    use super::*;

    /// Plays a proxy that expects and answers these bytes in turn.
    async fn play(
        credentials: Option<(&str, &str)>,
        host: &str,
        turns: &[(&[u8], &[u8])],
    ) -> Result<Socket, Failure> {
        let (proxy, stream, mut theirs) = proxy(ProxyKind::Socks5h, credentials).await;
        let target = target(host);
        let serve = async {
            for (expected, answer) in turns {
                let mut heard = vec![0; expected.len()];
                theirs.read_exact(&mut heard).await.unwrap();
                assert_eq!(heard, *expected);
                theirs.write_all(answer).await.unwrap();
            }
        };
        let (opened, ()) = tokio::join!(connect(&proxy, stream, &target), serve);
        opened
    }

    #[tokio::test]
    async fn a_name_is_given_to_the_proxy_and_its_answer_is_read_to_the_end() {
        let opened = play(
            None,
            "a.test",
            &[
                (&[5, 1, 0], &[5, 0]),
                (
                    b"\x05\x01\x00\x03\x06a.test\x01\xbb",
                    b"\x05\x00\x00\x03\x02xy\x00\x50hello",
                ),
            ],
        );
        let mut first = [0; 5];
        opened.await.unwrap().read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"hello");
    }

    #[tokio::test]
    async fn addresses_go_as_addresses() {
        let four = b"\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb";
        let six = [&b"\x05\x01\x00\x04"[..], &[0; 15], b"\x01\x01\xbb"].concat();
        for (host, request) in [("192.0.2.1", &four[..]), ("::1", &six)] {
            let reply = [&[5, 0, 0, 4][..], &[0; 18]].concat();
            let opened = play(None, host, &[(&[5, 1, 0], &[5, 0]), (request, &reply)]).await;
            assert!(opened.is_ok(), "{host}");
        }
    }

    #[tokio::test]
    async fn user_and_password_are_sent_when_the_proxy_wants_them() {
        let greeting: &[u8] = &[5, 2, 0, 2];
        let words: &[u8] = b"\x01\x02me\x02pw";
        let request: &[u8] = b"\x05\x01\x00\x03\x01a\x01\xbb";
        let reply: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        let turns = [(greeting, &[5, 2][..]), (words, &[1, 0]), (request, reply)];
        assert!(play(Some(("me", "pw")), "a", &turns).await.is_ok());
        let turns = [(greeting, &[5, 2][..]), (words, &[1, 1])];
        let failure = play(Some(("me", "pw")), "a", &turns).await.unwrap_err();
        assert_eq!(failure.cause, FailureCause::UpstreamProxyAuthentication);
        assert!(!failure.detail.contains("me:") && !failure.detail.contains("pw"));
    }

    #[tokio::test]
    async fn what_is_no_tunnel_is_told() {
        let request: &[u8] = b"\x05\x01\x00\x03\x01a\x01\xbb";
        let refused = [(&[5, 1, 0][..], &[5, 0][..]), (request, &[5, 5, 0, 1])];
        let failure = play(None, "a", &refused).await.unwrap_err();
        assert_eq!(
            failure.detail,
            "the upstream proxy proxy.test:3128 opens no tunnel to a:443: the connection is refused"
        );
        let failure = play(None, "a", &[(&[5, 1, 0], b"HT")]).await.unwrap_err();
        assert_eq!(failure.cause, FailureCause::UpstreamProxyBroken);
        let failure = play(None, "a", &[(&[5, 1, 0], &[5, 0xff])])
            .await
            .unwrap_err();
        assert_eq!(failure.cause, FailureCause::UpstreamProxyAuthentication);
    }
}
