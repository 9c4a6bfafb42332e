//! Challenges as servers send them, and what is read of them.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::challenge::{Challenge, parse_challenges};
use super::challenge_reader::{MOST_CHALLENGES, MOST_PARAMETERS};

/// `Scheme <token68> name=[value] name=[value]`, joined by ` | `.
fn shown(challenges: &[Challenge]) -> String {
    let one = |challenge: &Challenge| {
        let mut text = challenge.scheme.clone();
        if let Some(token) = &challenge.token68 {
            write!(text, " <{}>", String::from_utf8_lossy(token)).unwrap();
        }
        for (name, value) in &challenge.parameters {
            write!(text, " {name}=[{}]", String::from_utf8_lossy(value)).unwrap();
        }
        text
    };
    challenges.iter().map(one).collect::<Vec<_>>().join(" | ")
}

fn parsed(value: &str) -> String {
    shown(&parse_challenges(value.as_bytes()))
}

#[test]
fn parameters_without_commas_belong_to_their_scheme() {
    assert_eq!(
        parsed(
            r#"Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience""#
        ),
        "Bearer scope=[] error=[invalid_token] error_description=[the token does not have a valid audience]"
    );
    assert_eq!(
        parsed(r#"Basic realm="security" charset="UTF-8""#),
        "Basic realm=[security] charset=[UTF-8]"
    );
}

#[test]
fn three_challenges_share_a_line() {
    assert_eq!(
        parsed(r#"Negotiate YII=, Basic realm="a, b", Digest qop="auth,auth-int", nonce="x""#),
        "Negotiate <YII=> | Basic realm=[a, b] | Digest qop=[auth,auth-int] nonce=[x]"
    );
}

#[test]
fn a_description_may_hold_any_separator() {
    assert_eq!(
        parsed(
            r#"Bearer realm="x", error="invalid_token", error_description="The audience 'a' is invalid; The token expired at '01/01/2024 00:00:00'""#
        ),
        "Bearer realm=[x] error=[invalid_token] error_description=[The audience 'a' is invalid; The token expired at '01/01/2024 00:00:00']"
    );
}

#[test]
fn a_scheme_alone_is_a_challenge() {
    assert_eq!(parsed("Bearer"), "Bearer");
    assert_eq!(parsed("Negotiate, NTLM"), "Negotiate | NTLM");
    assert_eq!(
        parsed(r#"Bearer, DPoP algs="ES256 PS256""#),
        "Bearer | DPoP algs=[ES256 PS256]"
    );
}

#[test]
fn empty_members_and_bad_whitespace_are_passed_over() {
    assert_eq!(
        parsed(",, Basic , ,realm = \"a\" ,, charset\t=\tUTF-8,"),
        "Basic realm=[a] charset=[UTF-8]"
    );
}

#[test]
fn escapes_in_a_quoted_string_are_undone() {
    assert_eq!(
        parsed(r#"Basic realm="say \"hi\" \\ there", Bearer"#),
        r#"Basic realm=[say "hi" \ there] | Bearer"#
    );
}

#[test]
fn quotes_that_were_not_escaped_make_no_new_challenge() {
    let text = r#"Bearer error="invalid_token", error_description="The "aud" claim is bad""#;
    assert_eq!(
        parsed(text),
        "Bearer error=[invalid_token] error_description=[The ]"
    );
}

#[test]
fn a_string_that_never_ends_takes_the_rest() {
    assert_eq!(parsed(r#"Basic realm="a, b\"#), r"Basic realm=[a, b\]");
}

#[test]
fn an_unquoted_url_is_a_value() {
    assert_eq!(
        parsed("Bearer realm=https://a.test/t?x=1&y=2,service=a.test"),
        "Bearer realm=[https://a.test/t?x=1&y=2] service=[a.test]"
    );
}

#[test]
fn unquoted_words_stay_together() {
    assert_eq!(
        parsed("Bearer error=invalid_token error_description=The token expired, realm=x"),
        "Bearer error=[invalid_token] error_description=[The token expired] realm=[x]"
    );
}

#[test]
fn semicolons_separate_parameters_too() {
    assert_eq!(
        parsed(r#"Bearer realm="x"; error=invalid_token;"#),
        "Bearer realm=[x] error=[invalid_token]"
    );
}

#[test]
fn known_schemes_may_follow_without_a_comma() {
    assert_eq!(
        parsed(r#"Basic realm="x" Bearer realm="y""#),
        "Basic realm=[x] | Bearer realm=[y]"
    );
    assert_eq!(
        parsed(r#"Bearer DPoP algs="ES256""#),
        "Bearer | DPoP algs=[ES256]"
    );
}

#[test]
fn plain_words_after_a_scheme_are_no_schemes() {
    assert_eq!(parsed("Bearer the token expired"), "Bearer");
}

#[test]
fn token68_is_told_from_a_parameter_without_a_value() {
    assert_eq!(parsed("NTLM TlRMTVNTUAAC=="), "NTLM <TlRMTVNTUAAC==>");
    assert_eq!(
        parsed("Negotiate abc/+d , Basic"),
        "Negotiate <abc/+d> | Basic"
    );
    assert_eq!(parsed("Negotiate NTLM"), "Negotiate | NTLM");
    assert_eq!(parsed("Basic realm="), "Basic realm=[]");
    assert_eq!(parsed("Basic realm=, Bearer"), "Basic realm=[] | Bearer");
}

#[test]
fn parameters_without_a_scheme_are_kept() {
    assert_eq!(
        parsed(r#"error="invalid_token", error_description="Access token has expired""#),
        " error=[invalid_token] error_description=[Access token has expired]"
    );
}

#[test]
fn hostile_lengths_are_bounded() {
    let many = parse_challenges("a,".repeat(100_000).as_bytes());
    assert_eq!(many.len(), MOST_CHALLENGES);
    let wide = parse_challenges(format!("Basic {}", "a=b,".repeat(100_000)).as_bytes());
    assert_eq!(wide[0].parameters.len(), MOST_PARAMETERS);
}

fn quote(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(value: Vec<u8>) {
        parse_challenges(&value);
    }

    #[test]
    fn any_likely_text_is_read_without_a_panic(value in r#"([a-zB=",;\\ ]|Bearer |realm=|"|, ){0,40}"#) {
        let found = parse_challenges(value.as_bytes());
        let length: usize = found
            .iter()
            .flat_map(|c| c.parameters.iter().map(|(n, v)| n.len() + v.len()))
            .sum();
        prop_assert!(length <= value.len());
    }

    #[test]
    fn what_is_written_by_the_rules_is_read_back(
        written in prop::collection::vec(
            ("[A-Z][A-Za-z0-9-]{0,8}", prop::collection::vec(("[a-z_]{1,8}", "\\PC{0,12}"), 1..4)),
            1..4,
        )
    ) {
        let text: Vec<String> = written
            .iter()
            .map(|(scheme, parameters)| {
                let parameters: Vec<String> = parameters
                    .iter()
                    .map(|(name, value)| format!("{name}={}", quote(value)))
                    .collect();
                format!("{scheme} {}", parameters.join(", "))
            })
            .collect();
        let expected: Vec<Challenge> = written
            .iter()
            .map(|(scheme, parameters)| Challenge {
                scheme: scheme.clone(),
                token68: None,
                parameters: parameters
                    .iter()
                    .map(|(name, value)| (name.clone(), value.as_bytes().to_vec()))
                    .collect(),
            })
            .collect();
        prop_assert!(parse_challenges(text.join(", ").as_bytes()) == expected);
    }
}
