//! Which exchanges are recorded: a predicate over head (and later body) facts.

use crate::auth::challenge::{Challenge, challenges};
use crate::model::Exchange;

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

/// Told by the path alone: the endpoints of OAuth 2 servers and the usual names of login routes.
fn may_give_tokens(method: &str, target: &[u8]) -> bool {
    let segments: &[&str] = match method {
        "POST" | "PUT" => POSTED,
        "GET" => ASKED,
        _ => return false,
    };
    let path = target
        .get(..target.len().min(LONGEST_PATH))
        .unwrap_or_default()
        .split(|b| matches!(b, b'?' | b'#'))
        .next()
        .unwrap_or_default();
    path.split(|b| *b == b'/').any(|segment| {
        segments
            .iter()
            .any(|word| segment.eq_ignore_ascii_case(word.as_bytes()))
    })
}

/// Longer paths are not searched further.
const LONGEST_PATH: usize = 2048;

const POSTED: &[&str] = &[
    "token",
    "tokens",
    "access_token",
    "access-token",
    "accesstoken",
    "api-token-auth",
    "auth",
    "authenticate",
    "authentication",
    "jwt",
    "login",
    "oauth",
    "oauth2",
    "refresh",
    "refresh_token",
    "refresh-token",
    "refreshtoken",
    "session",
    "sessions",
    "sign-in",
    "sign_in",
    "signin",
    "sso",
];

/// Container registries and session frameworks hand out tokens by GET.
const ASKED: &[&str] = &["token", "refresh", "session"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_401_is_a_failure_whatever_was_asked() {
        assert_eq!(interest("GET", b"/a", 401), Interest::Failure);
        assert_eq!(interest("POST", b"/oauth/token", 401), Interest::Failure);
        assert_eq!(interest("OPTIONS", b"*", 401), Interest::Failure);
    }

    #[test]
    fn a_token_endpoint_is_known_by_a_whole_segment() {
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
        assert_eq!(interest("GET", b"/login", 200), Interest::Context);
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
