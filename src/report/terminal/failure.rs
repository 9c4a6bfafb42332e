//! A request that got no answer from the origin: what failed, and that the 502 is ours.

use super::block::title;
use super::chars;
use super::line::{Line, Page};
use super::rows::{INDENT, labelled_lines, lines_of};
use super::style::Paint;
use crate::report::{FailureView, Report, Text};

/// Tells what failed and what to do about it, in at most that many lines.
pub(super) fn explain(page: &mut Page<'_>, report: &Report, most: usize) {
    let Some(failure) = &report.exchange.failure else {
        return;
    };
    let style = page.style();
    let said = Line::new(style).put(Paint::Dim, &answered(report, failure));
    let words = title(report.verdict.title.as_str(), &report.verdict);
    let words = chars::adapt(&words, style.unicode);
    let room = style.columns().saturating_sub(INDENT + said.width() + 2);
    let lines = chars::wrap(&words, room, MOST_LINES, style.unicode);
    for (at, text) in lines.iter().enumerate() {
        let line = Line::indented(style, INDENT).put(Paint::Cause, text);
        page.push(if at == 0 {
            line.right(style.columns(), said.clone())
        } else {
            line
        });
    }
    page.blank();
    let mut left = most.saturating_sub(lines.len() + 1);
    if style.is_narrow() {
        let host = report.exchange.host.to_string();
        left = left.saturating_sub(labelled_lines(page, "host", &[host], 1));
    }
    let fix: Vec<String> = report.verdict.fix.iter().map(Text::to_string).collect();
    let why = left.saturating_sub(lines_of(&fix, style)).clamp(2, 4);
    left = left.saturating_sub(labelled_lines(
        page,
        "why",
        &[failure.detail.to_string()],
        why,
    ));
    labelled_lines(page, "fix", &fix, left);
}

/// What the client got instead of an answer.
fn answered(report: &Report, failure: &FailureView) -> String {
    if failure.is_refusal_of_ours() {
        "it got no answer".to_owned()
    } else {
        format!("{} by why401", report.exchange.status.unwrap_or(502))
    }
}

/// So many lines of title.
const MOST_LINES: usize = 2;
