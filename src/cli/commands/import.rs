//! `why401 import`

use super::requests::{known_good, requests};
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
    let imported = requests(&args.file, now, context)?;
    if args.json {
        return context.print_json(&import::json(&imported));
    }
    let style = context.style();
    let texts: Vec<_> = imported
        .into_iter()
        .map(|request| {
            let view = report::request(&known_good(request, now), &mut Masker::new());
            terminal::request(&view, &style)
        })
        .collect();
    Ok(context.output.print(&texts.join("\n"))?)
}
