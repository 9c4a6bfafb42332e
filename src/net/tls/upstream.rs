//! TLS towards origins: verified against the platform's roots and the user's own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::HandshakeKind;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::asked::Asked;
use super::client_auth::Given;
use super::configs::Configs;
use super::handshake_error::{Attempt, failure};
use super::identity::{ClientCertificate, ClientCertificateError};
use super::parameters::parameters;
use super::roots::{RootsError, read_certificates};
use super::seen::Seen;
use crate::model::{Failure, FailureCause, TlsParameters, Verification};

/// Secures connections to origins.
#[derive(Debug)]
pub struct UpstreamTls {
    provider: Arc<CryptoProvider>,
    insecure_hosts: Vec<String>,
    configs: Configs,
    asked: Asked,
    handshake_timeout: Duration,
}

/// A secured connection, and what was agreed on.
#[derive(Debug)]
pub struct Secured<S> {
    /// The connection.
    pub stream: TlsStream<S>,
    /// Version, cipher suite and application protocol.
    pub parameters: TlsParameters,
    /// Whether the certificate was checked.
    pub verification: Verification,
    /// What the origin got when it asked for a client certificate; `None` when it did not ask.
    pub client_certificate: Option<Given>,
    /// How long the handshake took.
    pub took: Duration,
}

impl UpstreamTls {
    /// TLS that trusts the platform's roots, the certificates in these PEM files, and, unchecked,
    /// these hosts (lower case).
    ///
    /// # Errors
    /// When a file cannot be read or holds no certificate.
    pub fn new(extra_roots: &[PathBuf], insecure_hosts: Vec<String>) -> Result<Self, RootsError> {
        let mut roots: Vec<CertificateDer<'static>> = Vec::new();
        for path in extra_roots {
            roots.extend(read_certificates(path)?);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Ok(Self {
            configs: Configs::new(Arc::clone(&provider), roots),
            provider,
            insecure_hosts,
            asked: Asked::default(),
            handshake_timeout: HANDSHAKE_TIMEOUT,
        })
    }

    /// With another limit for a handshake than 10 s.
    #[must_use]
    pub fn with_handshake_timeout(self, handshake_timeout: Duration) -> Self {
        Self {
            handshake_timeout,
            ..self
        }
    }

    /// With client certificates for the hosts that ask for one; the first that fits is taken.
    ///
    /// # Errors
    /// When files cannot be read, or do not hold a certificate and its key.
    pub fn with_client_certificates(
        mut self,
        certificates: Vec<ClientCertificate>,
    ) -> Result<Self, ClientCertificateError> {
        for ClientCertificate { is_for, files } in certificates {
            self.configs.add(is_for, files.read(&self.provider)?);
        }
        Ok(self)
    }

    /// The cryptography that both sides use.
    pub fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    /// Loads the platform's roots now rather than at the first handshake. Blocks.
    pub fn warm_up(&self) {
        self.configs.warm_up();
    }

    /// Whether that host's certificate is not to be checked, by the user's wish.
    pub fn verification_of(&self, host: &str) -> Verification {
        if self
            .insecure_hosts
            .iter()
            .any(|insecure| insecure.eq_ignore_ascii_case(host))
        {
            Verification::Skipped
        } else {
            Verification::Verified
        }
    }

    /// Performs the handshake for that host, offering these application protocols.
    ///
    /// # Errors
    /// When the certificate does not verify, the peer speaks no TLS, or time runs out.
    pub async fn handshake<S>(
        &self,
        stream: S,
        host: &str,
        protocols: &[Vec<u8>],
    ) -> Result<Secured<S>, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let start = Instant::now();
        let verification = self.verification_of(host);
        let name = ServerName::try_from(host.to_owned()).map_err(|_name| {
            let words = "is no name TLS can ask for";
            failure(FailureCause::CertificateName, host, words)
        })?;
        let mut config = self.configs.config(host, verification).map_err(|_roots| {
            let words = "cannot be verified: no trusted roots could be loaded";
            failure(FailureCause::Other, host, words)
        })?;
        if !protocols.is_empty() {
            Arc::make_mut(&mut config).alpn_protocols = protocols.to_vec();
        }
        let handshake = TlsConnector::from(config).connect(name, stream);
        let handshake = tokio::time::timeout(self.handshake_timeout, handshake);
        let (outcome, seen) = Seen::during(handshake).await;
        let attempt = Attempt {
            host,
            protocols,
            seen: &seen,
        };
        let stream = outcome
            .map_err(|_elapsed| {
                let waited = self.handshake_timeout.as_secs();
                let words = format!("did not finish the TLS handshake in {waited} s");
                failure(FailureCause::TimedOut, host, &words)
            })?
            .map_err(|error| attempt.failure(&error))?;
        let connection = stream.get_ref().1;
        let is_resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        Ok(Secured {
            parameters: parameters(connection),
            client_certificate: self.asked.settle(host, is_resumed, seen.given()),
            stream,
            verification,
            took: start.elapsed(),
        })
    }
}

/// Long enough for an origin on another continent under load.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
