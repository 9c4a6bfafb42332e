//! The exit status: stable, other people's scripts rely on it.

use std::process::ExitCode;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// It failed: what, where and what to do were said on standard error.
    Failed,
    /// The arguments or the configuration are off.
    Usage,
}

impl Exit {
    /// The number that the operating system is told.
    pub fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}
