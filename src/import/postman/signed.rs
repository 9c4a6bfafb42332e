//! Credentials that are computed when a request is sent. What is known before is written as it will
//! be sent, so that it can be compared; what is computed is marked.

use super::auth::Parameters;
use super::body::Body;
use super::build::Draft;
use crate::import::address::escape;
use crate::import::variables::{COMPUTED, around};

fn tell(scheme: &str, draft: &mut Draft) {
    draft.warn(&format!(
        "{scheme} is computed when the request is sent; {COMPUTED} stands for what is not known \
         before"
    ));
}

/// A token that Postman signs itself.
pub(super) fn jwt(parameters: &mut Parameters<'_>, draft: &mut Draft) {
    tell("a JWT", draft);
    if parameters.get("addTokenTo") == "queryParam" {
        let name = parameters.get_or("queryParamKey", "token");
        return draft.address.set_query(&name, COMPUTED);
    }
    let prefix = parameters.get_or("headerPrefix", "Bearer");
    let value = format!("{} {COMPUTED}", prefix.trim());
    draft.headers.replace("Authorization", value.trim_start());
}

/// AWS Signature, version 4.
pub(super) fn aws(parameters: &mut Parameters<'_>, draft: &mut Draft) {
    let key = parameters.get("accessKey");
    if key.is_empty() || parameters.get("secretKey").is_empty() {
        return draft.warn("AWS Signature has no key: Postman sends no Authorization");
    }
    tell("AWS Signature", draft);
    if parameters.is("addAuthDataToQuery") {
        return draft.address.set_query("X-Amz-Signature", COMPUTED);
    }
    let region = parameters.get_or("region", "us-east-1");
    let service = parameters.get_or("service", "execute-api");
    let session = parameters.get("sessionToken");
    let date = draft.date.clone();
    let host = draft.address.host_field();
    draft
        .headers
        .remove_if(|name| name.eq_ignore_ascii_case("authorization"));
    draft.headers.set("Host", &host);
    if !session.is_empty() {
        draft.headers.replace("X-Amz-Security-Token", &session);
    }
    draft.headers.replace("X-Amz-Date", COMPUTED);
    let mut signed: Vec<String> = draft
        .headers
        .names()
        .filter(|name| !NEVER_SIGNED.contains(&name.as_str()))
        .collect();
    signed.sort();
    signed.dedup();
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={key}/{date}/{region}/{service}/aws4_request, \
         SignedHeaders={}, Signature={COMPUTED}",
        signed.join(";")
    );
    draft.headers.push("Authorization", &value);
}

/// What intermediaries may change.
const NEVER_SIGNED: &[&str] = &[
    "connection",
    "expect",
    "presigned-expires",
    "range",
    "user-agent",
    "x-amzn-trace-id",
];

/// Hawk.
pub(super) fn hawk(parameters: &mut Parameters<'_>, draft: &mut Draft) {
    let id = parameters.get("authId");
    if id.is_empty() || parameters.get("authKey").is_empty() {
        return draft.warn("Hawk has no id or no key: Postman sends no Authorization");
    }
    tell("Hawk", draft);
    let time = parameters.get_or("timestamp", COMPUTED);
    let nonce = parameters.get_or("nonce", COMPUTED);
    let mut value = format!("Hawk id=\"{id}\", ts=\"{time}\", nonce=\"{nonce}\"");
    let has_hash = matches!(
        draft.body,
        Body::Plain { .. } | Body::File { .. } | Body::Form(_)
    );
    if has_hash && parameters.is("includePayloadHash") {
        value.extend([", hash=\"", COMPUTED, "\""]);
    }
    let mut add = |name: &str, text: &str| {
        if !text.is_empty() {
            value.extend([", ", name, "=\"", text, "\""]);
        }
    };
    add("ext", &parameters.get("extraData"));
    add("mac", COMPUTED);
    let application = parameters.get("app");
    add("app", &application);
    if !application.is_empty() {
        add("dlg", &parameters.get("delegation"));
    }
    draft.headers.replace("Authorization", &value);
}

/// Akamai `EdgeGrid`.
pub(super) fn edge_grid(parameters: &mut Parameters<'_>, draft: &mut Draft) {
    let (client, access) = (parameters.get("clientToken"), parameters.get("accessToken"));
    if client.is_empty() || access.is_empty() || parameters.get("clientSecret").is_empty() {
        return draft.warn("EdgeGrid has no token or no secret: Postman sends no Authorization");
    }
    tell("EdgeGrid", draft);
    let time = parameters.get_or("timestamp", COMPUTED);
    let nonce = parameters.get_or("nonce", COMPUTED);
    let value = format!(
        "EG1-HMAC-SHA256 client_token={client};access_token={access};timestamp={time};\
         nonce={nonce};signature={COMPUTED}"
    );
    draft.headers.replace("Authorization", &value);
}

/// OAuth 1.0 (RFC 5849).
pub(super) fn oauth1(parameters: &mut Parameters<'_>, draft: &mut Draft) {
    let consumer = parameters.get("consumerKey");
    let secrets = [
        parameters.get("consumerSecret"),
        parameters.get("privateKey"),
    ];
    if consumer.is_empty() || secrets.iter().all(String::is_empty) {
        return draft.warn("OAuth 1.0 has no consumer key or secret: Postman sends no credentials");
    }
    tell("OAuth 1.0", draft);
    let method = parameters.get_or("signatureMethod", "HMAC-SHA1");
    let mut rows = vec![
        ("oauth_consumer_key", consumer),
        ("oauth_token", parameters.get("token")),
        ("oauth_signature_method", method.clone()),
        ("oauth_timestamp", parameters.get_or("timestamp", COMPUTED)),
        ("oauth_nonce", parameters.get_or("nonce", COMPUTED)),
        ("oauth_version", parameters.get("version")),
        ("oauth_callback", parameters.get("callback")),
        ("oauth_verifier", parameters.get("verifier")),
    ];
    let keeps_empty = parameters.is("addEmptyParamsToSign");
    rows.retain(|(name, value)| {
        let is_optional = matches!(*name, "oauth_callback" | "oauth_verifier");
        !value.is_empty() || (keeps_empty && !is_optional)
    });
    let signature = if method == "PLAINTEXT" {
        let secrets = [
            parameters.get("consumerSecret"),
            parameters.get("tokenSecret"),
        ];
        secrets.map(|secret| percent_encode(&secret)).join("&")
    } else {
        COMPUTED.to_owned()
    };
    rows.push(("oauth_signature", signature));
    if parameters.is("addParamsToHeader") {
        let encode = match parameters.is("disableHeaderEncoding") {
            true => str::to_owned,
            false => percent_encode,
        };
        let realm = parameters.get("realm");
        let realm = (!realm.is_empty()).then_some(("realm", realm));
        let rows: Vec<String> = realm
            .into_iter()
            .chain(rows)
            .map(|(name, value)| format!("{name}=\"{}\"", encode(&value)))
            .collect();
        let value = format!("OAuth {}", rows.join(","));
        return draft.headers.replace("Authorization", &value);
    }
    let may_be_in_body = matches!(draft.method.as_str(), "POST" | "PUT");
    for (name, value) in rows {
        match &mut draft.body {
            Body::Form(form) if may_be_in_body => form.push((name.to_owned(), value)),
            _ => draft.address.set_query(name, &value),
        }
    }
}

/// RFC 5849 section 3.6.
fn percent_encode(text: &str) -> String {
    let is_special = |c: char| !c.is_ascii_alphanumeric() && !"-._~".contains(c);
    around(text, |text| escape(text, is_special))
}
