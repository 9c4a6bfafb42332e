//! The names of TLS alerts.

use std::io;

use rustls::AlertDescription;

/// The name of an alert as RFC 8446 section 6 writes it.
pub(crate) fn alert_name(alert: AlertDescription) -> String {
    let name = match alert {
        AlertDescription::UnrecognisedName => return "unrecognized_name".to_owned(),
        AlertDescription::UnknownPSKIdentity => return "unknown_psk_identity".to_owned(),
        AlertDescription::Unknown(number) => return format!("number {number}"),
        named => format!("{named:?}"),
    };
    let mut words = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        // `UnknownCA` is unknown_ca: a capital after a capital begins no word.
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
        before = letter;
    }
    words
}

/// The alert that a peer ended a connection with, if that is what broke it.
pub(crate) fn alert_in(error: &io::Error) -> Option<AlertDescription> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_called_as_the_standard_calls_them() {
        for (alert, name) in [
            (AlertDescription::UnknownCA, "unknown_ca"),
            (AlertDescription::BadCertificate, "bad_certificate"),
            (
                AlertDescription::CertificateRequired,
                "certificate_required",
            ),
            (AlertDescription::HandshakeFailure, "handshake_failure"),
            (
                AlertDescription::NoApplicationProtocol,
                "no_application_protocol",
            ),
            (AlertDescription::UnrecognisedName, "unrecognized_name"),
            (AlertDescription::ProtocolVersion, "protocol_version"),
            (AlertDescription::Unknown(250), "number 250"),
        ] {
            assert_eq!(alert_name(alert), name);
        }
    }
}
