//! From what rustls says of a failed handshake to a failure.

use std::io;

use rustls::CertificateError;

use crate::model::{Failure, FailureCause, Side, Stage};

/// Why the handshake with that host failed.
pub(super) fn handshake_failure(host: &str, error: &io::Error) -> Failure {
    let Some(tls) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    else {
        let words = "closed the connection during the TLS handshake";
        return failure(FailureCause::Closed, host, words);
    };
    match tls {
        rustls::Error::InvalidCertificate(fault) => certificate_failure(host, fault),
        rustls::Error::InvalidMessage(_) => failure(
            FailureCause::NotTls,
            host,
            "answered the TLS handshake with something else",
        ),
        rustls::Error::AlertReceived(alert) => {
            let words = format!("refused the TLS handshake with the alert {alert:?}");
            failure(FailureCause::Alert, host, &words)
        }
        _ => failure(
            FailureCause::Handshake,
            host,
            "and this proxy found no common TLS version or cipher suite",
        ),
    }
}

fn certificate_failure(host: &str, fault: &CertificateError) -> Failure {
    use CertificateError as Fault;
    let (cause, words) = match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => (
            FailureCause::CertificateExpired,
            "presents a certificate that has expired",
        ),
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => (
            FailureCause::CertificateNotYetValid,
            "presents a certificate that is not valid yet",
        ),
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => (
            FailureCause::CertificateName,
            "presents a certificate for another name",
        ),
        Fault::UnknownIssuer => (
            FailureCause::CertificateIssuer,
            "presents a certificate whose issuer is not trusted",
        ),
        _ => (
            FailureCause::CertificateOther,
            "presents a certificate that cannot be accepted",
        ),
    };
    failure(cause, host, words)
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
