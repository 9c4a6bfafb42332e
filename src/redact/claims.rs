//! The claims of a JWT: those that explain a refusal are shown, those that name a person are not.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::canvas::{Canvas, Masked};
use super::masker::Masker;
use crate::auth::jwt::Jwt;

/// Members that are shown as they are.
const OPEN: &[&str] = &[
    "acr",
    "alg",
    "amr",
    "aud",
    "azp",
    "client_id",
    "enc",
    "iss",
    "kid",
    "roles",
    "scope",
    "scp",
    "tid",
    "token_type",
    "token_use",
    "typ",
];

/// Members that hold a point in time (RFC 7519 section 2, `NumericDate`).
const TIMES: &[&str] = &["auth_time", "exp", "iat", "nbf"];

/// Members that are shown by a short name: equality is all that a reader needs.
const NAMED: &[&str] = &[
    "address",
    "email",
    "family_name",
    "given_name",
    "jti",
    "name",
    "nonce",
    "oid",
    "picture",
    "preferred_username",
    "sid",
    "sub",
    "unique_name",
    "upn",
];

/// How many characters of a shown value.
const LONGEST: usize = 200;

/// How many members are listed.
const MOST: usize = 64;

impl Masker {
    /// The header members and claims of a JWT, in order; the signature is not among them.
    pub fn claims(&mut self, jwt: &Jwt) -> Vec<(String, Masked)> {
        let none = Map::new();
        let members = jwt
            .header
            .iter()
            .chain(jwt.claims.as_ref().unwrap_or(&none));
        members
            .take(MOST)
            .map(|(name, value)| {
                let shown = self.claim(name, value);
                (self.field_name(name.as_bytes()).as_str().to_owned(), shown)
            })
            .collect()
    }

    fn claim(&mut self, name: &str, value: &Value) -> Masked {
        let mut out = Canvas::default();
        if self.reveals() {
            out.captured(plain(value).as_bytes());
        } else if let Some(time) = TIMES.contains(&name).then(|| utc(value)).flatten() {
            out.captured(time.as_bytes());
        } else if OPEN.contains(&name) || TIMES.contains(&name) {
            let text: String = plain(value).chars().take(LONGEST).collect();
            self.paint_text(&mut out, text.as_bytes(), 0);
        } else if is_named(name) {
            let number = self.book.number(plain(value).as_bytes());
            let short = if name.len() <= 20 { name } else { "claim" };
            out.mask(&format!("{short}:{number}"));
        } else {
            out.captured(kind(value).as_bytes());
        }
        out.finish()
    }
}

fn is_named(name: &str) -> bool {
    NAMED.contains(&name) || name.starts_with("phone") || name == "ip" || name == "ipaddr"
}

/// A string without its quotes, anything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

/// A `NumericDate` as `2023-11-14T22:13:20Z`; `None` where it is no time between the years 1 and 9999.
fn utc(value: &Value) -> Option<String> {
    let seconds = value.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float cast saturates, and what is out of range is refused below"
    )]
    let seconds = seconds.floor() as i64;
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()?
        .format(&Rfc3339)
        .ok()
}

/// The type and size of a value that is not shown.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) => format!("string len={}", text.chars().count()),
        Value::Array(items) => format!("array of {}", items.len()),
        Value::Object(members) => format!("object of {}", members.len()),
    }
}
