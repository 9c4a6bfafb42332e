//! Certificates for origins, made at test time under a CA that only the tests know.

use std::sync::{Arc, LazyLock};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use time::{Duration, OffsetDateTime};

/// The names that every origin's certificate is for.
pub const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// What is wrong with an origin's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It expired yesterday.
    Expired,
    /// It becomes valid tomorrow.
    NotYetValid,
    /// It is for another name.
    WrongName,
    /// It was issued by a CA that nobody trusts.
    UnknownIssuer,
    /// It was issued by itself.
    SelfSigned,
}

struct TestCa {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl TestCa {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, -1, 2);
        let pem = params.self_signed(&key).expect("a CA certificate").pem();
        Self {
            pem,
            issuer: Issuer::new(params, key),
        }
    }
}

static TRUSTED: LazyLock<TestCa> = LazyLock::new(|| TestCa::new("tests of why401"));
static UNKNOWN: LazyLock<TestCa> = LazyLock::new(|| TestCa::new("a CA that nobody trusts"));

/// The certificate of the CA that `--upstream-ca` is given.
pub fn ca_pem() -> &'static str {
    &TRUSTED.pem
}

/// A server configuration whose certificate has that fault.
pub fn server_config(fault: Fault) -> Arc<ServerConfig> {
    let key = KeyPair::generate().expect("a key");
    let names: &[&str] = match fault {
        Fault::WrongName => &["other.test"],
        _ => &NAMES,
    };
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).expect("valid names");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    match fault {
        Fault::Expired => valid(&mut params, -3, -1),
        Fault::NotYetValid => valid(&mut params, 1, 3),
        _ => valid(&mut params, -1, 2),
    }
    let certificate = match fault {
        Fault::SelfSigned => params.self_signed(&key),
        Fault::UnknownIssuer => params.signed_by(&key, &UNKNOWN.issuer),
        _ => params.signed_by(&key, &TRUSTED.issuer),
    }
    .expect("a leaf certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(ring())
        .with_safe_default_protocol_versions()
        .expect("ring has the default protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("the key belongs to the certificate");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

/// A server configuration without fault that prefers HTTP/2.
pub fn http2_server_config() -> Arc<ServerConfig> {
    let mut config = ServerConfig::clone(&server_config(Fault::None));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

/// A client configuration that trusts only the given certificates.
pub fn client_config(ca_pem: &[u8], alpn: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem) {
        roots
            .add(certificate.expect("a PEM certificate"))
            .expect("a usable CA certificate");
    }
    let mut config = ClientConfig::builder_with_provider(ring())
        .with_safe_default_protocol_versions()
        .expect("ring has the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

fn ring() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn valid(params: &mut CertificateParams, from_days: i64, to_days: i64) {
    let now = OffsetDateTime::now_utc();
    params.not_before = now + Duration::days(from_days);
    params.not_after = now + Duration::days(to_days);
}
