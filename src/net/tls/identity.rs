//! Client certificates from files: PEM or PKCS#12. No error, and no Debug, shows what is in a key file.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use p12_keystore::error::Error as Pkcs12Error;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Version;
use zeroize::Zeroizing;

/// A client certificate, and the hosts that get it when they ask.
pub struct ClientCertificate {
    /// Whether a host (lower case) is one of them.
    pub is_for: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Where it is.
    pub files: CertificateFiles,
}

/// Where a client certificate and its key are.
pub enum CertificateFiles {
    /// In PEM form.
    Pem {
        /// The certificate, and those of its issuers after it.
        certificate: PathBuf,
        /// Its key, not encrypted.
        key: PathBuf,
    },
    /// In one PKCS#12 file.
    Pkcs12 {
        /// The file.
        file: PathBuf,
        /// What it is encrypted with.
        password: Zeroizing<String>,
    },
}

/// Why a client certificate cannot be used.
#[derive(Debug, Error)]
pub enum ClientCertificateError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no certificate.
    #[error("{} holds no certificate", .0.display())]
    NoCertificate(PathBuf),
    /// There is no key.
    #[error("{} holds no private key", .0.display())]
    NoKey(PathBuf),
    /// The PEM key is encrypted.
    #[error("the private key in {} is encrypted", .0.display())]
    EncryptedKey(PathBuf),
    /// The key is of a kind or length that TLS here cannot use.
    #[error("the private key in {} is of a kind that cannot be used", .0.display())]
    UnusableKey(PathBuf),
    /// Key and certificate do not belong together.
    #[error("the private key in {} does not belong to the certificate in {}", key.display(), certificate.display())]
    OtherKey {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The password is wrong.
    #[error("the password of {} is wrong", .0.display())]
    WrongPassword(PathBuf),
    /// It is no PKCS#12 file, or one that cannot be read.
    #[error("{} is no PKCS#12 file that can be read", .0.display())]
    NotPkcs12(PathBuf),
}

impl CertificateFiles {
    /// Reads certificate and key.
    pub(super) fn read(
        &self,
        provider: &CryptoProvider,
    ) -> Result<Arc<CertifiedKey>, ClientCertificateError> {
        let (chain, key) = match self {
            Self::Pem { certificate, key } => (pem_chain(certificate)?, pem_key(key)?),
            Self::Pkcs12 { file, password } => pkcs12(file, password)?,
        };
        let (certificate, file) = self.paths();
        match CertifiedKey::from_der(chain.clone(), key.clone_key(), provider) {
            Ok(own) => Ok(Arc::new(own)),
            Err(rustls::Error::InvalidCertificate(_)) if is_version_1(&chain) => {
                of_version_1(chain, key, provider)
                    .map(Arc::new)
                    .ok_or_else(|| ClientCertificateError::OtherKey {
                        certificate: certificate.to_owned(),
                        key: file.to_owned(),
                    })
            }
            Err(rustls::Error::InconsistentKeys(_)) => Err(ClientCertificateError::OtherKey {
                certificate: certificate.to_owned(),
                key: file.to_owned(),
            }),
            Err(rustls::Error::InvalidCertificate(_)) => Err(
                ClientCertificateError::NoCertificate(certificate.to_owned()),
            ),
            Err(_) => Err(ClientCertificateError::UnusableKey(file.to_owned())),
        }
    }

    /// The file of the certificate, and the one of the key.
    fn paths(&self) -> (&Path, &Path) {
        match self {
            Self::Pem { certificate, key } => (certificate, key),
            Self::Pkcs12 { file, .. } => (file, file),
        }
    }
}

/// X.509 version 1 is what `openssl x509 -req` makes without extensions.
fn is_version_1(chain: &[CertificateDer<'_>]) -> bool {
    let own = chain
        .first()
        .and_then(|own| X509Certificate::from_der(own).ok());
    own.is_some_and(|(_, own)| own.version() == X509Version::V1)
}

/// rustls reads version 3 only, but sends any: whether it is accepted is the server's affair.
fn of_version_1(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
) -> Option<CertifiedKey> {
    let key = provider.key_provider.load_private_key(key).ok()?;
    let public = key.public_key()?;
    let (_, own) = X509Certificate::from_der(chain.first()?).ok()?;
    (own.public_key().raw == public.as_ref()).then(|| CertifiedKey::new(chain, key))
}

type ChainAndKey = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn pem_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientCertificateError> {
    let pem = read(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) | Err(_) => Err(ClientCertificateError::NoCertificate(path.to_owned())),
    }
}

fn pem_key(path: &Path) -> Result<PrivateKeyDer<'static>, ClientCertificateError> {
    let pem = read(path)?;
    let has = |text: &[u8]| memchr::memmem::find(&pem, text).is_some();
    // PKCS#8 (RFC 5958), and what OpenSSL wrote before (RFC 1421 section 4.6.1.1).
    if has(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || has(b"Proc-Type: 4,ENCRYPTED") {
        return Err(ClientCertificateError::EncryptedKey(path.to_owned()));
    }
    PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_pem| ClientCertificateError::NoKey(path.to_owned()))
}

fn pkcs12(path: &Path, password: &str) -> Result<ChainAndKey, ClientCertificateError> {
    let bytes = read(path)?;
    let store =
        KeyStore::from_pkcs12(&bytes, password, Pkcs12ImportPolicy::Strict).map_err(|error| {
            match error {
                Pkcs12Error::MacError(_) | Pkcs12Error::UnpadError | Pkcs12Error::Pkcs5Error(_) => {
                    ClientCertificateError::WrongPassword(path.to_owned())
                }
                _ => ClientCertificateError::NotPkcs12(path.to_owned()),
            }
        })?;
    let (_, own) = store
        .private_key_chain()
        .ok_or_else(|| ClientCertificateError::NoKey(path.to_owned()))?;
    let chain = own
        .certs()
        .iter()
        .map(|one| CertificateDer::from(one.as_der().to_vec()))
        .collect();
    let key = PrivatePkcs8KeyDer::from(own.key().as_der().to_vec());
    Ok((chain, key.into()))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, ClientCertificateError> {
    let bytes = std::fs::File::open(path).and_then(|file| {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST_FILE));
        let limit = u64::try_from(LARGEST_FILE).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut bytes).map(|_| bytes)
    });
    bytes.map_err(|source| ClientCertificateError::Read {
        path: path.to_owned(),
        source,
    })
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate({:?})", self.files)
    }
}

impl fmt::Debug for CertificateFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (certificate, key) = self.paths();
        write!(f, "{} and {}", certificate.display(), key.display())
    }
}

/// A chain, a key and room for remarks; a larger file is none of them.
const LARGEST_FILE: usize = 256 * 1024;

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
