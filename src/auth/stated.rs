//! What the server says about the failure, in its own words (`causes.md` 1.7).

use serde_json::Value;

use super::challenge::challenges;
use super::decode::content_text;
use crate::model::{ContentEnd, Response};

/// Where the server said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatedSource {
    /// A challenge parameter: scheme and parameter name.
    Challenge(String, String),
    /// A member of a JSON body, as a dotted path.
    Json(String),
    /// A response field.
    Field(String),
    /// The title or first heading of an HTML body.
    Html,
    /// The text of the body.
    Text,
}

/// One thing the server said.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    /// Where.
    pub source: StatedSource,
    /// The words as sent; may echo a secret, so they are masked before they are shown.
    pub words: String,
}

impl std::fmt::Debug for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Statement({:?}, {} bytes)",
            self.source,
            self.words.len()
        )
    }
}

/// All that the server said, in order of weight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// The statements, challenges first.
    pub statements: Vec<Statement>,
    /// Whether the body could not be read (coding, cut off): unknown is not empty.
    pub body_unreadable: bool,
}

impl Stated {
    /// The first statement that the pattern matches (matched against lower-cased words).
    pub fn find(&self, pattern: &regex::Regex) -> Option<&Statement> {
        self.statements
            .iter()
            .find(|statement| pattern.is_match(&statement.words.to_lowercase()))
    }

    fn say(&mut self, source: StatedSource, words: &str) {
        let words: String = words.trim().chars().take(LONGEST_STATEMENT).collect();
        if !words.is_empty() && self.statements.len() < MOST_STATEMENTS {
            self.statements.push(Statement { source, words });
        }
    }
}

/// Reads what the server says from challenges, body and fields.
pub fn stated(response: &Response) -> Stated {
    let mut stated = Stated::default();
    for challenge in challenges(&response.fields) {
        for parameter in ["error", "error_description"] {
            if let Some(words) = challenge.parameter(parameter) {
                let source =
                    StatedSource::Challenge(challenge.scheme.clone(), parameter.to_owned());
                stated.say(source, &String::from_utf8_lossy(words));
            }
        }
    }
    state_content(response, &mut stated);
    for name in FIELDS {
        for line in response.fields.all(name) {
            let words = String::from_utf8_lossy(line.value()).into_owned();
            stated.say(StatedSource::Field((*name).to_owned()), &words);
        }
    }
    stated
}

fn state_content(response: &Response, stated: &mut Stated) {
    let content = &response.content;
    if content.end == ContentEnd::Absent {
        return;
    }
    let Some(text) = content_text(response) else {
        stated.body_unreadable = true;
        return;
    };
    if text.is_empty() && content.length > 0 {
        stated.body_unreadable = true;
    } else if let Ok(json) = serde_json::from_str::<Value>(&text) {
        state_json(&json, stated);
    } else if let Some(words) = html_words(&text) {
        stated.say(StatedSource::Html, &words);
    } else {
        let start: String = text.chars().take(TEXT_LENGTH).collect();
        stated.say(StatedSource::Text, &start);
    }
}

/// The members of causes.md 1.7, those of the top first.
fn state_json(json: &Value, stated: &mut Stated) {
    if let Value::String(text) = json {
        stated.say(StatedSource::Text, text);
    }
    let documents = match json {
        Value::Array(items) => items.iter().take(MOST_ITEMS).collect(),
        _ => vec![json],
    };
    for document in documents {
        state_members(document, "", MEMBERS, stated);
        for (outer, inner) in NESTED {
            match document.get(outer) {
                Some(Value::Array(items)) => {
                    for item in items.iter().take(MOST_ITEMS) {
                        state_members(item, &format!("{outer}[]."), inner, stated);
                        state_extensions(item, stated);
                    }
                }
                Some(item @ Value::Object(_)) => {
                    state_members(item, &format!("{outer}."), inner, stated);
                    state_details(item, stated);
                }
                _ => {}
            }
        }
    }
}

fn state_members(object: &Value, path: &str, members: &[&str], stated: &mut Stated) {
    for member in members {
        let words = match object.get(member) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        stated.say(StatedSource::Json(format!("{path}{member}")), &words);
    }
}

/// GraphQL: `errors[].extensions.code`.
fn state_extensions(item: &Value, stated: &mut Stated) {
    if let Some(extensions) = item.get("extensions") {
        state_members(extensions, "errors[].extensions.", &["code"], stated);
    }
}

/// Google: `error.details[].reason`; Apigee: `fault.detail.errorcode`.
fn state_details(item: &Value, stated: &mut Stated) {
    if let Some(Value::Array(details)) = item.get("details") {
        for detail in details.iter().take(MOST_ITEMS) {
            state_members(detail, "error.details[].", &["reason"], stated);
        }
    }
    if let Some(detail) = item.get("detail") {
        state_members(detail, "fault.detail.", &["errorcode"], stated);
    }
}

/// The title, or else the first heading, of an HTML page.
fn html_words(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let is_html = ["<!doctype html", "<html", "<head", "<title", "<body"];
    if !is_html.iter().any(|tag| lower.contains(tag)) {
        return None;
    }
    let words = ["title", "h1"]
        .iter()
        .find_map(|tag| element_text(text, &lower, tag));
    Some(words.unwrap_or_default())
}

fn element_text(text: &str, lower: &str, tag: &str) -> Option<String> {
    let start = lower.find(&format!("<{tag}"))?;
    let open = start + lower.get(start..)?.find('>')? + 1;
    let close = open + lower.get(open..)?.find(&format!("</{tag}"))?;
    let words = text
        .get(open..close)?
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    (!words.is_empty()).then_some(words)
}

const MEMBERS: &[&str] = &[
    "error",
    "error_description",
    "error_code",
    "code",
    "errorCode",
    "errorSummary",
    "message",
    "msg",
    "detail",
    "details",
    "title",
    "reason",
    "type",
    "hint",
    "errorType",
    "statusText",
    "name",
];

const NESTED: &[(&str, &[&str])] = &[
    (
        "error",
        &[
            "status",
            "code",
            "message",
            "type",
            "reason",
            "error",
            "description",
        ],
    ),
    (
        "errors",
        &["message", "code", "title", "detail", "reason", "errorType"],
    ),
    ("fault", &["faultstring", "code", "message", "description"]),
    ("messages", &["message", "token_class"]),
    ("attributes", &["error"]),
];

const FIELDS: &[&str] = &[
    "x-amzn-errortype",
    "x-ms-error-code",
    "proxy-status",
    "x-error",
    "x-auth-error",
    "grpc-message",
    "x-authentication-denied-reason",
];

const MOST_ITEMS: usize = 16;
const MOST_STATEMENTS: usize = 64;
const LONGEST_STATEMENT: usize = 500;
const TEXT_LENGTH: usize = 200;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Content, FieldLine, FieldSection, HttpVersion, Provenance};

    fn response(fields: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Response {
        let lines = fields.iter().map(|(n, v)| FieldLine::new(*n, v)).collect();
        Response {
            status: 401,
            reason: Vec::new(),
            version: HttpVersion::Http11,
            fields: FieldSection::from_lines(lines, Provenance::Wire),
            content: Content::complete(body),
            trailers: FieldSection::default(),
        }
    }

    fn words(response: &Response) -> Vec<String> {
        stated(response)
            .statements
            .into_iter()
            .map(|s| s.words)
            .collect()
    }

    #[test]
    fn challenges_speak_first_then_the_body_then_fields() {
        let answer = response(
            &[
                ("X-Amzn-ErrorType", "UnauthorizedException"),
                (
                    "WWW-Authenticate",
                    r#"Bearer error="invalid_token", error_description="expired""#,
                ),
            ],
            r#"{"message":"The incoming token has expired"}"#,
        );
        assert_eq!(
            words(&answer),
            [
                "invalid_token",
                "expired",
                "The incoming token has expired",
                "UnauthorizedException"
            ]
        );
    }

    #[test]
    fn members_are_found_where_backends_put_them() {
        for (body, expected) in [
            (
                r#"{"error":{"code":401,"message":"m","status":"UNAUTHENTICATED","details":[{"reason":"CREDENTIALS_MISSING"}]}}"#,
                "CREDENTIALS_MISSING",
            ),
            (
                r#"{"errors":[{"message":"x","extensions":{"code":"UNAUTHENTICATED"}}]}"#,
                "UNAUTHENTICATED",
            ),
            (
                r#"{"fault":{"faultstring":"Invalid Access Token","detail":{"errorcode":"oauth.v2.InvalidAccessToken"}}}"#,
                "oauth.v2.InvalidAccessToken",
            ),
            (
                r#"{"detail":"x","code":"token_not_valid","messages":[{"message":"Token is expired"}]}"#,
                "Token is expired",
            ),
            (
                r#"[{"errorCode":"INVALID_SESSION_ID"}]"#,
                "INVALID_SESSION_ID",
            ),
        ] {
            assert!(
                words(&response(&[], body)).iter().any(|w| w == expected),
                "{body}"
            );
        }
    }

    #[test]
    fn html_speaks_by_its_title_and_text_by_its_start() {
        let html = "<html><head><TITLE>401 Authorization\n Required</TITLE></head><h1>x</h1>";
        assert_eq!(words(&response(&[], html)), ["401 Authorization Required"]);
        assert_eq!(
            words(&response(&[], "<html><h1 class=a>No entry</h1>")),
            ["No entry"]
        );
        assert_eq!(words(&response(&[], "x".repeat(999)))[0].len(), TEXT_LENGTH);
        assert_eq!(words(&response(&[], "\"jwt expired\"")), ["jwt expired"]);
    }

    #[test]
    fn an_unreadable_body_is_not_an_empty_one() {
        let unreadable = response(&[("Content-Encoding", "zstd")], "abc");
        assert!(stated(&unreadable).body_unreadable);
        assert!(!stated(&response(&[], "")).body_unreadable);
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            stated(&response(&[], body.clone()));
            stated(&response(&[("Content-Encoding", "br")], body.clone()));
            stated(&response(&[("Content-Encoding", "gzip, deflate")], [b"<title>", &body[..]].concat()));
        }
    }
}
