//! `disguised-websocket-auth-close`: the handshake passed, and the server closed the WebSocket for want of
//! credentials.

use crate::diagnosis::facts::Facts;
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::model::Peer;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let failing = &facts.known.case.failing;
    let log = failing.websocket.as_ref()?;
    let close = log.close.as_ref()?;
    let opened = failing.timings.response_head.unwrap_or_default();
    if !close.refuses_credentials(opened) {
        return None;
    }
    let after = words::span(i64::try_from(close.at.saturating_sub(opened) / 1_000_000).ok()?);
    let spoke = log
        .frames()
        .any(|frame| frame.from == Peer::Client && matches!(frame.opcode, 1 | 2));
    let mut evidence = vec![
        Phrase::new(format!(
            "the server closed the WebSocket with {} {after} after the handshake, reason: ",
            close.code
        ))
        .captured(&*close.reason),
    ];
    if !spoke {
        evidence.push(Phrase::new("the client had sent no message on it"));
    }
    Some(Suspicion {
        strength: if close.code == 4401 {
            Strength::Full
        } else {
            Strength::Partial
        },
        title: "the WebSocket was closed for want of credentials".into(),
        evidence,
        fix: vec![Phrase::new(
            "send the credential that this server expects: in the handshake (a cookie, Authorization, the query, \
             Sec-WebSocket-Protocol) or in the first message; browsers cannot set Authorization there",
        )],
        ..Suspicion::default()
    })
}
