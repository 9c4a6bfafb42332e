//! What can keep a request from its answer: one row each. docs/causes.md is written from it.

use crate::diagnosis::FaultSide;
use crate::model::{FailureCause, Side};

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct TransportCause {
    /// The id: stable, never renamed.
    pub id: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Where the fault lies.
    pub side: FaultSide,
    /// What to do about it.
    pub fix: &'static [&'static str],
    /// The failures that are this.
    pub(super) shown_by: &'static [(Side, FailureCause)],
}

/// All rows.
pub const TRANSPORT_CAUSES: &[TransportCause] = &[
    row(
        "ours-client-cert",
        "the server wants a client certificate, and this proxy has none for it",
        FaultSide::Between,
        &[],
        &[(Side::Upstream, FailureCause::ClientCertificate)],
    ),
    row(
        "ours-pinning",
        "the client refuses the certificate of this proxy",
        FaultSide::Between,
        &[],
        &[
            (Side::Client, FailureCause::ProxyCaUnknown),
            (Side::Client, FailureCause::ProxyCertificateRefused),
        ],
    ),
    row(
        "client-ended-handshake",
        "the client ended the TLS handshake",
        FaultSide::Client,
        &["look at the TLS settings of the client: the alert above is what it said"],
        &[(Side::Client, FailureCause::Alert)],
    ),
    row(
        "own-listener",
        "the request leads back to why401",
        FaultSide::Client,
        &["name the address of the API in the request, not the one of this proxy"],
        &[
            (Side::Client, FailureCause::OwnListener),
            (Side::Upstream, FailureCause::OwnListener),
            (Side::Proxy, FailureCause::OwnListener),
        ],
    ),
    row(
        "out-of-file-handles",
        "why401 has no file handle left for another connection",
        FaultSide::Between,
        &[
            "allow it more open files (`ulimit -n`), or close some of the connections that go through it",
        ],
        &[(Side::Proxy, FailureCause::FileHandles)],
    ),
    // A name may be wrong in the client or in the DNS, a route may be cut anywhere.
    row(
        "upstream-name-not-found",
        "host name not found",
        FaultSide::Undecided,
        &["check the host name, and that this machine can resolve it"],
        &[(Side::Upstream, FailureCause::NameNotFound)],
    ),
    row(
        "upstream-refused",
        "connection refused",
        FaultSide::Undecided,
        &[
            "check host and port, and that the server runs: nothing listens there, or a firewall refuses",
        ],
        &[(Side::Upstream, FailureCause::Refused)],
    ),
    row(
        "upstream-timed-out",
        "no answer in time",
        FaultSide::Undecided,
        &["check that this machine reaches the host: VPN, firewall, network"],
        &[(Side::Upstream, FailureCause::TimedOut)],
    ),
    row(
        "upstream-unreachable",
        "host cannot be reached",
        FaultSide::Undecided,
        &["check that this machine reaches the host: VPN, firewall, network"],
        &[(Side::Upstream, FailureCause::Unreachable)],
    ),
    row(
        "upstream-closed",
        "connection closed without an answer",
        FaultSide::Server,
        &["send it again; if it closes again, look at the server's log"],
        &[(Side::Upstream, FailureCause::Closed)],
    ),
    row(
        "upstream-certificate-expired",
        "the server's certificate has expired",
        FaultSide::Server,
        &["renew the server's certificate, or check the clock of this machine"],
        &[(Side::Upstream, FailureCause::CertificateExpired)],
    ),
    row(
        "upstream-certificate-not-yet-valid",
        "the server's certificate is not valid yet",
        FaultSide::Server,
        &["check the clock of this machine, and from when the server's certificate is valid"],
        &[(Side::Upstream, FailureCause::CertificateNotYetValid)],
    ),
    row(
        "upstream-certificate-name",
        "the server's certificate is for another name",
        FaultSide::Server,
        &[
            "use a host name that the server's certificate is for, or have it made again with this one",
        ],
        &[(Side::Upstream, FailureCause::CertificateName)],
    ),
    row(
        "upstream-certificate-no-name",
        "the server's certificate has no subject alternative name",
        FaultSide::Server,
        &[
            "have the server's certificate made again, with this host name as subject alternative name",
        ],
        &[(Side::Upstream, FailureCause::CertificateNoName)],
    ),
    row(
        "upstream-certificate-wildcard",
        "the wildcard of the server's certificate stands for one label only",
        FaultSide::Server,
        &[
            "have the server's certificate made again, with this host name or a wildcard right above it",
        ],
        &[(Side::Upstream, FailureCause::CertificateWildcard)],
    ),
    // An issuer that nobody knows is as often a private CA as something that intercepts.
    row(
        "upstream-certificate-self-signed",
        "the server's certificate is self-signed",
        FaultSide::Undecided,
        &["if it is yours, trust it: why401 run --upstream-ca FILE"],
        &[(Side::Upstream, FailureCause::CertificateSelfSigned)],
    ),
    row(
        "upstream-certificate-issuer",
        "the server's certificate is not trusted",
        FaultSide::Undecided,
        &["if the server uses a private CA, name its certificate: why401 run --upstream-ca FILE"],
        &[(Side::Upstream, FailureCause::CertificateIssuer)],
    ),
    row(
        "upstream-certificate-chain",
        "the issuer of the server's certificate is unknown and was not sent",
        FaultSide::Undecided,
        &[
            "if the server uses a private CA, name its certificate: why401 run --upstream-ca FILE",
            "if not, let the server send its intermediate certificates along with its own",
        ],
        &[(Side::Upstream, FailureCause::CertificateChain)],
    ),
    row(
        "upstream-certificate-signature",
        "the server's certificate is signed with a broken algorithm",
        FaultSide::Server,
        &["have the server's certificate made again, signed with SHA-256 or better"],
        &[(Side::Upstream, FailureCause::CertificateSignature)],
    ),
    row(
        "upstream-certificate-key",
        "a key of the server's certificate is too short",
        FaultSide::Server,
        &["have the server's certificate made again, with a key of RSA 2048 or ECDSA P-256"],
        &[(Side::Upstream, FailureCause::CertificateKey)],
    ),
    row(
        "upstream-certificate-constraint",
        "the CA of the server's certificate may not issue for this name",
        FaultSide::Server,
        &[
            "have the server's certificate made again, by a CA whose name constraints allow this name",
        ],
        &[(Side::Upstream, FailureCause::CertificateConstraint)],
    ),
    row(
        "upstream-certificate-purpose",
        "the server's certificate is not made for servers",
        FaultSide::Server,
        &["have the server's certificate made again, for server authentication"],
        &[(Side::Upstream, FailureCause::CertificatePurpose)],
    ),
    row(
        "upstream-certificate-other",
        "the server's certificate is not acceptable",
        FaultSide::Server,
        &["look at the server's certificate: openssl s_client -showcerts -connect HOST:PORT"],
        &[(Side::Upstream, FailureCause::CertificateOther)],
    ),
    row(
        "upstream-client-certificate-refused",
        "the server refuses the client certificate",
        FaultSide::Client,
        &[
            "check which client certificates the server accepts, and whether this one is still valid",
        ],
        &[(Side::Upstream, FailureCause::ClientCertificateRefused)],
    ),
    row(
        "upstream-not-tls",
        "the server does not speak TLS",
        FaultSide::Undecided,
        &["check the scheme and the port: https was spoken to a port without TLS"],
        &[(Side::Upstream, FailureCause::NotTls)],
    ),
    row(
        "upstream-tls-version",
        "the server speaks neither TLS 1.2 nor TLS 1.3",
        FaultSide::Server,
        &["switch TLS 1.2 or 1.3 on at the server"],
        &[(Side::Upstream, FailureCause::TlsVersion)],
    ),
    row(
        "upstream-protocol",
        "the server speaks none of the offered application protocols",
        FaultSide::Undecided,
        &["let client and server have a protocol in common: h2 or http/1.1 (ALPN)"],
        &[(Side::Upstream, FailureCause::Protocol)],
    ),
    row(
        "upstream-server-name",
        "the server does not serve this name",
        FaultSide::Undecided,
        &["check the host name, and the names that the server is set up for (SNI)"],
        &[(Side::Upstream, FailureCause::ServerName)],
    ),
    row(
        "upstream-handshake",
        "TLS handshake failed",
        FaultSide::Undecided,
        &["look at the server's TLS settings: versions, cipher suites, key exchange groups"],
        &[(Side::Upstream, FailureCause::Handshake)],
    ),
    row(
        "upstream-alert",
        "the server refused the TLS handshake",
        FaultSide::Undecided,
        &["look at the server's TLS settings, and at its log for this alert"],
        &[(Side::Upstream, FailureCause::Alert)],
    ),
    row(
        "upstream-proxy-unreachable",
        "the proxy on the way to the server cannot be reached",
        FaultSide::Between,
        &["check the address of the upstream proxy, and that this machine reaches it"],
        &[(Side::Upstream, FailureCause::UpstreamProxyUnreachable)],
    ),
    row(
        "upstream-proxy-authentication",
        "the proxy on the way to the server wants a user and a password",
        FaultSide::Between,
        &["name them in the configuration: [upstream] proxy = \"http://USER:PASSWORD@HOST:PORT\""],
        &[(Side::Upstream, FailureCause::UpstreamProxyAuthentication)],
    ),
    row(
        "upstream-proxy-refused",
        "the proxy on the way to the server opens no tunnel to it",
        FaultSide::Between,
        &[
            "ask whoever runs the upstream proxy, or reach this host without it: [upstream] no_proxy",
        ],
        &[(Side::Upstream, FailureCause::UpstreamProxyRefused)],
    ),
    row(
        "upstream-proxy-broken",
        "the proxy on the way to the server does not answer as a proxy does",
        FaultSide::Between,
        &["check address, port and scheme of the upstream proxy"],
        &[(Side::Upstream, FailureCause::UpstreamProxyBroken)],
    ),
    row(
        "upstream-bad-message",
        "not valid HTTP",
        FaultSide::Server,
        &["look at the message that is not valid HTTP"],
        &[(Side::Upstream, FailureCause::BadMessage)],
    ),
    OTHER,
];

/// What no other row has.
pub(super) const OTHER: TransportCause = row(
    "no-answer",
    "no answer from the server",
    FaultSide::Undecided,
    &["look at the reason above"],
    &[],
);

const fn row(
    id: &'static str,
    summary: &'static str,
    side: FaultSide,
    fix: &'static [&'static str],
    shown_by: &'static [(Side, FailureCause)],
) -> TransportCause {
    TransportCause {
        id,
        summary,
        side,
        fix,
        shown_by,
    }
}
