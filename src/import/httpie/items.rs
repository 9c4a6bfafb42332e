//! The items of a command line: `name=text`, `name:=json`, `name==parameter`, `Header:value` …

use crate::import::shell::word::Word;

/// An item.
pub(super) struct Item {
    pub(super) key: String,
    pub(super) separator: Separator,
    /// With its place.
    pub(super) value: Word,
}

/// What stands between key and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// `=`
    Text,
    /// `=@`
    TextFile,
    /// `:=`
    Json,
    /// `:=@`
    JsonFile,
    /// `==`
    Query,
    /// `==@`
    QueryFile,
    /// `:`
    Header,
    /// `:@`
    HeaderFile,
    /// `;`
    EmptyHeader,
    /// `@`
    File,
}

/// The longer before those that they start with.
const SEPARATORS: &[(&str, Separator)] = &[
    (":=@", Separator::JsonFile),
    ("==@", Separator::QueryFile),
    (":=", Separator::Json),
    ("==", Separator::Query),
    ("=@", Separator::TextFile),
    (":@", Separator::HeaderFile),
    ("=", Separator::Text),
    (":", Separator::Header),
    (";", Separator::EmptyHeader),
    ("@", Separator::File),
];

impl Separator {
    /// Whether the item becomes content, and the request a POST.
    pub(super) fn is_data(self) -> bool {
        matches!(
            self,
            Self::Text | Self::TextFile | Self::Json | Self::JsonFile | Self::File
        )
    }
}

/// Reads an item: the first separator counts, a backslash takes its meaning from it.
pub(super) fn read(word: &Word) -> Option<Item> {
    let text = word.text();
    let mut key = String::new();
    let mut rest = text.as_str();
    loop {
        let found = SEPARATORS.iter().find(|(mark, _)| rest.starts_with(mark));
        if let Some((mark, separator)) = found {
            let value = unescaped(rest.get(mark.len()..)?);
            return Some(Item {
                key,
                separator: *separator,
                value: word.with_bytes(value),
            });
        }
        let (c, length) = next(rest)?;
        key.push_str(c);
        rest = rest.get(length..)?;
    }
}

/// The text without the backslashes before separators.
fn unescaped(mut text: &str) -> String {
    let mut unescaped = String::new();
    while let Some((c, length)) = next(text) {
        unescaped.push_str(c);
        text = text.get(length..).unwrap_or_default();
    }
    unescaped
}

/// The first character as it is meant, and how many bytes it takes.
fn next(text: &str) -> Option<(&str, usize)> {
    let first = text.chars().next()?.len_utf8();
    let second = text.get(first..)?.chars().next();
    match (text.get(..first)?, second) {
        ("\\", Some(':' | ';' | '=' | '@')) => Some((text.get(1..2)?, 2)),
        // The character after any other backslash stays with it.
        ("\\", Some(second)) => {
            let length = 1 + second.len_utf8();
            Some((text.get(..length)?, length))
        }
        (c, _) => Some((c, first)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::Span;

    fn parts(text: &str) -> Option<(String, Separator, String)> {
        let item = read(&Word::new(text, Span::default()))?;
        Some((item.key, item.separator, item.value.text()))
    }

    #[test]
    fn the_first_separator_counts_and_there_the_longest() {
        for (text, key, separator, value) in [
            ("a=b:c", "a", Separator::Text, "b:c"),
            ("a:=1", "a", Separator::Json, "1"),
            ("a==@f", "a", Separator::QueryFile, "f"),
            ("a=@f", "a", Separator::TextFile, "f"),
            ("X-A: b=c", "X-A", Separator::Header, " b=c"),
            ("X-A;", "X-A", Separator::EmptyHeader, ""),
            ("@f;type=a/b", "", Separator::File, "f;type=a/b"),
            (
                "a\\=b=c\\:d\\\\=e\\n",
                "a=b",
                Separator::Text,
                "c:d\\\\=e\\n",
            ),
            ("a\\[b\\]=1", "a\\[b\\]", Separator::Text, "1"),
        ] {
            assert_eq!(
                parts(text),
                Some((key.into(), separator, value.into())),
                "{text}"
            );
        }
        assert_eq!(parts("a"), None);
        assert_eq!(parts("a\\=b"), None);
    }

    proptest! {
        #[test]
        fn any_word_is_an_item_or_none(text in "[a:;=@\\\\é]{0,12}") {
            let _parts = parts(&text);
        }
    }
}
