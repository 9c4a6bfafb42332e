//! Lines made of painted pieces, and the page that they are put on.

use super::chars;
use super::style::{Paint, Style};

/// A line under construction: pieces with their paint.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pieces: Vec<(Paint, String)>,
    unicode: bool,
}

impl Line {
    /// An empty line.
    pub(super) fn new(style: &Style) -> Self {
        Self {
            pieces: Vec::new(),
            unicode: style.unicode,
        }
    }

    /// A line that begins with that many spaces.
    pub(super) fn indented(style: &Style, columns: usize) -> Self {
        Self::new(style).pad_to(columns)
    }

    /// Appends a piece.
    pub(super) fn put(mut self, paint: Paint, text: &str) -> Self {
        self.pieces.push((paint, chars::adapt(text, self.unicode)));
        self
    }

    /// Appends spaces up to that column.
    pub(super) fn pad_to(mut self, column: usize) -> Self {
        let missing = column.saturating_sub(self.width());
        self.pieces.push((Paint::Plain, " ".repeat(missing)));
        self
    }

    /// Appends another line so that it ends at that column; at least two spaces stay between.
    pub(super) fn right(self, end: usize, other: Self) -> Self {
        let start = end.saturating_sub(other.width()).max(self.width() + 2);
        let mut line = self.pad_to(start);
        line.pieces.extend(other.pieces);
        line
    }

    /// How many columns it takes.
    pub(super) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| chars::width(text)).sum()
    }
}

/// The lines of one output.
#[derive(Debug)]
pub(super) struct Page<'a> {
    style: &'a Style,
    lines: Vec<Line>,
}

impl<'a> Page<'a> {
    /// An empty page.
    pub(super) fn new(style: &'a Style) -> Self {
        Self {
            style,
            lines: Vec::new(),
        }
    }

    /// The style it is drawn in.
    pub(super) fn style(&self) -> &'a Style {
        self.style
    }

    /// Appends a line.
    pub(super) fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Appends an empty line, unless the page is empty or ends with one.
    pub(super) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::new(self.style));
        }
    }

    /// The text: every line cut to the width, painted if wanted.
    pub(super) fn text(self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            write_line(&mut out, line, self.style);
        }
        out
    }
}

fn write_line(out: &mut String, line: &Line, style: &Style) {
    let columns = style.columns();
    let fits = line.width() <= columns;
    let sign = chars::ellipsis(style.unicode);
    let mut room = if fits {
        columns
    } else {
        columns.saturating_sub(chars::width(sign))
    };
    // Spaces are held back until something follows: no line ends in one.
    let mut spaces = String::new();
    for (paint, text) in &line.pieces {
        let (shown, rest) = chars::split_at_width(text, room);
        room = room.saturating_sub(chars::width(shown));
        let solid = match paint {
            // The bar around the status keeps its spaces.
            Paint::Status => shown,
            _ => shown.trim_end_matches(' '),
        };
        if solid.is_empty() {
            spaces.push_str(shown);
        } else {
            out.push_str(&std::mem::take(&mut spaces));
            paint_piece(out, *paint, solid, style.colour);
            spaces.push_str(shown.strip_prefix(solid).unwrap_or_default());
        }
        if !rest.is_empty() {
            break;
        }
    }
    if !fits {
        out.push_str(sign);
    }
    out.push('\n');
}

fn paint_piece(out: &mut String, paint: Paint, text: &str, colour: bool) {
    let ansi = paint.ansi();
    if !colour || ansi.is_plain() {
        out.push_str(text);
        return;
    }
    let body = match paint {
        Paint::Status => text,
        _ => text.trim_start_matches(' '),
    };
    let lead = text.strip_suffix(body).unwrap_or_default();
    out.push_str(lead);
    let painted = format!("{ansi}{body}{ansi:#}");
    out.push_str(&painted);
}
