//! The client configurations: one for each way of verifying and each client certificate.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use super::client_auth::ClientAuth;
use super::verify::Verifier;
use crate::model::Verification;

type Made<T> = OnceLock<Result<Arc<T>, rustls::Error>>;

/// All configurations; each is made at its first use, since loading the platform's roots would slow every
/// start.
#[derive(Debug)]
pub(super) struct Configs {
    provider: Arc<CryptoProvider>,
    extra_roots: Vec<CertificateDer<'static>>,
    platform: Made<Verifier>,
    /// For hosts with a client certificate; the first that fits.
    with_certificate: Vec<(IsFor, Pair)>,
    plain: Pair,
}

/// Whether a host (lower case) gets a client certificate.
struct IsFor(Box<dyn Fn(&str) -> bool + Send + Sync>);

impl fmt::Debug for IsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IsFor")
    }
}

/// Two configurations that share no session, with each other or with another pair: a resumed one checks
/// no certificate again, and asks for none.
#[derive(Debug)]
struct Pair {
    client_auth: Arc<ClientAuth>,
    verified: Made<ClientConfig>,
    unverified: Made<ClientConfig>,
}

impl Configs {
    pub(super) fn new(
        provider: Arc<CryptoProvider>,
        extra_roots: Vec<CertificateDer<'static>>,
    ) -> Self {
        Self {
            provider,
            extra_roots,
            platform: OnceLock::new(),
            with_certificate: Vec::new(),
            plain: Pair::new(ClientAuth(None)),
        }
    }

    /// Hosts for which the function says so get that certificate when they ask for one.
    pub(super) fn add(
        &mut self,
        is_for: Box<dyn Fn(&str) -> bool + Send + Sync>,
        certificate: Arc<CertifiedKey>,
    ) {
        let pair = Pair::new(ClientAuth(Some(certificate)));
        self.with_certificate.push((IsFor(is_for), pair));
    }

    /// Loads the platform's roots now.
    pub(super) fn warm_up(&self) {
        drop(self.of_pair(&self.plain, Verification::Verified));
    }

    /// The configuration for that host.
    pub(super) fn config(
        &self,
        host: &str,
        verification: Verification,
    ) -> Result<Arc<ClientConfig>, rustls::Error> {
        let host = host.to_ascii_lowercase();
        let mut pairs = self.with_certificate.iter();
        let with_certificate = pairs.find(|(is_for, _)| (is_for.0)(&host));
        let pair = with_certificate.map_or(&self.plain, |(_, pair)| pair);
        self.of_pair(pair, verification)
    }

    fn of_pair(
        &self,
        pair: &Pair,
        verification: Verification,
    ) -> Result<Arc<ClientConfig>, rustls::Error> {
        let made = match verification {
            Verification::Verified => pair
                .verified
                .get_or_init(|| self.make(pair, self.platform_verifier()?)),
            Verification::Skipped => pair
                .unverified
                .get_or_init(|| self.make(pair, Arc::new(Verifier::none(&self.provider)))),
        };
        made.as_ref().map(Arc::clone).map_err(Clone::clone)
    }

    fn make(
        &self,
        pair: &Pair,
        verifier: Arc<Verifier>,
    ) -> Result<Arc<ClientConfig>, rustls::Error> {
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier as Arc<dyn ServerCertVerifier>)
            .with_client_cert_resolver(Arc::clone(&pair.client_auth) as Arc<_>);
        Ok(Arc::new(config))
    }

    fn platform_verifier(&self) -> Result<Arc<Verifier>, rustls::Error> {
        let made = self
            .platform
            .get_or_init(|| Verifier::platform(&self.provider, &self.extra_roots).map(Arc::new));
        made.as_ref().map(Arc::clone).map_err(Clone::clone)
    }
}

impl Pair {
    fn new(client_auth: ClientAuth) -> Self {
        Self {
            client_auth: Arc::new(client_auth),
            verified: OnceLock::new(),
            unverified: OnceLock::new(),
        }
    }
}
