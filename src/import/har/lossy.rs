//! What an archive does not tell of a request, and thus cannot prove.

use super::archive::Entry;
use crate::auth::cookie::cookies;
use crate::auth::credentials::carriers;
use crate::model::{FieldLine, FieldSection, Request};

/// Chrome, Edge and all others that are built on Chromium call themselves so.
const CHROME: &str = "WebInspector";

/// Says what is missing from an entry.
pub(super) fn warn(
    entry: &Entry,
    creator: &str,
    pseudo: &FieldSection,
    fields: &FieldSection,
    warnings: &mut Vec<String>,
) {
    if entry.from_cache {
        warnings.push(FROM_CACHE.to_owned());
    } else if pseudo.is_empty() && fields.is_empty() {
        warnings.push(NO_FIELDS.to_owned());
    } else if creator == CHROME && !fields.contains("host") && !pseudo.contains(":authority") {
        // What is sent has one of them; what a page asked for has neither.
        warnings.push(PROVISIONAL.to_owned());
    }
    if entry.status >= 400 {
        let status = entry.status;
        warnings.push(format!(
            "it was answered with {status}: it is not known to work"
        ));
    }
}

/// Says where a value was replaced before the archive was handed on.
pub(super) fn warn_if_masked(request: &Request, warnings: &mut Vec<String>) {
    let is_masked_cookie = cookies(&request.fields)
        .iter()
        .any(|cookie| is_mask(&cookie.value));
    let is_masked_credential = carriers(request)
        .iter()
        .any(|carrier| is_mask(&carrier.normalised));
    let is_blank = |line: &FieldLine| {
        let name = line.name().to_ascii_lowercase();
        matches!(name.as_slice(), b"authorization" | b"cookie") && is_mask(line.value())
    };
    if is_masked_cookie || is_masked_credential || request.fields.lines().iter().any(is_blank) {
        warnings.push(MASKED.to_owned());
    }
}

/// `[redacted]`, `***`, `xxxx`: what programs write in place of a secret.
fn is_mask(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else {
        return false;
    };
    let text = text.trim().to_ascii_lowercase();
    let is_fill = |c: char| matches!(c, '*' | 'x' | '\u{2022}' | '\u{2026}' | '#');
    let (count, fills) = (text.chars().count(), text.chars().filter(|c| is_fill(*c)));
    let brackets = ['[', ']', '<', '>', '(', ')', '{', '}', '*', '_', '-'];
    let mut words = text.split([' ', '_', '-', ':']);
    (count >= 3 && fills.count() == count)
        || text.contains("***")
        || text.contains("\u{2022}\u{2022}\u{2022}")
        || (count <= LONGEST_MASK && words.any(|word| MASKS.contains(&word.trim_matches(brackets))))
}

/// Chrome leaves credentials out unless it is told to save them; then no entry has any.
pub(super) fn sanitised(creator: &str, any_credential: bool) -> Option<String> {
    (creator == CHROME && !any_credential).then(|| SANITISED.to_owned())
}

/// Whether it has what Chrome leaves out.
pub(super) fn has_credential(request: &Request) -> bool {
    request.fields.contains("authorization") || request.fields.contains("cookie")
}

const MASKS: &[&str] = &[
    "filtered",
    "hidden",
    "masked",
    "obfuscated",
    "redacted",
    "removed",
    "sanitised",
    "sanitized",
    "scrubbed",
    "stripped",
];
const LONGEST_MASK: usize = 64;

const FROM_CACHE: &str = "the browser answered from its cache: this request was not sent";
const MASKED: &str = "credentials were masked before the file was saved: it cannot prove them";
const NO_FIELDS: &str = "the file holds no header fields of this request: it cannot prove which \
                         credentials were sent";
const PROVISIONAL: &str = "the browser saved only the header fields that the page asked for: \
                           Authorization and Cookie may be missing";
const SANITISED: &str = "the file has no Authorization and no Cookie at all: Chrome leaves them out \
                         unless \"Export HAR (with sensitive data)\" is chosen";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_told_from_values() {
        for mask in [
            "[redacted]",
            "REDACTED",
            "[authorization redacted]",
            "***",
            "xxxxxxxx",
            "<hidden>",
            "eyJ***",
            "\u{2022}\u{2022}\u{2022}",
            "**REDACTED**",
            "redacted-by-tool",
            "[sanitized]",
        ] {
            assert!(is_mask(mask.as_bytes()), "{mask}");
        }
        for value in [
            "",
            "xx",
            "1",
            "abc.def.ghi",
            "s3cr3t-hiddenness",
            "dXNlcjpwYXNz",
        ] {
            assert!(!is_mask(value.as_bytes()), "{value}");
        }
    }
}
