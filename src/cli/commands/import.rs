//! `why401 import`

use std::io::{self, Write};
use std::path::Path;

use crate::cli::args::ImportArgs;
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::cli::requests::{Beside, Wanted, known_good};
use crate::cli::{advice, clock};
use crate::import::har::Selection;
use crate::import::{self, Format, ImportedRequest};
use crate::model::{BaselineSource, Timestamp};
use crate::redact::Masker;
use crate::report::terminal::Style;
use crate::report::{self, terminal};

/// Prints the requests of a file; stores nothing.
pub(super) fn import(args: &ImportArgs, context: &mut Context) -> Result<(), Problem> {
    let wanted = wanted(args, context)?;
    let now = clock::now();
    let form = if args.json {
        Form::Json
    } else {
        Form::Text(context.style(), wanted.source())
    };
    let mut read = Ok(None);
    context.output.print_with(|out| {
        let mut printer = Printer::new(out, form, now);
        read = wanted.each(now, &mut |request| printer.take(request));
        match read {
            Ok(_) => printer.end(),
            Err(_) => Ok(()),
        }
    })?;
    if let Some(problem) = read? {
        context.output.say(&problem.to_warning());
    }
    Ok(())
}

/// Prints requests as they come: thousands of them are not held.
struct Printer<'o> {
    out: &'o mut dyn Write,
    form: Form,
    now: Timestamp,
    is_first: bool,
    /// What the output said; after an error nothing more is written.
    printed: io::Result<()>,
}

enum Form {
    Json,
    Text(Style, BaselineSource),
}

impl<'o> Printer<'o> {
    fn new(out: &'o mut dyn Write, form: Form, now: Timestamp) -> Self {
        Self {
            out,
            form,
            now,
            is_first: true,
            printed: Ok(()),
        }
    }

    fn take(&mut self, request: ImportedRequest) {
        if self.printed.is_ok() {
            self.printed = self.print(request);
            self.is_first = false;
        }
    }

    fn print(&mut self, request: ImportedRequest) -> io::Result<()> {
        match &self.form {
            Form::Json => {
                self.out
                    .write_all(if self.is_first { b"[" } else { b"," })?;
                Ok(serde_json::to_writer(
                    &mut *self.out,
                    &import::json(&request),
                )?)
            }
            Form::Text(style, source) => {
                let request = known_good(request, source.clone(), self.now);
                let view = report::request(&request, &mut Masker::new());
                self.out
                    .write_all(if self.is_first { b"" } else { b"\n" })?;
                let text = terminal::imported(&view, style);
                self.out.write_all(text.as_bytes())
            }
        }
    }

    fn end(self) -> io::Result<()> {
        self.printed?;
        match self.form {
            Form::Json if self.is_first => self.out.write_all(b"[]\n"),
            Form::Json => self.out.write_all(b"]\n"),
            Form::Text(..) => Ok(()),
        }
    }
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
