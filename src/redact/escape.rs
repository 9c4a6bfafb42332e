//! Shows characters that act on a terminal or hide from a reader as escapes.

/// What may stand unescaped besides ordinary characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Keep {
    /// Nothing.
    #[default]
    Nothing,
    /// Line feeds and tabs.
    Lines,
    /// The marks around a mask, in our own words.
    Marks,
}

/// Appends the text; control, bidi and invisible characters become `\x1b` or `\u202e`.
pub(super) fn push_escaped(out: &mut String, text: &str, keep: Keep) {
    for c in text.chars() {
        let kept = match keep {
            Keep::Nothing => false,
            Keep::Lines => matches!(c, '\n' | '\t'),
            Keep::Marks => matches!(c, '‹' | '›'),
        };
        if kept || !is_hidden(c) {
            out.push(c);
        } else {
            push_code(out, c);
        }
    }
}

/// Appends a byte that is no character as `\xc3`.
pub(super) fn push_byte(out: &mut String, byte: u8) {
    out.extend(format!("\\x{byte:02x}").chars());
}

fn push_code(out: &mut String, c: char) {
    let escape = match c {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        _ => match u32::from(c) {
            code @ 0..=0xff => format!("\\x{code:02x}"),
            code @ 0x100..=0xffff => format!("\\u{code:04x}"),
            code => format!("\\u{{{code:x}}}"),
        },
    };
    out.push_str(&escape);
}

/// Controls (C0, C1), bidi marks, characters without width or that look like a space, and the
/// marks of our own masks. Unicode 15, general categories Cc, Cf, Zl, Zp, Zs and the fillers.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{1680}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{2039}'
            | '\u{203a}'
            | '\u{205f}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3000}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str, keep: Keep) -> String {
        let mut out = String::new();
        push_escaped(&mut out, text, keep);
        out
    }

    #[test]
    fn terminal_sequences_and_bidi_marks_are_escapes() {
        assert_eq!(
            escaped("\x1b]0;x\x07\u{202e}\u{9b}\0\u{e0041}", Keep::Nothing),
            "\\x1b]0;x\\x07\\u202e\\x9b\\x00\\u{e0041}"
        );
    }

    #[test]
    fn a_mask_cannot_be_forged() {
        assert_eq!(
            escaped("‹jwt:1 len=3›", Keep::Lines),
            "\\u2039jwt:1 len=3\\u203a"
        );
    }

    #[test]
    fn lines_stay_only_where_they_are_wanted() {
        assert_eq!(escaped("a\tb\r\n", Keep::Lines), "a\tb\\r\n");
        assert_eq!(escaped("a\tb\r\n", Keep::Nothing), "a\\tb\\r\\n");
    }

    #[test]
    fn letters_of_any_script_stay() {
        assert_eq!(escaped("naïve 日本 Ω", Keep::Nothing), "naïve 日本 Ω");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!escaped(&text, Keep::Nothing).chars().any(is_hidden));
        }
    }
}
