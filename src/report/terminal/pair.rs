//! Two values under each other, column by column, with carets under the parts that differ.

use super::chars;
use super::line::Line;
use super::style::{Paint, Style};
use crate::diff::Segment;
use crate::model::Timestamp;
use crate::report::{ClaimDiff, FieldDiff};

/// What stands for a value that is not there.
const NOT_SENT: &str = "(not sent)";

/// What stands for a value that is there and holds nothing.
const EMPTY: &str = "(empty)";

/// Two values, cut into runs that are equal and runs that differ.
#[derive(Clone, Debug, Default)]
pub(super) struct Aligned {
    runs: Vec<Run>,
}

#[derive(Clone, Debug)]
struct Run {
    good: String,
    failing: String,
    same: bool,
}

impl Run {
    fn same(text: &str) -> Self {
        Self {
            good: text.to_owned(),
            failing: text.to_owned(),
            same: true,
        }
    }

    fn width(&self) -> usize {
        chars::width(&self.good).max(chars::width(&self.failing))
    }
}

/// An equal run is never cut shorter than this: enough to recognise both of its ends.
const SHORTEST_EQUAL: usize = 7;

impl Aligned {
    /// The two values of a difference in that many columns; JWTs claim by claim.
    pub(super) fn of(field: &FieldDiff, near: Timestamp, columns: usize, style: &Style) -> Self {
        let claims = Self::of_claims(&field.claims, near, columns, style);
        if !claims.runs.is_empty() {
            return claims;
        }
        let good = field.good.as_ref().map(|text| text.as_str());
        let failing = field.failing.as_ref().map(|text| text.as_str());
        let mut aligned = match (good, failing) {
            (Some(good), Some(failing)) if good.is_empty() != failing.is_empty() => {
                let shown = |text| if str::is_empty(text) { EMPTY } else { text };
                Self::of_one(Some(shown(good)), Some(shown(failing)), columns, style)
            }
            (Some(good), Some(failing)) => Self::of_texts(good, failing, &field.segments, style),
            (good, failing) => Self::of_one(good, failing, columns, style),
        };
        aligned.fit(columns, style.unicode);
        aligned
    }

    /// As many of the claims as fit, at least one.
    fn of_claims(claims: &[ClaimDiff], near: Timestamp, columns: usize, style: &Style) -> Self {
        let mut aligned = Self::default();
        for claim in claims {
            let (good, failing) = claim.times;
            // Either both with the day or both without.
            let with_day = [good, failing]
                .into_iter()
                .flatten()
                .any(|time| !style.is_same_day(time, near));
            let value = |time: Option<Timestamp>, text: Option<&str>| match (time, text) {
                (Some(time), _) if with_day => style.day_and_time(time),
                (Some(time), _) => style.time(time),
                (None, Some(text)) => chars::adapt(text, style.unicode),
                (None, None) => "(none)".to_owned(),
            };
            let gap = if aligned.runs.is_empty() { "" } else { "   " };
            let mut next = aligned.clone();
            next.runs.push(Run::same(&format!("{gap}{} ", claim.name)));
            next.runs.push(Run {
                good: value(claim.times.0, claim.good.as_ref().map(|text| text.as_str())),
                failing: value(
                    claim.times.1,
                    claim.failing.as_ref().map(|text| text.as_str()),
                ),
                same: false,
            });
            if next.width() > columns {
                if aligned.runs.is_empty() {
                    next.fit(columns, style.unicode);
                    return next;
                }
                continue;
            }
            aligned = next;
        }
        aligned
    }

    fn of_texts(good: &str, failing: &str, segments: &[Segment], style: &Style) -> Self {
        let runs = segments.iter().map(|segment| Run {
            good: slice(good, segment.good, style.unicode),
            failing: slice(failing, segment.failing, style.unicode),
            same: segment.same,
        });
        Self {
            runs: runs.collect(),
        }
    }

    fn of_one(good: Option<&str>, failing: Option<&str>, columns: usize, style: &Style) -> Self {
        let shown = |text: Option<&str>| {
            let text = chars::adapt(text.unwrap_or(NOT_SENT), style.unicode);
            chars::cut_middle(&text, columns, style.unicode)
        };
        Self {
            runs: vec![Run {
                good: shown(good),
                failing: shown(failing),
                same: false,
            }],
        }
    }

    /// How many columns both lines take.
    fn width(&self) -> usize {
        self.runs.iter().map(Run::width).sum()
    }

    /// Cuts equal runs in their middle until the lines fit, and only then what differs.
    fn fit(&mut self, columns: usize, unicode: bool) {
        let mut limit = self
            .runs
            .iter()
            .filter(|run| run.same)
            .map(Run::width)
            .max()
            .unwrap_or(0);
        let differing: usize = self
            .runs
            .iter()
            .filter(|run| !run.same)
            .map(Run::width)
            .sum();
        let equal: Vec<usize> = self
            .runs
            .iter()
            .filter(|run| run.same)
            .map(Run::width)
            .collect();
        let total =
            |limit: usize| differing + equal.iter().map(|run| run.min(&limit)).sum::<usize>();
        while limit > SHORTEST_EQUAL && total(limit) > columns {
            limit -= 1;
        }
        for run in self.runs.iter_mut().filter(|run| run.same) {
            *run = Run::same(&chars::cut_middle(&run.good, limit, unicode));
        }
        self.drop_end(columns, unicode);
    }

    /// Leaves out the end of lines that are still too wide: the first difference stays.
    fn drop_end(&mut self, columns: usize, unicode: bool) {
        if self.width() <= columns {
            return;
        }
        let sign = chars::ellipsis(unicode);
        let mut room = columns.saturating_sub(chars::width(sign));
        let mut kept = Vec::new();
        for run in &self.runs {
            if run.width() <= room {
                room -= run.width();
                kept.push(run.clone());
                continue;
            }
            let (good, _) = chars::split_at_width(&run.good, room);
            let (failing, _) = chars::split_at_width(&run.failing, room);
            kept.push(Run {
                good: good.to_owned(),
                failing: failing.to_owned(),
                same: run.same,
            });
            break;
        }
        kept.push(Run::same(sign));
        self.runs = kept;
    }

    /// Appends the known-good value to a line.
    pub(super) fn good(&self, line: Line) -> Line {
        self.draw(line, Paint::GoodSame, Paint::GoodDiffers, |run| &run.good)
    }

    /// Appends the failing value to a line.
    pub(super) fn failing(&self, line: Line) -> Line {
        self.draw(line, Paint::FailingSame, Paint::FailingDiffers, |run| {
            &run.failing
        })
    }

    fn draw(
        &self,
        mut line: Line,
        equal: Paint,
        differs: Paint,
        value: impl Fn(&Run) -> &String,
    ) -> Line {
        for run in &self.runs {
            let end = line.width() + run.width();
            let paint = if run.same { equal } else { differs };
            line = line.put(paint, value(run)).pad_to(end);
        }
        line
    }

    /// Appends carets under what differs; under a lone value's counterpart as wide as that is.
    pub(super) fn carets(&self, mut line: Line) -> Line {
        let lone = self.runs.len() == 1;
        for run in &self.runs {
            let sign = if run.same { " " } else { "^" };
            let width = if lone {
                chars::width(&run.failing)
            } else {
                run.width()
            };
            line = line.put(Paint::Failing, &sign.repeat(width));
        }
        line
    }
}

/// The characters of a range, as this terminal can show them.
fn slice(text: &str, range: Option<(usize, usize)>, unicode: bool) -> String {
    let Some((start, end)) = range else {
        return String::new();
    };
    let part: String = text
        .chars()
        .skip(start)
        .take(end.saturating_sub(start))
        .collect();
    chars::adapt(&part, unicode)
}
