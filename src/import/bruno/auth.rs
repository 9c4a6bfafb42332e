//! What the authorization of a request adds to it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::blocks::Block;
use super::build::Draft;
use crate::import::variables::COMPUTED;
use crate::import::variables::has_variable;

/// Stands for what a folder or a collection says.
pub(super) const INHERITED: &str = "auth: inherit";

/// Adds credentials, as far as they are known before the request is sent.
pub(super) fn authorize(mode: &str, blocks: &[Block<'_>], draft: &mut Draft) {
    let name = format!("auth:{mode}");
    let block = blocks.iter().find(|block| block.name == name);
    let get = |draft: &mut Draft, key: &str| {
        let value = block.map(|block| block.get(key)).unwrap_or_default();
        draft.resolve(&value)
    };
    match mode {
        "" | "none" => {}
        "inherit" => {
            draft.unresolved.push(INHERITED.to_owned());
            draft.warn(
                "the authorization is that of the folder or the collection, whose files are not \
                 read: it is left out",
            );
        }
        "apikey" => {
            let (key, value) = (get(draft, "key"), get(draft, "value"));
            if key.is_empty() {
                return;
            }
            if get(draft, "placement") == "queryparams" {
                draft.query.push((key, value));
            } else {
                draft.set(&key, &value);
            }
        }
        "basic" => {
            let pair = format!("{}:{}", get(draft, "username"), get(draft, "password"));
            let value = if has_variable(&pair) {
                draft.warn("user and password hold variables, so they are not in base64 here");
                pair
            } else {
                STANDARD.encode(pair)
            };
            draft
                .late
                .push(("Authorization".to_owned(), format!("Basic {value}")));
        }
        "bearer" => {
            let token = get(draft, "token");
            draft.set("Authorization", &format!("Bearer {token}"));
        }
        "digest" | "ntlm" => draft.warn(
            "Bruno sends these credentials only after the server's challenge; this is its request \
             without them",
        ),
        "awsv4" | "oauth1" | "oauth2" | "wsse" => signed(mode, block, draft),
        _ => draft.warn("this type of authorization is not known here: what it adds is left out"),
    }
}

/// Credentials that are made when the request is sent; what is known before is written.
fn signed(mode: &str, block: Option<&Block<'_>>, draft: &mut Draft) {
    let get = |draft: &mut Draft, key: &str| {
        let value = block.map(|block| block.get(key)).unwrap_or_default();
        draft.resolve(&value)
    };
    match mode {
        "oauth2" => {
            let prefix = get(draft, "token_header_prefix");
            let prefix = if prefix.is_empty() { "Bearer" } else { &prefix };
            if get(draft, "token_placement") == "url" {
                let key = get(draft, "token_query_key");
                draft.query.push((key, COMPUTED.to_owned()));
            } else {
                draft.set("Authorization", &format!("{prefix} {COMPUTED}"));
            }
            computed("the OAuth 2.0 token", draft);
        }
        "awsv4" => {
            let key = get(draft, "accessKeyId");
            let value = format!("AWS4-HMAC-SHA256 Credential={key}/{COMPUTED}");
            draft.late.push(("Authorization".to_owned(), value));
            computed("AWS Signature", draft);
        }
        "oauth1" => {
            draft
                .late
                .push(("Authorization".to_owned(), format!("OAuth {COMPUTED}")));
            computed("OAuth 1.0", draft);
        }
        _ => {
            let user = get(draft, "username");
            let value = format!(
                "UsernameToken Username=\"{user}\", PasswordDigest=\"{COMPUTED}\", \
                 Nonce=\"{COMPUTED}\", Created=\"{COMPUTED}\""
            );
            draft.set("X-WSSE", &value);
            computed("WSSE", draft);
        }
    }
}

fn computed(what: &str, draft: &mut Draft) {
    draft.unresolved.push(COMPUTED.to_owned());
    draft.warn(&format!(
        "{what} is made when the request is sent; {COMPUTED} stands for what is not known before"
    ));
}
