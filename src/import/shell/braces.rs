//! Brace expansion, which bash does before all else: `{a,b}`, `{1..3}`.

use std::borrow::Cow;

use super::word::Unit;

/// The most bytes that one word with braces may expand to, all alternatives together.
const MAX_BYTES: usize = 1024 * 1024;

/// The most work that one word with braces may take. All of it counts against the script.
const MAX_WORK: usize = 16 * 1024 * 1024;

/// What copying a byte is of that: a unit is larger than its byte.
const COPY_COST: usize = 4;

/// The longest sequence: three numbers.
const LONGEST_SEQUENCE: usize = 80;

/// How deep braces may be nested before they are taken as they stand.
const MAX_DEPTH: usize = 8;

/// The alternatives of a word; the word itself if it has no braces to expand. `None` if they are
/// more than an import holds. The work that they took is added to `work`.
pub(super) fn expand<'u>(units: &'u [Unit], work: &mut usize) -> Option<Vec<Cow<'u, [Unit]>>> {
    if !units.contains(&Unit::Bare(b'{')) {
        return Some(vec![Cow::Borrowed(units)]);
    }
    let expanded = alternatives(units, 0, work)?.into_iter();
    Some(expanded.map(Cow::Owned).collect())
}

fn alternatives(units: &[Unit], depth: usize, work: &mut usize) -> Option<Vec<Vec<Unit>>> {
    let mut results = vec![Vec::new()];
    let mut done = 0;
    for group in groups(units) {
        if group.start < done || depth >= MAX_DEPTH {
            continue;
        }
        let Some(choices) = choices(units, &group, depth, work) else {
            continue;
        };
        append(&mut results, units.get(done..group.start)?, work)?;
        results = product(&results, &choices?, work)?;
        done = group.end + 1;
    }
    append(&mut results, units.get(done..)?, work)?;
    Some(results)
}

/// A pair of braces, by the places of the two.
struct Group {
    start: usize,
    end: usize,
    /// The places of its own commas.
    commas: Vec<usize>,
}

/// All pairs of braces, in the order in which they open. One pass, however they are nested.
fn groups(units: &[Unit]) -> Vec<Group> {
    let mut open: Vec<Group> = Vec::new();
    let mut closed = Vec::new();
    for (at, unit) in units.iter().enumerate() {
        match unit {
            Unit::Bare(b'{') => open.push(Group {
                start: at,
                end: at,
                commas: Vec::new(),
            }),
            Unit::Bare(b',') => {
                if let Some(group) = open.last_mut() {
                    group.commas.push(at);
                }
            }
            Unit::Bare(b'}') => {
                if let Some(group) = open.pop() {
                    closed.push(Group { end: at, ..group });
                }
            }
            _ => {}
        }
    }
    closed.sort_by_key(|group| group.start);
    closed
}

/// What stands for a pair of braces; `None` if it stands for itself, `Some(None)` if it is too much.
fn choices(
    units: &[Unit],
    group: &Group,
    depth: usize,
    work: &mut usize,
) -> Option<Option<Vec<Vec<Unit>>>> {
    let inside = units.get(group.start + 1..group.end)?;
    if group.commas.is_empty() {
        return sequence(inside);
    }
    let mut start = group.start + 1;
    let mut choices = Vec::new();
    for end in group.commas.iter().chain([&group.end]) {
        match alternatives(units.get(start..*end)?, depth + 1, work) {
            Some(mut more) => choices.append(&mut more),
            None => return Some(None),
        }
        start = end + 1;
    }
    Some(Some(choices))
}

fn append(results: &mut [Vec<Unit>], units: &[Unit], work: &mut usize) -> Option<()> {
    let total = results.len().checked_mul(weight(units))?;
    spend(total, work)?;
    if results.len() > 1 && total > MAX_BYTES {
        return None;
    }
    for result in results {
        result.extend_from_slice(units);
    }
    Some(())
}

/// Counts bytes that are about to be copied. `None` if there were too many.
fn spend(bytes: usize, work: &mut usize) -> Option<()> {
    *work = work.saturating_add(bytes.saturating_mul(COPY_COST));
    (*work <= MAX_WORK).then_some(())
}

/// About how many bytes the units hold.
fn weight(units: &[Unit]) -> usize {
    let weights = units.iter().map(|unit| match unit {
        Unit::Bare(_) | Unit::Quotes => 1,
        Unit::Quoted(bytes) => bytes.len(),
        Unit::Expansion(expansion) => expansion.text.len(),
    });
    weights.sum()
}

fn product(
    results: &[Vec<Unit>],
    choices: &[Vec<Unit>],
    work: &mut usize,
) -> Option<Vec<Vec<Unit>>> {
    let longest = |all: &[Vec<Unit>]| all.iter().map(|one| weight(one) + 1).max().unwrap_or(0);
    let count = results.len().checked_mul(choices.len())?;
    let total = count.checked_mul(longest(results) + longest(choices))?;
    if count > 1 && total > MAX_BYTES {
        return None;
    }
    spend(total, work)?;
    let pairs = results
        .iter()
        .flat_map(|result| choices.iter().map(move |choice| (result, choice)));
    Some(
        pairs
            .map(|(result, choice)| [result.as_slice(), choice].concat())
            .collect(),
    )
}

/// `1..3`, `01..10`, `a..e`, with an optional step. As in [`choices`].
fn sequence(inside: &[Unit]) -> Option<Option<Vec<Vec<Unit>>>> {
    if inside.len() > LONGEST_SEQUENCE {
        return None;
    }
    let bytes: Option<Vec<u8>> = inside
        .iter()
        .map(|unit| match unit {
            Unit::Bare(byte) => Some(*byte),
            _ => None,
        })
        .collect();
    let text = String::from_utf8(bytes?).ok()?;
    let mut parts = text.split("..");
    let (first, last) = (parts.next()?, parts.next()?);
    let step = parts
        .next()
        .map_or(Some(1), |step| step.parse::<i64>().ok())?;
    if parts.next().is_some() {
        return None;
    }
    let step = step.unsigned_abs().max(1);
    let texts = match (first.parse::<i64>(), last.parse::<i64>()) {
        (Ok(from), Ok(to)) => {
            let padded = [first, last]
                .iter()
                .any(|t| t.starts_with('0') && t.len() > 1);
            let width = if padded {
                first.len().max(last.len())
            } else {
                0
            };
            steps(from, to, step).map(|all| all.map(|n| format!("{n:0width$}")).collect())
        }
        _ => {
            let (from, to) = (letter(first)?, letter(last)?);
            let byte =
                |n: i64| u8::try_from(n).map_or(String::new(), |b| char::from(b).to_string());
            steps(from, to, step).map(|all| all.map(byte).collect::<Vec<String>>())
        }
    };
    Some(texts.map(|texts: Vec<String>| {
        let units = |text: &String| text.bytes().map(Unit::Bare).collect();
        texts.iter().map(units).collect()
    }))
}

fn letter(text: &str) -> Option<i64> {
    match text.as_bytes() {
        [byte] if byte.is_ascii_alphabetic() => Some(i64::from(*byte)),
        _ => None,
    }
}

/// The numbers from one to the other, in either direction; `None` if they are too many.
fn steps(from: i64, to: i64, step: u64) -> Option<impl Iterator<Item = i64>> {
    let count = from.abs_diff(to) / step;
    let count = i64::try_from(count).ok().filter(|count| *count < 10_000)?;
    let step = i64::try_from(step).ok()?;
    let step = if to < from { -step } else { step };
    Some((0..=count).map(move |n| from.saturating_add(n.saturating_mul(step))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Vec<String> {
        let units: Vec<Unit> = text.bytes().map(Unit::Bare).collect();
        let word = |units: &Cow<'_, [Unit]>| {
            let byte = |unit: &Unit| match unit {
                Unit::Bare(byte) => char::from(*byte),
                _ => '?',
            };
            units.iter().map(byte).collect()
        };
        expand(&units, &mut 0).unwrap().iter().map(word).collect()
    }

    #[test]
    fn commas_make_alternatives() {
        assert_eq!(expanded("x{a,b}y"), ["xay", "xby"]);
        assert_eq!(expanded("{a,b}{1,2}"), ["a1", "a2", "b1", "b2"]);
        assert_eq!(expanded("{a,b{1,2}}"), ["a", "b1", "b2"]);
        assert_eq!(expanded("{,x}"), ["", "x"]);
    }

    #[test]
    fn sequences_count_up_and_down() {
        assert_eq!(expanded("{1..3}"), ["1", "2", "3"]);
        assert_eq!(expanded("{3..1..2}"), ["3", "1"]);
        assert_eq!(expanded("{08..10}"), ["08", "09", "10"]);
        assert_eq!(expanded("{a..c}"), ["a", "b", "c"]);
    }

    #[test]
    fn braces_without_a_choice_stand_for_themselves() {
        assert_eq!(expanded("{{token}}"), ["{{token}}"]);
        assert_eq!(expanded("{}{a}{"), ["{}{a}{"]);
        assert_eq!(expanded("a}b,c{"), ["a}b,c{"]);
        assert_eq!(expanded("{{a,b}"), ["{a", "{b"]);
    }

    #[test]
    fn what_would_fill_the_memory_is_refused() {
        let units: Vec<Unit> = "{a,b}".repeat(40).bytes().map(Unit::Bare).collect();
        assert_eq!(expand(&units, &mut 0), None);
        let units: Vec<Unit> = "{1..99999999}".bytes().map(Unit::Bare).collect();
        assert_eq!(expand(&units, &mut 0), None);
    }

    #[test]
    fn what_is_copied_again_and_again_is_refused_and_its_work_is_told() {
        let text = "{a,b}".repeat(10) + &"{1..1}".repeat(900);
        let units: Vec<Unit> = text.bytes().map(Unit::Bare).collect();
        let mut work = 0;
        assert_eq!(expand(&units, &mut work), None);
        assert!(work > MAX_WORK && work < 2 * MAX_WORK, "{work}");
    }
}
