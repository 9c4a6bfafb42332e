//! From the arguments to the exit status.

use std::process::ExitCode;

use clap::Parser;

use super::args::{Cli, with_default_command};

/// Runs the program.
pub fn main() -> ExitCode {
    let _cli = Cli::try_parse_from(with_default_command(std::env::args_os().collect()));
    ExitCode::SUCCESS
}
