//! Characters: which may come out, how wide they are, how text is cut and wrapped.

use unicode_width::UnicodeWidthChar;

/// The text as this terminal can show it.
///
/// Captured text arrives escaped; what has no place on a terminal is escaped here once more, so that
/// no path around the masker can move a cursor.
pub(super) fn adapt(text: &str, unicode: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push(&mut out, c, unicode);
    }
    out
}

/// Appends one character as this terminal can show it.
pub(super) fn push(out: &mut String, c: char, unicode: bool) {
    match c {
        ' '..='~' => out.push(c),
        '\n' => out.push_str(if unicode { "⏎" } else { "\\n" }),
        '\0'..='\x1f' | '\x7f' => {
            let code = format!("\\x{:02x}", u32::from(c));
            out.push_str(&code);
        }
        _ if is_unsafe(c) => escape(out, c),
        _ if unicode => out.push(c),
        _ => match SUBSTITUTES.iter().find(|(from, _)| *from == c) {
            Some((_, to)) => out.push_str(to),
            None => escape(out, c),
        },
    }
}

fn escape(out: &mut String, c: char) {
    for part in c.escape_unicode() {
        out.push(part);
    }
}

/// C1 controls, and characters that are invisible or reorder what stands around them.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || is_private(c)
}

/// Private use: what it looks like is the font's secret.
fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Our own signs, for a locale that is not UTF-8.
const SUBSTITUTES: &[(char, &str)] = &[
    ('●', "+"),
    ('◆', "!"),
    ('…', "..."),
    ('·', "|"),
    ('‹', "<"),
    ('›', ">"),
    ('×', "x"),
    ('↺', "~"),
    ('→', "->"),
];

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// How many columns a character takes.
pub(super) fn char_width(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The sign for what was left out.
pub(super) fn ellipsis(unicode: bool) -> &'static str {
    if unicode { "…" } else { "..." }
}

/// The beginning that fits into that many columns, and the rest.
pub(super) fn split_at_width(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += char_width(c);
        if used > columns {
            return text.split_at_checked(at).unwrap_or((text, ""));
        }
    }
    (text, "")
}

/// The end that fits into that many columns.
pub(super) fn tail_of_width(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        used += char_width(c);
        if used > columns {
            return text.get(at + c.len_utf8()..).unwrap_or_default();
        }
    }
    text
}

/// The text in that many columns, its middle left out if need be.
pub(super) fn cut_middle(text: &str, columns: usize, unicode: bool) -> String {
    let sign = ellipsis(unicode);
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(sign));
    let (head, _) = split_at_width(text, room.div_ceil(2));
    format!("{head}{sign}{}", tail_of_width(text, room / 2))
}

/// The text in that many columns, its end left out if need be.
pub(super) fn cut_end(text: &str, columns: usize, unicode: bool) -> String {
    let sign = ellipsis(unicode);
    if width(text) <= columns {
        return text.to_owned();
    }
    let (head, _) = split_at_width(text, columns.saturating_sub(width(sign)));
    format!("{}{sign}", head.trim_end())
}

/// The text in lines of that many columns, at most `most` of them; words too long are broken.
pub(super) fn wrap(text: &str, columns: usize, most: usize, unicode: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        if lines.len() + 1 >= most {
            lines.push(cut_end(rest, columns, unicode));
            break;
        }
        let (line, after) = break_line(rest, columns);
        lines.push(line.to_owned());
        rest = after;
    }
    lines
}

/// How a command of ours begins inside a sentence: it is to be copied, so it is not torn.
const COMMAND: &str = " why401 ";

/// One line, broken at the last space that fits, or before a command that fits into the next.
fn break_line(text: &str, columns: usize) -> (&str, &str) {
    let (head, tail) = split_at_width(text, columns);
    if tail.is_empty() {
        return (head.trim_end(), tail);
    }
    let fits_below = |at: &usize| {
        let command = text.get(*at..).unwrap_or_default().trim_start();
        // Two spaces end a command; it is not torn already if it ends in this line.
        let length = command.find("  ").unwrap_or(command.len());
        at + 1 + length > head.len() && width(command.get(..length).unwrap_or_default()) <= columns
    };
    if let Some(at) = head.rfind(COMMAND).filter(fits_below)
        && let Some((line, after)) = text.split_at_checked(at)
        && !line.trim_end().is_empty()
    {
        return (line.trim_end(), after.trim_start());
    }
    if tail.starts_with(' ') {
        return (head.trim_end(), tail.trim_start());
    }
    match head.rfind(' ').and_then(|at| text.split_at_checked(at)) {
        // A word that would leave more than half of the line empty is broken instead.
        Some((line, after)) if width(line) * 2 > columns => (line.trim_end(), after.trim_start()),
        _ if head.is_empty() => {
            let first = text.chars().next().map_or(0, char::len_utf8);
            text.split_at_checked(first).unwrap_or((text, ""))
        }
        _ => (head, tail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_at_spaces_and_long_words_where_they_end() {
        assert_eq!(wrap("one two three", 8, 9, true), ["one two", "three"]);
        assert_eq!(wrap("a 12345678901", 6, 9, true), ["a 1234", "567890", "1"]);
        assert_eq!(wrap("one two three", 8, 1, true), ["one two…"]);
    }

    #[test]
    fn a_command_is_not_torn() {
        let text = "paste one that works:  why401 baseline add --curl -";
        assert_eq!(
            wrap(text, 49, 9, true),
            ["paste one that works:", "why401 baseline add --curl -"]
        );
        assert_eq!(
            wrap(&format!("{text}   and send this one again"), 49, 9, true),
            [
                "paste one that works:",
                "why401 baseline add --curl -   and send this one",
                "again"
            ]
        );
        assert_eq!(
            wrap(
                "run why401 ca trust  once, then start the client",
                30,
                9,
                true
            ),
            ["run why401 ca trust  once,", "then start the client"]
        );
    }

    #[test]
    fn a_cut_leaves_both_ends_and_the_width() {
        assert_eq!(cut_middle("abcdefghij", 7, true), "abc…hij");
        assert_eq!(cut_middle("abcdefghij", 7, false), "ab...ij");
        assert_eq!(cut_middle("日本語日本語", 7, true), "日…語");
    }

    #[test]
    fn what_has_no_place_on_a_terminal_is_an_escape() {
        assert_eq!(adapt("\x1b \u{202e}", true), "\\x1b \\u{202e}");
        assert_eq!(adapt("● é ‹x›", false), "+ \\u{e9} <x>");
    }
}
