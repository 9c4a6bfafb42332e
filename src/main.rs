//! The `why401` program: everything it does stands in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    why401::cli::main()
}
