//! What the authorization of a request adds to it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::blocks::Block;
use super::build::Draft;
use super::signed;
use crate::import::variables::has_variable;
use crate::model::UNREAD_AUTHORIZATION;

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
            draft.unresolved.push(UNREAD_AUTHORIZATION.to_owned());
            draft.warn(
                "the authorization is that of the folder or the collection, whose files are not \
                 read: it is left out, and counts as unknown",
            );
        }
        "apikey" => {
            let (key, value) = (get(draft, "key"), get(draft, "value"));
            if key.is_empty() {
                return;
            }
            match get(draft, "placement").as_str() {
                "queryparams" => draft.query.push((key, value)),
                "header" => draft.set(&key, &value),
                _ => {}
            }
        }
        "basic" => {
            let pair = format!("{}:{}", get(draft, "username"), get(draft, "password"));
            let value = basic(pair.as_bytes(), draft);
            draft.late.push(("Authorization".to_owned(), value));
        }
        "bearer" => {
            let token = get(draft, "token");
            draft.set("Authorization", &format!("Bearer {token}"));
        }
        "digest" | "ntlm" => {
            draft.is_untimed = mode == "ntlm";
            draft.warn(
                "Bruno sends these credentials only after the server's challenge; this is its \
                 request without them",
            );
        }
        "akamai-edgegrid" | "awsv4" | "oauth1" | "oauth2" | "wsse" => {
            signed::authorize(mode, block, draft);
        }
        _ => draft.warn("this type of authorization is not known here: what it adds is left out"),
    }
}

/// The value of `Authorization`. A variable that nothing defines stays readable.
pub(super) fn basic(pair: &[u8], draft: &mut Draft) -> String {
    match std::str::from_utf8(pair) {
        Ok(text) if has_variable(text) => {
            draft.warn("user and password hold variables, so they are not in base64 here");
            format!("Basic {text}")
        }
        _ => format!("Basic {}", STANDARD.encode(pair)),
    }
}
