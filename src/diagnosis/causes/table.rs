//! The table of causes: one row each. docs/causes.md is written from it.

use super::{Cause, Class, Grade, Needs, Strength, Veto};
use crate::diagnosis::FaultSide;
use crate::diagnosis::facts::Said;
use crate::diagnosis::rules;

/// All causes, in the order of their classes.
pub const CAUSES: &[Cause] = &[
    Cause {
        id: "challenge-round-trip",
        summary: "The first leg of challenge and answer; the client answered it. Not a failure.",
        class: Class::Expected,
        side: FaultSide::Client,
        needs: Needs::History,
        grades: &[full(
            95,
            "the next leg, with the scheme asked for, was not refused",
        )],
        veto: Veto::Nothing,
        said: &[],
        explains: &[
            "api-key-missing",
            "authorization-missing",
            "cookie-missing-session",
            "wrong-password",
        ],
        yields: false,
        source: "RFC 9110 section 11.6.1; RFC 7616 section 3.3; RFC 4559",
        check: rules::challenge_round_trip::check,
    },
    Cause {
        id: "cors-preflight-unauthorized",
        summary: "The server asks a CORS preflight for credentials; browsers send it without, always.",
        class: Class::Preflight,
        side: FaultSide::Server,
        needs: Needs::Request,
        grades: &[full(97, "always")],
        veto: Veto::Nothing,
        said: &[],
        explains: &[],
        yields: false,
        source: "Fetch standard, CORS-preflight fetch",
        check: rules::cors_preflight_unauthorized::check,
    },
    Cause {
        id: "cookie-missing-session",
        summary: "The known-good request sends a session cookie that this one does not.",
        class: Class::WhyMissing,
        side: FaultSide::Client,
        needs: Needs::Difference,
        grades: &[
            partial(80, "nothing else takes its place"),
            slight(
                50,
                "another credential of the known-good request differs, too",
            ),
        ],
        veto: Veto::Passed,
        said: &[Said::Missing, Said::NotAuthenticated],
        explains: &["authorization-missing"],
        yields: false,
        source: "RFC 6265bis section 5.8.3",
        check: rules::cookie_missing_session::check,
    },
    Cause {
        id: "authorization-missing",
        summary: "No credential where one is needed.",
        class: Class::Missing,
        side: FaultSide::Client,
        needs: Needs::Request,
        grades: &[
            full(
                90,
                "the known-good request sends Authorization, this one no credential",
            ),
            partial(75, "the server asks for one, or says that none came"),
            slight(50, "there is no credential, and nothing more is known"),
        ],
        veto: Veto::Passed,
        said: &[Said::Missing, Said::NotAuthenticated],
        explains: &[],
        yields: false,
        source: "RFC 9110 section 15.5.2; RFC 6750 section 3.1",
        check: rules::authorization_missing::check,
    },
    Cause {
        id: "api-key-missing",
        summary: "An API key that the server needs is not sent.",
        class: Class::Missing,
        side: FaultSide::Client,
        needs: Needs::Difference,
        grades: &[
            full(90, "the server says so"),
            partial(
                85,
                "the known-good request sends a key that this one does not",
            ),
            slight(50, "the same key stands elsewhere in the request"),
        ],
        veto: Veto::Passed,
        said: &[Said::ApiKeyMissing],
        explains: &["authorization-missing"],
        yields: false,
        source: "Kong and Supabase: \"No API key found in request\"",
        check: rules::api_key_missing::check,
    },
    Cause {
        id: "bearer-literal-undefined",
        summary: "The text of an empty variable (undefined, null, [object Object]) was sent as the token.",
        class: Class::Literal,
        side: FaultSide::Client,
        needs: Needs::Request,
        grades: &[
            full(99, "in Authorization, a key field or a key parameter"),
            partial(90, "in a session cookie"),
        ],
        veto: Veto::Passed,
        said: &[],
        explains: &[
            "bearer-invalid-token-unspecified",
            "bearer-prefix-missing",
            "scheme-mismatch",
        ],
        yields: false,
        source: "what languages print for an empty value or an object",
        check: rules::bearer_literal_undefined::check,
    },
    Cause {
        id: "placeholder-unresolved",
        summary: "A placeholder was sent that nothing replaced.",
        class: Class::Literal,
        side: FaultSide::Client,
        needs: Needs::Request,
        grades: &[
            full(97, "in a credential"),
            partial(85, "in the URL or in Host"),
            slight(50, "in another field"),
        ],
        veto: Veto::Passed,
        said: &[],
        explains: &[
            "bearer-invalid-token-unspecified",
            "bearer-prefix-missing",
            "scheme-mismatch",
            "wrong-password",
        ],
        yields: false,
        source: "template syntax of Postman, shells, CI systems and code samples",
        check: rules::placeholder_unresolved::check,
    },
    Cause {
        id: "authorization-empty",
        summary: "Authorization holds nothing, or a scheme and nothing after it.",
        class: Class::Literal,
        side: FaultSide::Client,
        needs: Needs::Request,
        grades: &[full(97, "always")],
        veto: Veto::Passed,
        said: &[Said::Missing],
        explains: &[
            "bearer-invalid-token-unspecified",
            "bearer-prefix-missing",
            "scheme-mismatch",
        ],
        yields: false,
        source: "RFC 9110 section 11.4; PostgREST, Django REST framework",
        check: rules::authorization_empty::check,
    },
    Cause {
        id: "bearer-doubled",
        summary: "The scheme stands twice before the token.",
        class: Class::Shape,
        side: FaultSide::Client,
        needs: Needs::Request,
        grades: &[full(98, "always")],
        veto: Veto::Passed,
        said: &[],
        explains: &["bearer-invalid-token-unspecified", "scheme-mismatch"],
        yields: false,
        source: "RFC 9110 section 11.4; RFC 6750 section 2.1",
        check: rules::bearer_doubled::check,
    },
    Cause {
        id: "bearer-prefix-missing",
        summary: "The token stands in Authorization without the word Bearer before it.",
        class: Class::Shape,
        side: FaultSide::Client,
        needs: Needs::Response,
        grades: &[
            full(95, "the known-good request sends the word"),
            partial(85, "the server asks for Bearer and saw no token"),
        ],
        veto: Veto::Passed,
        said: &[Said::Missing],
        explains: &["bearer-invalid-token-unspecified", "scheme-mismatch"],
        yields: false,
        source: "RFC 6750 section 2.1",
        check: rules::bearer_prefix_missing::check,
    },
    Cause {
        id: "token-quoted",
        summary: "The token was sent with quotes around it.",
        class: Class::Shape,
        side: FaultSide::Client,
        needs: Needs::Request,
        grades: &[
            full(96, "on both sides, or around what is a JWT without them"),
            partial(80, "on one side of a key or an opaque token"),
        ],
        veto: Veto::Passed,
        said: &[],
        explains: &[
            "bearer-invalid-token-unspecified",
            "bearer-prefix-missing",
            "scheme-mismatch",
            "wrong-password",
        ],
        yields: false,
        source: "RFC 9110 section 11.2; RFC 6750 section 2.1",
        check: rules::token_quoted::check,
    },
    Cause {
        id: "scheme-mismatch",
        summary: "The credentials are of another scheme than the server asks for.",
        class: Class::WrongKind,
        side: FaultSide::Client,
        needs: Needs::Response,
        grades: &[
            full(
                93,
                "the known-good request uses a scheme that the server asks for",
            ),
            partial(85, "the server does not ask for this scheme"),
            slight(
                65,
                "the server asks for Basic only, as some do that take tokens as well",
            ),
        ],
        veto: Veto::Passed,
        said: &[Said::Missing],
        explains: &["bearer-invalid-token-unspecified"],
        yields: false,
        source: "RFC 9110 section 11.6.1",
        check: rules::scheme_mismatch::check,
    },
    Cause {
        id: "jwt-expired",
        summary: "The token's exp is in the past.",
        class: Class::Computed,
        side: FaultSide::Client,
        needs: Needs::Request,
        grades: &[
            full(97, "more than 5 minutes ago"),
            partial(85, "up to 5 minutes ago: some servers allow that"),
            slight(
                45,
                "within the next minute, or in a cookie beside another credential",
            ),
        ],
        veto: Veto::PassedThen,
        said: &[Said::Expired],
        explains: &["bearer-invalid-token-unspecified"],
        yields: false,
        source: "RFC 7519 section 4.1.4",
        check: rules::jwt_expired::check,
    },
    Cause {
        id: "wrong-password",
        summary: "The server refuses user name or password.",
        class: Class::Stated,
        side: FaultSide::Client,
        needs: Needs::Response,
        grades: &[
            full(88, "the server says so"),
            partial(
                80,
                "the known-good request sends another password for the same user",
            ),
            slight(
                55,
                "Basic credentials were sent and the server asks for them again",
            ),
        ],
        veto: Veto::Nothing,
        said: &[Said::Password],
        explains: &[],
        yields: false,
        source: "RFC 9110 section 15.5.2; RFC 7617",
        check: rules::wrong_password::check,
    },
    Cause {
        id: "same-as-known-good",
        summary: "The request equals the known-good one in everything that matters: look at the server.",
        class: Class::History,
        side: FaultSide::Server,
        needs: Needs::Difference,
        grades: &[
            full(
                90,
                "the same credential passed here after the known-good request was added",
            ),
            partial(75, "nothing that matters differs"),
        ],
        veto: Veto::Nothing,
        said: &[],
        explains: &["bearer-invalid-token-unspecified"],
        yields: true,
        source: "comparison without noise",
        check: rules::same_as_known_good::check,
    },
    Cause {
        id: "bearer-invalid-token-unspecified",
        summary: "The server saw the token and refused it, without a reason that can be checked.",
        class: Class::Generic,
        side: FaultSide::Client,
        needs: Needs::Response,
        grades: &[partial(70, "error=\"invalid_token\" in the challenge")],
        veto: Veto::Nothing,
        said: &[],
        explains: &[],
        yields: true,
        source: "RFC 6750 section 3.1",
        check: rules::bearer_invalid_token_unspecified::check,
    },
];

const fn full(score: u8, when: &'static str) -> Grade {
    grade(Strength::Full, score, when)
}

const fn partial(score: u8, when: &'static str) -> Grade {
    grade(Strength::Partial, score, when)
}

const fn slight(score: u8, when: &'static str) -> Grade {
    grade(Strength::Slight, score, when)
}

const fn grade(strength: Strength, score: u8, when: &'static str) -> Grade {
    Grade {
        strength,
        score,
        when,
    }
}
