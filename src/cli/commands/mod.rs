//! One file per command.

use super::args::Command;
use super::context::Context;
use super::exit::Exit;
use super::problem::Problem;

/// Does what was asked for.
pub(super) fn dispatch(command: Command, _context: &mut Context) -> Result<Exit, Problem> {
    match command {
        _ => Ok(Exit::Done),
    }
}
