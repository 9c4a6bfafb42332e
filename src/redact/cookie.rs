//! Cookies: names and attributes stay, values do not (RFC 6265 sections 4.1 and 4.2).

use super::canvas::Canvas;
use super::masker::Masker;
use super::name::is_wordlike;
use super::peel::Words;
use crate::auth::names::{CookieClass, cookie_class};

/// Attributes of `Set-Cookie` that hold no secret.
const ATTRIBUTES: &[&[u8]] = &[
    b"domain",
    b"expires",
    b"httponly",
    b"max-age",
    b"partitioned",
    b"priority",
    b"samesite",
    b"secure",
    b"version",
];

impl Masker {
    /// Paints the value of a `Cookie` field.
    pub(super) fn paint_cookies(&mut self, out: &mut Canvas, value: &[u8]) {
        for (index, pair) in value.split(|byte| *byte == b';').enumerate() {
            if index > 0 {
                out.captured(b";");
            }
            self.paint_cookie_pair(out, pair);
        }
    }

    /// Paints the value of a `Set-Cookie` field.
    pub(super) fn paint_set_cookie(&mut self, out: &mut Canvas, value: &[u8]) {
        for (index, pair) in value.split(|byte| *byte == b';').enumerate() {
            if index == 0 {
                self.paint_cookie_pair(out, pair);
                continue;
            }
            out.captured(b";");
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
            let name = name.trim_ascii();
            if name.eq_ignore_ascii_case(b"path") {
                self.paint_text(out, pair, 0);
            } else if ATTRIBUTES
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
            {
                out.captured(pair);
            } else {
                self.paint_cookie_pair(out, pair);
            }
        }
    }

    /// Paints a cookie's value.
    pub(super) fn paint_cookie(&mut self, out: &mut Canvas, name: &str, value: &[u8]) {
        let trimmed = value.trim_ascii();
        let harmless = trimmed.len() <= 12
            && is_wordlike(trimmed)
            && cookie_class(name, trimmed) == CookieClass::Never;
        if harmless || trimmed == b"deleted" {
            out.captured(value);
        } else {
            self.mask_core(out, "cookie", value, Words::Known);
        }
    }

    fn paint_cookie_pair(&mut self, out: &mut Canvas, pair: &[u8]) {
        match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => {
                let (name, value) = pair.split_at(at);
                let space = name.len() - name.trim_ascii_start().len();
                let (space, name) = name.split_at(space);
                out.captured(space);
                self.paint_name(out, name);
                out.captured(b"=");
                let name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
                self.paint_cookie(out, &name, value.get(1..).unwrap_or_default());
            }
            // A piece without a name is a value (RFC 6265bis section 5.6).
            None => self.paint_cookie(out, "", pair),
        }
    }
}
