//! How a terminal wants it: width, colours, characters, clock.

use time::UtcOffset;

use crate::model::Timestamp;
use crate::report::clock;

/// How a terminal wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The terminal's width; see [`Style::columns`].
    pub width: usize,
    /// Whether to colour.
    pub colour: bool,
    /// Whether the locale is UTF-8.
    pub unicode: bool,
    /// The offset of the clock that people read.
    pub offset: UtcOffset,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            width: WIDTHS.0,
            colour: false,
            unicode: true,
            offset: UtcOffset::UTC,
        }
    }
}

/// The narrowest and the widest that lines are drawn.
const WIDTHS: (usize, usize) = (60, 100);

/// Below this many columns the narrow layout is used.
const NARROW_BELOW: usize = 72;

impl Style {
    /// How many columns the lines may take: 60 to 100.
    pub fn columns(&self) -> usize {
        self.width.clamp(WIDTHS.0, WIDTHS.1)
    }

    /// Whether there is only room for the narrow layout.
    pub(super) fn is_narrow(&self) -> bool {
        self.columns() < NARROW_BELOW
    }

    /// The time of day on the reader's clock.
    pub(super) fn time(&self, at: Timestamp) -> String {
        clock::time_of_day(at, self.offset)
    }

    /// The time of day, with the day where it is not that of `near`.
    pub(super) fn time_near(&self, at: Timestamp, near: Timestamp) -> String {
        if self.is_same_day(at, near) {
            self.time(at)
        } else {
            self.day_and_time(at)
        }
    }

    /// The day and the time of day.
    pub(super) fn day_and_time(&self, at: Timestamp) -> String {
        format!("{} {}", clock::day(at, self.offset), self.time(at))
    }

    /// Whether the reader's calendar has both on one page.
    pub(super) fn is_same_day(&self, at: Timestamp, other: Timestamp) -> bool {
        clock::day(at, self.offset) == clock::day(other, self.offset)
    }
}

/// What a piece of text is; the colours say nothing that a sign or word does not say too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    /// Ordinary text.
    Plain,
    /// The status in front of the identity line.
    Status,
    /// The cause.
    Cause,
    /// Labels, times, confidence.
    Dim,
    /// The known-good request.
    Good,
    /// Its part that is equal.
    GoodSame,
    /// Its part that differs.
    GoodDiffers,
    /// The failing request.
    Failing,
    /// Its part that is equal.
    FailingSame,
    /// Its part that differs.
    FailingDiffers,
}

impl Paint {
    /// The 16-colour style, so that the reader's theme decides.
    pub(super) fn ansi(self) -> anstyle::Style {
        use anstyle::AnsiColor::{Black, Cyan, Yellow};
        let style = anstyle::Style::new();
        match self {
            Self::Plain => style,
            Self::Status => style
                .bold()
                .fg_color(Some(Black.into()))
                .bg_color(Some(Yellow.into())),
            Self::Cause => style.bold(),
            Self::Dim => style.dimmed(),
            Self::Good => style.fg_color(Some(Cyan.into())),
            Self::GoodSame => style.fg_color(Some(Cyan.into())).dimmed(),
            Self::GoodDiffers => style.fg_color(Some(Cyan.into())).bold().underline(),
            Self::Failing => style.fg_color(Some(Yellow.into())),
            Self::FailingSame => style.fg_color(Some(Yellow.into())).dimmed(),
            Self::FailingDiffers => style.fg_color(Some(Yellow.into())).bold().underline(),
        }
    }
}
