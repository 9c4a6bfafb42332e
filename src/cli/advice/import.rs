//! Files of other tools that cannot be imported.

use crate::cli::problem::Problem;
use crate::import::{ErrorKind, ImportError, Position, Source};

/// All that is wrong with a file, each with its place.
pub(crate) fn import(source: &Source<'_>, problems: &[ImportError]) -> Problem {
    import_at(source.name(), problems, |at| {
        let error = problems.get(at);
        error.map_or(Position::START, |error| error.position(source))
    })
}

/// The same, where `position` knows the place of the n-th problem.
pub(crate) fn import_at(
    name: &str,
    problems: &[ImportError],
    position: impl Fn(usize) -> Position,
) -> Problem {
    let place = |at: usize| match problems.get(at).map(|error| &error.kind) {
        Some(ErrorKind::Environment { place, .. }) => place.clone(),
        Some(ErrorKind::Inside { place, .. }) => {
            format!("{place}, named at {name}:{}", position(at))
        }
        _ => format!("{name}:{}", position(at)),
    };
    let problem = match problems {
        [only] => Problem::failed("import", only.kind.to_string()).detail(place(0), ""),
        all => {
            let count = match all.len() {
                counted if counted < MOST_COUNTED => format!("{counted} problems"),
                _ => format!("{MOST_COUNTED} problems or more"),
            };
            let told = all.iter().enumerate().take(MOST_TOLD).fold(
                Problem::failed("import", format!("the file has {count}")),
                |problem, (at, error)| problem.detail(place(at), error.kind.to_string()),
            );
            match all.len().checked_sub(MOST_TOLD) {
                None | Some(0) => told,
                Some(_) if all.len() >= MOST_COUNTED => told.detail(name, "and more"),
                Some(more) => told.detail(name, format!("and {more} more")),
            }
        }
    };
    let mut hints: Vec<_> = problems
        .iter()
        .filter_map(|error| hint(&error.kind))
        .collect();
    hints.dedup();
    hints
        .into_iter()
        .take(MOST_HINTS)
        .fold(problem, |problem, hint| problem.hint(hint))
}

fn hint(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Inside { kind, .. } => hint(kind),
        ErrorKind::NoCommandOf(_) => Some("an HTTPie command starts with http or https"),
        ErrorKind::UnknownOption { similar: None, .. } | ErrorKind::NoOption { .. } => {
            Some("an option that changes nothing about the request can be left out")
        }
        ErrorKind::Json(_) => Some("export it again: it may have been cut off, or edited by hand"),
        ErrorKind::Large { .. } | ErrorKind::TooMuch => {
            Some("keep only the requests that are needed")
        }
        ErrorKind::NoCommand => Some(
            "a curl command is needed: in the browser's network panel, \"Copy as cURL\" on a request that works",
        ),
        ErrorKind::PowerShell => Some("why401 import powershell FILE reads it"),
        ErrorKind::UnclosedQuote(_)
        | ErrorKind::UnclosedSubstitution(_)
        | ErrorKind::UnclosedHereDocument(_) => {
            Some("the command may have been cut off when it was copied")
        }
        ErrorKind::SeveralItems { .. } => {
            Some("name the one you mean: FILE#n, FILE#NAME, or --item")
        }
        ErrorKind::File { .. } => Some("relative paths start at the folder in which why401 is run"),
        _ => None,
    }
}

/// Somebody who named the wrong file does not want to read all of it again.
const MOST_TOLD: usize = 20;
/// Importers look no further.
const MOST_COUNTED: usize = 1000;
const MOST_HINTS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Span;

    fn text(text: &str, problems: &[(usize, ErrorKind)]) -> String {
        let source = Source::new("failing.sh", text.as_bytes());
        let errors: Vec<_> = problems
            .iter()
            .map(|(at, kind)| ImportError::new(Span::new(*at, *at + 1), kind.clone()))
            .collect();
        import(&source, &errors).to_text(false)
    }

    #[test]
    fn one_problem_is_told_with_its_place() {
        let command = "curl https://a.test \\\n  -H 'Accept: */*\n";
        insta::assert_snapshot!(text(command, &[(25, ErrorKind::UnclosedQuote("'"))]));
    }

    #[test]
    fn all_problems_of_a_file_are_told() {
        let unknown = ErrorKind::UnknownOption {
            name: "--hedaer".to_owned(),
            similar: Some("header"),
        };
        let command = "curl --hedaer x\ncurl -X\n";
        let problems = [(5, unknown), (21, ErrorKind::MissingValue("-X".to_owned()))];
        insta::assert_snapshot!(text(command, &problems));
    }

    #[test]
    fn what_is_no_curl_is_told_with_what_to_copy() {
        let none = text("hello", &[(0, ErrorKind::NoCommand)]);
        insta::assert_snapshot!(none + &text("irm x", &[(0, ErrorKind::PowerShell)]));
    }
}
