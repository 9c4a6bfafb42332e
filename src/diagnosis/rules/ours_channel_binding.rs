//! `ours-channel-binding`: a Windows login that is bound to its TLS channel cannot pass a proxy that ends TLS.
//!
//! Extended protection cannot be seen from outside, so this is a guess, and a wrong password is another.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::diagnosis::facts::Facts;
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, transport};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let answer = facts.answer?;
    let failing = &facts.known.case.failing;
    let hop = failing.hop.as_ref()?;
    if hop.client_tls.is_none() || hop.upstream_tls.is_none() {
        return None;
    }
    let carrier = facts.sent.authorization()?;
    let sent = carrier.scheme.as_deref()?;
    let scheme = ["Negotiate", "NTLM"]
        .into_iter()
        .find(|scheme| scheme.eq_ignore_ascii_case(sent))?;
    // A challenge with data carries the handshake on; one without begins it again.
    let again = answer.challenges.iter();
    let mut again = again.filter(|challenge| challenge.is(scheme));
    if !again.any(|challenge| challenge.token68.is_none()) || !is_last_leg(&carrier.secret) {
        return None;
    }
    let evidence = vec![
        Phrase::new(format!(
            "the client completed the {scheme} handshake, and the server asks for it from the start"
        )),
        Phrase::new(
            "TLS ends at this proxy: a server that binds the login to its TLS channel (extended \
             protection) sees another channel than the client",
        ),
    ];
    let mut fix = vec![Phrase::new("check user name and password first")];
    fix.extend(transport::let_through(
        "if they are right",
        &failing.request.url.origin.host,
    ));
    Some(Suspicion {
        strength: Strength::Slight,
        place: Some(carrier.place.clone()),
        title: format!("{scheme} may be bound to the TLS channel"),
        evidence,
        fix,
        ..Suspicion::default()
    })
}

/// Whether a token is what ends the client's part: NTLM's third message (MS-NLMP section 2.2.1.3), bare or
/// within Negotiate, or a Kerberos ticket (RFC 4559).
fn is_last_leg(token: &[u8]) -> bool {
    if token.len() > LONGEST_TOKEN {
        return false;
    }
    let Ok(bytes) = STANDARD.decode(token.trim_ascii()) else {
        return false;
    };
    let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    has(b"NTLMSSP\0\x03\0\0\0") || (has(KERBEROS) && !has(b"NTLMSSP\0"))
}

/// A ticket with many groups in it.
const LONGEST_TOKEN: usize = 128 * 1024;

/// The mechanism 1.2.840.113554.1.2.2, as DER writes it (RFC 4121 section 4.1).
const KERBEROS: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::sample::Sample;
    use crate::model::TlsParameters;

    fn sample(scheme: &str, message: &[u8], answer: &str) -> Sample {
        let token = STANDARD.encode(message);
        let request = format!("GET /a\nAuthorization: {scheme} {token}");
        let mut sample = Sample::new(&request).answer(answer);
        let tls = TlsParameters {
            version: "TLSv1.3".into(),
            cipher: "TLS13_AES_128_GCM_SHA256".into(),
            alpn: None,
        };
        let hop = sample.case.failing.hop.as_mut().unwrap();
        hop.client_tls = Some(tls.clone());
        hop.upstream_tls = Some(tls);
        sample
    }

    const THIRD: &[u8] = b"NTLMSSP\0\x03\0\0\0and so on";
    const FIRST: &[u8] = b"NTLMSSP\0\x01\0\0\0and so on";

    #[test]
    fn a_login_that_is_complete_and_asked_for_again_is_a_guess() {
        for (scheme, message) in [
            ("NTLM", THIRD),
            ("Negotiate", THIRD),
            ("negotiate", KERBEROS),
        ] {
            let again = format!("401\nWWW-Authenticate: {scheme}");
            let found = sample(scheme, message, &again).check(check).unwrap();
            assert_eq!(found.strength, Strength::Slight);
        }
    }

    #[test]
    fn a_handshake_on_its_way_is_none() {
        let on = "401\nWWW-Authenticate: NTLM TlRMTVNTUAACAAAA";
        assert!(sample("NTLM", FIRST, on).check(check).is_none());
        assert!(sample("NTLM", THIRD, on).check(check).is_none());
        let again = "401\nWWW-Authenticate: NTLM";
        assert!(sample("NTLM", FIRST, again).check(check).is_none());
        assert!(sample("Basic", THIRD, again).check(check).is_none());
    }

    #[test]
    fn without_tls_there_is_no_channel() {
        let mut sample = sample("NTLM", THIRD, "401\nWWW-Authenticate: NTLM");
        sample.case.failing.hop.as_mut().unwrap().client_tls = None;
        assert!(sample.check(check).is_none());
    }
}
