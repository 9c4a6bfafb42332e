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
    /// One sentence for people: what, where. Holds no secret and no text from the peer.
    pub detail: String,
}
