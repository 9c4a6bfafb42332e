//! Replaces what differs from run to run, so that whole texts can be compared.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Replaces ids, times, durations, ports and folders by placeholders of the same width.
pub fn normalise(text: &str, folders: &[&str]) -> String {
    let mut text = text.to_owned();
    for folder in folders {
        text = text.replace(folder, &filled("<FOLDER", folder.chars().count()));
    }
    for (pattern, name) in PATTERNS.iter() {
        text = pattern
            .replace_all(&text, |found: &Captures<'_>| {
                filled(name, found[0].chars().count())
            })
            .into_owned();
    }
    text
}

/// `<NAME___>`, cut to the width it stands for.
fn filled(name: &str, width: usize) -> String {
    let mut text: String = name.chars().take(width.saturating_sub(1)).collect();
    while text.chars().count() + 1 < width {
        text.push('_');
    }
    text.push('>');
    text
}

static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "<ID"),
        (r"\b20\d\d-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:?\d\d)?", "<TIME"),
        (r"\b\d\d:\d\d:\d\d\b", "<TIME"),
        (r"\b\d+(\.\d+)? (ms|µs)\b", "<SPAN"),
        (r"(?:127\.0\.0\.1|localhost):\d+", "<ADDRESS"),
        (r"/tmp/[^\s\x22']+", "<FOLDER"),
    ]
    .into_iter()
    .map(|(pattern, name)| (Regex::new(pattern).expect("a valid pattern"), name))
    .collect()
});
