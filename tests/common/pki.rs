//! Certificates for origins, made at test time under a CA that only the tests know.

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SigningKey as _,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use time::{Duration, OffsetDateTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

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
    /// Its issuer is an intermediate CA, whose certificate is not sent.
    NoIntermediate,
    /// It has a common name only.
    NoName,
    /// Its wildcard stands right above the registered name.
    Wildcard,
    /// Its issuer may only issue for another name.
    Constraint,
    /// It is for clients.
    ClientPurpose,
    /// Its key may only sign certificates.
    KeyUsage,
    /// The server speaks a protocol that nobody offers.
    OtherProtocol,
}

/// Whether a server wants a client certificate, and over which version it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAuth {
    is_required: bool,
    version: Tls,
}

impl ClientAuth {
    /// It ends the connection of who has none.
    pub const fn required(version: Tls) -> Self {
        Self {
            is_required: true,
            version,
        }
    }

    /// It leaves the decision to the server behind.
    pub const fn optional(version: Tls) -> Self {
        Self {
            is_required: false,
            version,
        }
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// TLS 1.2.
    V12,
    /// TLS 1.3.
    V13,
}

impl Tls {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::V12, Self::V13];

    /// The name in the list of tests.
    pub fn name(self) -> &'static str {
        match self {
            Self::V12 => "tls_1_2",
            Self::V13 => "tls_1_3",
        }
    }
}

struct TestCa {
    pem: String,
    certificate: CertificateDer<'static>,
    key: String,
    issuer: Issuer<'static, KeyPair>,
}

impl TestCa {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, -1, 2);
        let certificate = params.self_signed(&key).expect("a CA certificate");
        Self::of(&certificate, params, key)
    }

    /// An intermediate CA of the trusted one.
    fn intermediate(only_for: Option<&str>) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        let name = "an intermediate CA";
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.name_constraints = only_for.map(|name| NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName(name.to_owned())],
            excluded_subtrees: Vec::new(),
        });
        valid(&mut params, -1, 2);
        let certificate = params.signed_by(&key, &TRUSTED.issuer);
        Self::of(&certificate.expect("a CA certificate"), params, key)
    }

    fn of(certificate: &Certificate, params: CertificateParams, key: KeyPair) -> Self {
        Self {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            key: key.serialize_pem(),
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

/// The key of that CA.
pub fn ca_key_pem() -> &'static str {
    &TRUSTED.key
}

/// A client certificate of that CA and its key.
pub fn client_certificate() -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["client.test".to_owned()]).expect("a valid name");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    valid(&mut params, -1, 2);
    let certificate = params.signed_by(&key, &TRUSTED.issuer);
    (
        certificate.expect("a certificate").pem(),
        key.serialize_pem(),
    )
}

/// The same of X.509 version 1, which has no extensions, and its key.
pub fn version_1_client_certificate() -> (String, String) {
    /// `ecdsa-with-SHA256` (RFC 5758 section 3.2), with which the tests' CA signs.
    const ALGORITHM: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
    const VERSION: &[u8] = b"\xa0\x03\x02\x01\x02";
    let (pem, key) = client_certificate();
    let version_3 = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
    let (_, parsed) = X509Certificate::from_der(&version_3).expect("a certificate");
    let signed = parsed.tbs_certificate.as_ref();
    let find = |part: &[u8]| memchr::memmem::find(signed, part).expect("a part of it");
    let public = parsed.public_key().raw;
    let (start, end) = (find(VERSION) + VERSION.len(), find(public) + public.len());
    let signed = sequence(&signed[start..end]);
    let ca_key = KeyPair::from_pem(ca_key_pem()).expect("a key");
    let signature = ca_key.sign(&signed).expect("a signature");
    let length = u8::try_from(signature.len() + 1).expect("a short signature");
    let signature = [&[0x03, length, 0x00], &*signature].concat();
    let whole = sequence(&[&*signed, ALGORITHM, &signature].concat());
    let base64 = STANDARD.encode(whole);
    (
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n"),
        key,
    )
}

/// DER's SEQUENCE of 128 to 65 535 bytes.
fn sequence(content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len())
        .expect("a short sequence")
        .to_be_bytes();
    let length = match high {
        0 => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[0x30], &*length, content].concat()
}

/// A server configuration without fault that asks for a client certificate of the tests' CA.
pub fn client_auth_config(wanted: ClientAuth) -> Arc<ServerConfig> {
    let mut roots = RootCertStore::empty();
    let ca = TRUSTED.certificate.clone();
    roots.add(ca).expect("a usable CA certificate");
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), ring());
    let verifier = match wanted.is_required {
        true => verifier.build(),
        false => verifier.allow_unauthenticated().build(),
    };
    let version = match wanted.version {
        Tls::V12 => &rustls::version::TLS12,
        Tls::V13 => &rustls::version::TLS13,
    };
    let (chain, key) = identity(Fault::None);
    let mut config = ServerConfig::builder_with_provider(ring())
        .with_protocol_versions(&[version])
        .expect("ring has both versions")
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(chain, key)
        .expect("the key belongs to the certificate");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

/// A server configuration whose certificate has that fault.
pub fn server_config(fault: Fault) -> Arc<ServerConfig> {
    let (chain, key) = identity(fault);
    let protocols: &[&str] = match fault {
        Fault::OtherProtocol => &["acme/1"],
        Fault::None => &["http/1.1"],
        _ => &["h2", "http/1.1"],
    };
    server_config_of(chain, key, protocols)
}

/// A server configuration that presents these certificates and speaks these protocols.
pub fn server_config_of(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    protocols: &[&str],
) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(ring())
        .with_safe_default_protocol_versions()
        .expect("ring has the default protocol versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("the key belongs to the certificate");
    config.alpn_protocols = names_of(protocols);
    Arc::new(config)
}

/// What a server with that fault presents, and its key.
fn identity(fault: Fault) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().expect("a key");
    let names: &[&str] = match fault {
        Fault::WrongName => &["other.test", "also-other.test"],
        Fault::Wildcard => &["*.acme.test"],
        Fault::NoName => &[],
        _ => &NAMES,
    };
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).expect("valid names");
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params.key_usages = vec![match fault {
        Fault::KeyUsage => KeyUsagePurpose::KeyCertSign,
        _ => KeyUsagePurpose::DigitalSignature,
    }];
    params.extended_key_usages = vec![match fault {
        Fault::ClientPurpose => ExtendedKeyUsagePurpose::ClientAuth,
        _ => ExtendedKeyUsagePurpose::ServerAuth,
    }];
    params.use_authority_key_identifier_extension = true;
    match fault {
        Fault::Expired => valid(&mut params, -3, -1),
        Fault::NotYetValid => valid(&mut params, 1, 3),
        _ => valid(&mut params, -1, 2),
    }
    let (issuer, sent) = match fault {
        Fault::NoIntermediate => (Some(TestCa::intermediate(None)), None),
        Fault::Constraint => {
            let ca = TestCa::intermediate(Some("other.test"));
            let sent = ca.certificate.clone();
            (Some(ca), Some(sent))
        }
        Fault::UnknownIssuer => (None, Some(UNKNOWN.certificate.clone())),
        _ => (None, None),
    };
    let certificate = match (fault, &issuer) {
        (Fault::SelfSigned, _) => params.self_signed(&key),
        (Fault::UnknownIssuer, _) => params.signed_by(&key, &UNKNOWN.issuer),
        (_, Some(ca)) => params.signed_by(&key, &ca.issuer),
        (_, None) => params.signed_by(&key, &TRUSTED.issuer),
    };
    let certificate = certificate.expect("a leaf certificate").der().clone();
    let chain = std::iter::once(certificate).chain(sent).collect();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    (chain, PrivateKeyDer::Pkcs8(key))
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
    config.alpn_protocols = names_of(alpn);
    Arc::new(config)
}

fn names_of(protocols: &[&str]) -> Vec<Vec<u8>> {
    protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect()
}

fn ring() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn valid(params: &mut CertificateParams, from_days: i64, to_days: i64) {
    let now = OffsetDateTime::now_utc();
    params.not_before = now + Duration::days(from_days);
    params.not_after = now + Duration::days(to_days);
}

/// What an origin without fault presents, and its key, both in PEM form.
pub fn identity_pem() -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let names = NAMES.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut params = CertificateParams::new(names).expect("valid names");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid(&mut params, -1, 2);
    let certificate = params.signed_by(&key, &TRUSTED.issuer);
    (
        certificate.expect("a certificate").pem(),
        key.serialize_pem(),
    )
}
