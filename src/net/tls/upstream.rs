//! TLS towards origins: verified against the platform's roots and the user's own.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::fault::{failure, handshake_failure};
use super::parameters::parameters;
use super::roots::{RootsError, read_certificates};
use super::unverified::Unverified;
use crate::model::{Failure, FailureCause, TlsParameters, Verification};

/// Secures connections to origins.
#[derive(Debug)]
pub struct UpstreamTls {
    provider: Arc<CryptoProvider>,
    extra_roots: Vec<CertificateDer<'static>>,
    insecure_hosts: Vec<String>,
    /// Made at first use: loading the platform's roots would slow every start.
    verified: OnceLock<Result<Arc<ClientConfig>, rustls::Error>>,
    unverified: OnceLock<Result<Arc<ClientConfig>, rustls::Error>>,
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
        let mut roots = Vec::new();
        for path in extra_roots {
            roots.extend(read_certificates(path)?);
        }
        Ok(Self {
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            extra_roots: roots,
            insecure_hosts,
            verified: OnceLock::new(),
            unverified: OnceLock::new(),
        })
    }

    /// The cryptography that both sides use.
    pub fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    /// Loads the platform's roots now rather than at the first handshake. Blocks.
    pub fn warm_up(&self) {
        drop(self.config(Verification::Verified));
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
            failure(
                FailureCause::CertificateName,
                host,
                "is no name TLS can ask for",
            )
        })?;
        let mut config = self.config(verification).map_err(|_roots| {
            failure(
                FailureCause::Other,
                host,
                "cannot be verified: no trusted roots could be loaded",
            )
        })?;
        if !protocols.is_empty() {
            Arc::make_mut(&mut config).alpn_protocols = protocols.to_vec();
        }
        let handshake = TlsConnector::from(config).connect(name, stream);
        let stream = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake)
            .await
            .map_err(|_elapsed| {
                failure(
                    FailureCause::TimedOut,
                    host,
                    "did not finish the TLS handshake in 10 s",
                )
            })?
            .map_err(|error| handshake_failure(host, &error))?;
        let parameters = parameters(stream.get_ref().1);
        Ok(Secured {
            stream,
            parameters,
            verification,
            took: start.elapsed(),
        })
    }

    /// The configuration, made once. Verified and unverified connections never share a session: a
    /// resumed session does not check the certificate again.
    fn config(&self, verification: Verification) -> Result<Arc<ClientConfig>, rustls::Error> {
        let (cell, verifier): (_, fn(&Self) -> _) = match verification {
            Verification::Verified => (&self.verified, Self::platform_verifier),
            Verification::Skipped => (&self.unverified, Self::no_verifier),
        };
        let made = cell.get_or_init(|| {
            let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
                .with_safe_default_protocol_versions()?;
            let builder = builder
                .dangerous()
                .with_custom_certificate_verifier(verifier(self)?);
            Ok(Arc::new(builder.with_no_client_auth()))
        });
        made.as_ref().map(Arc::clone).map_err(Clone::clone)
    }

    fn platform_verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
        let roots = self.extra_roots.iter().cloned();
        let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&self.provider))?;
        Ok(Arc::new(verifier))
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "stands beside platform_verifier in one table"
    )]
    fn no_verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
        Ok(Arc::new(Unverified {
            provider: Arc::clone(&self.provider),
        }))
    }
}

/// Long enough for an origin on another continent under load.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
