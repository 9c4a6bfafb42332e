//! The session cookies that a browser holds for a request, as far as the story shows it.

use std::collections::HashSet;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::Facts;
use crate::auth::cookie::cookies;
use crate::auth::names::{CookieClass, cookie_class};
use crate::model::{Seen, Timestamp, Url};

/// A session cookie of the host of the failing request.
pub(crate) struct Held<'a> {
    pub(crate) name: String,
    /// What shows it.
    pub(crate) by: &'a Seen,
    pub(crate) shown: Shown,
}

/// How an exchange shows that the browser holds a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// It sent it.
    Sent,
    /// It was given it, with this `SameSite`.
    Set(SameSite),
}

/// On which requests a cookie goes along (RFC 6265bis section 5.6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SameSite {
    /// On all, and it has `Secure`, too.
    None,
    /// Not on all requests from other sites: `Lax`, `Strict`, or nothing said.
    Limited,
}

/// What the same client holds for the URL of the failing request, newest sign first.
pub(crate) fn held<'a>(facts: &Facts<'a>) -> Vec<Held<'a>> {
    let url = &facts.sent.request.url;
    let failing = &facts.known.case.failing;
    let client = failing.client_key();
    let mut settled: HashSet<String> = HashSet::new();
    let mut held = Vec::new();
    for seen in &facts.known.case.context.before {
        if Some(&seen.client) != client.as_ref() {
            continue;
        }
        if held.len() >= MOST {
            break;
        }
        // The answer is newer than the request that it answers.
        for line in seen.response_fields.all("set-cookie").take(MOST) {
            let Some(set) = SetCookie::of(line.value()) else {
                continue;
            };
            if !set.is_for(&seen.request.url, url) || !settled.insert(set.name.clone()) {
                continue;
            }
            if set.lives(seen.at, failing.at) && is_session(&set.name, &set.value) {
                held.push(Held {
                    shown: Shown::Set(set.same_site()),
                    name: set.name,
                    by: seen,
                });
            }
        }
        if !shows_for(&seen.request.url, url) {
            continue;
        }
        let sent = cookies(&seen.request.fields);
        let sessions = sent
            .into_iter()
            .filter(|cookie| is_session(&cookie.name, &cookie.value));
        for cookie in sessions.take(MOST) {
            // That it was set says less than that it is sent.
            let known = held.iter_mut().find(|held| held.name == cookie.name);
            match known {
                Some(known) if known.shown != Shown::Sent => {
                    known.shown = Shown::Sent;
                    known.by = seen;
                }
                Some(_) => {}
                None if settled.insert(cookie.name.clone()) => held.push(Held {
                    name: cookie.name,
                    by: seen,
                    shown: Shown::Sent,
                }),
                None => {}
            }
        }
    }
    held
}

/// Whether what was sent there may go along here: on that host, and not from https to http, which `Secure`
/// forbids.
fn shows_for(there: &Url, here: &Url) -> bool {
    there.origin.host == here.origin.host
        && (there.origin.scheme == here.origin.scheme || here.origin.scheme.as_str() == "https")
}

/// Nobody needs more of them to see whether there is a session.
const MOST: usize = 32;

fn is_session(name: &str, value: &[u8]) -> bool {
    cookie_class(name, value) == CookieClass::Session
}

/// A `Set-Cookie` line (RFC 6265bis section 5.6).
struct SetCookie {
    name: String,
    value: Vec<u8>,
    attributes: Vec<(String, String)>,
}

impl SetCookie {
    fn of(line: &[u8]) -> Option<Self> {
        let mut parts = line.split(|b| *b == b';');
        let pair = parts.next()?.trim_ascii();
        let at = pair.iter().position(|b| *b == b'=')?;
        let attributes = parts
            .take(MOST_ATTRIBUTES)
            .map(|part| {
                let text = String::from_utf8_lossy(part).into_owned();
                let (name, value) = text.split_once('=').unwrap_or((&text, ""));
                (name.trim().to_ascii_lowercase(), value.trim().to_owned())
            })
            .collect();
        Some(Self {
            name: String::from_utf8_lossy(pair.get(..at)?.trim_ascii()).into_owned(),
            value: pair.get(at + 1..)?.trim_ascii().to_vec(),
            attributes,
        })
    }

    /// The last of that name counts.
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .rev()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether it goes along to that URL, the site apart.
    fn is_for(&self, from: &Url, to: &Url) -> bool {
        let (from_host, host) = (&from.origin.host, &to.origin.host);
        let domain = self
            .attribute("domain")
            .map(|domain| domain.trim_start_matches('.').to_ascii_lowercase())
            .filter(|domain| !domain.is_empty());
        let is_below = |host: &str, domain: &str| {
            host == domain
                || host
                    .strip_suffix(domain)
                    .is_some_and(|front| front.ends_with('.'))
        };
        let host_fits = match &domain {
            Some(domain) => is_below(from_host, domain) && is_below(host, domain),
            None => from_host == host,
        };
        let secure = self.attribute("secure").is_none()
            || to.origin.scheme.as_str() == "https"
            || matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        host_fits && secure && self.path_fits(from, to)
    }

    /// RFC 6265bis section 5.1.4; without a path it is the folder of the URL that set it.
    fn path_fits(&self, from: &Url, to: &Url) -> bool {
        let default = || {
            let last = from.path.iter().rposition(|b| *b == b'/').unwrap_or(0);
            from.path.get(..last.max(1)).unwrap_or(b"/").to_vec()
        };
        let path = match self.attribute("path") {
            Some(path) if path.starts_with('/') => path.as_bytes().to_vec(),
            _ => default(),
        };
        to.path
            .strip_prefix(&*path)
            .is_some_and(|rest| path.ends_with(b"/") || matches!(rest, [] | [b'/', ..]))
    }

    /// Whether it was given a value, and its time is not over.
    fn lives(&self, set: Timestamp, now: Timestamp) -> bool {
        if let Some(age) = self
            .attribute("max-age")
            .and_then(|age| age.parse::<i64>().ok())
        {
            return age > 0 && now.secs().saturating_sub(set.secs()) < age;
        }
        let over = self
            .attribute("expires")
            .and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok())
            .is_some_and(|date| date.unix_timestamp() <= now.secs());
        !over && !self.value.is_empty()
    }

    fn same_site(&self) -> SameSite {
        let none = self
            .attribute("samesite")
            .is_some_and(|site| site.eq_ignore_ascii_case("none"));
        if none && self.attribute("secure").is_some() {
            SameSite::None
        } else {
            SameSite::Limited
        }
    }
}

const MOST_ATTRIBUTES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_cookie_goes_where_its_attributes_allow() {
        for (line, to, expected) in [
            ("sid=1", "https://a.test/x/y", true),
            ("sid=1", "https://a.test/", false),
            ("sid=1; Path=/", "https://a.test/", true),
            ("sid=1; Path=/x", "https://a.test/xy", false),
            ("sid=1; path=/", "https://b.a.test/", false),
            ("sid=1; path=/; Domain=.A.test", "https://b.a.test/", true),
            ("sid=1; path=/; domain=b.test", "https://b.test/", false),
            ("sid=1; path=/; Secure", "http://a.test/", false),
            ("sid=1; path=/; secure", "https://a.test:8443/", true),
        ] {
            let set = SetCookie::of(line.as_bytes()).unwrap();
            let from = url("https://a.test/x/login");
            assert_eq!(set.is_for(&from, &url(to)), expected, "{line} {to}");
        }
    }

    #[test]
    fn a_cookie_lives_until_its_time_is_over() {
        let at = Timestamp::from_secs;
        for (line, expected) in [
            ("sid=1", true),
            ("sid=", false),
            ("sid=1; Max-Age=0", false),
            (
                "sid=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                true,
            ),
            ("sid=1; Max-Age=10", false),
            ("sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", false),
            ("sid=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT", true),
        ] {
            let set = SetCookie::of(line.as_bytes()).unwrap();
            assert_eq!(
                set.lives(at(1_768_478_400), at(1_768_478_410)),
                expected,
                "{line}"
            );
        }
    }
}
