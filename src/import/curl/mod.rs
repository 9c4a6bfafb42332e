//! Imports curl commands: what browsers, Postman and Insomnia copy as cURL, and shell scripts.
//!
//! The stages, in order: `shell` (or `cmd`) finds the commands of a script, `arguments` reads curl's
//! options, `build` makes the requests as curl 8 sends them over HTTP/1.1.

mod arguments;
mod build;
mod cmd;
mod config_file;
mod cookies;
mod credentials;
mod data;
mod date;
mod form;
mod glob;
mod multipart;
mod netrc;
mod operation;
mod option_table;
mod options;
mod section;
mod unresolved;
mod url;
mod variables;

#[cfg(test)]
mod tests;

use super::shell::materials::Materials;
use super::shell::script::{self, Command};
use super::shell::word::Word;
use super::{ErrorKind, ImportError, Imported, ImportedRequest, Source, Span, Surroundings, Take};

/// The names of the program.
const PROGRAMS: &[&str] = &["curl", "curl.exe"];

/// The largest script that is read.
const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// The most requests of one file.
const MAX_REQUESTS: usize = 10_000;

/// The most problems that are reported of one file.
const MAX_PROBLEMS: usize = 1000;

/// The requests that the curl commands of a script would send.
///
/// Nothing is run, nothing is sent. A command that curl would refuse yields a problem and no
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
    let commands: Box<dyn Iterator<Item = _>> = if cmd::is_cmd(source.bytes()) {
        Box::new(cmd::commands(source).map(Ok))
    } else {
        Box::new(script::commands(source, PROGRAMS, surroundings.variable))
    };
    let mut materials = Materials::new(surroundings);
    let mut count = 0;
    let mut problems = Vec::new();
    let mut is_curl = false;
    for command in commands {
        let command = match command {
            Ok(command) => command,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        is_curl = true;
        if count > MAX_REQUESTS || problems.len() >= MAX_PROBLEMS {
            problems.push(ImportError::new(command.span, ErrorKind::TooMuch));
            break;
        }
        if let Some(word) = command
            .arguments
            .iter()
            .find(|word| is_quoted_by_print(word, source))
        {
            problems.push(ImportError::new(word.span, ErrorKind::Syntax(PRINT_QUOTE)));
            continue;
        }
        match of_command(command, &mut materials) {
            Ok(more) => {
                count += more.len();
                more.into_iter().for_each(&mut *take);
            }
            Err(mut more) => problems.append(&mut more),
        }
    }
    if !is_curl {
        // The quotes of another language may not end in a shell.
        let kind = foreign(source.bytes());
        if problems.is_empty() || kind == ErrorKind::PowerShell {
            return vec![ImportError::new(start(source), kind)];
        }
    }
    problems.sort_by_key(|problem| problem.span);
    problems.truncate(MAX_PROBLEMS);
    problems
}

/// Whether a word begins with a quote that only people take for one.
fn is_quoted_by_print(word: &Word, source: &Source<'_>) -> bool {
    let start = word.span.start.saturating_sub(source.span().start);
    let text = source.bytes().get(start..).unwrap_or_default();
    let quotes = ['\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{201e}'];
    quotes
        .iter()
        .any(|quote| text.starts_with(quote.to_string().as_bytes()))
}

const PRINT_QUOTE: &str =
    "this is a typographic quote, which the shell takes for a letter: write ' or \"";

/// The requests of one command, which may be put together by another importer.
///
/// # Errors
/// When curl would refuse it.
pub(super) fn of_command(
    command: Command,
    materials: &mut Materials<'_>,
) -> Result<Vec<ImportedRequest>, Vec<ImportError>> {
    let mut problems = Vec::new();
    materials.begin(command.input);
    let operations = arguments::operations(command.arguments, materials, &mut problems);
    // After an option that is not understood nobody knows which words are URLs.
    let is_unsure = problems.iter().any(hides_words);
    let mut requests = Vec::new();
    let mut jar = Vec::new();
    for mut operation in operations {
        if requests.len() > MAX_REQUESTS {
            problems.push(ImportError::new(command.span, ErrorKind::TooMuch));
            break;
        }
        for warning in &command.warnings {
            operation.warn(warning);
        }
        match build::requests(operation, command.span, &mut jar, materials) {
            Ok(mut more) => requests.append(&mut more),
            Err(more) => {
                let follows = |problem: &ImportError| is_unsure && is_about_urls(problem);
                problems.extend(more.into_iter().filter(|problem| !follows(problem)));
            }
        }
    }
    if problems.is_empty() {
        Ok(requests)
    } else {
        Err(problems)
    }
}

fn hides_words(problem: &ImportError) -> bool {
    matches!(
        problem.kind.innermost(),
        ErrorKind::UnknownOption { .. }
            | ErrorKind::AmbiguousOption { .. }
            | ErrorKind::SendsNothing(_)
    )
}

fn is_about_urls(problem: &ImportError) -> bool {
    let kind = &problem.kind;
    matches!(
        kind,
        ErrorKind::Url(_) | ErrorKind::Glob(_) | ErrorKind::NoUrl
    )
}

/// Where a text starts that has nothing else to point at.
fn start(source: &Source<'_>) -> Span {
    let blank = source
        .bytes()
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace());
    let at = source.span().start + blank.count();
    Span::new(at, at)
}

/// What a text without a curl command is.
fn foreign(text: &[u8]) -> ErrorKind {
    let has = |needle: &[u8]| memchr::memmem::find(text, needle).is_some();
    if has(b"Invoke-WebRequest") || has(b"Invoke-RestMethod") {
        ErrorKind::PowerShell
    } else {
        ErrorKind::NoCommand
    }
}
