//! `why401 show`

use crate::cli::args::{CommandForm, ShowArgs};
use crate::cli::clock;
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::report::{self, terminal};

/// Shows one exchange as it was recorded.
pub(super) fn show(args: &ShowArgs, context: &mut Context) -> Result<(), Problem> {
    let case = context.case(args.id.as_deref(), clock::now())?;
    let mut masker = context.masker(args.reveal);
    if let Some(CommandForm::Curl) = args.form {
        let command = report::curl(&case.failing.request, &mut masker);
        return Ok(context.output.print(command.as_str())?);
    }
    let shown = report::exchange(&case, &mut masker);
    if args.json {
        return context.print_json(&shown);
    }
    let text = if args.raw {
        terminal::raw(&shown)
    } else {
        terminal::show(&shown, &context.style())
    };
    Ok(context.output.print(&text)?)
}
