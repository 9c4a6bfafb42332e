//! A request that got no response from the origin: never confused with an error status.

use serde::{Deserialize, Serialize};

/// Whose side failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The client.
    Client,
    /// This proxy.
    Proxy,
    /// The origin, or what leads to it.
    Upstream,
}

/// At which step it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Looking up the host's addresses.
    Resolve,
    /// Opening the TCP connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Reading or sending the request.
    Request,
    /// Waiting for, or reading, the response.
    Response,
}

/// What went wrong, as a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureCause {
    /// The name does not resolve.
    NameNotFound,
    /// The connection was refused.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The network or host cannot be reached.
    Unreachable,
    /// The connection was closed or reset.
    Closed,
    /// The certificate has expired.
    CertificateExpired,
    /// The certificate is not valid yet.
    CertificateNotYetValid,
    /// The certificate is for another name.
    CertificateName,
    /// The certificate's issuer is not trusted.
    CertificateIssuer,
    /// The certificate is not acceptable for another reason.
    CertificateOther,
    /// The peer does not speak TLS.
    NotTls,
    /// No protocol version or cipher in common, or another TLS fault.
    Handshake,
    /// The peer sent a TLS alert.
    Alert,
    /// The message is not valid HTTP, or ambiguous.
    BadMessage,
    /// The destination is this proxy itself.
    OwnListener,
    /// Something else.
    Other,
    /// The certificate was issued by itself.
    CertificateSelfSigned,
    /// The certificate's issuer is not known, and the certificate of that issuer was not sent.
    CertificateChain,
    /// The certificate holds no name that TLS looks at, at most a common name.
    CertificateNoName,
    /// The certificate's wildcard stands for one label, and the name has more.
    CertificateWildcard,
    /// The certificate is signed with an algorithm that is broken.
    CertificateSignature,
    /// A key in the chain is too short.
    CertificateKey,
    /// A CA of the chain may not issue for this name.
    CertificateConstraint,
    /// The certificate is not made for servers.
    CertificatePurpose,
    /// The peer speaks neither TLS 1.2 nor TLS 1.3.
    TlsVersion,
    /// The peer speaks none of the application protocols that were offered.
    Protocol,
    /// The peer does not serve the name it was asked for.
    ServerName,
    /// The peer wants a client certificate and got none.
    ClientCertificate,
    /// The peer refused the client certificate that it got.
    ClientCertificateRefused,
    /// The client does not know the CA of this proxy.
    ProxyCaUnknown,
    /// The client refused the certificate that this proxy made.
    ProxyCertificateRefused,
    /// The proxy on the way to the origin cannot be reached.
    UpstreamProxyUnreachable,
    /// The proxy on the way to the origin wants a user and a password, or others.
    UpstreamProxyAuthentication,
    /// The proxy on the way to the origin opens no tunnel to it.
    UpstreamProxyRefused,
    /// The proxy on the way to the origin does not do as a proxy does.
    UpstreamProxyBroken,
    /// This process, or the system, has no file handle left for another connection.
    FileHandles,
}

impl FailureCause {
    /// Its word: in `--json`, and in the field that marks our own answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NameNotFound => "name-not-found",
            Self::Refused => "refused",
            Self::TimedOut => "timed-out",
            Self::Unreachable => "unreachable",
            Self::Closed => "closed",
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateNotYetValid => "certificate-not-yet-valid",
            Self::CertificateName => "certificate-name",
            Self::CertificateIssuer => "certificate-issuer",
            Self::CertificateOther => "certificate-other",
            Self::NotTls => "not-tls",
            Self::Handshake => "handshake",
            Self::Alert => "alert",
            Self::BadMessage => "bad-message",
            Self::OwnListener => "own-listener",
            Self::Other => "other",
            Self::CertificateSelfSigned => "certificate-self-signed",
            Self::CertificateChain => "certificate-chain",
            Self::CertificateNoName => "certificate-no-name",
            Self::CertificateWildcard => "certificate-wildcard",
            Self::CertificateSignature => "certificate-signature",
            Self::CertificateKey => "certificate-key",
            Self::CertificateConstraint => "certificate-constraint",
            Self::CertificatePurpose => "certificate-purpose",
            Self::TlsVersion => "tls-version",
            Self::Protocol => "protocol",
            Self::ServerName => "server-name",
            Self::ClientCertificate => "client-certificate",
            Self::ClientCertificateRefused => "client-certificate-refused",
            Self::ProxyCaUnknown => "proxy-ca-unknown",
            Self::UpstreamProxyUnreachable => "upstream-proxy-unreachable",
            Self::UpstreamProxyAuthentication => "upstream-proxy-authentication",
            Self::UpstreamProxyRefused => "upstream-proxy-refused",
            Self::UpstreamProxyBroken => "upstream-proxy-broken",
            Self::ProxyCertificateRefused => "proxy-certificate-refused",
            Self::FileHandles => "file-handles",
        }
    }
}

/// Why a request got no response from the origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Whose side failed.
    pub side: Side,
    /// At which step.
    pub stage: Stage,
    /// What went wrong.
    pub cause: FailureCause,
    /// One sentence for people: what, where. Holds no secret, and of the peer's text only names
    /// and dates of its certificate, in plain characters.
    pub detail: String,
}
