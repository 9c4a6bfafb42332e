use rcgen::{CertificateParams, KeyPair};

use super::*;

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    /// `client.pem`, its key, another key, and texts that are neither.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["client.test".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let files = Self { folder };
        files.write("client.pem", &certificate.pem());
        files.write("client.key", &key.serialize_pem());
        files.write("other.key", &KeyPair::generate().unwrap().serialize_pem());
        files.write("text.txt", "no PEM, but a secret: canary");
        let encrypted = key.serialize_pem().replace("PRIVATE", "ENCRYPTED PRIVATE");
        files.write("encrypted.key", &encrypted);
        files
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn pem(&self, certificate: &str, key: &str) -> Result<Arc<CertifiedKey>, String> {
        read_all(&CertificateFiles::Pem {
            certificate: self.folder.path().join(certificate),
            key: self.folder.path().join(key),
        })
    }
}

fn read_all(files: &CertificateFiles) -> Result<Arc<CertifiedKey>, String> {
    let provider = rustls::crypto::ring::default_provider();
    files.read(&provider).map_err(|error| error.to_string())
}

#[test]
fn a_certificate_with_its_key_can_be_used() {
    let files = Files::new();
    assert_eq!(files.pem("client.pem", "client.key").unwrap().cert.len(), 1);
}

#[test]
fn what_is_wrong_with_the_files_is_said_without_what_is_in_them() {
    let files = Files::new();
    for (certificate, key, said) in [
        ("none.pem", "client.key", "cannot read "),
        ("client.pem", "none.key", "cannot read "),
        ("text.txt", "client.key", "holds no certificate"),
        ("client.pem", "text.txt", "holds no private key"),
        ("client.pem", "encrypted.key", "is encrypted"),
        (
            "client.pem",
            "other.key",
            "does not belong to the certificate",
        ),
    ] {
        let error = files.pem(certificate, key).unwrap_err();
        assert!(error.contains(said), "{certificate} and {key}: {error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn a_file_that_is_no_pkcs12_is_named() {
    let files = Files::new();
    let error = read_all(&CertificateFiles::Pkcs12 {
        file: files.folder.path().join("text.txt"),
        password: Zeroizing::new("canary".to_owned()),
    });
    let error = error.unwrap_err();
    assert!(
        error.contains("is no PKCS#12 file") && !error.contains("canary"),
        "{error}"
    );
}

#[test]
fn debug_shows_neither_key_nor_password() {
    let files = CertificateFiles::Pkcs12 {
        file: "client.p12".into(),
        password: Zeroizing::new("canary".to_owned()),
    };
    let certificate = ClientCertificate {
        is_for: Box::new(|_| true),
        files,
    };
    assert_eq!(
        format!("{certificate:?}"),
        "ClientCertificate(client.p12 and client.p12)"
    );
}
