//! One file per command.

mod added;
mod baseline;
mod demo;
mod diff;
mod explained;
mod import;
mod list;
mod naming;
mod recorded;
mod run;
mod run_child;
mod show;
mod why;

use super::args::Command;
use super::context::Context;
use super::exit::Exit;
use super::problem::Problem;

/// Does what was asked for.
pub(super) fn dispatch(command: Command, context: &mut Context) -> Result<Exit, Problem> {
    match command {
        Command::Run(args) => return run::run(&args, context),
        Command::Demo => demo::demo(context),
        Command::List(args) => list::list(&args, context),
        Command::Show(args) => show::show(&args, context),
        Command::Why(args) => why::why(&args, context),
        Command::Diff(args) => diff::diff(&args, context),
        Command::Baseline(command) => baseline::baseline(command, context),
        Command::Import(args) => import::import(&args, context),
    }?;
    Ok(Exit::Done)
}
