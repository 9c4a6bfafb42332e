//! Leaf certificates and the TLS set-ups that present them, cached by name and protocol.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::authority::{DAY, date};
use crate::model::Timestamp;

/// Makes leaf certificates, all with one key of this process, and remembers them.
pub struct LeafMint {
    issuer: Issuer<'static, KeyPair>,
    key: KeyPair,
    provider: Arc<CryptoProvider>,
    cache: Mutex<Cache>,
}

/// What a client's handshake is answered for.
#[derive(Clone, PartialEq, Eq, Hash)]
struct CacheKey {
    host: String,
    protocol: Option<Vec<u8>>,
}

#[derive(Default)]
struct Cache {
    configs: HashMap<CacheKey, (Arc<ServerConfig>, Timestamp)>,
    oldest_first: VecDeque<CacheKey>,
}

impl LeafMint {
    /// A mint with a fresh leaf key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub(super) fn new(
        issuer: Issuer<'static, KeyPair>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, rcgen::Error> {
        Ok(Self {
            issuer,
            key: KeyPair::generate()?,
            provider,
            cache: Mutex::default(),
        })
    }

    /// The TLS set-up for a client that asked for that host: a leaf for it, and exactly the
    /// application protocol that the origin chose.
    ///
    /// # Errors
    /// When the host is no name or address that a certificate could carry.
    pub fn server_config(
        &self,
        host: &str,
        protocol: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Arc<ServerConfig>, rcgen::Error> {
        let key = CacheKey {
            host: host.to_owned(),
            protocol: protocol.map(<[u8]>::to_vec),
        };
        if let Some(config) = self.cached(&key, now) {
            return Ok(config);
        }
        let config = Arc::new(self.build(host, protocol, now)?);
        self.remember(key, Arc::clone(&config), now.plus(LIFE - DAY));
        Ok(config)
    }

    fn cached(&self, key: &CacheKey, now: Timestamp) -> Option<Arc<ServerConfig>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let (config, renew) = cache.configs.get(key)?;
        (now < *renew).then(|| Arc::clone(config))
    }

    fn remember(&self, key: CacheKey, config: Arc<ServerConfig>, renew: Timestamp) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.configs.insert(key.clone(), (config, renew)).is_none() {
            cache.oldest_first.push_back(key);
        }
        if cache.oldest_first.len() > CACHE_ENTRIES
            && let Some(oldest) = cache.oldest_first.pop_front()
        {
            cache.configs.remove(&oldest);
        }
    }

    fn build(
        &self,
        host: &str,
        protocol: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<ServerConfig, rcgen::Error> {
        let leaf = leaf_parameters(host, now)?.signed_by(&self.key, &self.issuer)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![leaf.der().clone()], key)
            })
            .map_err(|_tls| rcgen::Error::CouldNotParseKeyPair)?;
        config.alpn_protocols = protocol.map(<[u8]>::to_vec).into_iter().collect();
        Ok(config)
    }
}

/// What OpenSSL's strict mode, Python 3.13, Java and Apple ask.
fn leaf_parameters(host: &str, now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    // rcgen takes `[::1]` for a name; the model's hosts have no brackets.
    let mut parameters = CertificateParams::new(vec![host.to_owned()])?;
    if host.len() <= COMMON_NAME_LIMIT {
        parameters.distinguished_name.push(DnType::CommonName, host);
    }
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    parameters.not_before = date(now) - DAY;
    parameters.not_after = date(now) + LIFE;
    Ok(parameters)
}

impl std::fmt::Debug for LeafMint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LeafMint")
    }
}

/// How long a leaf is valid from now on.
const LIFE: std::time::Duration = DAY.saturating_mul(30);

/// Enough for a browser session; the oldest goes first.
const CACHE_ENTRIES: usize = 1024;

/// `ub-common-name` of RFC 5280.
const COMMON_NAME_LIMIT: usize = 64;

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

    use super::super::Authority;
    use super::*;

    fn authority(folder: &std::path::Path) -> Authority {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Authority::load_or_create(folder, now(), &provider).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::from_secs(1_790_000_000)
    }

    #[test]
    fn a_leaf_has_the_profile_that_strict_verifiers_want() {
        let temp = tempfile::tempdir().unwrap();
        let mint = authority(temp.path());
        let parameters = leaf_parameters("api.acme.test", now()).unwrap();
        let leaf = parameters
            .signed_by(&mint.mint().key, &mint.mint().issuer)
            .unwrap();
        let (_, leaf) = X509Certificate::from_der(leaf.der()).unwrap();
        let usage = leaf.key_usage().unwrap().unwrap().value;
        assert!(usage.digital_signature() && !usage.key_cert_sign());
        assert!(
            leaf.extended_key_usage()
                .unwrap()
                .unwrap()
                .value
                .server_auth
        );
        assert!(!leaf.is_ca());
        let names = &leaf
            .subject_alternative_name()
            .unwrap()
            .unwrap()
            .value
            .general_names;
        assert_eq!(names[..], [GeneralName::DNSName("api.acme.test")]);
        assert!(
            leaf.extensions()
                .iter()
                .any(|e| e.oid.to_id_string() == "2.5.29.35"),
            "AKI"
        );
        let life = leaf.validity().not_after.timestamp() - leaf.validity().not_before.timestamp();
        assert_eq!(life, 31 * 86_400);
    }

    #[test]
    fn addresses_become_address_names() {
        for host in ["127.0.0.1", "::1"] {
            let parameters = leaf_parameters(host, now()).unwrap();
            assert!(matches!(
                parameters.subject_alt_names[..],
                [rcgen::SanType::IpAddress(_)]
            ));
        }
    }

    #[test]
    fn the_same_name_and_protocol_keep_their_certificate_until_it_grows_old() {
        let temp = tempfile::tempdir().unwrap();
        let authority = authority(temp.path());
        let config =
            |host, protocol, at| authority.mint().server_config(host, protocol, at).unwrap();
        let first = config("a.test", None, now());
        assert!(Arc::ptr_eq(
            &first,
            &config("a.test", None, now().plus(28 * DAY))
        ));
        assert!(!Arc::ptr_eq(
            &first,
            &config("a.test", None, now().plus(29 * DAY))
        ));
        assert!(!Arc::ptr_eq(
            &first,
            &config("a.test", Some(b"http/1.1"), now())
        ));
        assert!(authority.mint().server_config("höst", None, now()).is_err());
    }
}
