//! What a server gets that asks for a client certificate.

use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

use super::seen::Seen;

/// What a server got that asked for a client certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Nothing: none is configured for that host.
    Nothing,
    /// Nothing: the one that is configured has a key of a kind that the server does not take.
    NothingThatFits,
    /// The one that is configured for that host.
    Certificate,
}

/// Answers with the certificate for the host, if there is one, and notes that it was asked.
pub(super) struct ClientAuth(pub(super) Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for ClientAuth {
    fn resolve(
        &self,
        _root_hint_subjects: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let fits = |own: &Arc<CertifiedKey>| own.key.choose_scheme(schemes).is_some();
        let given = match &self.0 {
            None => Given::Nothing,
            Some(own) if fits(own) => Given::Certificate,
            Some(_) => Given::NothingThatFits,
        };
        Seen::note_asked(given);
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// Without the key.
impl std::fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() {
            "ClientAuth(a certificate)"
        } else {
            "ClientAuth(nothing)"
        })
    }
}
