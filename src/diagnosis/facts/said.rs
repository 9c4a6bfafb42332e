//! What the server's words name: a small vocabulary, so that a rule asks for a meaning and not for a text.

use std::sync::LazyLock;

use regex::Regex;

use crate::auth::stated::{Stated, StatedSource, Statement};

/// A reason that servers give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Said {
    /// No API key came.
    ApiKeyMissing,
    /// The token is for another audience.
    Audience,
    /// The client application is not known, or its secret is wrong.
    Client,
    /// The token against forged requests is missing or wrong.
    Csrf,
    /// The host is that of another region or environment.
    Endpoint,
    /// It has expired.
    Expired,
    /// The grant of a token request is not valid.
    Grant,
    /// It is from another issuer.
    Issuer,
    /// The account is locked, or there were too many tries.
    Locked,
    /// No credentials came.
    Missing,
    /// "Not authenticated": said for missing and for refused credentials alike.
    NotAuthenticated,
    /// It is not valid yet.
    NotYetValid,
    /// User name or password are wrong.
    Password,
    /// It came and was refused; why is not said.
    Refused,
    /// It was revoked.
    Revoked,
    /// It lacks a right.
    Scope,
    /// More than one came.
    Several,
    /// Its signature does not verify.
    Signature,
}

impl Said {
    /// Whether a server that says this has read a credential and understood it.
    pub(crate) fn means_understood(self) -> bool {
        matches!(
            self,
            Self::Audience
                | Self::Expired
                | Self::Issuer
                | Self::NotYetValid
                | Self::Revoked
                | Self::Scope
                | Self::Signature
        )
    }

    /// Whether a server that says this has seen a token at all.
    pub(crate) fn means_token_seen(self) -> bool {
        self.means_understood() || self == Self::Refused
    }

    /// Whether a server that says this has seen none.
    pub(crate) fn means_none_seen(self) -> bool {
        matches!(self, Self::ApiKeyMissing | Self::Missing)
    }
}

/// A reason, and where it was said.
pub(crate) struct Heard {
    pub(crate) kind: Said,
    /// The statement's position.
    pub(crate) statement: usize,
    /// Whether it is a code for machines, not a sentence.
    pub(crate) by_code: bool,
}

/// What the statements name, in their order.
pub(crate) fn listen(stated: &Stated) -> Vec<Heard> {
    stated
        .statements
        .iter()
        .enumerate()
        .flat_map(|(index, statement)| {
            let by_code = is_code(statement);
            kinds(&statement.words).into_iter().map(move |kind| Heard {
                kind,
                statement: index,
                by_code,
            })
        })
        .collect()
}

fn kinds(words: &str) -> Vec<Said> {
    let words = words.to_lowercase();
    // "Missing or invalid token" names nothing that would help.
    if UNDECIDED.is_match(&words) {
        return Vec::new();
    }
    if ONE_OF_THESE.is_match(&words) {
        return vec![Said::Refused];
    }
    // Certificates are revoked and have issuers, too.
    let of_a_certificate = words.contains("certificate");
    let mut kinds: Vec<Said> = VOCABULARY
        .iter()
        .filter(|(kind, _)| !(of_a_certificate && matches!(kind, Said::Issuer | Said::Revoked)))
        .filter(|(_, pattern)| pattern.is_match(&words))
        .map(|(kind, _)| *kind)
        .collect();
    // "No credentials found for given 'iss'": what is missing is the server's entry for it.
    if kinds.contains(&Said::Issuer) {
        kinds.retain(|kind| *kind != Said::Missing);
    }
    kinds
}

fn is_code(statement: &Statement) -> bool {
    let coded = match &statement.source {
        StatedSource::Challenge(_, name) => name == "error",
        StatedSource::Json(path) => path
            .rsplit('.')
            .next()
            .is_some_and(|member| CODE_MEMBERS.contains(&member.to_lowercase().as_str())),
        StatedSource::Field(_) => true,
        StatedSource::Html | StatedSource::Text => false,
    };
    coded && !statement.words.contains(char::is_whitespace)
}

const CODE_MEMBERS: &[&str] = &["code", "error", "error_code", "errorcode", "reason", "type"];

static UNDECIDED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(missing|absent|no|not provided)\W+(or|and/or)\W+(an? )?(invalid|bad|expired|malformed|incorrect|wrong)|\b(invalid|bad|expired|malformed|incorrect|wrong)\W+(or|and/or)\W+(missing|absent|no)\b|/(missing|invalid)\b",
    )
});

static ONE_OF_THESE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(invalid|malformed|expired|revoked)\b\W+((or|and/or)\W+)?(otherwise )?(is |was |has )?(invalid|malformed|expired|revoked)\b",
    )
});

static VOCABULARY: LazyLock<Vec<(Said, Regex)>> = LazyLock::new(|| {
    WORDS
        .iter()
        .map(|(kind, words)| (*kind, pattern(words)))
        .collect()
});

/// Matched against lower-cased words. `_` counts as a letter for `\b`, hence the explicit classes.
const WORDS: &[(Said, &str)] = &[
    (
        Said::ApiKeyMissing,
        r"\b(no|missing|without|lacks)\b.{0,20}\b(api|subscription|access)[ _-]?key|\b(api|subscription|access)[ _-]?key\b.{0,20}\b(missing|required|not (provided|found|present|supplied))|missing_api_?key",
    ),
    (
        Said::Audience,
        r"(^|[^a-z])aud(iences?)?([^a-z]|$)|(invalid|token|unexpected)audience",
    ),
    (Said::Client, r"invalid_client|unauthorized_client"),
    (
        Said::Csrf,
        r"csrf|xsrf|anti-?forgery|authenticity.?token|request forgery",
    ),
    (
        Said::Endpoint,
        r"wrong (api )?endpoint|(wrong|another|different|invalid) (region|environment)\b|region mismatch",
    ),
    (
        Said::Expired,
        r"(^|[^a-z])expired([^a-z]|$)|tokenexpired|jwtexpired|expiredsignature|expiredtoken|.exp. claim timestamp",
    ),
    (Said::Grant, r"invalid_grant"),
    (
        Said::Issuer,
        r"(^|[^a-z])iss(uers?)?([^a-z]|$)|(invalid|token|unexpected)(issuer|tenant)",
    ),
    (
        Said::Locked,
        r"(^|[^a-z])locked([^a-z]|$)|too many|rate.?limit|throttl|captcha|(account|user).{0,15}(disabled|suspended|blocked)",
    ),
    (
        Said::Missing,
        r"\b(no|missing|without)\b[ _:]{1,3}((valid|an?|any|the|required|http|auth0?) ){0,2}(auth\w*|access|bearer|token|credentials?|jwt|header|session)|(token|credentials?|header|authorization)\b.{0,12}\b(not (provided|found|present|supplied|sent)|were not provided|is missing|was missing|missing)|credentials_required|missing_(token|authorization|auth)|no_token|token_missing|empty (jwt|token|access token)|(token|jwt) is empty|(^|[^0-9])42501([^0-9]|$)|pgrst302",
    ),
    (
        Said::NotAuthenticated,
        r"unauthenticated|not authenticated|not logged in|(authentication|authorization|login|log in|credentials?|token)( is| are)? (required|needed)|requires (authentication|login|credentials|a token)|authentication_required|login_required",
    ),
    (
        Said::NotYetValid,
        r"not[ _]?(yet[ _]?valid|valid[ _]?yet|active[ _]?yet|valid before)|jwt not active|used (before|too early)|cannot be used yet|issued (at|in the) future|immature|notbeforeerror|.nbf. claim timestamp|nbf\b.{0,30}in the future",
    ),
    (
        Said::Password,
        r"invalid (username|user ?name|email|user|login|credentials|password)|bad credentials|incorrect|wrong (email|password|username|credentials)|authentication failed|unable to authenticate user|invalid_credentials|(username|name|email|login) or password",
    ),
    (
        Said::Refused,
        r"invalid[_ ]?((access|bearer|auth|authentication|id|api|jwt)[_ ]?)?(token|jwt)|token[_ ](is )?(invalid|not valid|rejected|malformed)|(could not|couldn.t|cannot|failed to|unable to) (validate|verify|decode|parse)|bad (token|credentials)|malformed|token is not active|no longer valid|jwt verification|invalid authentication",
    ),
    (
        Said::Revoked,
        r"(^|[^a-z])revoked([^a-z]|$)|tokenrevoked|revokedtoken|invalidated|logged out|(black|deny)listed|session_not_found|session (was |has been )?(terminated|ended)|session not found",
    ),
    (
        Said::Scope,
        r"insufficient[_ ](scope|permission|privilege|right)|missing[_ ]scope|required scopes?|not allowed to",
    ),
    (
        Said::Several,
        r"\b(multiple|more than one|several|duplicated?) ((bearer|access|api|auth\w*|jwt) ){0,2}(tokens?|keys?|headers?|credentials|authorizations?)([^a-z]|$)|(duplicate|multiple)_(tokens?|authorization)",
    ),
    (
        Said::Signature,
        r"(invalid|bad|wrong|mismatch\w*).{0,15}signature|signature.{0,25}(invalid|fail|mismatch|verif|not match|is required)",
    ),
];

fn pattern(words: &str) -> Regex {
    Regex::new(words)
        .expect("the patterns are constants of this file, and a test compiles all of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_known_backends_are_understood() {
        for (words, expected) in [
            ("jwt expired", vec![Said::Expired]),
            ("token_expired", vec![Said::Expired]),
            ("Signature has expired", vec![Said::Expired]),
            ("The incoming token has expired", vec![Said::Expired]),
            (
                "Access token has expired or is not yet valid.",
                vec![Said::Expired, Said::NotYetValid],
            ),
            ("Missing CSRF token", vec![Said::Csrf]),
            (
                "Access denied due to invalid subscription key or wrong API endpoint.",
                vec![Said::Endpoint],
            ),
            ("No API key found in request", vec![Said::ApiKeyMissing]),
            (
                "Authentication credentials were not provided.",
                vec![Said::Missing],
            ),
            ("No token provided", vec![Said::Missing]),
            ("No authorization token was found", vec![Said::Missing]),
            ("Missing Authorization header", vec![Said::Missing]),
            ("credentials_required", vec![Said::Missing]),
            ("42501", vec![Said::Missing]),
            ("Unauthenticated.", vec![Said::NotAuthenticated]),
            (
                "Full authentication is required to access this resource",
                vec![Said::NotAuthenticated],
            ),
            ("Invalid username/password.", vec![Said::Password]),
            ("Invalid Email or password.", vec![Said::Password]),
            ("Name or password is incorrect.", vec![Said::Password]),
            ("Could not validate credentials", vec![Said::Refused]),
            ("invalid_token", vec![Said::Refused]),
            ("Invalid token.", vec![Said::Refused]),
            ("Token was revoked.", vec![Said::Revoked]),
            ("jwt audience invalid. expected: api", vec![Said::Audience]),
            ("invalid_client", vec![Said::Client]),
            ("insufficient_scope", vec![Said::Scope]),
            ("Unauthorized", vec![]),
            ("401 Authorization Required", vec![Said::NotAuthenticated]),
        ] {
            assert_eq!(kinds(words), expected, "{words}");
        }
    }

    #[test]
    fn texts_about_claims_of_tokens_are_understood() {
        for (words, expected) in [
            (
                "the token does not have a valid audience",
                vec![Said::Audience],
            ),
            ("The aud claim is not valid", vec![Said::Audience]),
            ("unexpected \"aud\" claim value", vec![Said::Audience]),
            (
                "InvalidAuthenticationTokenAudience",
                vec![Said::Audience, Said::Refused],
            ),
            ("Jwt issuer is not configured", vec![Said::Issuer]),
            ("The iss claim is not valid", vec![Said::Issuer]),
            ("No credentials found for given 'iss'", vec![Said::Issuer]),
            ("unable to get local issuer certificate", vec![]),
            ("jwt not active", vec![Said::NotYetValid]),
            (
                "Jwt used before 2026-01-15T12:06:40Z",
                vec![Said::NotYetValid],
            ),
            ("The token is not yet valid (nbf)", vec![Said::NotYetValid]),
            (
                "token is not valid yet",
                vec![Said::NotYetValid, Said::Refused],
            ),
            (
                "Could not verify JWT: JWTNotYetValid",
                vec![Said::NotYetValid, Said::Refused],
            ),
            (
                "\"nbf\" claim timestamp check failed",
                vec![Said::NotYetValid],
            ),
            // Keycloak says so of expired ones.
            ("Token is not active", vec![Said::Refused]),
            ("session_not_found", vec![Said::Revoked]),
            ("auth/id-token-revoked", vec![Said::Revoked]),
            ("The client certificate was revoked", vec![]),
            ("Multiple tokens provided", vec![Said::Several]),
            ("Duplicate API key found", vec![Said::Several]),
        ] {
            assert_eq!(kinds(words), expected, "{words}");
        }
    }

    #[test]
    fn words_that_name_several_reasons_name_none() {
        assert_eq!(kinds("Missing or invalid credentials"), []);
        assert_eq!(kinds("Invalid or missing token"), []);
        assert_eq!(kinds("invalid or expired token"), [Said::Refused]);
        assert_eq!(
            kinds("The authorization grant is invalid, expired, or revoked"),
            [Said::Refused]
        );
    }
}
