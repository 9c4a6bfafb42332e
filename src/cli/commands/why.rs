//! `why401 why`

use super::added::credentials;
use crate::analysis;
use crate::cli::args::WhyArgs;
use crate::cli::context::Context;
use crate::cli::problem::Problem;
use crate::cli::{advice, clock, committed};
use crate::report::{self, terminal};

/// Explains one recorded failure: the same Case gives the same answer in every process.
pub(super) fn why(args: &WhyArgs, context: &mut Context) -> Result<(), Problem> {
    let now = clock::now();
    let (store, reference) = context.record(args.id.as_deref(), now)?;
    let pinned = args.baseline.as_deref();
    let committed = committed::baselines(context, now);
    let (case, diagnosis) = analysis::explain(&store, reference, pinned, &committed, now)
        .map_err(|error| advice::explain(&error, context))?;
    let mut masker = context.masker(args.reveal);
    let report = report::build(&case, &diagnosis, &mut masker);
    if args.json {
        return context.print_json(&report);
    }
    let mut text = terminal::full(&report, &context.style());
    if args.reveal {
        // The verdict names values only where they decide; who asks for them wants to see them.
        let sent = credentials(&case.failing.request, &mut masker);
        text.push_str("\nthis request sent\n");
        text.extend(sent.into_iter().map(|line| line + "\n"));
    }
    Ok(context.output.print(&text)?)
}
