//! `disguised-grpc-unauthenticated`: the HTTP status is 200, and the call was refused all the same.

use crate::auth::grpc;
use crate::diagnosis::Strength;
use crate::diagnosis::facts::Facts;
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let response = facts.answer?.response;
    let content = &response.content.bytes;
    let status = grpc::call_status(&response.fields, &response.trailers, content)?;
    if !response.is_success() || status.code != grpc::UNAUTHENTICATED {
        return None;
    }
    let mut evidence = vec![Phrase::new(
        "server: grpc-status: 16 (UNAUTHENTICATED), behind an HTTP status of success",
    )];
    if !status.message.is_empty() {
        evidence.push(Phrase::new("server: grpc-message: ").captured(&*status.message));
    }
    let has_token = facts.sent.authorization().is_some();
    Some(Suspicion {
        strength: Strength::Partial,
        title: "the gRPC call was refused: UNAUTHENTICATED".into(),
        evidence,
        fix: vec![Phrase::new(if has_token {
            "get a new token for this service, and send it as authorization in the call's metadata"
        } else {
            "send a token with the call, as authorization in its metadata"
        })],
        ..Suspicion::default()
    })
}
