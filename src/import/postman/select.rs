//! Picks the item that the user names.

use super::collection::Collection;
use crate::import::{ErrorKind, ImportError, Options, Source, Span};

/// As many names as somebody could want to read.
const MOST_NAMES: usize = 8;

/// Below this, a name is not what somebody mistyped.
const LEAST_SIMILARITY: f64 = 0.6;

/// Leaves only the item that is named: by its path, by its name when only one has it, or by its
/// number.
///
/// # Errors
/// When there is none, or several.
pub(super) fn select<'a>(
    mut collection: Collection<'a>,
    options: &Options,
    source: &Source<'_>,
) -> Result<Collection<'a>, ImportError> {
    let Some(wanted) = &options.item else {
        return Ok(collection);
    };
    let wanted = wanted.trim_matches('/');
    let failed = |kind| ImportError::new(Span::new(source.span().start, source.span().start), kind);
    let fitting = |fits: &dyn Fn(&super::Item<'_>) -> bool| -> Vec<usize> {
        let items = collection.items.iter().enumerate();
        items
            .filter(|(_, item)| fits(item))
            .map(|(at, _)| at)
            .collect()
    };
    let mut found = fitting(&|item| item.path() == wanted);
    if found.is_empty() {
        found = fitting(&|item| item.name == wanted);
    }
    if found.is_empty() {
        found = numbered(wanted, collection.items.len())
            .into_iter()
            .collect();
    }
    match found.as_slice() {
        [] => Err(failed(ErrorKind::NoItem {
            wanted: wanted.to_owned(),
            known: near(wanted, &collection),
        })),
        [only] => {
            let item = collection.items.swap_remove(*only);
            collection.items = vec![item];
            collection.problems.clear();
            Ok(collection)
        }
        several => {
            let paths = several.iter().filter_map(|at| {
                let item = collection.items.get(*at)?;
                Some(format!("#{} {}", at + 1, item.path()))
            });
            let known = paths.take(MOST_NAMES).collect();
            Err(failed(ErrorKind::SeveralItems { known }))
        }
    }
}

/// The place in the list of the one with that number, from 1: `#2` or `2`.
fn numbered(wanted: &str, count: usize) -> Option<usize> {
    let number = wanted.strip_prefix('#').unwrap_or(wanted);
    let at = number.parse::<usize>().ok()?.checked_sub(1)?;
    (at < count).then_some(at)
}

/// The names that are most alike; all without any, as far as there is room.
fn near(wanted: &str, collection: &Collection<'_>) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = collection
        .items
        .iter()
        .map(|item| {
            let by_path = strsim::jaro_winkler(&wanted, &item.path().to_lowercase());
            let by_name = strsim::jaro_winkler(&wanted, &item.name.to_lowercase());
            (by_path.max(by_name), item.path())
        })
        .collect();
    if scored.iter().any(|(score, _)| *score >= LEAST_SIMILARITY) {
        scored.retain(|(score, _)| *score >= LEAST_SIMILARITY);
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    }
    let names = scored.into_iter().map(|(_, path)| path.to_owned());
    names.take(MOST_NAMES).collect()
}
