//! The table of causes: what is known of each apart from its test. docs/causes.md is written from it.

use super::FaultSide;
use super::facts::{Facts, Said};
use super::rules;
use super::suspicion::Suspicion;

/// The classes of causes, in the order in which they go before each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Made by this proxy.
    Ours,
    /// Not a failure: the expected 401.
    Expected,
    /// A CORS preflight.
    Preflight,
    /// Why a credential is missing.
    WhyMissing,
    /// A credential is missing.
    Missing,
    /// Text that was never a credential.
    Literal,
    /// A credential in a shape that cannot be read.
    Shape,
    /// A credential of the wrong kind.
    WrongKind,
    /// Worked out from what the credential itself says.
    Computed,
    /// Named by the server.
    Stated,
    /// The request went to another place.
    Target,
    /// Only visible in the history.
    History,
    /// Refused without a reason.
    Generic,
    /// Worth a look.
    Hint,
}

impl Class {
    /// Its letter: a before all, m last.
    pub fn letter(self) -> char {
        match self {
            Self::Ours => 'a',
            Self::Expected => 'b',
            Self::Preflight => 'c',
            Self::WhyMissing | Self::Missing => 'd',
            Self::Literal => 'e',
            Self::Shape => 'f',
            Self::WrongKind => 'g',
            Self::Computed => 'h',
            Self::Stated => 'i',
            Self::Target => 'j',
            Self::History => 'k',
            Self::Generic => 'l',
            Self::Hint => 'm',
        }
    }
}

impl Class {
    /// What it holds, for the page of causes.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Ours => "made by this proxy",
            Self::Expected => "not a failure",
            Self::Preflight => "CORS preflight",
            Self::WhyMissing => "why a credential is missing",
            Self::Missing => "a credential is missing",
            Self::Literal => "text that was never a credential",
            Self::Shape => "a credential that cannot be read",
            Self::WrongKind => "a credential of the wrong kind",
            Self::Computed => "worked out from the credential",
            Self::Stated => "named by the server",
            Self::Target => "another target",
            Self::History => "seen by comparison with what passed",
            Self::Generic => "refused without a reason",
            Self::Hint => "worth a look",
        }
    }
}

/// The least that shows a cause, fewest assumptions first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Needs {
    /// The request.
    Request,
    /// The response.
    Response,
    /// A difference to a known-good request.
    Difference,
    /// Exchanges around it.
    History,
}

impl Needs {
    /// The word of the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Difference => "difference",
            Self::History => "history",
        }
    }
}

/// What clears a cause: the same trait in a request that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Veto {
    /// A success of the same route, or the baseline.
    Passed,
    /// Only a success of the same route at its own time: the trait depends on the time.
    PassedThen,
    /// Nothing: it is no trait of the request.
    Nothing,
}

impl Veto {
    /// The words of the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "a success with the same trait",
            Self::PassedThen => "a success with the same trait at its time",
            Self::Nothing => "nothing",
        }
    }
}

/// How strongly a rule's test was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// A weak form of it.
    #[default]
    Slight,
    /// The usual form.
    Partial,
    /// The clearest form.
    Full,
}

/// A starting score, and when it applies.
#[derive(Clone, Copy, Debug)]
pub struct Grade {
    /// How strongly the test was met.
    pub strength: Strength,
    /// The score to start from.
    pub score: u8,
    /// When that is.
    pub when: &'static str,
}

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

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Cause {
    /// The id: stable, never renamed.
    pub id: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Its class.
    pub class: Class,
    /// Where the fault lies.
    pub side: FaultSide,
    /// The least that shows it.
    pub needs: Needs,
    /// The scores to start from, highest first.
    pub grades: &'static [Grade],
    /// What clears it.
    pub veto: Veto,
    /// What the server says when it is this.
    pub said: &'static [Said],
    /// Causes that it explains: those are symptoms of it and are not shown beside it.
    pub explains: &'static [&'static str],
    /// Whether it stands back when anything else is a headline.
    pub yields: bool,
    /// Where the knowledge comes from.
    pub source: &'static str,
    /// The test.
    pub(super) check: fn(&Facts<'_>) -> Option<Suspicion>,
}

impl Cause {
    /// The score to start from.
    pub fn score(&self, strength: Strength) -> u8 {
        self.grades
            .iter()
            .find(|grade| grade.strength == strength)
            .or(self.grades.last())
            .map_or(0, |grade| grade.score)
    }
}

/// The row of that id.
#[cfg(test)]
pub(super) fn cause(id: &str) -> &'static Cause {
    CAUSES.iter().find(|cause| cause.id == id).unwrap()
}

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

/// The page docs/causes.md.
#[cfg(test)]
fn page() -> String {
    use std::fmt::Write as _;

    let mut page = String::from(PREFACE);
    for cause in CAUSES {
        let _infallible = write!(
            page,
            "\n## `{}`\n\n{}\n\nFault: {}. Class: {} ({}). Shown by: {}. Cleared by: {}. Source: {}.\n\n",
            cause.id,
            cause.summary,
            cause.side.as_str(),
            cause.class.letter(),
            cause.class.in_words(),
            cause.needs.as_str(),
            cause.veto.as_str(),
            cause.source,
        );
        for grade in cause.grades {
            let _infallible = writeln!(page, "- {}: {}", grade.score, grade.when);
        }
    }
    page
}

#[cfg(test)]
const PREFACE: &str = "# Causes that why401 can name

Written from the table in `src/diagnosis/causes.rs` by `WHY401_BLESS=1 cargo test --lib causes`: change the table, not
this page.

A score starts from the number below; what the server says, what passed before and the difference to a known-good
request move it between 5 and 99. From 90 on a verdict is called *very likely*, from 60 *likely*; below that it is a
*guess* and never a headline. Classes order causes that are equally sure, from a to m.
";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::*;

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");

    #[test]
    fn the_table_is_in_order() {
        let mut ids = HashSet::new();
        for cause in CAUSES {
            assert!(ids.insert(cause.id), "{} stands twice", cause.id);
            assert!(
                cause
                    .grades
                    .is_sorted_by(|a, b| a.strength > b.strength && a.score > b.score)
            );
            assert!(
                cause
                    .grades
                    .iter()
                    .all(|grade| (5..=99).contains(&grade.score))
            );
        }
        assert!(CAUSES.is_sorted_by_key(|cause| cause.class));
        for cause in CAUSES {
            for symptom in cause.explains {
                assert!(ids.contains(symptom), "{} explains {symptom}?", cause.id);
            }
        }
    }

    #[test]
    fn every_cause_has_its_file_and_its_fixtures() {
        let root = Path::new(ROOT);
        for cause in CAUSES {
            let file = format!("src/diagnosis/rules/{}.rs", cause.id.replace('-', "_"));
            let fixtures = format!("tests/fixtures/diagnosis/{}", cause.id);
            assert!(root.join(&file).is_file(), "{file} is missing");
            assert!(root.join(&fixtures).is_dir(), "{fixtures} is missing");
        }
    }

    #[test]
    fn the_page_about_causes_is_up_to_date() {
        let path = Path::new(ROOT).join("docs/causes.md");
        if std::env::var_os("WHY401_BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, page()).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == page(),
            "docs/causes.md is stale: run `WHY401_BLESS=1 cargo test --lib causes`"
        );
    }
}
