//! `wrong-base-url-or-stage`: the right host, and a path that begins wrongly.

use std::time::Duration;

use crate::baseline::route;
use crate::diagnosis::facts::{Facts, Said, Sent, is_environment};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::diff::Where;
use crate::model::{Seen, Url};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    if facts.sent.is_preflight() || facts.sent.credentials().next().is_none() || works_here(facts) {
        return None;
    }
    let told = no_such_route(facts);
    if let Some((slip, right)) = by_known_good(facts) {
        let known = Phrase::new("known good goes to ").captured(place(right));
        return Some(found(facts, &slip, right, known, told));
    }
    if let Some((slip, seen)) = by_story(facts) {
        let ago = facts.known.case.failing.at.micros_since(seen.at) / 1_000_000;
        let known = Phrase::new(format!(
            "{} before, the same credentials passed on ",
            words::span(ago)
        ))
        .captured(place(&seen.request.url));
        return Some(found(facts, &slip, &seen.request.url, known, told));
    }
    let told = told?;
    Some(Suspicion {
        strength: Strength::Slight,
        title: "the gateway knows no such route, or not this method".into(),
        evidence: vec![
            Phrase::new("request goes to ").captured(place(&facts.sent.request.url)),
            told,
        ],
        fix: vec![Phrase::new(
            "look at stage and path: API Gateway says this of a route or method that it does not have, and of one that wants an AWS signature",
        )],
        ..Suspicion::default()
    })
}

fn found(
    facts: &Facts<'_>,
    slip: &Slip,
    right: &Url,
    known: Phrase,
    told: Option<Phrase>,
) -> Suspicion {
    let strength = match slip {
        Slip::Doubled(_) | Slip::EmptySegment => Strength::Full,
        Slip::Stage(..) => Strength::Partial,
        Slip::Extra(prefix) | Slip::Missing(prefix) if is_base(prefix) => Strength::Partial,
        // It may well be another resource: `/admin/users` and `/users`.
        Slip::Extra(_) | Slip::Missing(_) => Strength::Slight,
    };
    // Who read the token and refused it may do so on any path.
    let read = facts
        .answer
        .is_some_and(|answer| answer.refused_token() || answer.kinds().any(Said::means_token_seen));
    let strength = match (strength, &told) {
        _ if read => Strength::Slight,
        (Strength::Partial, Some(_)) => Strength::Full,
        (strength, _) => strength,
    };
    let mut evidence = vec![
        Phrase::new("request goes to ").captured(place(&facts.sent.request.url)),
        known,
    ];
    evidence.extend(told);
    Suspicion {
        strength,
        by_difference: facts.good.is_some(),
        title: slip.title().into(),
        evidence,
        fix: vec![slip.fix(right)],
        // Of a guess that it is the only difference shows nothing.
        about: (facts.good.is_some() && strength > Strength::Slight)
            .then(|| (Where::Url, "path".into())),
        ..Suspicion::default()
    }
}

/// How a path differs from the right one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Slip {
    /// The right path begins with this prefix, and here it stands twice.
    Doubled(Vec<u8>),
    /// Two slashes in a row.
    EmptySegment,
    /// A prefix that the right path does not have.
    Extra(Vec<u8>),
    /// A prefix that only the right path has.
    Missing(Vec<u8>),
    /// Another stage: this one, and the right one.
    Stage(Vec<u8>),
}

impl Slip {
    fn of(path: &[u8], right: &[u8]) -> Option<Self> {
        if route::same(path, right) {
            return None;
        }
        if has_empty(path) && !has_empty(right) && route::same(&without_empty(path), right) {
            return Some(Self::EmptySegment);
        }
        let (mine, theirs) = (count(path), count(right));
        let longer = mine.abs_diff(theirs);
        if longer > LONGEST_PREFIX || !route::has_fixed_segment(right) {
            return None;
        }
        if mine > theirs {
            let (prefix, rest) = split(path, longer)?;
            return route::same(rest, right).then(|| {
                if right.starts_with(&[prefix, b"/"].concat()) {
                    Self::Doubled(prefix.to_vec())
                } else {
                    Self::Extra(prefix.to_vec())
                }
            });
        }
        if mine < theirs {
            let (prefix, rest) = split(right, longer)?;
            let fits = route::same(path, rest) && route::has_fixed_segment(rest);
            return fits.then(|| Self::Missing(prefix.to_vec()));
        }
        let ((here, rest), (there, same)) = (split(path, 1)?, split(right, 1)?);
        (is_stage(here) && is_stage(there) && route::same(rest, same))
            .then(|| Self::Stage(there.to_vec()))
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Doubled(_) => "a part of the base URL stands twice in the path",
            Self::EmptySegment => "the path has two slashes in a row",
            Self::Extra(_) => "the path begins with a prefix too many",
            Self::Missing(_) => "the path lacks its prefix",
            Self::Stage(_) => "the path names another stage",
        }
    }

    fn fix(&self, right: &Url) -> Phrase {
        let base = |prefix: &[u8]| [right.origin.to_string().as_bytes(), prefix].concat();
        match self {
            Self::Doubled(prefix) => Phrase::new("base URL and path both have ")
                .captured(prefix.clone())
                .words(": take it out of one of them"),
            Self::EmptySegment => Phrase::new(
                "take the slash off the end of the base URL, or off the start of the path",
            ),
            Self::Extra(prefix) => Phrase::new("set the base URL to ")
                .captured(base(b""))
                .words(", without ")
                .captured(prefix.clone()),
            Self::Missing(prefix) | Self::Stage(prefix) => {
                Phrase::new("set the base URL to ").captured(base(prefix))
            }
        }
    }
}

/// Longer prefixes are other resources.
const LONGEST_PREFIX: usize = 3;

fn count(path: &[u8]) -> usize {
    path.iter().filter(|b| **b == b'/').count()
}

/// The first segments of a path and what follows, both with the slash in front of them.
fn split(path: &[u8], segments: usize) -> Option<(&[u8], &[u8])> {
    let mut slashes = path.iter().enumerate().filter(|(_, b)| **b == b'/');
    let (at, _) = slashes.nth(segments)?;
    path.split_at_checked(at)
}

fn has_empty(path: &[u8]) -> bool {
    path.windows(2).any(|two| two == b"//")
}

fn without_empty(path: &[u8]) -> Vec<u8> {
    let mut clean = path.to_vec();
    clean.dedup_by(|next, before| *next == b'/' && *before == b'/');
    clean
}

/// Whether a prefix is of those that stand in a base URL: `/api`, `/v1`, `/prod`.
fn is_base(prefix: &[u8]) -> bool {
    let mut segments = prefix
        .split(|b| *b == b'/')
        .filter(|segment| !segment.is_empty())
        .peekable();
    segments.peek().is_some()
        && segments.all(|segment| {
            let word = String::from_utf8_lossy(segment).to_ascii_lowercase();
            let version = word.strip_prefix('v').is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            });
            version || BASES.contains(&word.as_str()) || is_environment(&word)
        })
}

const BASES: &[&str] = &[
    "_api", "api", "apis", "app", "backend", "gateway", "graphql", "public", "rest", "service",
    "services", "web",
];

/// Whether a first segment, slash in front, is the name of a stage.
fn is_stage(segment: &[u8]) -> bool {
    segment
        .strip_prefix(b"/")
        .and_then(|word| std::str::from_utf8(word).ok())
        .is_some_and(|word| word.bytes().any(|b| b.is_ascii_alphabetic()) && is_environment(word))
}

fn by_known_good<'a>(facts: &Facts<'a>) -> Option<(Slip, &'a Url)> {
    let good = facts.good?;
    let (here, there) = (&facts.sent.request.url, &good.sent.request.url);
    let same = here.origin.host == there.origin.host
        && here.origin.port == there.origin.port
        && facts
            .sent
            .credentials()
            .all(|carrier| good.has_same(carrier))
        && !good.sent.is_unresolved(&there.path)
        && !facts.sent.is_unresolved(&here.path);
    let slip = Slip::of(&here.path, &there.path).filter(|_| same)?;
    Some((slip, there))
}

/// The same credentials passed with the same method on the right path not long ago.
fn by_story<'a>(facts: &Facts<'a>) -> Option<(Slip, &'a Seen)> {
    let failing = &facts.known.case.failing;
    let request = facts.sent.request;
    facts
        .known
        .case
        .context
        .before
        .iter()
        .filter(|seen| {
            (200..300).contains(&seen.status)
                && seen.at >= failing.at.minus(RECENT)
                && seen.request.method == request.method
                && seen.request.url.origin == request.url.origin
        })
        .filter_map(|seen| Some((Slip::of(&request.url.path, &seen.request.url.path)?, seen)))
        .find(|(_, seen)| facts.sent.has_credentials_of(&Sent::of(&seen.request)))
}

/// So long ago a token was the same one, valid in the same way.
const RECENT: Duration = Duration::from_secs(10 * 60);

/// Whether this route took these credentials before.
fn works_here(facts: &Facts<'_>) -> bool {
    facts
        .known
        .passed
        .iter()
        .any(|seen| facts.sent.has_credentials_of(&Sent::of(&seen.request)))
}

/// What API Gateway says of a route that it does not have.
fn no_such_route(facts: &Facts<'_>) -> Option<Phrase> {
    let answer = facts.answer?;
    let at = answer.stated.statements.iter().position(|statement| {
        let words = statement.words.to_ascii_lowercase();
        words.contains("missingauthenticationtoken")
            || words.contains("missing authentication token")
    })?;
    answer.quote_at(at)
}

fn place(url: &Url) -> Vec<u8> {
    [url.origin.to_string().as_bytes(), &url.path].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::sample::Sample;

    fn get(path: &str) -> String {
        format!("GET {path}\nAuthorization: Bearer abcdefghijklmnop1")
    }

    fn strength(sample: &Sample) -> Option<Strength> {
        sample.check(check).map(|found| found.strength)
    }

    #[test]
    fn paths_are_told_apart_by_how_they_begin() {
        let bytes = |text: &str| text.as_bytes().to_vec();
        for (path, right, expected) in [
            (
                "/api/api/users",
                "/api/users",
                Some(Slip::Doubled(bytes("/api"))),
            ),
            (
                "/api/v1/api/v1/users/7",
                "/api/v1/users/8",
                Some(Slip::Doubled(bytes("/api/v1"))),
            ),
            ("//v1/users", "/v1/users", Some(Slip::EmptySegment)),
            ("/v1//users", "/v1/users", Some(Slip::EmptySegment)),
            ("/api/users", "/users", Some(Slip::Extra(bytes("/api")))),
            (
                "/users",
                "/api/v1/users",
                Some(Slip::Missing(bytes("/api/v1"))),
            ),
            (
                "/dev/users",
                "/prod/users",
                Some(Slip::Stage(bytes("/prod"))),
            ),
            ("/users/1", "/users/2", None),
            ("/users", "/orders", None),
            ("/1", "/users/2", None),
            ("/v1/users", "/v2/users", None),
            ("/users", "/a/b/c/d/users", None),
            ("*", "/users", None),
        ] {
            assert_eq!(
                Slip::of(path.as_bytes(), right.as_bytes()),
                expected,
                "{path} {right}"
            );
        }
    }

    #[test]
    fn the_known_good_one_shows_it() {
        for (path, good, expected) in [
            ("/api/api/users", "/api/users", Some(Strength::Full)),
            ("/users", "/api/v1/users", Some(Strength::Partial)),
            ("/test/users", "/prod/users", Some(Strength::Partial)),
            ("/admin/users", "/users", Some(Strength::Slight)),
            ("/users", "/users", None),
        ] {
            let sample = Sample::new(&get(path)).answer("401").good(&get(good));
            assert_eq!(strength(&sample), expected, "{path}");
        }
        let other = Sample::new(&get("/users").replace("klmnop1", "klmnop2"))
            .answer("401")
            .good(&get("/api/users"));
        assert_eq!(strength(&other), None);
    }

    #[test]
    fn what_just_passed_shows_it() {
        let failing = || Sample::new(&get("/users")).answer("401");
        let passed = failing().before(-60, &get("/api/users"), 200);
        assert_eq!(strength(&passed), Some(Strength::Partial));
        let worked =
            failing()
                .before(-60, &get("/api/users"), 200)
                .before(-70, &get("/users"), 200);
        assert_eq!(strength(&worked), None);
        let long_ago = failing().before(-700, &get("/api/users"), 200);
        assert_eq!(strength(&long_ago), None);
    }

    #[test]
    fn the_words_of_the_gateway_are_a_hint() {
        let said = "401\nX-Amzn-ErrorType: MissingAuthenticationTokenException\nContent-Type: application/json\n\n{\"message\":\"Missing Authentication Token\"}";
        let alone = Sample::new(&get("/users")).answer(said);
        assert_eq!(strength(&alone), Some(Strength::Slight));
        let compared = Sample::new(&get("/users"))
            .answer(said)
            .good(&get("/prod/users"));
        assert_eq!(strength(&compared), Some(Strength::Full));
        let bare = Sample::new("GET /users").answer(said);
        assert_eq!(strength(&bare), None);
    }
}
