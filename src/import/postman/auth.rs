//! What the Authorization tab adds to a request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::build::Draft;
use super::signed;
use crate::import::variables::{Resolver, has_variable, text};

/// The parameters of an `auth`, with their variables replaced.
pub(super) struct Parameters<'p> {
    /// A list of rows, or an object in files of format 2.0.
    list: &'p Value,
    resolver: &'p mut Resolver,
}

impl Parameters<'_> {
    /// A parameter's value; empty without one.
    pub(super) fn get(&mut self, name: &str) -> String {
        self.given(name).unwrap_or_default()
    }

    /// A parameter's value, which may be empty, unless the file leaves it out.
    fn given(&mut self, name: &str) -> Option<String> {
        let value = match self.list {
            Value::Array(rows) => rows
                .iter()
                .rev()
                .find(|row| row.get("key").and_then(Value::as_str) == Some(name))
                .and_then(|row| row.get("value")),
            list => list.get(name),
        };
        let value = value.filter(|value| !value.is_null()).map(text)?;
        Some(self.resolver.resolve(&value))
    }

    /// Whether a parameter is switched on.
    pub(super) fn is(&mut self, name: &str) -> bool {
        self.get(name) == "true"
    }

    /// A parameter's value, or this when it is empty.
    pub(super) fn get_or(&mut self, name: &str, default: &str) -> String {
        let value = self.get(name);
        if value.is_empty() {
            default.to_owned()
        } else {
            value
        }
    }
}

/// Adds credentials to a request, as far as they are known before it is sent.
pub(super) fn authorize(auth: &Value, draft: &mut Draft, resolver: &mut Resolver) {
    let kind = auth.get("type").map(text).unwrap_or_default();
    let list = auth.get(&kind).unwrap_or(&Value::Null);
    let mut parameters = Parameters { list, resolver };
    let parameters = &mut parameters;
    match kind.as_str() {
        "noauth" => {}
        "apikey" => api_key(parameters, draft),
        "asap" | "jwt" => signed::jwt(parameters, draft),
        "awsv4" => signed::aws(parameters, draft),
        "basic" => basic(parameters, draft),
        "bearer" => bearer(parameters, draft),
        "digest" => draft.warn(&after_challenge("Digest")),
        "edgegrid" => signed::edge_grid(parameters, draft),
        "hawk" => signed::hawk(parameters, draft),
        "ntlm" => draft.warn(&after_challenge("NTLM")),
        "oauth1" => signed::oauth1(parameters, draft),
        "oauth2" => oauth2(parameters, draft),
        _ => {
            let kind: String = kind.chars().take(40).collect();
            draft.warn(&format!(
                "the authorization type {kind} is not known here: what it adds is left out"
            ));
        }
    }
}

fn after_challenge(scheme: &str) -> String {
    format!(
        "Postman sends the credentials of {scheme} only after the server's challenge; this is its \
         request without them"
    )
}

fn bearer(parameters: &mut Parameters<'_>, draft: &mut Draft) {
    let token = parameters.get("token");
    if token.is_empty() {
        return draft.warn(NO_TOKEN);
    }
    draft
        .headers
        .replace("Authorization", &format!("Bearer {token}"));
}

fn basic(parameters: &mut Parameters<'_>, draft: &mut Draft) {
    let user = parameters.get("username");
    let password = parameters.get("password");
    let pair = format!("{user}:{password}");
    let value = if has_variable(&pair) {
        draft.warn("user and password hold variables, so they are not in base64 here");
        pair
    } else {
        STANDARD.encode(pair)
    };
    draft
        .headers
        .replace("Authorization", &format!("Basic {value}"));
}

fn api_key(parameters: &mut Parameters<'_>, draft: &mut Draft) {
    let (name, value) = (parameters.get("key"), parameters.get("value"));
    if name.is_empty() {
        return draft.warn("the API key has no name: it is left out");
    }
    if parameters.get("in") == "query" {
        draft.address.set_query(&name, &value);
    } else {
        draft.headers.replace(&name, &value);
    }
}

fn oauth2(parameters: &mut Parameters<'_>, draft: &mut Draft) {
    let token = parameters.get("accessToken");
    if token.is_empty() {
        return draft.warn(NO_TOKEN);
    }
    // Only this kind of token goes without a signature.
    if parameters.get("tokenType").eq_ignore_ascii_case("mac") {
        return draft.warn("Postman sends no token of the type MAC");
    }
    // Wherever the token goes, what stands in either place makes way.
    draft
        .headers
        .remove_if(|name| name.eq_ignore_ascii_case("Authorization"));
    draft.address.remove_query("access_token");
    if parameters.get("addTokenTo") == "queryParams" {
        return draft.address.set_query("access_token", &token);
    }
    let prefix = parameters.given("headerPrefix");
    let prefix = prefix.unwrap_or_else(|| "Bearer".to_owned());
    let value = format!("{} {token}", prefix.trim());
    draft.headers.replace("Authorization", value.trim_start());
}

const NO_TOKEN: &str =
    "the file has no token for this request: Postman would ask for one or send none";
