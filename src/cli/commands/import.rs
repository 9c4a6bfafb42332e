//! `why401 import`

use super::requests::{Wanted, archive, baselines, requests};
use crate::cli::args::{ImportArgs, ImportFormat, PostmanVariables};
use crate::cli::clock;
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::import;
use crate::import::har::Selection;
use crate::redact::Masker;
use crate::report::{self, terminal};

/// Prints the requests of a file; stores nothing.
pub(super) fn import(args: &ImportArgs, context: &mut Context) -> Result<(), Problem> {
    let wanted = wanted(args)?;
    let now = clock::now();
    if args.json {
        let requests = requests(&wanted, now, context)?;
        return context.print_json(&import::json(&requests));
    }
    let imported = baselines(&wanted, now, context)?;
    let style = context.style();
    let texts: Vec<_> = imported
        .iter()
        .map(|request| {
            let view = report::request(request, &mut Masker::new());
            terminal::request(&view, &style)
        })
        .collect();
    Ok(context.output.print(&texts.join("\n"))?)
}

fn wanted(args: &ImportArgs) -> Result<Wanted<'_>, Problem> {
    let is_of_postman = args.item.is_some() || args.variables != PostmanVariables::default();
    match args.format {
        ImportFormat::Postman => Ok(Wanted::Postman {
            file: args.file.clone(),
            item: args.item.clone(),
            variables: &args.variables,
        }),
        ImportFormat::Curl | ImportFormat::Har if is_of_postman => Err(Problem::usage(
            "not-postman",
            "--environment, --var and --item are for Postman collections only",
        )
        .hint("why401 import postman FILE")),
        ImportFormat::Curl => Ok(Wanted::Curl(&args.file)),
        ImportFormat::Har => archive(&args.file, Selection::All),
    }
}
