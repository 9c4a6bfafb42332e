//! Imports command lines of HTTPie 3: `http` and `https`, alone or in shell scripts.
//!
//! The stages, in order: `shell` finds the commands, `arguments` reads the options, `items` what
//! stands between them, `content` makes the content, `headers` the header fields, `build` the request.
//! What HTTPie reads beside its command line is not read here: sessions, its configuration, `.netrc`.

mod arguments;
mod build;
mod content;
mod headers;
mod items;
mod json;
mod media_type;
mod nested;
pub(super) mod url;

#[cfg(test)]
mod tests;

use super::select::start;
use super::shell::materials::Materials;
use super::shell::script;
use super::{ErrorKind, ImportError, Imported, Source, Surroundings, Take};

/// The names of the program.
const PROGRAMS: &[&str] = &["http", "http.exe", "https", "https.exe"];

/// The largest script that is read.
const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// The most requests of one file.
const MAX_REQUESTS: usize = 10_000;

/// The most problems that are reported of one file.
const MAX_PROBLEMS: usize = 1000;

/// The requests that the HTTPie commands of a script would send.
///
/// Nothing is run, nothing is sent. A command that HTTPie would refuse yields a problem and no
/// request.
pub fn import(source: &Source<'_>, surroundings: &Surroundings<'_>) -> Imported {
    Imported::collect(|take| each(source, surroundings, take))
}

/// Hands over the requests one by one; what is wrong comes at the end.
pub fn each(
    source: &Source<'_>,
    surroundings: &Surroundings<'_>,
    take: &mut Take<'_>,
) -> Vec<ImportError> {
    if let Err(problem) = source.check_size(MAX_SOURCE_BYTES) {
        return vec![problem];
    }
    let mut materials = Materials::new(surroundings);
    let mut count = 0;
    let mut problems = Vec::new();
    for command in script::commands(source, PROGRAMS, surroundings.variable) {
        let command = match command {
            Ok(command) => command,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        if count >= MAX_REQUESTS || problems.len() >= MAX_PROBLEMS {
            problems.push(ImportError::new(command.span, ErrorKind::TooMuch));
            break;
        }
        match build::request(command, &mut materials) {
            Ok(request) => {
                count += 1;
                take(request);
            }
            Err(mut more) => problems.append(&mut more),
        }
    }
    if count == 0 && problems.is_empty() {
        let kind = ErrorKind::NoCommandOf("http");
        return vec![ImportError::new(start(source), kind)];
    }
    problems.sort_by_key(|problem| problem.span);
    problems.truncate(MAX_PROBLEMS);
    problems
}
