//! TLS on the port itself: with us, for a client whose proxy is an `https://` URL, or with an origin,
//! for a client that was led here without its knowledge.

use super::connection::{self, Accepted};
use super::pages::Version;
use super::tls::{self, Hello, spoken_here};
use super::transport::Link;
use super::tunnel::{Tunnel, client_refusal};
use crate::model::{Entry, Origin, Scheme};
use crate::net::Socket;

/// Serves a client that begins with a TLS handshake.
pub(super) async fn serve(accepted: Accepted<'_>, client: Link) {
    let Ok(hello) = tls::read_hello(client).await else {
        return tracing::debug!("a client began a TLS handshake and sent no ClientHello");
    };
    match led_here(accepted, hello.server_name.clone()).await {
        Some(origin) => {
            let mut tunnel = Tunnel::new(accepted, Entry::Transparent, origin, None);
            let upstream = tunnel.dial().await;
            tunnel.secure(hello, upstream).await;
        }
        None => Box::pin(with_us(accepted, hello)).await,
    }
}

/// The origin that a client believes to be connected to; none when it means this proxy.
async fn led_here(accepted: Accepted<'_>, server_name: Option<String>) -> Option<Origin> {
    let host = server_name.filter(|name| name != OWN_NAME)?;
    let origin = Origin {
        scheme: Scheme::Https,
        host,
        port: Scheme::Https.default_port(),
    };
    let dialer = &accepted.shared.dialer;
    let is_us = dialer.is_this_machine(&origin, accepted.local).await;
    (!is_us).then_some(origin)
}

/// Ends TLS here; inside, the client speaks to us as it would in clear.
async fn with_us(accepted: Accepted<'_>, hello: Hello) {
    let host = hello.server_name.clone();
    let host = host.unwrap_or_else(|| accepted.local.to_string());
    let shared = accepted.shared;
    let mut offered = hello.protocols.clone();
    if shared
        .reverse
        .as_ref()
        .is_some_and(|reverse| !reverse.keep_host)
    {
        // A Host that is to be replaced can be in HTTP/1 only.
        offered.retain(|name| name == b"http/1.1");
    }
    let protocol = spoken_here(&offered);
    let mint = shared.authority.mint();
    let config = mint.server_config(&host, protocol.as_deref(), shared.recorder.now());
    let Ok(config) = config else {
        return tracing::debug!("no certificate can carry the name that a client asks for");
    };
    let stream = match hello.finish(config).await {
        Ok(stream) => stream,
        Err(error) => {
            if let Some(failure) = client_refusal(&host, &error) {
                // There is no request yet that it could be recorded with.
                tracing::warn!("{}", failure.detail);
            }
            return;
        }
    };
    let parameters = crate::net::parameters(stream.get_ref().1);
    let client = Link::new(Socket::Within(stream), Vec::new());
    let accepted = Accepted {
        tls: Some(&parameters),
        ..accepted
    };
    match Version::negotiated(protocol.as_deref()) {
        Version::Http1 => Box::pin(connection::requests(accepted, client)).await,
        Version::Http2 => connection::http2(accepted, client).await,
    }
}

/// A name of ours that no resolver knows.
const OWN_NAME: &str = "why401.local";

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use rustls::crypto::CryptoProvider;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::time_provider::TimeProvider;
    use rustls::{ClientConfig, RootCertStore};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::super::sample::Recording;
    use super::super::{Shared, connection};
    use crate::ca::Authority;
    use crate::capture::sample;
    use crate::net::{Dialer, DialerSettings, Override, UpstreamTls};

    const HOST: &str = "api.acme.test";

    /// TLS that was led here goes on to the host that it names, and its client gets the protocol that the
    /// origin chose.
    #[tokio::test]
    async fn tls_that_was_led_here_goes_to_the_host_that_it_names() {
        let recording = Recording::start();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let origin = TcpListener::bind(any).await.unwrap();
        let address = origin.local_addr().unwrap();
        let tls = UpstreamTls::new(&[], vec![HOST.to_owned()]).unwrap();
        let provider = Arc::clone(tls.provider());
        let ca = recording.folder().join("ca");
        let authority = Authority::load_or_create(&ca, sample::START, &provider).unwrap();
        let pem = std::fs::read(authority.certificate_path()).unwrap();
        let settings = DialerSettings {
            overrides: vec![Override {
                host: HOST.to_owned(),
                port: Some(443),
                ip: address.ip(),
                to_port: Some(address.port()),
            }],
            ..DialerSettings::default()
        };
        let config = authority
            .mint()
            .server_config(HOST, Some(b"h2"), sample::START);
        let origin_tls = TlsAcceptor::from(config.unwrap());
        let dialer = Dialer::new(settings, tls);
        let shared = Shared::new(
            recording.recorder.clone(),
            authority,
            dialer,
            crate::proxy::Limits::default(),
        );

        let port = TcpListener::bind(any).await.unwrap();
        let client = TcpStream::connect(port.local_addr().unwrap())
            .await
            .unwrap();
        let (accepted, from) = port.accept().await.unwrap();
        let serving = connection::serve(accepted, from, Arc::new(shared));
        let answering = async {
            let (stream, _) = origin.accept().await.unwrap();
            let mut stream = origin_tls.accept(stream).await.unwrap();
            assert_eq!(stream.get_ref().1.server_name(), Some(HOST));
            let mut asked = [0; 5];
            stream.read_exact(&mut asked).await.unwrap();
            stream.write_all(&asked).await.unwrap();
            stream.shutdown().await.unwrap();
        };
        let asking = async {
            let connector = TlsConnector::from(trusting(&pem, provider));
            let name = ServerName::try_from(HOST).unwrap();
            let mut stream = connector.connect(name, client).await.unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            stream.write_all(b"hello").await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer, "hello");
        };
        let all = async { tokio::join!(serving, answering, asking) };
        let patience = std::time::Duration::from_secs(20);
        Box::pin(tokio::time::timeout(patience, all)).await.unwrap();
    }

    /// A client that trusts that CA and offers both versions of HTTP.
    fn trusting(pem: &[u8], provider: Arc<CryptoProvider>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(pem).unwrap())
            .unwrap();
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
        // The leaf is of the tests' time.
        config.time_provider = Arc::new(AtTheStart);
        Arc::new(config)
    }

    #[derive(Debug)]
    struct AtTheStart;

    impl TimeProvider for AtTheStart {
        fn current_time(&self) -> Option<UnixTime> {
            let seconds = u64::try_from(sample::START.secs()).ok()?;
            let since = std::time::Duration::from_secs(seconds);
            Some(UnixTime::since_unix_epoch(since))
        }
    }
}
