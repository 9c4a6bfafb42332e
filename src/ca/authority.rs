//! The root: created once, loaded ever after.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use thiserror::Error;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::leaf::LeafMint;
use crate::files::{self, OwnerOnlyError};
use crate::model::Timestamp;

/// Why there is no certificate authority to work with.
#[derive(Debug, Error)]
pub enum CaError {
    /// Its folder or key is missing, foreign, or open to others.
    #[error(transparent)]
    Files(#[from] OwnerOnlyError),
    /// The key or the certificate is damaged.
    #[error("{} cannot be read as a {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// `private key` or `certificate`.
        what: &'static str,
        /// What the parser said.
        #[source]
        source: rcgen::Error,
    },
    /// The certificate has run out.
    #[error("the CA certificate {} has expired", .0.display())]
    Expired(PathBuf),
    /// The system's generator or a signature failed.
    #[error("cannot make a certificate")]
    Crypto(#[from] rcgen::Error),
}

/// The certificate authority of this machine (or project).
#[derive(Debug)]
pub struct Authority {
    certificate_path: PathBuf,
    certificate: CertificateDer<'static>,
    expires: Timestamp,
    mint: LeafMint,
}

impl Authority {
    /// Loads the authority in that folder, or makes it: an owner-only key and a certificate.
    ///
    /// # Errors
    /// When the folder or its files cannot be used, or the certificate has expired.
    pub fn load_or_create(
        folder: &Path,
        now: Timestamp,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, CaError> {
        files::owner_only_folder(folder)?;
        let key = load_or_create_key(&folder.join("ca.key"))?;
        let certificate_path = folder.join("ca.pem");
        let pem = load_or_create_certificate(&certificate_path, &key, now)?;
        let damaged = |source| CaError::Damaged {
            path: certificate_path.clone(),
            what: "certificate",
            source,
        };
        let der =
            pem_to_der(&pem).ok_or_else(|| damaged(rcgen::Error::CouldNotParseCertificate))?;
        let expires =
            not_after(&der).ok_or_else(|| damaged(rcgen::Error::CouldNotParseCertificate))?;
        if expires <= now {
            return Err(CaError::Expired(certificate_path));
        }
        let issuer = Issuer::from_ca_cert_der(&der, key).map_err(damaged)?;
        let mint = LeafMint::new(issuer, Arc::clone(provider))?;
        Ok(Self {
            certificate_path,
            certificate: der,
            expires,
            mint,
        })
    }

    /// The certificate that clients are to trust, in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The certificate that clients are to trust, as a PEM file.
    pub fn certificate_path(&self) -> &Path {
        &self.certificate_path
    }

    /// When it expires.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// What makes leaf certificates.
    pub fn mint(&self) -> &LeafMint {
        &self.mint
    }
}

fn load_or_create_key(path: &Path) -> Result<KeyPair, CaError> {
    if !path.exists() {
        let key = KeyPair::generate()?;
        let pem = Zeroizing::new(key.serialize_pem());
        files::create_owner_only(path, pem.as_bytes())?;
    }
    // Read back also when just made: another process may have won the race to make it.
    let pem = Zeroizing::new(files::read_owner_only(path, PEM_LIMIT)?);
    let damaged = |source| CaError::Damaged {
        path: path.to_owned(),
        what: "private key",
        source,
    };
    let text =
        std::str::from_utf8(&pem).map_err(|_utf8| damaged(rcgen::Error::CouldNotParseKeyPair))?;
    KeyPair::from_pem(text).map_err(damaged)
}

fn load_or_create_certificate(
    path: &Path,
    key: &KeyPair,
    now: Timestamp,
) -> Result<Vec<u8>, CaError> {
    if !path.exists() {
        let certificate = root_parameters(now).self_signed(key)?;
        files::create_owner_only(path, certificate.pem().as_bytes())?;
    }
    // People copy it around and widen its mode; it is no secret.
    Ok(files::read_owner_written(path, PEM_LIMIT)?)
}

/// As little power as a CA can have: 2 years, path length 0, only `keyCertSign`.
fn root_parameters(now: Timestamp) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    let today = date(now);
    let name = format!("why401 local CA {}", today.date());
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
        .distinguished_name
        .push(DnType::OrganizationName, "why401 (this machine only)");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    parameters.not_before = today - DAY;
    parameters.not_after = today + 730 * DAY;
    parameters
}

/// A point in time as rcgen wants it.
pub(super) fn date(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.secs()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

pub(super) const DAY: Duration = Duration::from_hours(24);

/// A P-256 key or certificate is far smaller.
const PEM_LIMIT: u64 = 64 * 1024;

fn pem_to_der(pem: &[u8]) -> Option<CertificateDer<'static>> {
    use rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem).ok()
}

fn not_after(der: &CertificateDer<'_>) -> Option<Timestamp> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    Some(Timestamp::from_secs(
        certificate.validity().not_after.timestamp(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> Arc<CryptoProvider> {
        Arc::new(rustls::crypto::ring::default_provider())
    }

    fn now() -> Timestamp {
        Timestamp::from_secs(1_790_000_000)
    }

    #[test]
    fn the_authority_is_made_once_and_loaded_ever_after() {
        let temp = tempfile::tempdir().unwrap();
        let first = Authority::load_or_create(temp.path(), now(), &provider()).unwrap();
        let pem = std::fs::read(first.certificate_path()).unwrap();
        let later = now().plus(100 * DAY);
        let again = Authority::load_or_create(temp.path(), later, &provider()).unwrap();
        assert_eq!(std::fs::read(again.certificate_path()).unwrap(), pem);
        assert_eq!(first.expires(), now().plus(730 * DAY));
    }

    #[test]
    fn two_fresh_homes_have_two_keys() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for home in [&a, &b] {
            Authority::load_or_create(home.path(), now(), &provider()).unwrap();
        }
        let key = |home: &tempfile::TempDir| std::fs::read(home.path().join("ca.key")).unwrap();
        assert_ne!(key(&a), key(&b));
    }

    #[test]
    fn an_expired_or_damaged_authority_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        Authority::load_or_create(temp.path(), now(), &provider()).unwrap();
        let later = now().plus(800 * DAY);
        let expired = Authority::load_or_create(temp.path(), later, &provider());
        assert!(matches!(expired, Err(CaError::Expired(_))));
        std::fs::write(temp.path().join("ca.key"), "garbage").unwrap();
        let damaged = Authority::load_or_create(temp.path(), now(), &provider());
        assert!(matches!(
            damaged,
            Err(CaError::Damaged {
                what: "private key",
                ..
            })
        ));
    }
}
