//! Client certificates that cannot be used.

use crate::cli::problem::{Problem, io_words};
use crate::net::ClientCertificateError as Error;

/// A file of `[[client_certificate]]`, and what to do about it.
pub(crate) fn client_certificate(error: &Error) -> Problem {
    let (words, path, hint) = match error {
        Error::Read { path, source } => (
            format!(
                "a file of a client certificate cannot be read: {}",
                io_words(source)
            ),
            path,
            "[[client_certificate]] takes certificate and key as PEM files, or pkcs12 with both",
        ),
        Error::NoCertificate(path) => (
            "a client certificate is to be here, and none can be read".to_owned(),
            path,
            "a PEM certificate begins with -----BEGIN CERTIFICATE-----; from DER: openssl x509 -inform der -in FILE",
        ),
        Error::NoKey(path) => (
            "the key of a client certificate is to be here, and none can be read".to_owned(),
            path,
            "a PEM key begins with -----BEGIN PRIVATE KEY----- (or EC, or RSA, before PRIVATE)",
        ),
        Error::EncryptedKey(path) => (
            "the key of a client certificate is encrypted".to_owned(),
            path,
            "decrypt it: openssl pkey -in FILE -out PLAIN; or use pkcs12 with password_env",
        ),
        Error::UnusableKey(path) => (
            "the key of a client certificate is of a kind that TLS here cannot use".to_owned(),
            path,
            "RSA of 2048 to 4096 bits, ECDSA P-256 and P-384, and Ed25519 can be used",
        ),
        Error::OtherKey { key, .. } => (
            "this key does not belong to its client certificate".to_owned(),
            key,
            "the first certificate of the file is the client's own; compare: openssl x509 -pubkey, openssl pkey -pubout",
        ),
        Error::WrongPassword(path) => (
            "the password of a client certificate is wrong".to_owned(),
            path,
            "password_env names the variable of the environment that holds it",
        ),
        Error::NotPkcs12(path) => (
            "a PKCS#12 file with a client certificate is to be here, and none can be read"
                .to_owned(),
            path,
            "make one: openssl pkcs12 -export -in CERTIFICATE -inkey KEY -out FILE",
        ),
    };
    Problem::usage("client-certificate", words)
        .at(path)
        .hint(hint)
}

/// The variable that is to hold a password is not set.
pub(crate) fn no_password(variable: &str) -> Problem {
    Problem::usage(
        "client-certificate",
        format!("the variable {variable} is to hold the password of a client certificate, and is not set"),
    )
    .hint("set it in the environment of why401, or leave password_env out when there is no password")
}
