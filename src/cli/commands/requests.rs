//! Requests from files of other tools, for the commands that take them.

use std::path::Path;

use crate::cli::context::Context;
use crate::cli::input::Input;
use crate::cli::problem::Problem;
use crate::model::{Baseline, Timestamp};

/// All requests of a file with curl commands.
pub(super) fn requests(
    path: &Path,
    now: Timestamp,
    context: &mut Context,
) -> Result<Vec<Baseline>, Problem> {
    let _input = Input::read(path, context)?;
    let _ = now;
    unimplemented!()
}

/// The only request of a file.
pub(super) fn one_request(
    path: &Path,
    now: Timestamp,
    context: &mut Context,
) -> Result<Baseline, Problem> {
    let mut all = requests(path, now, context)?;
    match (all.pop(), all.len()) {
        (Some(only), 0) => Ok(only),
        (_, more) => Err(Problem::failed(
            "several-requests",
            format!(
                "{} holds {} requests, one is needed",
                path.display(),
                more + 1
            ),
        )
        .hint("put the one you mean in a file of its own")),
    }
}
