//! The exchanges around a failure that bear on it, in the order in which they happened.

use super::document::{Role, StoryEntry};
use super::{Text, clock};
use crate::model::{Case, ClientKey, Request, Seen, Url};
use crate::redact::Masker;

/// How many exchanges of one role are told at most, before and after the failure each.
const MOST_PER_ROLE: usize = 3;

/// No summary is longer than this.
const LONGEST_SUMMARY: usize = 400;

/// The story of a Case, oldest first.
pub(super) fn story(case: &Case, masker: &mut Masker) -> Vec<StoryEntry> {
    let failing = Around::of(case);
    // Newest first on both sides of the failure would favour the far end of what came after.
    let before = few(&case.context.before, |seen| failing.role_before(seen));
    let after = few(&case.context.after, |seen| failing.role_after(seen));
    let mut told: Vec<_> = before.into_iter().chain(after).collect();
    told.sort_by_key(|(_, seen)| (seen.at, seen.id));
    told.into_iter()
        .map(|(role, seen)| StoryEntry {
            id: seen.id.to_string(),
            at: clock::rfc3339(seen.at),
            role,
            summary: failing.summary(seen, masker).bounded(LONGEST_SUMMARY),
            time: seen.at,
        })
        .collect()
}

/// The first few of each role.
fn few(seen: &[Seen], role: impl Fn(&Seen) -> Option<Role>) -> Vec<(Role, &Seen)> {
    let mut told: Vec<(Role, &Seen)> = Vec::new();
    for one in seen {
        let Some(role) = role(one) else { continue };
        if told.iter().filter(|(other, _)| *other == role).count() < MOST_PER_ROLE {
            told.push((role, one));
        }
    }
    told
}

/// The failing request, as its neighbours are seen from it.
struct Around<'a> {
    case: &'a Case,
    request: &'a Request,
    client: Option<ClientKey>,
}

impl<'a> Around<'a> {
    fn of(case: &'a Case) -> Self {
        let request = &case.failing.request;
        Self {
            case,
            request,
            client: case.failing.client_key(),
        }
    }

    fn role_before(&self, seen: &Seen) -> Option<Role> {
        let same_client = self.is_same_client(seen);
        if same_client && self.is_preflight(seen) {
            return Some(Role::Preflight);
        }
        if same_client && self.redirects_here(seen) {
            return Some(Role::Redirect);
        }
        if !seen.tokens.is_empty() {
            return Some(self.token_role(seen));
        }
        if same_client && seen.response_fields.contains("set-cookie") {
            return Some(Role::SetCookie);
        }
        self.is_same_route(seen).then_some(Role::SameRoute)
    }

    fn role_after(&self, seen: &Seen) -> Option<Role> {
        if !seen.tokens.is_empty() {
            return Some(self.token_role(seen));
        }
        let again = seen.request.method == self.request.method
            && seen.request.url.path == self.request.url.path;
        (again && self.is_same_client(seen)).then_some(Role::Retry)
    }

    fn is_same_client(&self, seen: &Seen) -> bool {
        self.client.as_ref() == Some(&seen.client)
    }

    fn is_preflight(&self, seen: &Seen) -> bool {
        seen.request.method == "OPTIONS"
            && seen
                .request
                .fields
                .contains("access-control-request-method")
            && seen.request.url.origin == self.request.url.origin
            && seen.request.url.path == self.request.url.path
    }

    fn redirects_here(&self, seen: &Seen) -> bool {
        if !(300..400).contains(&seen.status) {
            return false;
        }
        let Some(location) = seen.response_fields.first("location") else {
            return false;
        };
        let target = match location {
            [b'/', b'/', ..] => {
                let scheme = seen.request.url.origin.scheme.as_str();
                Url::parse(&[scheme.as_bytes(), b":", location].concat()).ok()
            }
            [b'/', ..] => Some(Url::from_parts(seen.request.url.origin.clone(), location)),
            _ => Url::parse(location).ok(),
        };
        target.is_some_and(|url| {
            url.origin == self.request.url.origin && url.path == self.request.url.path
        })
    }

    /// A token response is a login, unless the same client got tokens before.
    fn token_role(&self, seen: &Seen) -> Role {
        let earlier = self.case.context.before.iter().any(|other| {
            other.at < seen.at && other.client == seen.client && !other.tokens.is_empty()
        });
        if earlier { Role::Refresh } else { Role::Login }
    }

    fn is_same_route(&self, seen: &Seen) -> bool {
        seen.request.method == self.request.method
            && seen.request.url.origin == self.request.url.origin
            && is_like(&seen.request.url.path, &self.request.url.path)
    }

    /// `POST auth.acme.test/token answered 200: gave out access_token (for 3600 s)`.
    fn summary(&self, seen: &Seen, masker: &mut Masker) -> Text {
        let url = &seen.request.url;
        let mut text = Text::from(masker.text(seen.request.method.as_bytes()))
            .say(" ")
            .masked(&masker.text(url.origin.authority().as_bytes()))
            .masked(&masker.target(&url.path))
            .say(&format!(" answered {}", seen.status));
        if let Some(location) = seen.response_fields.first("location") {
            let location = masker.field_value("location", location);
            text = text.say(", to ").masked(&location);
        }
        let tokens = seen.tokens.iter().map(|token| {
            let member = Text::from(masker.text(token.member.as_bytes()));
            match token.expires_in {
                Some(secs) => member.say(&format!(" (for {secs} s)")),
                None => member,
            }
        });
        let tokens: Vec<Text> = tokens.collect();
        if !tokens.is_empty() {
            text = text.say(": gave out ").then(&Text::joined(tokens, ", "));
        }
        let cookies = set_cookie_names(seen, masker);
        if !cookies.is_empty() {
            text = text.say("; set cookie ").then(&Text::joined(cookies, ", "));
        }
        match self.other_sender(seen) {
            Some(words) => text.say("; ").say(words),
            None => text,
        }
    }

    /// What sets the sender apart: another client, or whether it used the same credentials.
    fn other_sender(&self, seen: &Seen) -> Option<&'static str> {
        let ours = &self.case.context.credentials;
        if !self.is_same_client(seen) {
            return Some("another client");
        }
        if !self.is_same_route(seen) || (ours.is_empty() && seen.credentials.is_empty()) {
            return None;
        }
        let same = ours.len() == seen.credentials.len()
            && ours
                .iter()
                .zip(&seen.credentials)
                .all(|(a, b)| a.place == b.place && a.scheme == b.scheme && a.raw == b.raw);
        Some(if same {
            "the same credentials"
        } else if seen.credentials.is_empty() {
            "without credentials"
        } else {
            "other credentials"
        })
    }
}

/// Whether two paths are equal but for segments that look like ids: those with a digit in both.
fn is_like(one: &[u8], other: &[u8]) -> bool {
    let segments = |path: &'_ [u8]| path.split(|b| *b == b'/').count();
    let has_digit = |segment: &[u8]| segment.iter().any(u8::is_ascii_digit);
    segments(one) == segments(other)
        && one
            .split(|b| *b == b'/')
            .zip(other.split(|b| *b == b'/'))
            .all(|(a, b)| a == b || (has_digit(a) && has_digit(b)))
}

fn set_cookie_names(seen: &Seen, masker: &mut Masker) -> Vec<Text> {
    seen.response_fields
        .all("set-cookie")
        .take(8)
        .map(|line| {
            let name = line.value().split(|b| matches!(b, b'=' | b';')).next();
            masker.text(name.unwrap_or_default()).into()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_alike_when_only_ids_differ() {
        assert!(is_like(b"/v2/orders/17", b"/v2/orders/9f"));
        assert!(!is_like(b"/v2/orders/17", b"/v2/carts/17"));
        assert!(!is_like(b"/v2/orders", b"/v2/orders/17"));
    }
}
