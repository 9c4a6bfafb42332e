//! The block that `run` prints for a failure, while it happens.

use super::line::{Line, Page};
use super::pair::Aligned;
use super::rows::{INDENT, TEXT, failing_name, identity, labelled_lines, lines_of, name};
use super::style::{Paint, Style};
use super::{chars, failure};
use crate::diagnosis::FaultSide;
use crate::diff::Kind;
use crate::model::State;
use crate::report::words::side_in_words;
use crate::report::{FieldDiff, Report, Text, Verdict};

/// A block is never longer than this.
const MOST_LINES: usize = 14;

/// How many further differences a block names.
const MOST_ALSO: usize = 2;

/// The block of one failure: at most 14 lines, the last of which names the commands that tell more.
pub fn live(report: &Report, style: &Style) -> String {
    let mut page = block(report, style);
    hint(&mut page, report);
    page.text()
}

/// The same without those commands.
pub fn alone(report: &Report, style: &Style) -> String {
    block(report, style).text()
}

fn block<'s>(report: &Report, style: &'s Style) -> Page<'s> {
    let mut page = Page::new(style);
    page.push(identity(&report.exchange, None, style));
    if report.exchange.failure.is_some() {
        // The identity stands above it, a blank line and the hint below.
        failure::explain(&mut page, report, MOST_LINES - 3);
    } else {
        explain(&mut page, report);
    }
    page
}

fn explain(page: &mut Page<'_>, report: &Report) {
    let style = page.style();
    let head = 1 + cause(page, report);
    page.blank();
    let about = deciding(report)
        .or_else(|| weightiest(report))
        .filter(|_| report.baseline.is_some());
    let pair = about.map_or(0, |field| pair(page, report, field));
    let mut told = told(report);
    if !style.is_narrow() {
        told.extend(also(report, about, style).map(|also| ("also", 1, vec![also])));
    }
    told.extend(learned(report));
    // Two blank lines and the hint come on top of what is told.
    let mut room = MOST_LINES.saturating_sub(head + pair + 3);
    let needs: Vec<usize> = told
        .iter()
        .map(|(_, most, texts)| lines_of(texts, style).min(*most))
        .collect();
    for (at, (label, most, texts)) in told.iter().enumerate() {
        // The evidence comes first and takes what the others leave, but at least one line.
        let later: usize = needs.iter().skip(at + 1).sum();
        let most = (*most).min(room.saturating_sub(later).max(1));
        room = room.saturating_sub(labelled_lines(page, label, texts, most));
    }
}

/// The cause in capitals and how sure it is; returns how many lines that took.
fn cause(page: &mut Page<'_>, report: &Report) -> usize {
    let style = page.style();
    let columns = style.columns();
    let sure = Line::new(style).put(Paint::Dim, &sureness(report));
    let title = chars::adapt(
        &title(report.verdict.title.as_str(), &report.verdict),
        style.unicode,
    );
    let mut lines = Vec::new();
    let room = if style.is_narrow() {
        let host = chars::adapt(report.exchange.host.as_str(), style.unicode);
        let room = columns.saturating_sub(INDENT + sure.width() + 2);
        let host = chars::cut_middle(&host, room, style.unicode);
        let host = Line::indented(style, INDENT).put(Paint::Plain, &host);
        lines.push(host.right(columns, sure.clone()));
        columns.saturating_sub(INDENT)
    } else {
        columns.saturating_sub(INDENT + sure.width() + 2)
    };
    for (at, text) in chars::wrap(&title, room, 2, style.unicode)
        .iter()
        .enumerate()
    {
        let line = Line::indented(style, INDENT).put(Paint::Cause, text);
        lines.push(if at == 0 && !style.is_narrow() {
            line.right(columns, sure.clone())
        } else {
            line
        });
    }
    let taken = lines.len();
    lines.into_iter().for_each(|line| page.push(line));
    taken
}

/// A cause in capitals; without one, only what stands before the colon.
pub(super) fn title(title: &str, verdict: &Verdict) -> String {
    match title.split_once(':') {
        Some((head, tail)) if verdict.cause.is_none() => format!("{}:{tail}", head.to_uppercase()),
        _ => title.to_uppercase(),
    }
}

/// Side and confidence: `client, very likely`; a mere guess where there is no headline.
pub(super) fn sureness(report: &Report) -> String {
    let verdict = &report.verdict;
    if verdict.cause.is_some() && verdict.side == FaultSide::Undecided {
        // What failed is known; how sure that is says nothing of whose fault it is.
        return side_in_words(verdict.side).to_owned();
    }
    if verdict.cause.is_some() {
        return format!(
            "{}, {}",
            side_in_words(verdict.side),
            verdict.confidence.in_words()
        );
    }
    match report.alternatives.first() {
        Some(guess) => guess.confidence.in_words().to_owned(),
        None => verdict.confidence.in_words().to_owned(),
    }
}

/// What a block tells: label, the most lines it may take, sentences. Of the headline, or else of the
/// best guess and of what is in order and what is not known.
fn told(report: &Report) -> Vec<(&'static str, usize, Vec<String>)> {
    let words = |texts: &[Text]| -> Vec<String> {
        texts.iter().map(|text| text.as_str().to_owned()).collect()
    };
    let first = |texts: &[Text]| words(texts.get(..1).unwrap_or_default());
    let mut told = Vec::new();
    if report.verdict.cause.is_some() {
        told.push(("why", 5, words(&report.verdict.evidence)));
        told.push(("fix", 6, words(&report.verdict.fix)));
    } else if let Some(guess) = report.alternatives.first() {
        let mut why = vec![format!("could be: {}", guess.title)];
        why.extend(words(&guess.evidence));
        told.push(("why", 5, why));
        told.push(("fix", 6, words(&guess.fix)));
    } else {
        told.push(("fine", 2, first(&report.fine)));
        told.push(("open", 2, first(&report.unknown)));
    }
    told.push(("next", 2, next(report).into_iter().collect()));
    told.retain(|(_, _, texts)| !texts.is_empty());
    told
}

/// The difference that the headline, or else the best guess, is about.
pub(super) fn deciding(report: &Report) -> Option<&FieldDiff> {
    let about = report.verdict.about.as_ref().or_else(|| {
        let guess = report.alternatives.first()?;
        guess
            .about
            .as_ref()
            .filter(|_| report.verdict.cause.is_none())
    })?;
    report.diff.fields.iter().find(|field| {
        field.place == about.place
            && field.kind != Kind::Same
            && field
                .name
                .as_str()
                .eq_ignore_ascii_case(about.name.as_str())
    })
}

/// The difference that weighs most: shown where nothing decides.
fn weightiest(report: &Report) -> Option<&FieldDiff> {
    let fields = &report.diff.fields;
    let found = fields.iter().find(|field| matters(field));
    found.filter(|_| report.verdict.cause.is_none())
}

/// The deciding difference, both values under each other; returns how many lines that took.
pub(super) fn pair(page: &mut Page<'_>, report: &Report, field: &FieldDiff) -> usize {
    let style = page.style();
    let failing = failing_name(&report.exchange);
    let (good_label, failing_label) = if style.is_narrow() {
        let short = failing.strip_prefix("this ").unwrap_or(&failing);
        ("● good  ".to_owned(), format!("◆ {short:<4}  "))
    } else {
        ("● known good   ".to_owned(), format!("◆ {failing:<10}   "))
    };
    let start = |paint: Paint, label: &str| Line::indented(style, INDENT).put(paint, label);
    let name = chars::cut_middle(
        &chars::adapt(&name(field), style.unicode),
        24,
        style.unicode,
    );
    let label = start(Paint::Good, &good_label)
        .width()
        .max(start(Paint::Failing, &failing_label).width());
    let mut column = label + chars::width(&name) + 2;
    // A name that leaves too little room for the values is left to the line of the cause.
    let shows_name = style.columns().saturating_sub(column) >= 24;
    if !shows_name {
        column = label;
    }
    let name = if shows_name { name.as_str() } else { "" };
    let aligned = Aligned::of(
        field,
        report.exchange.time,
        style.columns().saturating_sub(column),
        style,
    );
    let value = |paint: Paint, text: &str| start(paint, text).pad_to(label).put(Paint::Plain, name);
    page.push(aligned.good(value(Paint::Good, &good_label).pad_to(column)));
    page.push(aligned.failing(value(Paint::Failing, &failing_label).pad_to(column)));
    page.push(aligned.carets(Line::indented(style, column)));
    3
}

/// At most two more differences that may matter, and how many there are beyond.
fn also(report: &Report, about: Option<&FieldDiff>, style: &Style) -> Option<String> {
    let others: Vec<&FieldDiff> = report
        .diff
        .fields
        .iter()
        .filter(|field| matters(field) && !about.is_some_and(|about| std::ptr::eq(about, *field)))
        .collect();
    if others.is_empty() {
        return None;
    }
    let beyond = others.len().saturating_sub(MOST_ALSO);
    let more = if beyond > 0 {
        format!(" · +{beyond} more")
    } else {
        String::new()
    };
    let mut room = style.columns().saturating_sub(TEXT + chars::width(&more));
    let mut words = Vec::new();
    let shown = others.len().min(MOST_ALSO);
    for (at, field) in others.iter().take(shown).enumerate() {
        let share = (room / (shown - at)).saturating_sub(3);
        let word = in_short(field, share, style);
        room = room.saturating_sub(chars::width(&word) + 3);
        words.push(word);
    }
    Some(words.join(" · ") + &more)
}

/// Whether a difference may matter.
pub(super) fn matters(field: &FieldDiff) -> bool {
    !field.noise && !field.unresolved && field.kind != Kind::Same
}

/// `x-app-version 4.17.9 (good 4.18.2)`, `cookie sid not sent`; without values that do not fit.
fn in_short(field: &FieldDiff, room: usize, style: &Style) -> String {
    let name = name(field);
    let (words, short) = match (&field.good, &field.failing) {
        (Some(good), Some(failing)) => (
            format!("{name} {failing} (good {good})"),
            format!("{name} differs"),
        ),
        (Some(_), None) => (format!("{name} not sent"), format!("{name} not sent")),
        (None, _) => (format!("{name} only here"), format!("{name} only here")),
    };
    let words = chars::adapt(&words, style.unicode);
    if chars::width(&words) <= room {
        return words;
    }
    chars::cut_middle(&chars::adapt(&short, style.unicode), room, style.unicode)
}

/// What the known good is that nobody named.
fn learned(report: &Report) -> Option<(&'static str, usize, Vec<String>)> {
    let good = report.baseline.as_ref().filter(|good| good.learned)?;
    Some(("good", 1, vec![format!("{}: {}", good.name, good.reason)]))
}

/// What to try next: said where there is no headline, or nothing to compare with.
fn next(report: &Report) -> Option<String> {
    let wanted = report.verdict.cause.is_none() || report.baseline.is_none();
    report
        .next
        .first()
        .filter(|_| wanted)
        .map(|text| text.to_string())
}

/// What became of it, and the commands that tell more. Names only what exists.
fn hint(page: &mut Page<'_>, report: &Report) {
    let Some(n) = report.exchange.n else { return };
    page.blank();
    let recovered = match report.state {
        State::Recovered => "↺ recovered · ",
        State::Open | State::Failed => "",
    };
    let style = page.style();
    let words = format!("{recovered}why401 why {n} · why401 show {n}");
    page.push(Line::indented(style, INDENT).put(Paint::Dim, &words));
}
