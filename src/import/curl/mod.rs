//! Imports curl commands: what browsers, Postman and Insomnia copy as cURL, and shell scripts.
//!
//! The stages, in order: `lexer` splits the script, `expand` does what the shell does with words,
//! `script` finds the commands, `arguments` reads curl's options, `build` makes the requests as
//! curl 8 sends them over HTTP/1.1.

mod arguments;
mod braces;
mod build;
mod config_file;
mod cookies;
mod credentials;
mod data;
mod expand;
mod form;
mod glob;
mod lexer;
mod materials;
mod multipart;
mod netrc;
mod operation;
mod option_table;
mod options;
mod output;
mod quoting;
mod script;
mod section;
mod standin;
mod unresolved;
mod url;
mod variables;
mod word;

use self::materials::Materials;
use self::script::Command;
use super::{ErrorKind, ImportError, Imported, ImportedRequest, Source, Span, Surroundings};

/// The largest script that is read.
const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// The most problems that are reported of one file.
const MAX_PROBLEMS: usize = 1000;

/// The requests that the curl commands of a script would send.
///
/// Nothing is run, nothing is sent. A command that curl would refuse yields a problem and no
/// request.
pub fn import(source: &Source<'_>, surroundings: &Surroundings<'_>) -> Imported {
    if source.bytes().len() > MAX_SOURCE_BYTES {
        let limit_bytes = MAX_SOURCE_BYTES;
        return failed(source.span(), ErrorKind::Large { limit_bytes });
    }
    let (commands, mut problems) = script::commands(source, surroundings.variable);
    if commands.is_empty() && problems.is_empty() {
        return failed(start(source), foreign(source.bytes()));
    }
    let mut materials = Materials::new(surroundings);
    let mut requests = Vec::new();
    for command in commands {
        // The arguments of a command whose quotes do not end are not what was meant.
        let is_broken = |problem: &ImportError| {
            (command.span.start..=command.span.end).contains(&problem.span.start)
        };
        if problems.iter().any(is_broken) {
            continue;
        }
        match one(command, &mut materials) {
            Ok(mut more) => requests.append(&mut more),
            Err(mut more) => problems.append(&mut more),
        }
    }
    problems.sort_by_key(|problem| problem.span);
    problems.truncate(MAX_PROBLEMS);
    Imported { requests, problems }
}

fn one(
    command: Command,
    materials: &mut Materials<'_>,
) -> Result<Vec<ImportedRequest>, Vec<ImportError>> {
    let mut problems = Vec::new();
    materials.begin(command.input);
    let operations = arguments::operations(command.arguments, materials, &mut problems);
    let mut requests = Vec::new();
    for mut operation in operations {
        for warning in &command.warnings {
            operation.warn(warning);
        }
        match build::requests(operation, command.span, materials) {
            Ok(mut more) => requests.append(&mut more),
            Err(mut more) => problems.append(&mut more),
        }
    }
    if problems.is_empty() {
        Ok(requests)
    } else {
        Err(problems)
    }
}

fn failed(span: Span, kind: ErrorKind) -> Imported {
    Imported {
        requests: Vec::new(),
        problems: vec![ImportError::new(span, kind)],
    }
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
