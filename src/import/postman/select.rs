//! Picks the item that the user names.

use super::collection::Collection;
use crate::import::{ErrorKind, ImportError, Options, Source, Span};

/// As many names as somebody could want to read.
const MOST_NAMES: usize = 8;

/// Below this, a name is not what somebody mistyped.
const LEAST_SIMILARITY: f64 = 0.6;

/// Leaves only the item that is named: by its path, or by its name when only one has it.
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
    let by_path = |item: &super::Item<'_>| item.path == wanted;
    let by_name = |item: &super::Item<'_>| item.name == wanted;
    let paths: Vec<String> = match collection.items.iter().filter(|item| by_path(item)).count() {
        1 => {
            collection.items.retain(by_path);
            collection.problems.clear();
            return Ok(collection);
        }
        0 => collection
            .items
            .iter()
            .filter(|item| by_name(item))
            .map(|item| item.path.clone())
            .collect(),
        _ => collection
            .items
            .iter()
            .filter(|item| by_path(item))
            .map(|item| item.path.clone())
            .collect(),
    };
    match paths.len() {
        0 => Err(failed(ErrorKind::NoItem {
            wanted: wanted.to_owned(),
            known: near(wanted, &collection),
        })),
        1 => {
            collection.items.retain(by_name);
            collection.problems.clear();
            Ok(collection)
        }
        _ => Err(failed(ErrorKind::SeveralItems {
            known: paths.into_iter().take(MOST_NAMES).collect(),
        })),
    }
}

/// The names that are most alike; all without any, as far as there is room.
fn near(wanted: &str, collection: &Collection<'_>) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = collection
        .items
        .iter()
        .map(|item| {
            let by_path = strsim::jaro_winkler(&wanted, &item.path.to_lowercase());
            let by_name = strsim::jaro_winkler(&wanted, &item.name.to_lowercase());
            (by_path.max(by_name), item.path.as_str())
        })
        .collect();
    if scored.iter().any(|(score, _)| *score >= LEAST_SIMILARITY) {
        scored.retain(|(score, _)| *score >= LEAST_SIMILARITY);
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    }
    let names = scored.into_iter().map(|(_, path)| path.to_owned());
    names.take(MOST_NAMES).collect()
}
