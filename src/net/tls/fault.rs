//! What is wrong with a server's certificate, in a word and a sentence.

use rustls::CertificateError;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::presented::{End, Presented, day};
use crate::model::FailureCause;

/// What is wrong with a certificate.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) cause: FailureCause,
    /// What goes after the host's name.
    pub(super) words: String,
}

/// Why the verifier refused these certificates.
pub(super) fn of_certificates(
    error: &rustls::Error,
    own: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    host: &ServerName<'_>,
    now: UnixTime,
) -> Fault {
    let rustls::Error::InvalidCertificate(error) = error else {
        return other();
    };
    let Some(presented) = Presented::read(own, others) else {
        return fault(
            FailureCause::CertificateOther,
            "presents a certificate that cannot be read",
        );
    };
    use CertificateError as E;
    match error {
        E::Expired | E::ExpiredContext { .. } => expired(&presented, seconds(now)),
        E::NotValidYet | E::NotValidYetContext { .. } => not_valid_yet(&presented, seconds(now)),
        E::NotValidForName | E::NotValidForNameContext { .. } => name(&presented, host),
        E::UnknownIssuer => issuer(&presented),
        _ => shape(error, &presented),
    }
}

/// Why a signature of the handshake was refused.
pub(super) fn of_signature(own: &CertificateDer<'_>) -> Fault {
    let presented = Presented::read(own, &[]);
    presented.as_ref().and_then(key).unwrap_or_else(|| {
        fault(
            FailureCause::CertificateOther,
            "signed the TLS handshake with something else than its certificate's key, or in a way this \
             proxy does not know",
        )
    })
}

/// A certificate that verifies, but that other clients than this proxy refuse.
pub(super) fn of_key_usage(own: &CertificateDer<'_>) -> Option<Fault> {
    let presented = Presented::read(own, &[])?;
    presented.key_may_not_shake_hands().then(|| {
        fault(
            FailureCause::CertificatePurpose,
            "presents a certificate whose key is not for TLS handshakes (its key usage has neither \
             digital signature nor key encipherment)",
        )
    })
}

fn expired(presented: &Presented<'_>, now: i64) -> Fault {
    let ends = |validity: &x509_parser::certificate::Validity| validity.not_after.timestamp();
    let mut all = presented.certificates().iter().enumerate();
    let found = all.find(|(_, one)| ends(one.validity()) < now);
    let words = match found {
        Some((at, one)) => {
            let end = ends(one.validity());
            format!(
                "presents {} that expired on {} ({})",
                which(at),
                day(end),
                days(now - end, "ago")
            )
        }
        None => "presents a certificate whose issuer's has expired".to_owned(),
    };
    fault(FailureCause::CertificateExpired, words)
}

fn not_valid_yet(presented: &Presented<'_>, now: i64) -> Fault {
    let begins = |validity: &x509_parser::certificate::Validity| validity.not_before.timestamp();
    let mut all = presented.certificates().iter().enumerate();
    let found = all.find(|(_, one)| begins(one.validity()) > now);
    let words = match found {
        Some((at, one)) => {
            let begin = begins(one.validity());
            let wait = days(begin - now, "from now");
            format!(
                "presents {} that becomes valid on {} ({wait})",
                which(at),
                day(begin)
            )
        }
        None => "presents a certificate whose issuer's is not valid yet".to_owned(),
    };
    fault(FailureCause::CertificateNotYetValid, words)
}

fn name(presented: &Presented<'_>, host: &ServerName<'_>) -> Fault {
    let names = presented.names();
    if names.is_empty() {
        return fault(
            FailureCause::CertificateNoName,
            "presents a certificate without a subject alternative name; a common name alone is not looked \
             at any more",
        );
    }
    if let Some(wildcard) = names.too_short_wildcard(&host.to_str().to_ascii_lowercase()) {
        return fault(
            FailureCause::CertificateWildcard,
            format!(
                "presents a certificate for {wildcard}, and a wildcard stands for one label only"
            ),
        );
    }
    let words = format!("presents a certificate for another name: {}", names.list());
    fault(FailureCause::CertificateName, words)
}

fn issuer(presented: &Presented<'_>) -> Fault {
    match presented.end() {
        Some(End::SelfSigned) => fault(
            FailureCause::CertificateSelfSigned,
            "presents a certificate that it issued itself (self-signed), and that is not trusted here",
        ),
        Some(End::NothingSent) => fault(
            FailureCause::CertificateChain,
            "presents a certificate whose issuer is not trusted here, and sends no certificate of that \
             issuer: an intermediate certificate is missing, or it is a private CA",
        ),
        Some(End::Root) => fault(
            FailureCause::CertificateIssuer,
            "presents a certificate of a CA whose root is not trusted here",
        ),
        Some(End::Intermediate) | None => fault(
            FailureCause::CertificateIssuer,
            "presents a certificate whose issuer, known from the intermediate certificates it sends, is \
             not trusted here",
        ),
    }
}

/// What is wrong with how a certificate is made.
fn shape(error: &CertificateError, presented: &Presented<'_>) -> Fault {
    // The crate with these errors is not ours to name; their words are held by the tests.
    let reason = match error {
        CertificateError::Other(other) => format!("{:?}", other.0),
        _ => String::new(),
    };
    if reason.contains("NameConstraintViolation") {
        return fault(
            FailureCause::CertificateConstraint,
            "presents a certificate of a CA that may not issue for this name (name constraints)",
        );
    }
    if matches!(
        error,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. }
    ) || presented.is_for_something_else()
    {
        return fault(
            FailureCause::CertificatePurpose,
            "presents a certificate that is not made for servers (its extended key usage leaves server \
             authentication out)",
        );
    }
    if let Some(algorithm) = presented.broken_signature() {
        return fault(
            FailureCause::CertificateSignature,
            format!("presents a certificate signed with {algorithm}, which is broken"),
        );
    }
    if presented.end() == Some(End::SelfSigned) {
        return issuer(presented);
    }
    key(presented).unwrap_or_else(other)
}

fn key(presented: &Presented<'_>) -> Option<Fault> {
    let (bits, own) = presented.weak_key()?;
    let whose = if own {
        "an RSA key"
    } else {
        "an issuer's RSA key"
    };
    Some(fault(
        FailureCause::CertificateKey,
        format!("presents a certificate with {whose} of {bits} bits; 2048 are the least"),
    ))
}

fn other() -> Fault {
    fault(
        FailureCause::CertificateOther,
        "presents a certificate that cannot be accepted",
    )
}

fn fault(cause: FailureCause, words: impl Into<String>) -> Fault {
    Fault {
        cause,
        words: words.into(),
    }
}

fn which(at: usize) -> &'static str {
    if at == 0 {
        "a certificate"
    } else {
        "an intermediate certificate"
    }
}

fn days(seconds: i64, direction: &str) -> String {
    match seconds / (24 * 60 * 60) {
        0 => format!("less than a day {direction}"),
        1 => format!("1 day {direction}"),
        days => format!("{days} days {direction}"),
    }
}

fn seconds(now: UnixTime) -> i64 {
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}
