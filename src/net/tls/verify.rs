//! Verifiers of servers' certificates, which leave the reason when they refuse.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use super::fault;
use super::seen::Seen;

/// Verifies as the platform does; or, by the user's wish, accepts any certificate. Signatures are
/// checked all the same, so that the peer holds its key.
#[derive(Debug)]
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    platform: Option<rustls_platform_verifier::Verifier>,
}

impl Verifier {
    /// One that trusts the platform's roots and these.
    ///
    /// # Errors
    /// When no roots can be loaded.
    pub(super) fn platform(
        provider: &Arc<CryptoProvider>,
        extra_roots: &[CertificateDer<'static>],
    ) -> Result<Self, rustls::Error> {
        let platform = rustls_platform_verifier::Verifier::new_with_extra_roots(
            extra_roots.iter().cloned(),
            Arc::clone(provider),
        )?;
        Ok(Self {
            provider: Arc::clone(provider),
            platform: Some(platform),
        })
    }

    /// One that accepts any certificate.
    pub(super) fn none(provider: &Arc<CryptoProvider>) -> Self {
        Self {
            provider: Arc::clone(provider),
            platform: None,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(platform) = &self.platform else {
            return Ok(ServerCertVerified::assertion());
        };
        let verified =
            platform.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if let Err(error) = &verified {
            Seen::note_fault(|| {
                fault::of_certificates(error, end_entity, intermediates, server_name, now)
            });
        } else if let Some(found) = fault::of_key_usage(end_entity) {
            Seen::note_fault(|| found);
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
            .inspect_err(|_error| Seen::note_fault(|| fault::of_signature(certificate)))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
            .inspect_err(|_error| Seen::note_fault(|| fault::of_signature(certificate)))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
