//! What a server presented: read from its certificates once rustls has refused them.
//!
//! Hostile input: few certificates are read, and of their text only short names in plain characters.

use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

/// The certificates of a chain, the server's own first.
pub(super) struct Presented<'a> {
    certificates: Vec<X509Certificate<'a>>,
}

/// How the chain that was sent ends, when nobody in it is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The certificate issued itself.
    SelfSigned,
    /// The issuer of the server's own certificate was not sent.
    NothingSent,
    /// At a CA that issued itself.
    Root,
    /// At a CA whose issuer was not sent, as is usual.
    Intermediate,
}

impl<'a> Presented<'a> {
    /// What can be read of them; `None` when the server's own cannot be.
    pub(super) fn read(
        own: &'a CertificateDer<'_>,
        others: &'a [CertificateDer<'_>],
    ) -> Option<Self> {
        let (_, own) = X509Certificate::from_der(own).ok()?;
        let others = others
            .iter()
            .take(MOST_CERTIFICATES)
            .filter_map(|der| Some(X509Certificate::from_der(der).ok()?.1));
        Some(Self {
            certificates: std::iter::once(own).chain(others).collect(),
        })
    }

    /// The certificates, the server's own first.
    pub(super) fn certificates(&self) -> &[X509Certificate<'a>] {
        &self.certificates
    }

    /// The names and addresses that the server's certificate is for.
    pub(super) fn names(&self) -> Names {
        let alternative = self
            .certificates
            .first()
            .and_then(|own| own.subject_alternative_name().ok().flatten());
        let all = alternative.map(|extension| extension.value.general_names.as_slice());
        let all = all.unwrap_or_default();
        let meant = all
            .iter()
            .filter(|name| matches!(name, GeneralName::DNSName(_) | GeneralName::IPAddress(_)));
        Names {
            plain: all.iter().filter_map(name).collect(),
            count: meant.count(),
        }
    }

    /// How the chain ends. Signatures are not checked: this only tells which certificates were sent.
    pub(super) fn end(&self) -> Option<End> {
        let own = self.certificates.first()?;
        if own.issuer() == own.subject() {
            return Some(End::SelfSigned);
        }
        let mut last = own;
        for _ in &self.certificates {
            let issuer = self
                .certificates
                .iter()
                .skip(1)
                .find(|other| other.subject() == last.issuer());
            match issuer {
                Some(root) if root.issuer() == root.subject() => return Some(End::Root),
                Some(found) => last = found,
                None => break,
            }
        }
        Some(if std::ptr::eq(last, own) {
            End::NothingSent
        } else {
            End::Intermediate
        })
    }

    /// The bits of the first RSA key that is too short to be accepted, and whether it is the server's own.
    pub(super) fn weak_key(&self) -> Option<(usize, bool)> {
        self.certificates.iter().enumerate().find_map(|(at, one)| {
            let PublicKey::RSA(key) = one.public_key().parsed().ok()? else {
                return None;
            };
            let bits = bits(key.modulus);
            (bits < LEAST_RSA_BITS).then_some((bits, at == 0))
        })
    }

    /// The name of the first broken algorithm that a certificate is signed with.
    pub(super) fn broken_signature(&self) -> Option<&'static str> {
        self.certificates.iter().find_map(|one| {
            let id = one.signature_algorithm.algorithm.to_id_string();
            BROKEN
                .iter()
                .find_map(|(oid, name)| (*oid == id).then_some(*name))
        })
    }

    /// Whether the extensions of the server's certificate leave out servers.
    pub(super) fn is_for_something_else(&self) -> bool {
        let Some(own) = self.certificates.first() else {
            return false;
        };
        let extended = own.extended_key_usage().ok().flatten();
        extended.is_some_and(|usage| !usage.value.server_auth)
    }

    /// Whether the server's key may do nothing that a handshake needs.
    pub(super) fn key_may_not_shake_hands(&self) -> bool {
        let Some(own) = self.certificates.first() else {
            return false;
        };
        let usage = own.key_usage().ok().flatten();
        usage.is_some_and(|usage| {
            let usage = usage.value;
            !(usage.digital_signature() || usage.key_encipherment() || usage.key_agreement())
        })
    }
}

/// The names in a certificate.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Those in plain characters.
    plain: Vec<String>,
    /// How many there are in all.
    count: usize,
}

impl Names {
    /// Whether the certificate has no name that TLS looks at.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The wildcard that would be for that host, stood it for more than one label.
    pub(super) fn too_short_wildcard(&self, host: &str) -> Option<&str> {
        self.plain.iter().map(String::as_str).find(|name| {
            name.strip_prefix('*').is_some_and(|suffix| {
                let labels = host.strip_suffix(suffix);
                labels.is_some_and(|labels| labels.contains('.'))
            })
        })
    }

    /// As a list: `a.test, b.test and 3 more`.
    pub(super) fn list(&self) -> String {
        let shown: Vec<&str> = self
            .plain
            .iter()
            .map(String::as_str)
            .take(MOST_NAMES)
            .collect();
        let more = self.count.saturating_sub(shown.len());
        let shown = shown.join(", ");
        match (shown.is_empty(), more) {
            (true, _) => "names that cannot be shown".to_owned(),
            (false, 0) => shown,
            (false, _) => format!("{shown} and {more} more"),
        }
    }
}

/// The day of a point in time, in UTC.
pub(super) fn day(unix_seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(unix_seconds).map_or_else(
        |_range| "a day out of range".to_owned(),
        |time| time.date().to_string(),
    )
}

/// The length of a big-endian number.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let rest = number.get(zeros..).unwrap_or_default();
    let first = rest.first().map_or(0, |byte| byte.leading_zeros());
    (8 * rest.len()).saturating_sub(usize::try_from(first).unwrap_or(0))
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) if is_plain(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    }
}

fn is_plain(name: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'*');
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(plain)
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(sixteen).to_string())
}

/// A chain is three or four certificates long.
const MOST_CERTIFICATES: usize = 10;

/// So many names are shown.
const MOST_NAMES: usize = 5;

/// RFC 1035 section 2.3.4.
const LONGEST_NAME: usize = 253;

/// ring accepts no signature of a shorter one.
const LEAST_RSA_BITS: usize = 2048;

/// Algorithm identifiers of RFC 3279 section 2.2.
const BROKEN: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.4", "MD5"),
    ("1.2.840.113549.1.1.5", "SHA-1"),
    ("1.2.840.10045.4.1", "SHA-1"),
    ("1.2.840.10040.4.3", "SHA-1"),
];

#[cfg(test)]
#[path = "presented_tests.rs"]
mod tests;
