//! `why401 import`

use std::path::Path;

use crate::cli::args::ImportArgs;
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::cli::requests::{Beside, Wanted};
use crate::cli::{advice, clock};
use crate::import::har::Selection;
use crate::import::{self, Format};
use crate::redact::Masker;
use crate::report::{self, terminal};

/// Prints the requests of a file; stores nothing.
pub(super) fn import(args: &ImportArgs, context: &mut Context) -> Result<(), Problem> {
    let wanted = wanted(args, context)?;
    let now = clock::now();
    if args.json {
        let requests = wanted.requests(now, context)?;
        return context.print_json(&import::json(&requests));
    }
    let imported = wanted.baselines(now, context)?;
    let style = context.style();
    let texts: Vec<_> = imported
        .iter()
        .map(|request| {
            let view = report::request(request, &mut Masker::new());
            terminal::imported(&view, &style)
        })
        .collect();
    Ok(context.output.print(&texts.join("\n"))?)
}

fn wanted(args: &ImportArgs, context: &mut Context) -> Result<Wanted, Problem> {
    let (file, format) = file_and_format(args)?;
    let beside = Beside {
        item: args.item.as_deref(),
        entries: Selection::All,
        variables: &args.variables,
    };
    let wanted = Wanted::open(file, format, &beside, context)?;
    if format.is_none() {
        wanted.say_format(context);
    }
    Ok(wanted)
}

/// `FORMAT FILE`, or only `FILE`.
fn file_and_format(args: &ImportArgs) -> Result<(&Path, Option<Format>), Problem> {
    let first = args.first.as_path();
    let word = first.to_str().unwrap_or_default();
    let format = Format::from_word(word);
    match (format, &args.second) {
        (Some(_), Some(file)) => Ok((file, format)),
        (None, Some(_)) => Err(unknown(word, format!("\"{word}\" is no format"))),
        (_, None) if names_a_file(first) => Ok((first, None)),
        (Some(_), None) => Err(Problem::usage(
            "import-file",
            format!("no file is named after {word}"),
        )
        .hint(format!("why401 import {word} FILE, or - to paste"))),
        (None, None) => Err(unknown(
            word,
            format!("\"{word}\" is neither a format nor a file"),
        )),
    }
}

fn unknown(word: &str, message: String) -> Problem {
    let words: Vec<_> = Format::ALL.iter().map(|format| format.word()).collect();
    let problem = Problem::usage("import-format", message);
    let problem = match advice::nearest(word, &words) {
        Some(near) => problem.hint(format!("did you mean {near}?")),
        None => problem,
    };
    problem.hint(format!("the formats are {}", words.join(", ")))
}

/// What has a dot or a slash is meant to be a file, even when there is none.
fn names_a_file(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text == "-" || text.contains(['.', '/', '\\', '#']) || path.exists()
}
