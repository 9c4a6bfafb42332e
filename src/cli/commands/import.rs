//! `why401 import`

use super::requests::requests;
use crate::cli::args::{ImportArgs, ImportFormat};
use crate::cli::clock;
use crate::cli::context::Context;
use crate::cli::problem::Problem;

/// Prints the requests of a file; stores nothing.
pub(super) fn import(args: &ImportArgs, context: &mut Context) -> Result<(), Problem> {
    let ImportFormat::Curl = args.format;
    let imported = requests(&args.file, clock::now(), context)?;
    let _ = args.json;
    let text: String = imported
        .iter()
        .map(|baseline| super::shown::Shown::new(baseline).whole())
        .collect();
    Ok(context.output.print(&text)?)
}
