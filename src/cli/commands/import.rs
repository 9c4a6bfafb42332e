//! `why401 import`

use super::requests::{imported, requests};
use crate::cli::args::{ImportArgs, ImportFormat};
use crate::cli::clock;
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::import;
use crate::redact::Masker;
use crate::report::{self, terminal};

/// Prints the requests of a file; stores nothing.
pub(super) fn import(args: &ImportArgs, context: &mut Context) -> Result<(), Problem> {
    let ImportFormat::Curl = args.format;
    let now = clock::now();
    if args.json {
        let requests = imported(&args.file, now, context)?;
        return context.print_json(&import::json(&requests));
    }
    let imported = requests(&args.file, now, context)?;
    let style = context.style();
    let texts: Vec<_> = imported
        .into_iter()
        .map(|request| {
            let view = report::request(&request, &mut Masker::new());
            terminal::request(&view, &style)
        })
        .collect();
    Ok(context.output.print(&texts.join("\n"))?)
}
