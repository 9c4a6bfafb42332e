//! What the server says about the failure, in its own words.

use serde_json::Value;

use super::challenge::challenges;
use super::decode::{Readable, readable};
use super::percent::percent_decode;
use super::stated_html::headings;
use super::stated_json::members;
use crate::model::{ContentEnd, FieldSection, Response};

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

    /// Adds words, with whitespace around them and beyond the bounds cut off.
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
    hear_challenges(&response.fields, &mut stated);
    let page = hear_content(response, &mut stated);
    hear_fields(&response.fields, &mut stated);
    hear_fields(&response.trailers, &mut stated);
    for (source, words) in page {
        stated.say(source, &words);
    }
    stated
}

fn hear_challenges(fields: &FieldSection, stated: &mut Stated) {
    for challenge in challenges(fields) {
        for parameter in ["error", "error_description"] {
            if let Some(words) = challenge.parameter(parameter) {
                let source =
                    StatedSource::Challenge(challenge.scheme.clone(), parameter.to_owned());
                stated.say(source, &String::from_utf8_lossy(words));
            }
        }
    }
}

/// Hears the members of JSON at once, and returns the words of a page or text: those weigh less
/// than the fields.
fn hear_content(response: &Response, stated: &mut Stated) -> Vec<(StatedSource, String)> {
    let content = &response.content;
    if content.end == ContentEnd::Absent {
        return Vec::new();
    }
    stated.body_unreadable = !content.is_whole();
    let Some(read) = readable(&response.fields, content) else {
        stated.body_unreadable = true;
        return Vec::new();
    };
    let Some(text) = as_text(&read) else {
        stated.body_unreadable |= content.length > 0;
        return Vec::new();
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::String(text)) => return vec![(StatedSource::Text, start_of(&text))],
        Ok(json) => {
            let members = members(&json);
            for (path, words) in &members {
                stated.say(StatedSource::Json(path.clone()), words);
            }
            if !members.is_empty() {
                return Vec::new();
            }
        }
        // Half a JSON text may lack the half that says why.
        Err(_) => stated.body_unreadable |= !read.whole && text.starts_with(['{', '[']),
    }
    let headings = headings(&text);
    if headings.is_empty() {
        return vec![(StatedSource::Text, start_of(&text))];
    }
    headings
        .into_iter()
        .map(|words| (StatedSource::Html, words))
        .collect()
}

/// The content as text without what stands around it; `None` for content that is none.
fn as_text(read: &Readable) -> Option<String> {
    if read.bytes.contains(&0) {
        return None;
    }
    let text = String::from_utf8_lossy(&read.bytes);
    let strange = text
        .chars()
        .filter(|c| *c == char::REPLACEMENT_CHARACTER)
        .count();
    // A few bytes of another charset do no harm to the words between them.
    let readable = strange * 4 <= text.chars().count();
    let text = text.trim_start_matches('\u{feff}').trim();
    (readable && !text.is_empty()).then(|| text.to_owned())
}

fn start_of(text: &str) -> String {
    text.chars().take(TEXT_LENGTH).collect()
}

fn hear_fields(fields: &FieldSection, stated: &mut Stated) {
    for name in FIELDS {
        for line in fields.all(name) {
            // gRPC percent-encodes its message.
            let words = match *name {
                "grpc-message" => percent_decode(line.value()),
                _ => line.value().to_vec(),
            };
            let source = StatedSource::Field((*name).to_owned());
            stated.say(source, &String::from_utf8_lossy(&words));
        }
    }
}

const FIELDS: &[&str] = &[
    "x-amzn-errortype",
    "x-ms-error-code",
    "proxy-status",
    "x-error",
    "x-auth-error",
    "grpc-message",
    "x-authentication-denied-reason",
    "x-seraph-loginreason",
];

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
    fn a_page_speaks_by_title_and_heading_after_the_fields() {
        let html = "<html><head><TITLE>401 Required</TITLE></head><h1>No entry</h1>";
        let answer = response(&[("x-error", "expired")], html);
        assert_eq!(words(&answer), ["expired", "401 Required", "No entry"]);
        assert_eq!(stated(&answer).statements[1].source, StatedSource::Html);
    }

    #[test]
    fn text_speaks_by_its_start() {
        let source = |body: &str| stated(&response(&[], body)).statements[0].source.clone();
        assert_eq!(
            words(&response(&[], "é".repeat(999)))[0].chars().count(),
            TEXT_LENGTH
        );
        assert_eq!(
            words(&response(&[], "\u{feff} Unauthorized\n")),
            ["Unauthorized"]
        );
        assert_eq!(words(&response(&[], "\"jwt expired\"")), ["jwt expired"]);
        assert_eq!(source("\"jwt expired\""), StatedSource::Text);
        assert_eq!(
            words(&response(&[], r#"{"exp":"token expired"}"#)),
            [r#"{"exp":"token expired"}"#]
        );
    }

    #[test]
    fn trailers_speak_too_and_grpc_encodes() {
        let mut answer = response(&[], "");
        answer
            .trailers
            .push(FieldLine::new("grpc-message", "token%20expired"));
        assert_eq!(words(&answer), ["token expired"]);
    }

    #[test]
    fn an_unreadable_body_is_not_an_empty_one() {
        let unreadable =
            |fields: &[(&str, &str)], body: &[u8]| stated(&response(fields, body)).body_unreadable;
        assert!(unreadable(&[("Content-Encoding", "compress")], b"abc"));
        assert!(unreadable(&[("Content-Encoding", "gzip")], b"abc"));
        assert!(unreadable(&[], b"\0\x01abc"));
        assert!(unreadable(&[], &[0xff; 20]));
        assert!(!unreadable(&[], b""));
        assert!(!unreadable(&[], b"caf\xe9 ferm\xe9 aujourd'hui"));
    }

    #[test]
    fn a_body_that_was_cut_off_tells_what_came_and_that_more_is_unknown() {
        let mut answer = response(&[], "<title>Sign in</title>");
        answer.content.end = ContentEnd::CutOff;
        assert_eq!(words(&answer), ["Sign in"]);
        assert!(stated(&answer).body_unreadable);
    }

    #[test]
    fn a_long_page_is_readable_and_long_json_is_not() {
        let page = format!("<title>Sign in</title>{}", "x".repeat(100_000));
        assert!(!stated(&response(&[], page)).body_unreadable);
        let json = format!(r#"{{"x":"{}"}}"#, "x".repeat(100_000));
        assert!(stated(&response(&[], json)).body_unreadable);
    }

    #[test]
    fn hostile_lengths_are_bounded() {
        let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(10_000));
        assert_eq!(words(&response(&[], long))[0].len(), LONGEST_STATEMENT);
        let many = vec![("x-error", "e"); 1000];
        assert_eq!(words(&response(&many, "")).len(), MOST_STATEMENTS);
    }

    #[test]
    fn debug_shows_no_words() {
        let shown = format!("{:?}", stated(&response(&[], "canary")));
        assert!(!shown.contains("canary"));
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
