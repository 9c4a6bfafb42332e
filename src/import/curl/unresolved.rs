//! Variables that nothing defines: `$TOKEN`.

use super::operation::Operation;
use crate::import::shell::word::Word;

/// The variables that the words of a command hold.
pub(super) fn of(operation: &Operation, url: &Word) -> Vec<String> {
    let words = [
        &operation.method,
        &operation.user,
        &operation.bearer,
        &operation.data,
        &operation.query,
        &operation.user_agent,
        &operation.referer,
        &operation.range,
        &operation.resume,
        &operation.target,
    ];
    let words = words.into_iter().flatten();
    let words = words
        .chain(&operation.lines)
        .chain(&operation.cookies)
        .chain([url]);
    let of_words = words.flat_map(|word| &word.unresolved);
    let of_parts = operation.parts.iter().flat_map(|part| &part.unresolved);
    of_words.chain(of_parts).cloned().collect()
}
