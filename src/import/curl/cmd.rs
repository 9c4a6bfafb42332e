//! Commands for cmd.exe, as browsers on Windows copy them: carets, and quotes by the rules of
//! Microsoft's C runtime.

use crate::import::cursor::Cursor;
use crate::import::shell::script::{Command, Input};
use crate::import::shell::word::Word;
use crate::import::{Source, Span};

/// Whether a text is for cmd.exe: its first quote is escaped by a caret, or its lines go on after
/// carets and not after backslashes.
pub(super) fn is_cmd(text: &[u8]) -> bool {
    let quote = text.iter().position(|byte| matches!(byte, b'"' | b'\''));
    let before_quote = quote
        .and_then(|at| at.checked_sub(1))
        .and_then(|at| text.get(at));
    if before_quote == Some(&b'^') {
        return true;
    }
    let ends = |end: &[u8]| {
        let mut lines = text.split(|byte| *byte == b'\n');
        lines.any(|line| line.trim_ascii_end().ends_with(end))
    };
    ends(b" ^") && !ends(b"\\")
}

/// The curl commands of a text, read one by one.
pub(super) fn commands<'a>(source: &Source<'a>) -> impl Iterator<Item = Command> + 'a {
    Lines::new(source).filter_map(|line| command(&line))
}

/// A byte that the program gets to see, and where it stands in the text.
#[derive(Clone, Copy)]
struct Byte {
    value: u8,
    at: usize,
}

/// The command lines, carets understood: a caret escapes the next byte, and at the end of a line it
/// joins the next one to it, whose first byte it escapes.
struct Lines<'a> {
    cursor: Cursor<'a>,
    base: usize,
}

impl<'a> Lines<'a> {
    fn new(source: &Source<'a>) -> Self {
        Self {
            cursor: Cursor::new(source.bytes()),
            base: source.span().start,
        }
    }

    /// What a caret escapes.
    fn escaped(&mut self) -> Option<Byte> {
        self.cursor.eat(b"\r");
        if self.cursor.eat(b"\n") {
            self.cursor.eat(b"\r");
        }
        self.bump()
    }

    fn bump(&mut self) -> Option<Byte> {
        let at = self.base + self.cursor.at();
        let value = self.cursor.bump()?;
        Some(Byte { value, at })
    }
}

impl Iterator for Lines<'_> {
    type Item = Vec<Byte>;

    fn next(&mut self) -> Option<Vec<Byte>> {
        if self.cursor.is_done() {
            return None;
        }
        let mut line = Vec::new();
        let mut in_quotes = false;
        while let Some(byte) = self.bump() {
            match byte.value {
                b'^' if !in_quotes => line.extend(self.escaped()),
                b'\n' => break,
                b'&' | b'|' if !in_quotes => break,
                b'"' => {
                    in_quotes = !in_quotes;
                    line.push(byte);
                }
                _ => line.push(byte),
            }
        }
        Some(line)
    }
}

fn command(line: &[Byte]) -> Option<Command> {
    let mut words = words(line);
    let name = words.first()?;
    let program = name.text().to_lowercase();
    let program = program.rsplit(['/', '\\']).next()?;
    if program != "curl" && program != "curl.exe" {
        return None;
    }
    let span = name.span.to(words.last()?.span);
    words.remove(0);
    Some(Command {
        program: "curl",
        arguments: words,
        input: Input::Empty,
        span,
        warnings: Vec::new(),
    })
}

/// Splits a command line as Microsoft's C runtime does: backslashes count only before a quote, and
/// two quotes inside quotes are one.
fn words(line: &[Byte]) -> Vec<Word> {
    let mut words = Vec::new();
    let mut current: Option<Word> = None;
    let mut in_quotes = false;
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        let is_blank = matches!(first.value, b' ' | b'\t' | b'\r');
        if is_blank && !in_quotes {
            words.extend(current.take());
            rest = after;
            continue;
        }
        let start = Span::new(first.at, first.at + 1);
        let word = current.get_or_insert_with(|| Word::new(Vec::new(), start));
        word.span.end = first.at + 1;
        let backslashes = rest.iter().take_while(|byte| byte.value == b'\\').count();
        let beyond = rest.get(backslashes..).unwrap_or_default();
        let is_quote = beyond.first().is_some_and(|byte| byte.value == b'"');
        if !is_quote {
            let plain = backslashes.max(1);
            let (taken, after) = rest.split_at(plain);
            word.bytes.extend(taken.iter().map(|byte| byte.value));
            rest = after;
            continue;
        }
        word.bytes
            .extend(std::iter::repeat_n(b'\\', backslashes / 2));
        rest = beyond.get(1..).unwrap_or_default();
        let doubled = in_quotes && rest.first().is_some_and(|byte| byte.value == b'"');
        if backslashes % 2 == 1 {
            word.bytes.push(b'"');
        } else if doubled {
            word.bytes.push(b'"');
            rest = rest.get(1..).unwrap_or_default();
        } else {
            in_quotes = !in_quotes;
        }
    }
    words.extend(current.take());
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn arguments(text: &str) -> Vec<Vec<String>> {
        assert!(is_cmd(text.as_bytes()), "{text}");
        let commands = commands(&Source::new("x", text.as_bytes()));
        let texts = |command: Command| command.arguments.iter().map(Word::text).collect();
        commands.map(texts).collect()
    }

    #[test]
    fn carets_and_escaped_quotes_are_read_as_chrome_writes_them() {
        let text = "curl ^\"https://api.acme.test/a?b=1^&c=^%20^\" ^\r\n  -H ^\"X: a^\\^\"b^\" ^\r\n  \
                    --data-raw ^\"^{^\\^\"k^\\^\":1^}^\"";
        let expected = [
            "https://api.acme.test/a?b=1&c=%20",
            "-H",
            "X: a\"b",
            "--data-raw",
            "{\"k\":1}",
        ];
        assert_eq!(arguments(text), [expected]);
    }

    #[test]
    fn an_escaped_line_end_in_a_value_is_a_line_end() {
        let text = "curl ^\"https://api.acme.test/^\" --data-raw ^\"a^\n\nb^\"";
        assert_eq!(arguments(text)[0][2], "a\nb");
    }

    #[test]
    fn several_commands_are_told_apart() {
        let text = "curl ^\"https://api.acme.test/1^\" &\r\ncurl ^\"https://api.acme.test/2^\"\r\n";
        assert_eq!(arguments(text).len(), 2);
    }

    #[test]
    fn plain_quotes_with_carets_at_line_ends_are_read_too() {
        let text = "curl.exe \"https://api.acme.test/a&b\" ^\n -H \"A: \"\"q\"\" c:\\d\\\\\"\n";
        let expected = ["https://api.acme.test/a&b", "-H", "A: \"q\" c:\\d\\"];
        assert_eq!(arguments(text), [expected]);
    }

    #[test]
    fn what_a_posix_shell_reads_is_not_for_cmd() {
        for text in [
            "curl 'https://a/^\"'",
            "curl \"x\" \\\n -d '^'",
            "curl https://a",
        ] {
            assert!(!is_cmd(text.as_bytes()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn spans_lie_inside_whatever_the_text(text in "(curl |\\^|\"|\\\\|\r?\n|&| |a){0,40}") {
            let source = Source::new("x", text.as_bytes());
            for command in commands(&source) {
                for word in command.arguments {
                    prop_assert!(word.span.start < word.span.end && word.span.end <= text.len());
                }
            }
        }
    }
}
