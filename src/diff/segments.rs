//! The runs in which two texts are equal and in which they differ, for highlighting.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// A run of characters of two texts; positions count characters, end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it stands in the known-good text.
    pub good: Option<(usize, usize)>,
    /// Where it stands in the failing text.
    pub failing: Option<(usize, usize)>,
    /// Whether both are equal there.
    pub same: bool,
}

/// Above this many units that differ, the middle is one run: nobody reads that many highlights,
/// and the time that finding them takes grows with their product.
const MOST_UNITS: usize = 2000;

/// From this many characters on, two words that differ are compared inside.
const LONG_WORD: usize = 12;

/// Cuts two (masked) texts into equal and differing runs.
pub fn segments(good: &str, failing: &str) -> Vec<Segment> {
    let (good, failing) = (units(good), units(failing));
    let start = good
        .iter()
        .zip(&failing)
        .take_while(|(good, failing)| good == failing)
        .count();
    let end = good
        .iter()
        .rev()
        .zip(failing.iter().rev())
        .take(good.len().min(failing.len()) - start)
        .take_while(|(good, failing)| good == failing)
        .count();
    let good_end = good.len() - end;
    let failing_end = failing.len() - end;
    let mut runs = Runs::default();
    runs.equal(characters(good.get(..start)));
    middle(
        good.get(start..good_end).unwrap_or_default(),
        failing.get(start..failing_end).unwrap_or_default(),
        &mut runs,
    );
    runs.equal(characters(good.get(good_end..)));
    runs.finish()
}

/// Compares what is left once equal ends are off.
fn middle(good: &[&str], failing: &[&str], runs: &mut Runs) {
    if good.len() > MOST_UNITS || failing.len() > MOST_UNITS {
        return runs.differ(characters(Some(good)), characters(Some(failing)));
    }
    for op in capture_diff_slices(Algorithm::Myers, good, failing) {
        match op {
            DiffOp::Equal { old_index, len, .. } => {
                runs.equal(characters(good.get(old_index..old_index + len)));
            }
            DiffOp::Delete {
                old_index, old_len, ..
            } => runs.differ(characters(good.get(old_index..old_index + old_len)), 0),
            DiffOp::Insert {
                new_index, new_len, ..
            } => runs.differ(0, characters(failing.get(new_index..new_index + new_len))),
            DiffOp::Replace {
                old_index,
                old_len,
                new_index,
                new_len,
            } => replaced(
                good.get(old_index..old_index + old_len).unwrap_or_default(),
                failing
                    .get(new_index..new_index + new_len)
                    .unwrap_or_default(),
                runs,
            ),
        }
    }
}

/// Two long words differ where their common ends stop; anything else differs as a whole.
fn replaced(good: &[&str], failing: &[&str], runs: &mut Runs) {
    let (lengths, one_word) = match (good, failing) {
        ([good], [failing]) => (
            (characters(Some(&[*good])), characters(Some(&[*failing]))),
            !is_mark(good) && !is_mark(failing),
        ),
        _ => ((characters(Some(good)), characters(Some(failing))), false),
    };
    let (good_length, failing_length) = lengths;
    if !one_word || good_length.max(failing_length) < LONG_WORD {
        return runs.differ(good_length, failing_length);
    }
    let good: Vec<char> = good.iter().flat_map(|unit| unit.chars()).collect();
    let failing: Vec<char> = failing.iter().flat_map(|unit| unit.chars()).collect();
    let start = good
        .iter()
        .zip(&failing)
        .take_while(|(a, b)| a == b)
        .count();
    let end = good
        .iter()
        .rev()
        .zip(failing.iter().rev())
        .take(good_length.min(failing_length) - start)
        .take_while(|(a, b)| a == b)
        .count();
    runs.equal(start);
    runs.differ(good_length - start - end, failing_length - start - end);
    runs.equal(end);
}

/// Runs in the making: neighbours of one kind become one, and a single equal character between
/// two differences joins them.
#[derive(Default)]
struct Runs {
    done: Vec<(usize, usize, bool)>,
}

impl Runs {
    fn equal(&mut self, length: usize) {
        self.add(length, length, true);
    }

    fn differ(&mut self, good: usize, failing: usize) {
        self.add(good, failing, false);
    }

    fn add(&mut self, good: usize, failing: usize, same: bool) {
        if good == 0 && failing == 0 {
            return;
        }
        if !same && let [.., (_, _, false), (1, 1, true)] = self.done.as_slice() {
            self.done.pop();
            self.add(1, 1, false);
        }
        match self.done.last_mut() {
            Some(last) if last.2 == same => {
                last.0 += good;
                last.1 += failing;
            }
            _ => self.done.push((good, failing, same)),
        }
    }

    fn finish(self) -> Vec<Segment> {
        let (mut good, mut failing) = (0, 0);
        let mut segments = Vec::with_capacity(self.done.len());
        for (in_good, in_failing, same) in self.done {
            let run = |start: usize, length: usize| (length > 0).then_some((start, start + length));
            segments.push(Segment {
                good: run(good, in_good),
                failing: run(failing, in_failing),
                same,
            });
            good += in_good;
            failing += in_failing;
        }
        segments
    }
}

fn characters(units: Option<&[&str]>) -> usize {
    units
        .unwrap_or_default()
        .iter()
        .map(|unit| unit.chars().count())
        .sum()
}

/// Whether a unit is a mask or an escape: it differs as a whole or not at all.
fn is_mark(unit: &str) -> bool {
    unit.starts_with('‹') || unit.starts_with('\\')
}

/// A mask, an escape, a word, or a single other character each.
fn units(text: &str) -> Vec<&str> {
    let mut units = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (unit, after) = rest.split_at(unit_length(rest));
        units.push(unit);
        rest = after;
    }
    units
}

/// The length in bytes of the first unit of a text that is not empty.
fn unit_length(text: &str) -> usize {
    let mut chars = text.chars();
    let first = chars.next().map_or(0, char::len_utf8);
    match text.chars().next() {
        Some('‹') => text.find('›').map_or(first, |end| end + '›'.len_utf8()),
        Some('\\') => first + escape_length(chars.as_str()),
        Some(c) if c.is_alphanumeric() => text
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(text.len()),
        _ => first,
    }
}

/// The length of what follows the backslash of `\x1b`, `\u202e`, `\u{e0001}`, `\n`.
fn escape_length(rest: &str) -> usize {
    let hex = |text: &str, count: usize| {
        let digits = text.bytes().take(count);
        digits.filter(u8::is_ascii_hexdigit).count() == count
    };
    match rest.as_bytes() {
        [b'x', ..] if hex(rest.get(1..).unwrap_or_default(), 2) => 3,
        [b'u', b'{', ..] => rest
            .find('}')
            .filter(|end| *end <= 8)
            .map_or(0, |end| end + 1),
        [b'u', ..] if hex(rest.get(1..).unwrap_or_default(), 4) => 5,
        [b'n' | b'r' | b't', ..] => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The failing text with brackets around what differs.
    fn marked(good: &str, failing: &str) -> String {
        let chars: Vec<char> = failing.chars().collect();
        let mut out = String::new();
        for segment in segments(good, failing) {
            let text: String = segment
                .failing
                .map(|(start, end)| chars[start..end].iter().collect())
                .unwrap_or_default();
            if segment.same {
                out.push_str(&text);
            } else {
                out.extend(["[", &text, "]"]);
            }
        }
        out
    }

    #[test]
    fn a_mask_differs_as_a_whole() {
        assert_eq!(
            marked("Bearer ‹jwt:1 len=40›", "Bearer ‹jwt:2 len=40›"),
            "Bearer [‹jwt:2 len=40›]"
        );
    }

    #[test]
    fn quotes_around_an_equal_mask_are_what_differs() {
        assert_eq!(
            marked("Bearer ‹jwt:1 len=40›", "Bearer \"‹jwt:1 len=40›\""),
            "Bearer [\"]‹jwt:1 len=40›[\"]"
        );
    }

    #[test]
    fn words_differ_as_words_and_long_ones_inside() {
        assert_eq!(marked("/v1/orders", "/v2/orders"), "/[v2]/orders");
        assert_eq!(
            marked("abcdefghijklmnop1z", "abcdefghijklmnop2z"),
            "abcdefghijklmnop[2]z"
        );
    }

    #[test]
    fn an_escape_is_one_unit() {
        assert_eq!(marked("a\\x1bb", "a\\x1cb"), "a[\\x1c]b");
    }

    #[test]
    fn nothing_to_compare_gives_nothing() {
        assert_eq!(segments("", ""), []);
        assert_eq!(marked("", "abc"), "[abc]");
        assert_eq!(marked("abc", ""), "[]");
    }

    proptest! {
        #[test]
        fn segments_cover_both_texts_in_order(
            good in "([ab‹› \\\\x1é]|‹a›){0,40}", failing in "([ab‹› \\\\x1é]|‹a›){0,40}",
        ) {
            let good_chars: Vec<char> = good.chars().collect();
            let failing_chars: Vec<char> = failing.chars().collect();
            let (mut at_good, mut at_failing) = (0, 0);
            for segment in segments(&good, &failing) {
                if let Some((start, end)) = segment.good {
                    prop_assert_eq!(start, at_good);
                    prop_assert!(end > start);
                    at_good = end;
                }
                if let Some((start, end)) = segment.failing {
                    prop_assert_eq!(start, at_failing);
                    prop_assert!(end > start);
                    at_failing = end;
                }
                let text = |chars: &[char], run: Option<(usize, usize)>| {
                    run.map(|(start, end)| chars[start..end].to_vec())
                };
                let equal = text(&good_chars, segment.good) == text(&failing_chars, segment.failing);
                prop_assert!(!segment.same || equal);
            }
            prop_assert_eq!(at_good, good_chars.len());
            prop_assert_eq!(at_failing, failing_chars.len());
        }

        #[test]
        fn equal_texts_have_no_difference(text in any::<String>()) {
            prop_assert!(segments(&text, &text).iter().all(|segment| segment.same));
        }
    }
}
