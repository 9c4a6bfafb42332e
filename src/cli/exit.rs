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
    /// `run -- CMD`: as CMD ended, or one of those that say why there was no such end.
    Child(u8),
}

impl Exit {
    /// The number that the operating system is told.
    pub fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Child(status) => status,
        }
    }

    /// With a child, the usual numbers are the child's: our own failures get one apart.
    #[must_use]
    pub fn beside_child(self) -> Self {
        match self {
            Self::Done | Self::Child(_) => self,
            Self::Failed | Self::Usage => Self::Child(OWN_FAILURE),
        }
    }
}

/// As with env, timeout and nohup (POSIX says 126 and 127 for what cannot be run and is not found).
const OWN_FAILURE: u8 = 125;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}
