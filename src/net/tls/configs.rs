//! The client configurations: one for each way of verifying and each client certificate.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;

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
    plain: Pair,
}

/// Two configurations that never share a session: a resumed one does not check the certificate again.
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
            plain: Pair::new(ClientAuth(None)),
        }
    }

    /// Loads the platform's roots now.
    pub(super) fn warm_up(&self) {
        drop(self.of_pair(&self.plain, Verification::Verified));
    }

    /// The configuration for that host.
    pub(super) fn config(
        &self,
        _host: &str,
        verification: Verification,
    ) -> Result<Arc<ClientConfig>, rustls::Error> {
        self.of_pair(&self.plain, verification)
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
