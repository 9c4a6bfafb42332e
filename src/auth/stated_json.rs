//! Where JSON error bodies say what went wrong.

use serde_json::{Map, Value};

/// The members that speak of the failure, as dotted paths with their words, in order of weight.
pub(super) fn members(document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    // Salesforce answers with a list of errors.
    let documents = match document {
        Value::Array(items) => items.get(..MOST_ITEMS).unwrap_or(items),
        _ => std::slice::from_ref(document),
    };
    for document in documents {
        for path in PATHS {
            let steps: Vec<Step> = path.split('.').map(Step::of).collect();
            follow(document, &steps, String::new(), &mut found);
        }
    }
    found
}

/// A step of a path: the name of a member, `name[]` for every item of a list, or `**` for all below.
enum Step {
    Member(&'static str),
    Items(&'static str),
    AllBelow,
}

impl Step {
    fn of(text: &'static str) -> Self {
        match (text, text.strip_suffix("[]")) {
            ("**", _) => Self::AllBelow,
            (_, Some(name)) => Self::Items(name),
            (name, None) => Self::Member(name),
        }
    }
}

/// Goes down one step at a time; a path is at most a few steps long.
fn follow(value: &Value, steps: &[Step], path: String, found: &mut Vec<(String, String)>) {
    let Some((step, rest)) = steps.split_first() else {
        return say(value, path, found);
    };
    match (step, value) {
        (Step::Member(name), Value::Object(members)) => {
            if let Some((key, member)) = member(members, name) {
                follow(member, rest, join(&path, key), found);
            }
        }
        (Step::Items(name), Value::Object(members)) => {
            if let Some((key, Value::Array(items))) = member(members, name) {
                for item in items.iter().take(MOST_ITEMS) {
                    follow(item, rest, join(&path, key) + "[]", found);
                }
            }
        }
        (Step::AllBelow, _) => below(value, &path, MOST_DEPTH, found),
        _ => {}
    }
}

fn below(value: &Value, path: &str, depth: usize, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) if depth > 0 => {
            for (key, member) in members.iter().take(MOST_ITEMS) {
                below(member, &join(path, key), depth - 1, found);
            }
        }
        Value::Array(items) if depth > 0 => {
            for item in items.iter().take(MOST_ITEMS) {
                below(item, &format!("{path}[]"), depth - 1, found);
            }
        }
        _ => say(value, path.to_owned(), found),
    }
}

fn say(value: &Value, path: String, found: &mut Vec<(String, String)>) {
    let words = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return,
    };
    if found.len() < MOST_WORDS {
        found.push((path, words));
    }
}

/// The member of that name; Microsoft and AWS write `Message` where others write `message`.
fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<(&'a str, &'a Value)> {
    members
        .get_key_value(name)
        .or_else(|| {
            members
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
        })
        .map(|(key, value)| (key.as_str(), value))
}

fn join(path: &str, key: &str) -> String {
    let key: String = key.chars().take(LONGEST_KEY).collect();
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}

const PATHS: &[&str] = &[
    "error",
    "error_description",
    "error_code",
    "code",
    "errorCode",
    "message",
    "msg",
    "detail",
    "title",
    "reason",
    "type",
    "errors[]",
    "errors[].message",
    "errors[].code",
    "errors[].extensions.code",
    "errors[].errorType",
    "errors[].title",
    "errors[].detail",
    "errors[].reason",
    "errors[].type",
    "error.status",
    "error.code",
    "error.message",
    "error.type",
    "error.reason",
    "error.name",
    "error.error",
    "error.description",
    "error.innerError.code",
    "error.details[].reason",
    "error.errors[].reason",
    "error.errors[].message",
    "fault.**",
    // Okta, Auth0, simplejwt, FastAPI, Entra ID, Cognito, Supabase, in this order.
    "errorSummary",
    "attributes.error",
    "messages[].message",
    "detail[].msg",
    "error_codes[]",
    "__type",
    "hint",
    "details",
    "errorMessage",
    "error_message",
    "errorType",
    "statusText",
    "name",
];

const MOST_ITEMS: usize = 16;
const MOST_DEPTH: usize = 4;
const MOST_WORDS: usize = 64;
const LONGEST_KEY: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `path=words` of every member.
    fn told(json: &str) -> Vec<String> {
        members(&serde_json::from_str(json).unwrap())
            .into_iter()
            .map(|(path, words)| format!("{path}={words}"))
            .collect()
    }

    #[test]
    fn oauth_members_come_first_whatever_their_order() {
        assert_eq!(
            told(r#"{"message":"m","error_description":"d","error":"invalid_client"}"#),
            ["error=invalid_client", "error_description=d", "message=m"]
        );
    }

    #[test]
    fn google_says_the_reason_among_the_details() {
        assert_eq!(
            told(
                r#"{"error":{"code":401,"message":"Request is missing","status":"UNAUTHENTICATED","details":[{"@type":"x","reason":"CREDENTIALS_MISSING"}]}}"#
            ),
            [
                "error.status=UNAUTHENTICATED",
                "error.code=401",
                "error.message=Request is missing",
                "error.details[].reason=CREDENTIALS_MISSING"
            ]
        );
    }

    #[test]
    fn graphql_says_a_code_in_the_extensions() {
        assert_eq!(
            told(
                r#"{"data":null,"errors":[{"message":"no","extensions":{"code":"UNAUTHENTICATED"}}]}"#
            ),
            [
                "errors[].message=no",
                "errors[].extensions.code=UNAUTHENTICATED"
            ]
        );
    }

    #[test]
    fn backends_of_every_sort_are_understood() {
        for (json, expected) in [
            (r#"{"Message":"Forbidden"}"#, "Message=Forbidden"),
            (
                r#"{"errors":["permission denied"]}"#,
                "errors[]=permission denied",
            ),
            (r#"{"code":20003,"detail":"x"}"#, "code=20003"),
            (
                r#"{"fault":{"detail":{"errorcode":"oauth.v2.InvalidAccessToken"}}}"#,
                "fault.detail.errorcode=oauth.v2.InvalidAccessToken",
            ),
            (
                r#"[{"errorCode":"INVALID_SESSION_ID"}]"#,
                "errorCode=INVALID_SESSION_ID",
            ),
            (
                r#"{"messages":[{"message":"Token is expired"}]}"#,
                "messages[].message=Token is expired",
            ),
            (
                r#"{"error":{"type":"security_exception","reason":"unable to authenticate user [u]"}}"#,
                "error.reason=unable to authenticate user [u]",
            ),
            (
                r#"{"attributes":{"error":"Invalid token"}}"#,
                "attributes.error=Invalid token",
            ),
        ] {
            assert!(told(json).iter().any(|line| line == expected), "{json}");
        }
    }

    #[test]
    fn members_that_are_no_words_say_nothing() {
        assert_eq!(
            told(r#"{"error":true,"message":null,"code":{"a":1}}"#),
            [""; 0]
        );
        assert_eq!(told(r#""unauthorized""#), [""; 0]);
    }

    #[test]
    fn hostile_sizes_are_bounded() {
        let deep = format!("{}1{}", r#"{"fault":"#.repeat(100), "}".repeat(100));
        assert_eq!(told(&deep), [""; 0]);
        let wide = format!(
            "[{}1]",
            r#"{"code":1,"errors":["a","b","c","d"]},"#.repeat(1000)
        );
        assert_eq!(told(&wide).len(), MOST_WORDS);
    }

    proptest! {
        #[test]
        fn any_document_is_read_without_a_panic(
            text in r#"(\{"(error|errors|fault|detail|code)":|\[|\]|\}|"x"|1|,){0,30}"#
        ) {
            if let Ok(document) = serde_json::from_str(&text) {
                prop_assert!(members(&document).len() <= MOST_WORDS);
            }
        }
    }
}
