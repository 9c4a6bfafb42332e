//! Credentials that are made when the request is sent; what is known before is written.

use super::blocks::Block;
use super::build::Draft;
use crate::import::variables::COMPUTED;

pub(super) fn authorize(mode: &str, block: Option<&Block<'_>>, draft: &mut Draft) {
    let mut get = |key: &str| {
        let value = block.map(|block| block.get(key)).unwrap_or_default();
        draft.resolve(&value)
    };
    match mode {
        "akamai-edgegrid" => {
            let (client, access) = (get("clientToken"), get("accessToken"));
            let value = format!(
                "EG1-HMAC-SHA256 client_token={client};access_token={access};timestamp={COMPUTED};\
                 nonce={COMPUTED};signature={COMPUTED}"
            );
            draft.late.push(("Authorization".to_owned(), value));
            computed("EdgeGrid", draft);
        }
        "awsv4" => {
            draft.aws = Some(aws(get));
            computed("AWS Signature", draft);
        }
        "oauth1" => {
            let placement = get("placement");
            let parameters = oauth1(get);
            match placement.as_str() {
                "query" => draft.late_query.extend(parameters),
                "body" => draft.form.extend(parameters),
                _ => {
                    let value = format!("OAuth {COMPUTED}");
                    draft.late.push(("Authorization".to_owned(), value));
                }
            }
            computed("OAuth 1.0", draft);
        }
        "oauth2" => {
            if get("token_placement") == "url" {
                let key = get("token_query_key");
                let key = if key.is_empty() { "access_token" } else { &key };
                draft.late_query.push((key.to_owned(), COMPUTED.to_owned()));
            } else {
                let value = format!("{} {COMPUTED}", get("token_header_prefix"));
                draft.set("Authorization", value.trim_start());
            }
            computed("the OAuth 2.0 token", draft);
        }
        _ => {
            let user = get("username");
            let value = format!(
                "UsernameToken Username=\"{user}\", PasswordDigest=\"{COMPUTED}\", \
                 Nonce=\"{COMPUTED}\", Created=\"{COMPUTED}\""
            );
            draft.set("X-WSSE", &value);
            computed("WSSE", draft);
        }
    }
}

/// What AWS reads; the names of the headers that are signed are not known yet.
fn aws(mut get: impl FnMut(&str) -> String) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut push = |name: &str, value: &str| lines.push((name.to_owned(), value.to_owned()));
    let token = get("sessionToken");
    if !token.is_empty() {
        push("X-Amz-Security-Token", &token);
    }
    let service = get("service");
    if service == "s3" {
        push("X-Amz-Content-Sha256", COMPUTED);
    }
    push("X-Amz-Date", COMPUTED);
    let (key, region) = (get("accessKeyId"), get("region"));
    let scope = format!("{key}/{COMPUTED}/{region}/{service}/aws4_request");
    push(
        "Authorization",
        &format!("AWS4-HMAC-SHA256 Credential={scope}"),
    );
    lines
}

/// The parameters of OAuth 1.0, in the order in which they follow others.
fn oauth1(mut get: impl FnMut(&str) -> String) -> Vec<(String, String)> {
    let rows = [
        ("consumer_key", ""),
        ("nonce", COMPUTED),
        ("signature_method", "HMAC-SHA1"),
        ("timestamp", COMPUTED),
        ("version", ""),
        ("token", ""),
        ("callback", ""),
        ("verifier", ""),
        ("signature", COMPUTED),
    ];
    let mut parameters = Vec::new();
    for (name, otherwise) in rows {
        let key = match name {
            "token" => "access_token",
            "callback" => "callback_url",
            name => name,
        };
        let value = Some(get(key)).filter(|value| !value.is_empty());
        let value = value.unwrap_or_else(|| otherwise.to_owned());
        if !value.is_empty() {
            parameters.push((format!("oauth_{name}"), value));
        }
    }
    parameters
}

/// Adds what AWS reads, and names the headers that are signed.
pub(super) fn sign_for_aws(lines: Vec<(String, String)>, draft: &mut Draft) {
    for (name, mut value) in lines {
        if name == "Authorization" {
            let mut signed: Vec<String> = draft
                .names()
                .map(str::to_ascii_lowercase)
                .filter(|name| !NEVER_SIGNED.contains(&name.as_str()))
                .collect();
            signed.sort();
            let signed = signed.join(";");
            value = format!("{value}, SignedHeaders={signed}, Signature={COMPUTED}");
        }
        draft.set(&name, &value);
    }
}

/// What intermediaries may change.
const NEVER_SIGNED: &[&str] = &[
    "authorization",
    "connection",
    "expect",
    "presigned-expires",
    "range",
    "user-agent",
    "x-amzn-trace-id",
];

fn computed(what: &str, draft: &mut Draft) {
    draft.unresolved.push(COMPUTED.to_owned());
    draft.warn(&format!(
        "{what} is made when the request is sent; {COMPUTED} stands for what is not known before"
    ));
}
