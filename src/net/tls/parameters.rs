//! What a finished handshake agreed on.

use crate::model::TlsParameters;

/// Version, cipher suite and application protocol.
pub(crate) fn parameters(connection: &rustls::CommonState) -> TlsParameters {
    let version = match connection.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2",
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "unknown",
    };
    let cipher = connection
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str());
    let alpn = connection
        .alpn_protocol()
        .map(|name| String::from_utf8_lossy(name).into_owned());
    TlsParameters {
        version: version.to_owned(),
        cipher: cipher.unwrap_or("unknown").to_owned(),
        alpn,
    }
}
