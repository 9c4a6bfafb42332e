//! What the authentication of a request adds to it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::body::field;
use super::template::{Renderer, next};
use crate::import::variables::COMPUTED;

/// What is added.
#[derive(Default)]
pub(super) struct Added {
    pub(super) header: Option<(String, String)>,
    /// More headers, which are sent even when there is an `Authorization` already.
    pub(super) signed: Vec<(String, String)>,
    pub(super) query: Option<(String, String)>,
    pub(super) netrc: bool,
    pub(super) warning: Option<&'static str>,
}

const AFTER_CHALLENGE: &str = "Insomnia sends these credentials only after the server's challenge; \
                               this is its request without them";

const MADE: &str = "the credentials are made when the request is sent; computed_when_sent stands for \
                    what is not known before";

/// The credentials, as far as they are known before the request is sent.
pub(super) fn added(auth: &Value, renderer: &mut Renderer<'_>) -> Added {
    let mut added = Added::default();
    if auth.get("disabled") == Some(&Value::Bool(true)) {
        return added;
    }
    let mut get = |name: &str| renderer.render(&field(auth, name));
    let authorization = |value: String| Some(("Authorization".to_owned(), value));
    match field(auth, "type").as_str() {
        "" | "none" => {}
        "apikey" => {
            let (key, value) = (get("key"), get("value"));
            match get("addTo").as_str() {
                "queryParams" => added.query = Some((key, value)),
                "cookie" => added.header = Some(("Cookie".to_owned(), format!("{key}={value}"))),
                _ => added.header = Some((key, value)),
            }
        }
        "basic" => {
            let pair = format!("{}:{}", get("username"), get("password"));
            let value = if next(&pair).is_some() {
                added.warning =
                    Some("user and password hold variables, so they are not in base64 here");
                pair
            } else {
                STANDARD.encode(pair)
            };
            added.header = authorization(format!("Basic {value}"));
        }
        "bearer" => {
            let (token, prefix) = (get("token"), get("prefix"));
            if !token.is_empty() {
                added.header = authorization(prefixed(&prefix, &token));
            }
        }
        "digest" | "ntlm" => added.warning = Some(AFTER_CHALLENGE),
        "netrc" => added.netrc = true,
        "oauth2" => {
            added.header = authorization(prefixed(&get("tokenPrefix"), COMPUTED));
            added.warning =
                Some("the export has no token of OAuth 2.0; computed_when_sent stands for it");
        }
        kind => signed(kind, &mut added, get),
    }
    added
}

/// Credentials that are made when the request is sent; what is known before is written.
fn signed(kind: &str, added: &mut Added, mut get: impl FnMut(&str) -> String) {
    let authorization = |value: String| Some(("Authorization".to_owned(), value));
    match kind {
        "iam" => {
            let value = format!(
                "AWS4-HMAC-SHA256 Credential={}/{COMPUTED}",
                get("accessKeyId")
            );
            let token = get("sessionToken");
            if !token.is_empty() {
                added
                    .signed
                    .push(("X-Amz-Security-Token".to_owned(), token));
            }
            added
                .signed
                .push(("X-Amz-Date".to_owned(), COMPUTED.to_owned()));
            added.signed.push(("Authorization".to_owned(), value));
            added.warning = Some(MADE);
        }
        "hawk" => {
            let value = format!("Hawk id=\"{}\", {COMPUTED}", get("id"));
            added.header = authorization(value);
            added.warning = Some(MADE);
        }
        "oauth1" => {
            added.header = authorization(format!("OAuth {COMPUTED}"));
            added.warning = Some(MADE);
        }
        "asap" => {
            added.header = authorization(format!("Bearer {COMPUTED}"));
            added.warning = Some(MADE);
        }
        _ => {
            let warning = "this type of authentication is not known here: what it adds is left out";
            added.warning = Some(warning);
        }
    }
}

fn prefixed(prefix: &str, token: &str) -> String {
    match prefix {
        "NO_PREFIX" => token.to_owned(),
        "" => format!("Bearer {token}"),
        prefix => format!("{prefix} {token}"),
    }
}
