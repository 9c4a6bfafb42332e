//! Which exchanges are recorded: a predicate over head (and later body) facts.

use super::watch::path_and_query;
use crate::auth::challenge::{Challenge, challenges};
use crate::auth::fingerprint::is_token_path;
use crate::auth::grpc;
use crate::model::{Content, Exchange};
use crate::wire::message::{MessageHead, Trailers};

/// What an exchange is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Only for context: its heads go to the history.
    Context,
    /// A token response: its content is read for credential facts.
    TokenResponse,
    /// A failed authentication: recorded in full.
    Failure,
}

/// What an exchange is kept for, told when its response head is known.
pub fn interest(request_method: &str, request_target: &[u8], status: u16) -> Interest {
    if status == UNAUTHORIZED {
        Interest::Failure
    } else if (200..300).contains(&status) && may_give_tokens(request_method, request_target) {
        Interest::TokenResponse
    } else {
        Interest::Context
    }
}

/// How many bytes of a request's content are kept when its exchange is no failure, so that it can be
/// learned: none where tokens are asked for.
pub fn content_to_learn(interest: Interest, status: u16) -> usize {
    match interest {
        Interest::Context if (200..300).contains(&status) => LEARNED_CONTENT,
        Interest::Context | Interest::TokenResponse | Interest::Failure => 0,
    }
}

/// Whether the content of a response is kept: because of what it is kept for, or since it may tell at its end that
/// it is a failure.
pub fn needs_content(interest: Interest, head: &MessageHead) -> bool {
    interest != Interest::Context || head.field("content-type").is_some_and(grpc::is_grpc_web)
}

/// Whether a response with an ordinary status says behind its content that the credentials were refused: the
/// status of a gRPC call.
pub fn refused_at_the_end(
    head: &MessageHead,
    trailers: Option<&Trailers>,
    content: &Content,
) -> bool {
    // Most are not: those are not parsed any further.
    if !head.field("content-type").is_some_and(grpc::is_grpc) {
        return false;
    }
    let fields = head.response().map(|response| response.fields);
    let trailers = trailers.map(Trailers::section).unwrap_or_default();
    fields
        .and_then(|fields| grpc::call_status(&fields, &trailers, &content.bytes))
        .is_some_and(|status| status.code == grpc::UNAUTHENTICATED)
}

/// Whether the client may well be in the middle of a handshake, so that its next request decides
/// whether this 401 is a failure at all.
///
/// True when the challenge offers Basic, Digest, NTLM or Negotiate to a request that did not use
/// it, and for the inner legs of NTLM, Negotiate and a stale Digest nonce.
pub fn awaits_next_leg(exchange: &Exchange) -> bool {
    let Some(response) = exchange.response() else {
        return false;
    };
    let used = exchange
        .request
        .fields
        .first("authorization")
        .and_then(|value| value.split(|b| *b == b' ').next())
        .unwrap_or_default();
    response.status == UNAUTHORIZED
        && challenges(&response.fields)
            .iter()
            .any(|challenge| invites_another_leg(challenge, used))
}

const UNAUTHORIZED: u16 = 401;

const LEARNED_CONTENT: usize = 4 << 10;

const HANDSHAKES: [&str; 4] = ["basic", "digest", "ntlm", "negotiate"];

fn invites_another_leg(challenge: &Challenge, used: &[u8]) -> bool {
    let is_handshake = HANDSHAKES.iter().any(|scheme| challenge.is(scheme));
    if !is_handshake {
        return false;
    }
    let unused = !used.eq_ignore_ascii_case(challenge.scheme.as_bytes());
    let continues = challenge.token68.is_some()
        || challenge
            .parameter("stale")
            .is_some_and(|value| value.eq_ignore_ascii_case(b"true"));
    unused || continues
}

/// Told by the path alone. Most are posted to; registries and session frameworks answer GET as well.
fn may_give_tokens(method: &str, target: &[u8]) -> bool {
    if !matches!(method, "GET" | "POST" | "PUT") {
        return false;
    }
    let target = path_and_query(target);
    let path = target.split(|b| *b == b'?').next().unwrap_or_default();
    is_token_path(path.get(..path.len().min(LONGEST_PATH)).unwrap_or_default())
}

/// Longer paths are not searched further.
const LONGEST_PATH: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::sample::{self, START};
    use crate::model::Outcome;

    /// Whether a 401 with that challenge to a request with that `Authorization` awaits another leg.
    fn awaits(authorization: Option<&str>, challenge: &str) -> bool {
        let mut exchange = sample::challenged(1, START);
        if let Some(value) = authorization {
            exchange.request = sample::request("/", &[("Authorization", value)]);
        }
        if let Outcome::Response(response) = &mut exchange.outcome {
            response.fields = sample::fields(&[("WWW-Authenticate", challenge)]);
        }
        awaits_next_leg(&exchange)
    }

    #[test]
    fn a_handshake_that_was_not_tried_or_goes_on_awaits_its_next_leg() {
        assert!(awaits(None, "Basic realm=\"x\""));
        assert!(awaits(None, "Bearer, Negotiate"));
        assert!(awaits(Some("Bearer x"), "Digest nonce=\"n\""));
        assert!(awaits(Some("NTLM TlRMTVNTUAAB"), "NTLM TlRMTVNTUAAC"));
        assert!(awaits(Some("Digest a=b"), "Digest nonce=\"n\", stale=TRUE"));
    }

    #[test]
    fn credentials_that_were_refused_await_nothing() {
        assert!(!awaits(Some("basic eDp5"), "Basic realm=\"x\""));
        assert!(!awaits(Some("Digest a=b"), "Digest nonce=\"n\""));
        assert!(!awaits(None, "Bearer realm=\"x\""));
        assert!(!awaits(None, ""));
    }

    #[test]
    fn a_401_is_a_failure_whatever_was_asked() {
        assert_eq!(interest("GET", b"/a", 401), Interest::Failure);
        assert_eq!(interest("POST", b"/oauth/token", 401), Interest::Failure);
        assert_eq!(interest("OPTIONS", b"*", 401), Interest::Failure);
    }

    #[test]
    fn a_token_endpoint_is_known_by_a_whole_word_of_its_path() {
        assert_eq!(
            interest("POST", b"/oauth2/v1/token?x=1", 200),
            Interest::TokenResponse
        );
        assert_eq!(
            interest("POST", b"https://a.test/api/Login", 201),
            Interest::TokenResponse
        );
        assert_eq!(interest("POST", b"/tokenize", 200), Interest::Context);
        assert_eq!(interest("POST", b"/a?next=/token", 200), Interest::Context);
        assert_eq!(
            interest("GET", b"http://login.test/a", 200),
            Interest::Context
        );
        assert_eq!(interest("DELETE", b"/session", 200), Interest::Context);
        assert_eq!(
            interest("GET", b"/token?service=r", 200),
            Interest::TokenResponse
        );
    }

    #[test]
    fn a_token_endpoint_that_did_not_answer_2xx_gives_none() {
        assert_eq!(interest("POST", b"/token", 400), Interest::Context);
        assert_eq!(interest("POST", b"/token", 302), Interest::Context);
    }
}
