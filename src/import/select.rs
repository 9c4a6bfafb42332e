//! Picks the request that the user names.

use super::{ErrorKind, ImportError, Imported, ImportedRequest, Source, Span};

/// As many names as somebody could want to read.
const MOST_NAMES: usize = 8;

/// Leaves only the request of that name, or of that number: `#2` or `2`. All without one; of a file
/// that has none, what is wrong with it.
pub(super) fn select(mut imported: Imported, item: Option<&str>, source: &Source<'_>) -> Imported {
    let Some(wanted) = item.filter(|_| !imported.requests.is_empty()) else {
        return imported;
    };
    let wanted = wanted.trim_matches('/');
    let requests = std::mem::take(&mut imported.requests);
    let names: Vec<String> = requests
        .iter()
        .map(|request| request.name.clone())
        .collect();
    let number = wanted.strip_prefix('#').unwrap_or(wanted);
    let number = number.parse::<usize>().ok();
    let last = |name: &str| name.rsplit('/').next() == Some(wanted);
    let picked = |test: &dyn Fn(usize, &str) -> bool| -> Vec<usize> {
        let names = names.iter().enumerate();
        let fitting = names.filter(|(at, name)| test(*at, name));
        fitting.map(|(at, _)| at).collect()
    };
    let mut fitting = picked(&|at, name| number == Some(at + 1) || name == wanted);
    if fitting.is_empty() {
        fitting = picked(&|_, name| last(name));
    }
    let kind = match fitting.as_slice() {
        // What is wrong before it may be requests that count, too.
        [only] if number == Some(only + 1) && has_problem_before(*only, &requests, &imported) => {
            return imported;
        }
        [only] => {
            imported.requests = requests.into_iter().skip(*only).take(1).collect();
            imported.problems.clear();
            return imported;
        }
        [] if number.is_some() && !imported.problems.is_empty() => return imported,
        [] => ErrorKind::NoItem {
            wanted: wanted.to_owned(),
            known: names.into_iter().take(MOST_NAMES).collect(),
        },
        several => {
            let known = several.iter().take(MOST_NAMES);
            let known = known.map(|at| format!("#{}", at + 1)).collect();
            ErrorKind::SeveralItems { known }
        }
    };
    imported.problems = vec![ImportError::new(source.start(), kind)];
    imported
}

fn has_problem_before(at: usize, requests: &[ImportedRequest], imported: &Imported) -> bool {
    let Some(request) = requests.get(at) else {
        return false;
    };
    let mut problems = imported.problems.iter();
    problems.any(|problem| problem.span.start < request.span.start)
}

/// Where a text starts that has nothing else to point at.
pub(super) fn start(source: &Source<'_>) -> Span {
    let blank = source
        .bytes()
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace());
    let at = source.span().start + blank.count();
    Span::new(at, at)
}
