//! `credentials-mode-omit`: the browser holds the session's cookie, and the page's script did not ask for
//! cookies to be sent.

use std::time::Duration;

use crate::diagnosis::facts::{Facts, Held, SameSite, Shown, held};
use crate::diagnosis::finding::Phrase;
use crate::diagnosis::suspicion::Suspicion;
use crate::diagnosis::{Strength, words};
use crate::model::{FieldSection, Request, Url};

pub(crate) fn check(facts: &Facts<'_>) -> Option<Suspicion> {
    let fields = &facts.sent.request.fields;
    let site = Relation::of(fields)?;
    // With `include` a browser that blocks a cookie says so in Sec-Fetch-Storage-Access.
    if !is_scripted(fields)
        || facts.sent.is_preflight()
        || fields.contains("cookie")
        || fields.contains("sec-fetch-storage-access")
        || !wants_cookie(facts)
    {
        return None;
    }
    let (strength, sign) = shown(facts, site)?;
    let what = if is_manifest(fields) {
        "the web app manifest was asked for"
    } else {
        "a script's request"
    };
    let mut evidence = vec![
        Phrase::new(format!("{what} ({}) without Cookie", site.as_words())),
        sign,
    ];
    evidence.extend(not_allowed(facts, site));
    Some(Suspicion {
        // Under load the exchange may be missing that took the cookie away.
        strength: if facts.known.case.context.lost > 0 {
            Strength::Slight
        } else {
            strength
        },
        title: "the browser was not told to send its cookies".into(),
        evidence,
        fix: fix(facts, site),
        ..Suspicion::default()
    })
}

/// How page and server belong together, by the browser's own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    SameOrigin,
    SameSite,
    Cross,
}

impl Relation {
    fn of(fields: &FieldSection) -> Option<Self> {
        match fields.first("sec-fetch-site")? {
            b"same-origin" => Some(Self::SameOrigin),
            b"same-site" => Some(Self::SameSite),
            b"cross-site" => Some(Self::Cross),
            _ => None,
        }
    }

    fn as_words(self) -> &'static str {
        match self {
            Self::SameOrigin => "of the same origin",
            Self::SameSite => "from another origin of the same site",
            Self::Cross => "from another site",
        }
    }
}

/// `fetch`, `XMLHttpRequest`, `EventSource`; or a web app manifest, which the browser fetches likewise.
fn is_scripted(fields: &FieldSection) -> bool {
    let mode = fields.first("sec-fetch-mode").unwrap_or_default();
    let dest = fields.first("sec-fetch-dest").unwrap_or(b"empty");
    matches!(mode, b"cors" | b"same-origin") && matches!(dest, b"empty" | b"manifest")
}

fn is_manifest(fields: &FieldSection) -> bool {
    fields.first("sec-fetch-dest") == Some(b"manifest")
}

/// Whether a cookie may be what is missing: nothing else was sent that would do, and the known-good
/// request has one.
fn wants_cookie(facts: &Facts<'_>) -> bool {
    match facts.good {
        Some(good) => {
            good.sent.session_cookies().next().is_some()
                && facts
                    .sent
                    .credentials()
                    .all(|carrier| good.has_same(carrier))
        }
        None => facts.sent.credentials().next().is_none(),
    }
}

/// That soon a page does not become another one, nor its session.
const RECENT: Duration = Duration::from_secs(120);

fn shown(facts: &Facts<'_>, site: Relation) -> Option<(Strength, Phrase)> {
    held(facts)
        .iter()
        .filter_map(|held| {
            let strength = strength(facts, site, held)?;
            let ago = facts.known.case.failing.at.micros_since(held.by.at) / 1_000_000;
            let phrase = match held.shown {
                Shown::Sent => Phrase::new(format!(
                    "{} before, the same browser sent ",
                    words::span(ago)
                ))
                .words("the cookie ")
                .captured(held.name.as_bytes())
                .words(" to this host")
                .words(if strength == Strength::Full {
                    ", from the same page"
                } else {
                    ""
                }),
                Shown::Set(_) => Phrase::new(format!(
                    "{} before, the same browser got ",
                    words::span(ago)
                ))
                .words("the cookie ")
                .captured(held.name.as_bytes())
                .words(" for this host")
                .words(if site == Relation::Cross {
                    ", with SameSite=None"
                } else {
                    "; SameSite forbids it to no request of the same site"
                }),
            };
            Some((strength, phrase))
        })
        .max_by_key(|(strength, _)| *strength)
}

/// `None` where `SameSite`, or nothing at all, explains it as well.
fn strength(facts: &Facts<'_>, site: Relation, held: &Held<'_>) -> Option<Strength> {
    let failing = &facts.known.case.failing;
    let then = &held.by.request;
    let same_page = Relation::of(&then.fields) == Some(site)
        && is_scripted(&then.fields)
        && page(then) == page(facts.sent.request);
    match (held.shown, site) {
        (Shown::Sent, _) if same_page && held.by.at >= failing.at.minus(RECENT) => {
            Some(Strength::Full)
        }
        (_, Relation::SameOrigin | Relation::SameSite) => Some(Strength::Partial),
        (Shown::Sent, Relation::Cross) => same_page.then_some(Strength::Partial),
        // The browser may as well block cookies of other sites.
        (Shown::Set(SameSite::None), Relation::Cross) => Some(Strength::Slight),
        (Shown::Set(SameSite::Limited), Relation::Cross) => None,
    }
}

/// The origin of the page that sent it.
fn page(request: &Request) -> Option<String> {
    let from = |name: &str| Url::parse(request.fields.first(name)?).ok();
    if Relation::of(&request.fields) == Some(Relation::SameOrigin) {
        return Some(request.url.origin.to_string());
    }
    let url = from("origin").or_else(|| from("referer"))?;
    Some(url.origin.to_string())
}

/// The answer does not allow cookies across origins either.
fn not_allowed(facts: &Facts<'_>, site: Relation) -> Option<Phrase> {
    let fields = &facts.answer?.response.fields;
    let allowed = fields.first("access-control-allow-credentials") == Some(b"true");
    (site != Relation::SameOrigin && !allowed)
        .then(|| Phrase::new("the answer has no Access-Control-Allow-Credentials: true"))
}

fn fix(facts: &Facts<'_>, site: Relation) -> Vec<Phrase> {
    let fields = &facts.sent.request.fields;
    let stream = fields
        .first("accept")
        .is_some_and(|accept| accept.starts_with(b"text/event-stream"));
    let how = if is_manifest(fields) {
        "<link rel=\"manifest\" href=… crossorigin=\"use-credentials\">"
    } else if site == Relation::SameOrigin {
        "take credentials: \"omit\" out of the fetch call; the default sends them to the same origin"
    } else if stream {
        "new EventSource(url, { withCredentials: true })"
    } else {
        "fetch(url, { credentials: \"include\" }); axios, XMLHttpRequest: withCredentials: true"
    };
    let mut fix = vec![Phrase::new(how)];
    if not_allowed(facts, site).is_some() {
        fix.push(Phrase::new(
            "the server then has to answer Access-Control-Allow-Credentials: true, and Access-Control-Allow-Origin with this origin, not *",
        ));
    }
    fix
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnosis::Strength;
    use crate::diagnosis::sample::Sample;
    use crate::model::FieldLine;

    fn fetch(site: &str, more: &str) -> String {
        format!(
            "GET /a\nOrigin: https://app.acme.test\nSec-Fetch-Mode: cors\nSec-Fetch-Dest: empty\nSec-Fetch-Site: {site}{more}"
        )
    }

    const COOKIE: &str = "\nCookie: sid=s-abcdefghijklmnop1";

    fn strength(sample: &Sample) -> Option<Strength> {
        sample.check(check).map(|found| found.strength)
    }

    fn set(sample: Sample, line: &str) -> Sample {
        let mut sample = sample.before(-300, "POST /login", 200);
        let seen = sample.case.context.before.last_mut().unwrap();
        seen.response_fields
            .push(FieldLine::new("Set-Cookie", line));
        sample
    }

    #[test]
    fn another_request_of_the_page_carried_it() {
        for site in ["same-origin", "same-site", "cross-site"] {
            let failing = || Sample::new(&fetch(site, "")).answer("401");
            let recent = failing().before(-20, &fetch(site, COOKIE), 200);
            assert_eq!(strength(&recent), Some(Strength::Full), "{site}");
            let long_ago = failing().before(-200, &fetch(site, COOKIE), 200);
            assert_eq!(strength(&long_ago), Some(Strength::Partial), "{site}");
        }
    }

    #[test]
    fn same_site_explains_what_crosses_sites_and_nothing_else() {
        for (site, line, expected) in [
            (
                "same-site",
                "sid=1; Path=/; SameSite=Strict",
                Some(Strength::Partial),
            ),
            ("same-origin", "sid=1; Path=/", Some(Strength::Partial)),
            (
                "cross-site",
                "sid=1; Path=/; SameSite=None; Secure",
                Some(Strength::Slight),
            ),
            ("cross-site", "sid=1; Path=/; SameSite=None", None),
            ("cross-site", "sid=1; Path=/; SameSite=Lax", None),
            ("cross-site", "sid=1; Path=/", None),
            ("same-site", "sid=1; Path=/account", None),
            ("same-site", "theme=dark; Path=/", None),
            ("same-site", "sid=; Path=/; Max-Age=0", None),
        ] {
            let sample = set(Sample::new(&fetch(site, "")).answer("401"), line);
            assert_eq!(strength(&sample), expected, "{site} {line}");
        }
    }

    #[test]
    fn a_cookie_that_was_taken_away_is_not_held() {
        let sample = Sample::new(&fetch("same-site", "")).answer("401");
        let mut sample =
            sample
                .before(-10, "POST /logout", 204)
                .before(-20, &fetch("same-site", COOKIE), 200);
        let logout = sample.case.context.before.first_mut().unwrap();
        logout
            .response_fields
            .push(FieldLine::new("Set-Cookie", "sid=; Path=/; Max-Age=0"));
        assert_eq!(strength(&sample), None);
    }

    #[test]
    fn what_is_no_script_or_sends_something_is_left_alone() {
        let carried = |failing: &str| {
            let sample = Sample::new(failing).answer("401");
            strength(&sample.before(-20, &fetch("same-site", COOKIE), 200))
        };
        assert!(carried(&fetch("same-site", "")).is_some());
        for failing in [
            fetch("same-site", "\nCookie: theme=dark"),
            fetch("same-site", "\nAuthorization: Bearer abcdefghijklmnop1"),
            fetch("cross-site", "\nSec-Fetch-Storage-Access: none"),
            fetch("none", ""),
            fetch("same-site", "").replace("cors", "navigate"),
            fetch("same-site", "").replace("empty", "image"),
            "GET /a".to_owned(),
        ] {
            assert_eq!(carried(&failing), None, "{failing}");
        }
    }

    #[test]
    fn the_known_good_one_decides_whether_a_cookie_is_wanted() {
        let failing = || Sample::new(&fetch("same-site", "")).answer("401");
        let cookie = failing().good(&format!("GET /a{COOKIE}")).before(
            -20,
            &fetch("same-site", COOKIE),
            200,
        );
        assert_eq!(strength(&cookie), Some(Strength::Full));
        let bearer = failing()
            .good("GET /a\nAuthorization: Bearer abcdefghijklmnop1")
            .before(-20, &fetch("same-site", COOKIE), 200);
        assert_eq!(strength(&bearer), None);
    }
}
