//! The cookie files of `-b file`: Netscape's format, or `Set-Cookie` lines.

use super::url::Target;
use crate::model::{Scheme, Timestamp};

/// A cookie of a file.
#[derive(Default)]
struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    /// In lower case, without a leading dot; empty if it names none.
    domain: String,
    /// Whether hosts below the domain get it too.
    below: bool,
    path: Vec<u8>,
    secure: bool,
    /// Seconds since 1970; 0 for a session cookie.
    expires: i64,
}

/// The value of `Cookie` that curl sends to a target from the cookies of these files; a `Host` that
/// the user gives counts for them.
pub(super) fn for_target(
    files: &[Vec<u8>],
    target: &Target,
    given_host: Option<&str>,
    now: Timestamp,
    no_session: bool,
) -> Vec<u8> {
    let host = given_host.unwrap_or(target.host_name());
    let lines = files
        .iter()
        .flat_map(|file| file.split(|byte| *byte == b'\n'));
    let mut cookies: Vec<Cookie> = Vec::new();
    for cookie in lines.filter_map(cookie) {
        let same = |known: &Cookie| {
            known.name == cookie.name && known.domain == cookie.domain && known.path == cookie.path
        };
        cookies.retain(|known| !same(known));
        cookies.push(cookie);
    }
    cookies.retain(|cookie| {
        cookie.is_for(target, host)
            && (cookie.expires == 0 || cookie.expires > now.secs())
            && !(no_session && cookie.expires == 0)
    });
    // The longest path first, then domain, then name, then the newest: curl's order.
    cookies.reverse();
    cookies.sort_by_key(|cookie| {
        let lengths = [cookie.path.len(), cookie.domain.len(), cookie.name.len()];
        std::cmp::Reverse(lengths)
    });
    let pairs: Vec<Vec<u8>> = cookies
        .iter()
        .map(|cookie| [cookie.name.as_slice(), b"=", &cookie.value].concat())
        .collect();
    pairs.join(b"; ".as_slice())
}

impl Cookie {
    fn is_for(&self, target: &Target, host: &str) -> bool {
        let is_local = host == "localhost" || host == "127.0.0.1" || host == "::1";
        let secure = !self.secure || target.scheme() == Scheme::Https || is_local;
        secure && self.is_for_host(host) && self.is_for_path(target.path())
    }

    fn is_for_host(&self, host: &str) -> bool {
        let below = || {
            let outer = host.strip_suffix(self.domain.as_str());
            self.below && outer.is_some_and(|outer| outer.ends_with('.'))
        };
        // One that names no host is found for addresses only.
        let is_address = host.parse::<std::net::IpAddr>().is_ok();
        (self.domain.is_empty() && is_address) || host == self.domain || below()
    }

    /// RFC 6265 section 5.1.4.
    fn is_for_path(&self, path: &[u8]) -> bool {
        let Some(rest) = path.strip_prefix(self.path.as_slice()) else {
            return false;
        };
        rest.is_empty() || self.path.ends_with(b"/") || rest.starts_with(b"/")
    }
}

fn cookie(line: &[u8]) -> Option<Cookie> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    const FIELD: &[u8] = b"set-cookie:";
    match line.get(..FIELD.len()) {
        Some(start) if start.eq_ignore_ascii_case(FIELD) => {
            set_cookie(line.get(FIELD.len()..).unwrap_or_default())
        }
        _ => netscape(line),
    }
}

/// Seven fields with tabs between; the last may be missing.
fn netscape(line: &[u8]) -> Option<Cookie> {
    let line = line.strip_prefix(b"#HttpOnly_").unwrap_or(line);
    if line.starts_with(b"#") {
        return None;
    }
    let mut fields = line
        .split(|byte| *byte == b'\t')
        .filter(|field| !field.is_empty());
    let domain = String::from_utf8_lossy(fields.next()?).to_lowercase();
    let below = fields.next()?.eq_ignore_ascii_case(b"TRUE");
    let path = fields.next()?.to_vec();
    let secure = fields.next()?.eq_ignore_ascii_case(b"TRUE");
    let expires = std::str::from_utf8(fields.next()?)
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let name = fields.next()?.to_vec();
    let value = fields.next().unwrap_or_default().to_vec();
    Some(Cookie {
        name,
        value,
        domain: domain.trim_start_matches('.').to_owned(),
        below,
        path,
        secure,
        expires,
    })
}

/// The value of `Set-Cookie`; a lifetime counts from when it was sent, which nobody knows.
fn set_cookie(value: &[u8]) -> Option<Cookie> {
    let mut attributes = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let (name, value) = split_pair(attributes.next()?)?;
    let mut cookie = Cookie {
        name: name.to_vec(),
        value: value.to_vec(),
        path: b"/".to_vec(),
        ..Cookie::default()
    };
    for attribute in attributes {
        let (name, value) = split_pair(attribute).unwrap_or((attribute, b""));
        if name.eq_ignore_ascii_case(b"domain") {
            let domain = String::from_utf8_lossy(value).to_lowercase();
            domain
                .trim_start_matches('.')
                .clone_into(&mut cookie.domain);
            cookie.below = true;
        } else if name.eq_ignore_ascii_case(b"path") && value.starts_with(b"/") {
            cookie.path = value.to_vec();
        } else if name.eq_ignore_ascii_case(b"secure") {
            cookie.secure = true;
        }
    }
    Some(cookie)
}

fn split_pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = text.split_at(at);
    Some((name.trim_ascii(), value.get(1..)?.trim_ascii()))
}
