//! A program that is run with its requests led through the proxy: `run -- CMD`.

mod environment;
mod material;
mod summary;

use std::ffi::{OsStr, OsString};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitStatus;

use tokio::process::Command;

use super::advice;
use super::problem::Problem;
use super::signals::{Signals, Wish};
use material::Material;
pub(crate) use summary::Summary;

/// A program that runs.
#[derive(Debug)]
pub(crate) struct Child {
    process: tokio::process::Child,
}

impl Child {
    /// Starts the program with our streams, and with the variables that lead it through the proxy.
    ///
    /// # Errors
    /// When it is not there or cannot be run, or its files cannot be written below `data`.
    pub(crate) fn start(
        command: &[OsString],
        proxy: SocketAddr,
        data: &Path,
        certificate: &Path,
    ) -> Result<Self, Problem> {
        let inherited = |name: &str| std::env::var_os(name);
        let material = Material::write(data, certificate, inherited)
            .map_err(|error| advice::client_files(&error))?;
        let (program, arguments) = command.split_first().unwrap_or((&NOTHING, &[]));
        let process = Command::new(program)
            .args(arguments)
            .envs(environment::variables(proxy, &material, inherited))
            .spawn()
            .map_err(|error| advice::child(program, &error))?;
        Ok(Self { process })
    }

    /// Waits for its end, and hands signals on to it.
    ///
    /// # Errors
    /// When the system does not tell how it ended.
    pub(crate) async fn ended(&mut self, signals: &mut Signals) -> io::Result<u8> {
        loop {
            tokio::select! {
                status = self.process.wait() => return Ok(status_of(status?)),
                wish = signals.next() => self.hand_on(wish),
            }
        }
    }

    /// A terminal sends Ctrl-C to all that run in its foreground, the child among them.
    #[cfg(unix)]
    fn hand_on(&self, wish: Wish) {
        use rustix::process::{Pid, Signal, kill_process};
        let signal = match wish {
            Wish::Interrupt if in_foreground() => return,
            Wish::Interrupt => Signal::INT,
            Wish::Terminate => Signal::TERM,
            Wish::HangUp => Signal::HUP,
        };
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(Pid::from_raw) {
            // It may have ended by now, or be another user's: then there is nobody to tell.
            kill_process(id, signal).unwrap_or_default();
        }
    }

    /// The console sends Ctrl-C to the child as well; there is nothing else to hand on.
    #[cfg(not(unix))]
    fn hand_on(&self, wish: Wish) {
        match wish {
            Wish::Interrupt => {}
        }
    }
}

/// Whether the terminal that we were started from sends us what is typed there.
#[cfg(unix)]
fn in_foreground() -> bool {
    let group = std::fs::File::open("/dev/tty")
        .ok()
        .and_then(|terminal| rustix::termios::tcgetpgrp(terminal).ok());
    group == Some(rustix::process::getpgrp())
}

/// As a shell tells it: 128 and the signal's number when one ended it.
fn status_of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|number| 128 + number);
    #[cfg(not(unix))]
    let signal = None;
    // Only Windows has statuses that do not fit.
    let code = status.code().or(signal).unwrap_or(i32::from(u8::MAX));
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// The name to call a program by: its file name.
pub(crate) fn name_of(program: &OsStr) -> String {
    let name = Path::new(program).file_name().unwrap_or(program);
    super::output::printable(&name.to_string_lossy())
}

static NOTHING: OsString = OsString::new();
