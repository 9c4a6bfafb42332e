//! From a handshake that failed to a failure: whose, and why, in a sentence.

use std::io;

use rustls::{AlertDescription, Error, PeerIncompatible, PeerMisbehaved};

use super::alert::alert_name;
use super::client_auth::Given;
use super::seen::Seen;
use crate::model::{Failure, FailureCause, Side, Stage};

/// A handshake that was tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'a> {
    pub(super) host: &'a str,
    /// The application protocols that were offered.
    pub(super) protocols: &'a [Vec<u8>],
    pub(super) seen: &'a Seen,
}

impl Attempt<'_> {
    /// Why it failed.
    pub(super) fn failure(&self, error: &io::Error) -> Failure {
        if let Some(fault) = self.seen.fault() {
            return failure(fault.cause, self.host, &fault.words);
        }
        let tls = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Error>());
        if let Some(Error::AlertReceived(alert)) = tls {
            return self.alert(*alert);
        }
        if let (Some(given), None) = (self.seen.given(), tls) {
            return client_certificate(self.host, given, None);
        }
        let (cause, words) = match tls {
            None => (
                FailureCause::Closed,
                "closed the connection during the TLS handshake",
            ),
            Some(Error::InvalidMessage(_)) => (
                FailureCause::NotTls,
                "answered the TLS handshake with something else",
            ),
            Some(Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            )) => (
                FailureCause::TlsVersion,
                "chose a version before TLS 1.2; this proxy speaks 1.2 and 1.3",
            ),
            Some(Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedApplicationProtocol)) => (
                FailureCause::Protocol,
                "chose an application protocol that was not offered",
            ),
            Some(_) => (
                FailureCause::Handshake,
                "and this proxy found no common TLS version or cipher suite",
            ),
        };
        failure(cause, self.host, words)
    }

    fn alert(&self, alert: AlertDescription) -> Failure {
        let host = self.host;
        if let Some(given) = self.seen.given() {
            return client_certificate(host, given, Some(alert));
        }
        let name = alert_name(alert);
        match alert {
            AlertDescription::ProtocolVersion => {
                let words = format!(
                    "accepts neither TLS 1.2 nor TLS 1.3: it refused the handshake with the alert {name}"
                );
                failure(FailureCause::TlsVersion, host, &words)
            }
            AlertDescription::NoApplicationProtocol => {
                let words = format!(
                    "speaks none of the application protocols that were offered ({}): it refused the \
                     handshake with the alert {name}",
                    self.offered()
                );
                failure(FailureCause::Protocol, host, &words)
            }
            AlertDescription::UnrecognisedName => {
                let words =
                    format!("does not serve this name: it refused it with the alert {name}");
                failure(FailureCause::ServerName, host, &words)
            }
            _ => {
                let words = format!("refused the TLS handshake with the alert {name}");
                failure(FailureCause::Alert, host, &words)
            }
        }
    }

    fn offered(&self) -> String {
        let plain = |name: &&Vec<u8>| name.len() <= 20 && name.iter().all(u8::is_ascii_graphic);
        let names = self.protocols.iter().filter(plain).take(MOST_PROTOCOLS);
        let names: Vec<_> = names.map(|name| String::from_utf8_lossy(name)).collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    }
}

/// Why a server that had asked for a client certificate ended the connection, with this alert or without:
/// during the handshake, or after it, as in TLS 1.3.
pub(crate) fn client_certificate(
    host: &str,
    given: Given,
    alert: Option<AlertDescription>,
) -> Failure {
    let ended = alert.map_or_else(
        || "closed the connection".to_owned(),
        |alert| {
            format!(
                "ended the connection with the TLS alert {}",
                alert_name(alert)
            )
        },
    );
    let (cause, words) = match given {
        Given::Nothing => (
            FailureCause::ClientCertificate,
            format!("asked for a client certificate, got none, and {ended}"),
        ),
        Given::NothingThatFits => (
            FailureCause::ClientCertificateRefused,
            format!(
                "asked for a client certificate with a key of another kind than the configured one's, got \
                 none, and {ended}"
            ),
        ),
        Given::Certificate => (
            FailureCause::ClientCertificateRefused,
            format!("got the client certificate that is configured for it, and {ended}"),
        ),
    };
    failure(cause, host, &words)
}

/// A failure of the TLS stage: the host, and what it did.
pub(super) fn failure(cause: FailureCause, host: &str, words: &str) -> Failure {
    Failure {
        side: Side::Upstream,
        stage: Stage::Tls,
        cause,
        detail: format!("{host} {words}"),
    }
}

/// So many offered protocols are named.
const MOST_PROTOCOLS: usize = 5;
