//! Words of a POSIX shell that stand for captured bytes.

use super::canvas::{Canvas, Masked};
use super::masker::Masker;

impl Masker {
    /// A word that a shell reads as exactly these bytes, when real values are shown; otherwise as what is
    /// `shown` of them. A NUL cannot be in any word.
    pub fn shell_word(&self, bytes: &[u8], shown: &Masked) -> Masked {
        let word = match self.reveals() {
            true => exact(bytes),
            false => single_quoted(shown.as_str()),
        };
        let mut out = Canvas::default();
        out.words(&word);
        out.finish()
    }
}

/// In single quotes where all is printable, else in `$'…'`, which bash, zsh and ksh know.
fn exact(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes)
        && text.chars().all(is_plain)
    {
        return single_quoted(text);
    }
    let mut word = String::from("$'");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => word.push_str("\\n"),
                '\r' => word.push_str("\\r"),
                '\t' => word.push_str("\\t"),
                '\\' | '\'' => word.extend(['\\', c]),
                _ if is_plain(c) => word.push(c),
                _ => push_escaped(&mut word, c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        push_escaped(&mut word, chunk.invalid());
    }
    word.push('\'');
    word
}

/// Three octal digits: a hexadecimal escape would take a digit that follows for its own.
fn push_escaped(word: &mut String, bytes: &[u8]) {
    for byte in bytes {
        word.extend(['\\', octal(byte >> 6), octal(byte >> 3), octal(*byte)]);
    }
}

fn octal(bits: u8) -> char {
    char::from(b'0' + (bits & 7))
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What looks the same on every screen, and hides nothing.
fn is_plain(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_exact_or_masked() {
        let revealing = Masker::revealing();
        let word = |bytes: &[u8]| {
            let shown = Masker::revealing().text(bytes);
            revealing.shell_word(bytes, &shown).as_str().to_owned()
        };
        assert_eq!(word(b"a b"), "'a b'");
        assert_eq!(word(b"it's"), r"'it'\''s'");
        assert_eq!(word("grüße".as_bytes()), "'grüße'");
        assert_eq!(word(b"a\nb'\\\xff1\x1b"), r"$'a\nb\'\\\3771\033'");
        assert_eq!(word("\u{202e}".as_bytes()), r"$'\342\200\256'");
        let mut masker = Masker::new();
        let shown = masker.field_value("authorization", b"Bearer s3cretS3cret1");
        let masked = masker.shell_word(b"Bearer s3cretS3cret1", &shown);
        assert!(!masked.as_str().contains("s3cret"), "{masked}");
    }
}
