//! Keyed fingerprints, and what is remembered of a message's credentials.

use crate::model::{CredentialFact, Fingerprint, Request, Response, TokenFact};

/// Makes fingerprints with one key: HMAC-SHA-256, the first 10 bytes.
#[derive(Clone)]
pub struct Fingerprinter {
    key: ring::hmac::Key,
}

impl Fingerprinter {
    /// A fingerprinter with this store's key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self {
            key: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key),
        }
    }

    /// The fingerprint of a secret.
    pub fn fingerprint(&self, _secret: &[u8]) -> Fingerprint {
        let _ = &self.key;
        unimplemented!()
    }

    /// What is remembered of the credentials of a request.
    pub fn credentials(&self, _request: &Request) -> Vec<CredentialFact> {
        unimplemented!()
    }

    /// What is remembered of a token response; empty for any other.
    pub fn tokens(&self, _request: &Request, _response: &Response) -> Vec<TokenFact> {
        unimplemented!()
    }
}

impl std::fmt::Debug for Fingerprinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprinter")
    }
}
