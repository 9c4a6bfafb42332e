//! The one way to the terminal: results on standard output, everything else on standard error.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::config::color::ColorWhen;

/// How text may look on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether colours and other attributes are used.
    pub color: bool,
    /// How many columns a line has.
    pub width: usize,
    /// Whether characters outside ASCII are used for signs.
    pub unicode: bool,
    /// Whether a person watches: lines may be replaced in place.
    pub terminal: bool,
}

/// What the environment says about terminals, read once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM=dumb`.
    pub dumb: bool,
    /// The locale's character set is UTF-8.
    pub unicode: bool,
}

impl Environment {
    /// Reads `NO_COLOR`, `TERM` and the locale.
    pub fn read() -> Self {
        let value = |name| std::env::var(name).unwrap_or_default();
        // The first that is set and not empty wins (POSIX, section 8.2).
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .map(value)
            .find(|locale| !locale.is_empty())
            .unwrap_or_default()
            .to_ascii_lowercase();
        Self {
            no_color: !value("NO_COLOR").is_empty(),
            dumb: value("TERM") == "dumb",
            unicode: cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8"),
        }
    }

    /// How text may look on a stream that is, or is not, a terminal.
    pub fn look(&self, when: ColorWhen, width: Option<u16>, terminal: Option<u16>) -> Look {
        let color = match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal.is_some() && !self.no_color && !self.dumb,
        };
        let columns = width.map_or_else(
            || terminal.map_or(WIDTH, |columns| usize::from(columns).min(WIDTH)),
            usize::from,
        );
        Look {
            color,
            width: columns.clamp(MIN_WIDTH, MAX_WIDTH),
            unicode: self.unicode || terminal.is_none(),
            terminal: terminal.is_some() && !self.dumb,
        }
    }
}

/// Standard output and standard error of this process.
pub struct Output {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    /// How results may look.
    pub result: Look,
    /// How everything else may look.
    pub notice: Look,
    status: Status,
    /// Standard output is another program's.
    shares_stdout: bool,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Output({:?}, {:?})", self.result, self.notice)
    }
}

impl Output {
    /// The streams of this process.
    pub fn standard(environment: &Environment, when: ColorWhen, width: Option<u16>) -> Self {
        let look = |columns| environment.look(when, width, columns);
        Self::new(
            Box::new(io::stdout()),
            Box::new(io::stderr()),
            look(columns_of(&io::stdout())),
            look(columns_of(&io::stderr())),
        )
    }

    /// The streams of this process once more, to be used elsewhere at the same time.
    #[must_use]
    pub fn another(&self) -> Self {
        let result: Box<dyn Write + Send> = match self.shares_stdout {
            false => Box::new(io::stdout()),
            true => Box::new(io::stderr()),
        };
        Self {
            shares_stdout: self.shares_stdout,
            ..Self::new(result, Box::new(io::stderr()), self.result, self.notice)
        }
    }

    /// From now on standard output is another program's: results go to standard error. That program
    /// may write to the terminal as well, so nothing is replaced in place.
    pub fn leave_stdout(&mut self) {
        self.stdout = Box::new(io::stderr());
        self.shares_stdout = true;
        self.notice.terminal = false;
        self.result = self.notice;
    }

    /// Any two streams.
    pub fn new(
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
        result: Look,
        notice: Look,
    ) -> Self {
        Self {
            stdout,
            stderr,
            result,
            notice,
            status: Status::default(),
            shares_stdout: false,
        }
    }

    /// Writes a result to standard output, and out of our buffers.
    ///
    /// # Errors
    /// What the stream says; a closed pipe is for the caller to end on.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.print_with(|out| out.write_all(text.as_bytes()))
    }

    /// The same for a result that is too large to be held as text.
    ///
    /// # Errors
    /// As for [`print`](Self::print).
    pub fn print_with(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut screen = Screen::lock();
        screen.hide_status(&mut self.stderr);
        let mut out = BufWriter::new(&mut self.stdout);
        write(&mut out)?;
        out.flush()
    }

    /// Writes to standard error. Nobody can be told when that fails.
    pub fn say(&mut self, text: &str) {
        // Whoever holds the screen may be stuck on a pipe that nobody reads: that must not keep us
        // from saying so.
        if let Some(mut screen) = Screen::try_lock() {
            screen.hide_status(&mut self.stderr);
        }
        self.stderr.write_all(text.as_bytes()).unwrap_or_default();
        self.stderr.flush().unwrap_or_default();
    }

    /// Replaces the status line, where a person watches, and at most four times a second.
    pub fn status(&mut self, text: &str, now: Instant) {
        if !self.notice.terminal {
            return;
        }
        let Some(mut screen) = Screen::try_lock() else {
            return;
        };
        if self.status.is_due(text, screen.status_shown, now) {
            let line = format!("{CLEAR_LINE}{text}");
            self.stderr.write_all(line.as_bytes()).unwrap_or_default();
            self.stderr.flush().unwrap_or_default();
            self.status.drawn = Some((text.to_owned(), now));
            screen.status_shown = true;
        }
    }
}

#[derive(Debug, Default)]
struct Status {
    drawn: Option<(String, Instant)>,
}

impl Status {
    fn is_due(&self, text: &str, shown: bool, now: Instant) -> bool {
        self.drawn.as_ref().is_none_or(|(drawn, at)| {
            (drawn != text || !shown) && now.saturating_duration_since(*at) >= STATUS_INTERVAL
        })
    }
}

/// Where the log goes: standard error, after the status line was taken away.
#[derive(Clone, Copy, Debug)]
pub struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut stderr = io::stderr().lock();
        if let Some(mut screen) = Screen::try_lock() {
            screen.hide_status(&mut stderr);
        }
        stderr.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// What all that write in this process share: whether a status line is to be taken away first.
struct Screen {
    status_shown: bool,
}

impl Screen {
    fn lock() -> MutexGuard<'static, Self> {
        SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock() -> Option<MutexGuard<'static, Self>> {
        SCREEN.try_lock().ok()
    }

    fn hide_status(&mut self, stderr: &mut dyn Write) {
        if std::mem::take(&mut self.status_shown) {
            stderr.write_all(CLEAR_LINE.as_bytes()).unwrap_or_default();
            stderr.flush().unwrap_or_default();
        }
    }
}

/// Text for a terminal: control, format and bidi characters become escapes, so that a file name or
/// an error message cannot move the cursor, set the title or turn the text around.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let code = u32::from(c);
        match c {
            '\0'..='\x1f' | '\x7f'..='\u{9f}' => out.extend(format!("\\x{code:02x}").chars()),
            '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => out.extend(format!("\\u{{{code:x}}}").chars()),
            _ => out.push(c),
        }
    }
    out
}

/// How wide the terminal is; `None` where there is none.
fn columns_of<S: IsTerminal + Columns>(stream: &S) -> Option<u16> {
    stream.is_terminal().then(|| stream.columns())
}

trait Columns {
    fn columns(&self) -> u16;
}

#[cfg(unix)]
impl<S: std::os::fd::AsFd> Columns for S {
    fn columns(&self) -> u16 {
        rustix::termios::tcgetwinsize(self)
            .ok()
            .map(|size| size.ws_col)
            .filter(|columns| *columns > 0)
            .unwrap_or(80)
    }
}

#[cfg(not(unix))]
impl<S> Columns for S {
    fn columns(&self) -> u16 {
        80
    }
}

static SCREEN: Mutex<Screen> = Mutex::new(Screen {
    status_shown: false,
});
/// To the first column, and nothing from there on.
const CLEAR_LINE: &str = "\r\x1b[K";
const STATUS_INTERVAL: Duration = Duration::from_millis(250);
const WIDTH: usize = 80;
const MIN_WIDTH: usize = 60;
const MAX_WIDTH: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment {
            unicode: true,
            ..Environment::default()
        }
    }

    #[test]
    fn colour_follows_the_terminal_the_environment_and_the_flag() {
        let plain = environment();
        let no_color = Environment {
            no_color: true,
            ..environment()
        };
        assert!(plain.look(ColorWhen::Auto, None, Some(80)).color);
        assert!(!plain.look(ColorWhen::Auto, None, None).color);
        assert!(!no_color.look(ColorWhen::Auto, None, Some(80)).color);
        assert!(no_color.look(ColorWhen::Always, None, None).color);
        assert!(!plain.look(ColorWhen::Never, None, Some(80)).color);
    }

    #[test]
    fn width_is_80_or_the_narrower_terminal_within_60_and_100() {
        let width =
            |setting, terminal| environment().look(ColorWhen::Auto, setting, terminal).width;
        assert_eq!(width(None, None), 80);
        assert_eq!(width(None, Some(200)), 80);
        assert_eq!(width(None, Some(72)), 72);
        assert_eq!(width(None, Some(20)), 60);
        assert_eq!(width(Some(100), Some(200)), 100);
        assert_eq!(width(Some(400), None), 100);
    }

    #[test]
    fn nothing_that_moves_a_cursor_is_printable() {
        let text = printable("a\x1b]0;x\x07\u{202e}b\u{9b}\n");
        assert_eq!(text, "a\\x1b]0;x\\x07\\u{202e}b\\x9b\\x0a");
        assert_eq!(printable("größe ✓"), "größe ✓");
    }

    #[test]
    fn the_status_line_changes_at_most_four_times_a_second() {
        let start = Instant::now();
        let mut status = Status::default();
        assert!(status.is_due("1", false, start));
        status.drawn = Some(("1".to_owned(), start));
        assert!(!status.is_due("2", true, start + Duration::from_millis(100)));
        assert!(status.is_due("2", true, start + Duration::from_millis(250)));
        assert!(!status.is_due("1", true, start + Duration::from_secs(9)));
        assert!(status.is_due("1", false, start + Duration::from_secs(9)));
    }
}
