//! Writes words as people write them for a shell, in one of the ways that mean the same.

use super::common::random::Random;

/// Which shell reads the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    Sh,
    Bash,
}

impl Shell {
    pub fn program(self) -> &'static str {
        match self {
            Self::Sh => "sh",
            Self::Bash => "bash",
        }
    }
}

/// The variables that are set for every command.
pub const VARIABLES: [(&str, &str); 4] = [
    ("TOKEN", "t0k.en"),
    ("WORDS", "two words"),
    ("EMPTY", ""),
    ("QUOTED", "a\"b'c\\d"),
];

/// The words as one command.
pub fn line(words: &[String], shell: Shell, random: &mut Random) -> String {
    // Now and then the script gives one of the words a name of its own.
    let named = random.one_in(6).then(|| 2 + random.below(words.len() - 2));
    let mut text = String::new();
    if let Some(at) = named {
        let value = quoted(&words[at], shell, random);
        text = format!("NAMED={value}{}", random.pick(&["\n", "; ", ";"]));
    }
    text.push_str(&words[0]);
    for (at, word) in words.iter().enumerate().skip(1) {
        text.push_str(match random.below(24) {
            0 => " \\\n  ",
            1 => "  ",
            2 => "\t",
            _ => " ",
        });
        if named == Some(at) {
            text.push_str(random.pick(&["\"$NAMED\"", "\"${NAMED}\"", "\"${NAMED-x}\""]));
        } else {
            text.push_str(&quoted(word, shell, random));
        }
    }
    text
}

fn quoted(word: &str, shell: Shell, random: &mut Random) -> String {
    match random.below(8) {
        0 | 1 => double(word, random),
        2 if shell == Shell::Bash => ansi(word, random),
        3 => escaped(word),
        4 => pieces(word, shell, random),
        5 => with_variables(word, random),
        _ if is_plain(word) => word.to_owned(),
        _ => single(word),
    }
}

/// Whether a shell takes it as it stands.
fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    !word.is_empty() && word.chars().all(plain)
}

fn single(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn double(word: &str, random: &mut Random) -> String {
    let mut text = String::from("\"");
    for c in word.chars() {
        if "\"\\$`".contains(c) {
            text.push('\\');
        }
        text.push(c);
        if random.one_in(40) {
            text.push_str("\\\n");
        }
    }
    text.push('"');
    text
}

/// `$'…'`.
fn ansi(word: &str, random: &mut Random) -> String {
    let mut text = String::from("$'");
    let mut characters = word.chars().peekable();
    while let Some(c) = characters.next() {
        let hex_follows = characters.peek().is_some_and(char::is_ascii_hexdigit);
        match c {
            '\'' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '"' if random.one_in(2) => text.push_str("\\\""),
            c if !hex_follows && !c.is_ascii() => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c if c.is_ascii() && random.one_in(10) => {
                text.push_str(&match random.below(2) {
                    0 => format!("\\x{:02x}", u32::from(c)),
                    _ => format!("\\{:03o}", u32::from(c)),
                });
            }
            c => text.push(c),
        }
    }
    text.push('\'');
    text
}

/// A backslash before all that could mean something.
fn escaped(word: &str) -> String {
    if word.is_empty() {
        return "''".to_owned();
    }
    let mut text = String::new();
    for c in word.chars() {
        // A backslash before a line end would take it away.
        if c == '\n' {
            text.push_str("'\n'");
            continue;
        }
        if !c.is_ascii_alphanumeric() && c.is_ascii() && !"-_./:=@%+,".contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// Parts in different quotes, without a space between.
fn pieces(word: &str, shell: Shell, random: &mut Random) -> String {
    let characters: Vec<char> = word.chars().collect();
    if characters.len() < 2 {
        return single(word);
    }
    let at = 1 + random.below(characters.len() - 1);
    let (first, second) = characters.split_at(at);
    let mut text = String::new();
    for part in [first, second] {
        let part: String = part.iter().collect();
        text.push_str(&match random.below(3) {
            0 => double(&part, random),
            1 if shell == Shell::Bash => ansi(&part, random),
            _ => single(&part),
        });
    }
    text
}

/// The values of variables by their names.
fn with_variables(word: &str, random: &mut Random) -> String {
    let mut text = double(word, random);
    for (name, value) in VARIABLES {
        if is_plain(value) {
            let by_name = match random.below(3) {
                0 => format!("${{{name}}}"),
                1 => format!("${{{name}:-other}}"),
                _ => format!("\"${name}\""),
            };
            let by_name = match by_name.strip_prefix('"') {
                Some(_) => format!("\"{by_name}\""),
                None => by_name,
            };
            text = text.replace(value, &by_name);
        }
    }
    text
}

/// A redirection of standard input from that text.
pub fn input(text: &str, shell: Shell, random: &mut Random) -> String {
    match random.below(3) {
        0 if shell == Shell::Bash && text.ends_with('\n') => {
            let text = &text[..text.len() - 1];
            format!(" <<< {}", single(text))
        }
        1 if text.ends_with('\n') && !text.contains(['$', '`', '\\']) => {
            format!(" <<END\n{text}END\n")
        }
        _ if text.ends_with('\n') => format!(" <<'END'\n{text}END\n"),
        _ => " < body".to_owned(),
    }
}
