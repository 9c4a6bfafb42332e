//! URLs, their paths and their parameters: names and order stay, secrets do not.

use super::canvas::Canvas;
use super::encode::form_decode;
use super::masker::Masker;
use super::name::{is_mixed_token, is_random, is_wordlike, secret_kind};
use super::peel::Words;
use super::secret::is_literal;
use crate::auth::credentials::shape;
use crate::auth::percent::percent_decode;
use crate::model::{Shape, Url};

/// How deep texts inside texts are looked at: a URL in a parameter of a URL in a member.
pub(super) const DEEPEST: u8 = 3;

/// Path segments that announce a secret in the next one.
const ANNOUNCING: &[&[u8]] = &[
    b"activate",
    b"confirm",
    b"hook",
    b"hooks",
    b"invitation",
    b"invite",
    b"magic",
    b"reset",
    b"reset-password",
    b"share",
    b"token",
    b"tokens",
    b"unsubscribe",
    b"verify",
    b"webhook",
    b"webhooks",
];

impl Masker {
    /// Paints a parsed URL.
    pub(super) fn paint_url(&mut self, out: &mut Canvas, url: &Url) {
        out.captured(url.origin.scheme.as_str().as_bytes());
        out.captured(b"://");
        if let Some(userinfo) = &url.userinfo {
            self.paint_userinfo(out, userinfo);
            out.captured(b"@");
        }
        out.captured(url.origin.authority().as_bytes());
        self.paint_target(out, &url.path_and_query(), 0);
    }

    /// Paints a URL or a relative reference.
    pub(super) fn paint_reference(&mut self, out: &mut Canvas, text: &[u8], depth: u8) {
        let trimmed = text.trim_ascii_start();
        let scheme = trimmed
            .iter()
            .position(|byte| *byte == b':')
            .and_then(|at| Some((trimmed.get(..at)?, trimmed.get(at..)?.strip_prefix(b"://")?)))
            .filter(|(scheme, _)| scheme.iter().all(u8::is_ascii_alphanumeric));
        let Some((scheme, rest)) = scheme else {
            if trimmed.starts_with(b"/") || trimmed.contains(&b'?') {
                return self.paint_target(out, text, depth);
            }
            return self.paint_text(out, text, depth);
        };
        let space = text.len() - trimmed.len();
        out.captured(text.get(..space).unwrap_or_default());
        out.captured(scheme);
        out.captured(b"://");
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
            .unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        match authority.iter().rposition(|byte| *byte == b'@') {
            Some(at) => {
                let (userinfo, host) = authority.split_at(at);
                self.paint_userinfo(out, userinfo);
                out.captured(host);
            }
            None => out.captured(authority),
        }
        self.paint_target(out, target, depth);
    }

    fn paint_userinfo(&mut self, out: &mut Canvas, userinfo: &[u8]) {
        if userinfo.is_empty() {
            return;
        }
        self.remember("basic", &percent_decode(userinfo));
        self.mask(out, "basic", userinfo);
    }

    /// Paints a path with an optional query and fragment.
    pub(super) fn paint_target(&mut self, out: &mut Canvas, target: &[u8], depth: u8) {
        let (rest, fragment) = cut(target, b'#');
        let (path, query) = cut(rest, b'?');
        self.paint_path(out, path, depth);
        if let Some(query) = query {
            out.captured(b"?");
            self.paint_pairs(out, query, depth);
        }
        if let Some(fragment) = fragment {
            out.captured(b"#");
            if fragment.is_empty() || is_wordlike(fragment) {
                out.captured(fragment);
            } else {
                self.mask(out, "fragment", fragment);
            }
        }
    }

    fn paint_path(&mut self, out: &mut Canvas, path: &[u8], depth: u8) {
        let segments: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        for (index, segment) in segments.iter().enumerate() {
            if index > 0 {
                out.captured(b"/");
            }
            let before = segments.get(..index).unwrap_or_default();
            // `//user:password@host`, alone or inside a path that holds a whole URL.
            let at = segment.iter().rposition(|byte| *byte == b'@');
            if let (Some(at), [_, .., b""]) = (at, before) {
                let (userinfo, host) = segment.split_at(at);
                self.paint_userinfo(out, userinfo);
                out.captured(host);
                continue;
            }
            if let Some(at) = secret_start(before, segment) {
                let (open, secret) = segment.split_at(at);
                out.captured(open);
                self.mask(out, "secret", secret);
            } else {
                self.paint_segment(out, segment, depth);
            }
        }
    }

    /// Paints a segment with its `;name=value` parameters.
    fn paint_segment(&mut self, out: &mut Canvas, segment: &[u8], depth: u8) {
        for (index, piece) in segment.split(|byte| *byte == b';').enumerate() {
            if index == 0 {
                self.paint_value(out, piece, depth);
            } else {
                out.captured(b";");
                self.paint_pair(out, piece, depth);
            }
        }
    }

    /// Paints `a=1&b=2`.
    pub(super) fn paint_pairs(&mut self, out: &mut Canvas, pairs: &[u8], depth: u8) {
        for (index, pair) in pairs.split(|byte| *byte == b'&').enumerate() {
            if index > 0 {
                out.captured(b"&");
            }
            self.paint_pair(out, pair, depth);
        }
    }

    fn paint_pair(&mut self, out: &mut Canvas, pair: &[u8], depth: u8) {
        let (name, value) = cut(pair, b'=');
        match value {
            Some(value) => {
                self.paint_name(out, name);
                out.captured(b"=");
                self.paint_parameter(out, name, value, depth);
            }
            None if is_random(name) => self.mask(out, "secret", name),
            None => self.paint_value(out, name, depth),
        }
    }

    /// Paints the value of a parameter, by its name.
    pub(super) fn paint_parameter(
        &mut self,
        out: &mut Canvas,
        name: &[u8],
        value: &[u8],
        depth: u8,
    ) {
        match secret_kind(&form_decode(name), &form_decode(value)) {
            Some(_) if is_literal(&form_decode(value)) => out.captured(value),
            Some(kind) => self.mask_core(out, kind, value, Words::Known),
            None => self.paint_value(out, value, depth),
        }
    }

    /// Paints an encoded value that has no secret name: as sent, unless it holds a secret under
    /// one of its encodings; then decoded, with the secret masked.
    pub(super) fn paint_value(&mut self, out: &mut Canvas, value: &[u8], depth: u8) {
        if matches!(shape(value), Shape::JwtJws | Shape::JwtJwe) || is_mixed_token(value) {
            return self.mask(out, "secret", value);
        }
        let mut text = value.to_vec();
        for _ in 0..=DEEPEST {
            let mut sketch = out.sketch();
            self.paint_text(&mut sketch, &text, depth + 1);
            if sketch.masks() > 0 {
                return out.append(&sketch);
            }
            let decoded = percent_decode(&text);
            if decoded == text {
                break;
            }
            text = decoded;
        }
        out.captured(value);
    }
}

/// Where the secret of a webhook or link starts in this segment.
fn secret_start(before: &[&[u8]], segment: &[u8]) -> Option<usize> {
    let nth_last = |back: usize| before.len().checked_sub(back).and_then(|at| before.get(at));
    // Telegram: /bot<id>:<token>/method
    if let Some(rest) = segment.strip_prefix(b"bot")
        && let Some(colon) = rest.iter().position(|byte| *byte == b':')
        && colon > 0
        && rest.get(..colon)?.iter().all(u8::is_ascii_digit)
        && rest.len() > colon + 1
    {
        return Some("bot".len() + colon + 1);
    }
    if segment.is_empty() {
        return None;
    }
    // Slack: /services/T…/B…/<secret>, /triggers/… and /workflows/… likewise
    let slack: [&[u8]; 3] = [b"services", b"triggers", b"workflows"];
    if nth_last(3).is_some_and(|word| slack.contains(word)) {
        return Some(0);
    }
    // Discord and others: /webhooks/<id>/<secret>
    let after = |word: &&[u8]| {
        ANNOUNCING
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
    };
    let hook = nth_last(2).is_some_and(|word| word.eq_ignore_ascii_case(b"webhooks"));
    if hook && segment.len() >= 16 && !is_wordlike(segment) {
        return Some(0);
    }
    (nth_last(1).is_some_and(after) && segment.len() >= 12 && !is_wordlike(segment)).then_some(0)
}

fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == at) {
        Some(index) => {
            let (head, tail) = text.split_at(index);
            (head, tail.get(1..))
        }
        None => (text, None),
    }
}
