//! The secrets that are known, and how their echoes are found in any text.
//!
//! Searching is linear in the text: every position is looked up by its next eight bytes.

use std::collections::HashMap;
use std::ops::Range;

use zeroize::Zeroize as _;

use super::encode::forms;

/// Shorter secrets are masked by place only: a search would hit ordinary text.
pub(super) const SHORTEST: usize = 8;

/// Bounds on what one report remembers: far above any real request, so that hostile ones end.
const MOST_SECRETS: usize = 1024;
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How many forms may share their first eight bytes: tokens of one issuer do.
const MOST_ALIKE: usize = 256;

type Window = [u8; SHORTEST];

/// Where a known secret stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Echo {
    /// The bytes of the text.
    pub(super) range: Range<usize>,
    /// The number of the secret.
    pub(super) number: u32,
    /// Its kind.
    pub(super) kind: &'static str,
    /// Whether only a part of it stands there.
    pub(super) part: bool,
}

/// The secrets that are known.
#[derive(Default)]
pub(super) struct Known {
    forms: Vec<Form>,
    anchors: HashMap<Window, Vec<usize>>,
    pieces: HashMap<Window, (u32, &'static str)>,
    secrets: usize,
    bytes: usize,
}

struct Form {
    bytes: Vec<u8>,
    number: u32,
    kind: &'static str,
    part: bool,
}

impl Known {
    /// Remembers a secret; one of fewer than eight bytes is not.
    pub(super) fn add(&mut self, secret: &[u8], number: u32, kind: &'static str) {
        self.insert(secret, number, kind, false);
    }

    /// Remembers a part of a secret: the password of a Basic credential.
    pub(super) fn add_part(&mut self, part: &[u8], number: u32, kind: &'static str) {
        self.insert(part, number, kind, true);
    }

    fn insert(&mut self, secret: &[u8], number: u32, kind: &'static str, part: bool) {
        let fits = self.secrets < MOST_SECRETS && self.bytes + secret.len() < MOST_BYTES;
        if secret.len() < SHORTEST || !fits || self.holds(secret) {
            return;
        }
        self.secrets += 1;
        for bytes in forms(secret) {
            let Some(anchor) = window(&bytes) else {
                continue;
            };
            let alike = self.anchors.entry(anchor).or_default();
            let there = alike
                .iter()
                .filter_map(|index| self.forms.get(*index))
                .any(|form| form.bytes == bytes);
            if there || alike.len() >= MOST_ALIKE {
                continue;
            }
            alike.push(self.forms.len());
            self.bytes += bytes.len();
            self.forms.push(Form {
                bytes,
                number,
                kind,
                part,
            });
        }
        for piece in secret.windows(SHORTEST).filter_map(window) {
            if looks_random(&piece) {
                self.pieces.entry(piece).or_insert((number, kind));
            }
        }
    }

    /// Where whole secrets stand, in any of their forms; in order, not overlapping.
    pub(super) fn echoes(&self, text: &[u8]) -> Vec<Echo> {
        let mut found: Vec<Echo> = Vec::new();
        if self.forms.is_empty() {
            return found;
        }
        for (start, anchor) in text.windows(SHORTEST).enumerate() {
            let Some(form) = window(anchor).and_then(|anchor| self.longest(anchor, text, start))
            else {
                continue;
            };
            let end = start + form.bytes.len();
            let done = found.last().map_or(0, |echo| echo.range.end);
            if end > done {
                found.push(Echo {
                    range: start.max(done)..end,
                    number: form.number,
                    kind: form.kind,
                    part: form.part || start < done,
                });
            }
        }
        found
    }

    /// Where parts of at least eight bytes of a secret stand, if they look like no word.
    pub(super) fn parts(&self, text: &[u8]) -> Vec<Echo> {
        let mut found: Vec<Echo> = Vec::new();
        if self.pieces.is_empty() {
            return found;
        }
        for (start, piece) in text.windows(SHORTEST).enumerate() {
            let Some((number, kind)) = window(piece).and_then(|piece| self.pieces.get(&piece))
            else {
                continue;
            };
            let end = start + SHORTEST;
            match found.last_mut() {
                Some(last) if last.range.end >= start => last.range.end = end,
                _ => found.push(Echo {
                    range: start..end,
                    number: *number,
                    kind,
                    part: true,
                }),
            }
        }
        found
    }

    /// Whether exactly these bytes are searched for already.
    fn holds(&self, secret: &[u8]) -> bool {
        window(secret)
            .and_then(|anchor| self.anchors.get(&anchor))
            .into_iter()
            .flatten()
            .filter_map(|index| self.forms.get(*index))
            .any(|form| form.bytes == secret)
    }

    fn longest(&self, anchor: Window, text: &[u8], start: usize) -> Option<&Form> {
        let rest = text.get(start..)?;
        self.anchors
            .get(&anchor)?
            .iter()
            .filter_map(|index| self.forms.get(*index))
            .filter(|form| rest.starts_with(&form.bytes))
            .max_by_key(|form| form.bytes.len())
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        for form in &mut self.forms {
            form.bytes.zeroize();
        }
    }
}

fn window(bytes: &[u8]) -> Option<Window> {
    bytes.first_chunk().copied()
}

/// Token characters of at least two kinds, two of each: `x7Qp2vLm`, but not `password` or `app-2`.
fn looks_random(piece: &Window) -> bool {
    let count = |is: fn(&u8) -> bool| piece.iter().filter(|byte| is(byte)).count();
    let kinds = [
        count(u8::is_ascii_uppercase),
        count(u8::is_ascii_lowercase),
        count(u8::is_ascii_digit),
    ];
    piece
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_+/=~".contains(byte))
        && kinds.iter().filter(|count| **count >= 2).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(secrets: &[&str]) -> Known {
        let mut known = Known::default();
        for (number, secret) in (1..).zip(secrets) {
            known.add(secret.as_bytes(), number, "token");
        }
        known
    }

    #[test]
    fn an_echo_is_found_in_any_form() {
        let known = known(&["s3cr3t/Value+1"]);
        for echo in ["s3cr3t/Value+1", "s3cr3t%2fValue%2b1", "s3cr3t\\/Value+1"] {
            let text = format!("bad token {echo}.");
            let found = known.echoes(text.as_bytes());
            assert_eq!(found.len(), 1, "{echo}");
            assert_eq!(found[0].range, 10..10 + echo.len());
        }
    }

    #[test]
    fn secrets_that_overlap_are_covered_to_the_end() {
        let known = known(&["abcdefgh1234", "1234ijklmnop"]);
        let found = known.echoes(b"abcdefgh1234ijklmnop");
        let ranges: Vec<_> = found.iter().map(|echo| echo.range.clone()).collect();
        assert_eq!(ranges, [0..12, 12..20]);
    }

    #[test]
    fn a_part_of_a_secret_is_found_unless_it_is_a_word() {
        let known = known(&["Xy12Zw34Qp56Rt78", "correcthorsebattery"]);
        assert_eq!(known.parts(b"starts with Xy12Zw34Qp")[0].range, 12..22);
        assert!(known.parts(b"a horsebattery").is_empty());
    }

    #[test]
    fn short_secrets_are_not_searched_for() {
        assert!(known(&["hunter2"]).echoes(b"hunter2 hunter2").is_empty());
    }

    #[test]
    fn equal_starts_without_end_stay_bounded() {
        let mut known = Known::default();
        for number in 0..5000 {
            known.add(format!("AAAAAAAA{number}").as_bytes(), number, "cookie");
        }
        assert!(
            known
                .anchors
                .values()
                .all(|alike| alike.len() <= MOST_ALIKE)
        );
    }
}
