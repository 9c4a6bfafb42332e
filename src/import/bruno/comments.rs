//! Comments in JSON. Bruno leaves them out, and with them a line that holds nothing else.

/// The text without `// …` and `/* … */`. A text that is no JavaScript stays as it is.
pub(super) fn without_comments(text: &str) -> String {
    if !text.contains("//") && !text.contains("/*") {
        return text.to_owned();
    }
    let mut reader = Reader {
        rest: text,
        plain: String::with_capacity(text.len()),
        indent: String::new(),
        is_blank: true,
    };
    match reader.all() {
        Some(()) => reader.plain,
        None => text.to_owned(),
    }
}

struct Reader<'t> {
    rest: &'t str,
    plain: String,
    /// The space at the start of a line; it is written with what follows.
    indent: String,
    /// Nothing but space and comments has been on the line so far.
    is_blank: bool,
}

impl Reader<'_> {
    /// `None` when it cannot be read.
    fn all(&mut self) -> Option<()> {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '/' if self.rest.starts_with("//") => {
                    if !self.line_comment() {
                        break;
                    }
                }
                '/' if self.rest.starts_with("/*") => self.block_comment()?,
                '"' | '\'' | '`' => self.quoted(c)?,
                '#' | '@' | '\\' => return None,
                _ => self.character(c),
            }
        }
        Some(())
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// Whether anything follows it.
    fn line_comment(&mut self) -> bool {
        let Some(end) = self.rest.find('\n') else {
            return false;
        };
        if self.is_blank {
            self.indent.clear();
            self.skip(end + 1);
        } else {
            self.skip(end);
        }
        true
    }

    fn block_comment(&mut self) -> Option<()> {
        let end = self.rest.get(2..)?.find("*/")?;
        self.skip(2 + end + 2);
        if self.is_blank {
            self.indent.clear();
            let after = self.rest.trim_start_matches([' ', '\t']);
            if let Some(next) = after.strip_prefix('\n') {
                self.rest = next;
            }
        }
        Some(())
    }

    fn quoted(&mut self, quote: char) -> Option<()> {
        let mut is_escaped = false;
        let inside = self.rest.get(1..)?;
        let end = inside.char_indices().find(|(_, c)| {
            let ends = !is_escaped && *c == quote;
            is_escaped = !is_escaped && *c == '\\';
            ends
        });
        let text = self.rest.get(..1 + end?.0 + 1)?;
        if quote != '`' && text.contains('\n') {
            return None;
        }
        self.is_blank = false;
        self.plain.push_str(&std::mem::take(&mut self.indent));
        self.plain.push_str(text);
        self.skip(text.len());
        Some(())
    }

    fn character(&mut self, c: char) {
        match c {
            '\n' => {
                self.is_blank = true;
                self.plain.push(c);
            }
            ' ' | '\t' if self.is_blank => self.indent.push(c),
            _ => {
                self.is_blank = false;
                self.plain.push_str(&std::mem::take(&mut self.indent));
                self.plain.push(c);
            }
        }
        self.skip(c.len_utf8());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_takes_its_line_with_it_when_nothing_else_is_there() {
        assert_eq!(
            without_comments(
                "// a\n{\n  /* b\n  c */ \n  \"d\": \"//\\\"/*\", // e\n  /* f */ 'g'\n}// h"
            ),
            "{\n  \"d\": \"//\\\"/*\", \n 'g'\n}"
        );
        assert_eq!(without_comments("{}\n// it's"), "{}\n");
    }

    #[test]
    fn what_is_no_javascript_stays() {
        for text in [
            "{ // a\n # b\n}",
            "{ /* a }",
            "{ // a\n 'it }",
            "\"a\n\" // b",
        ] {
            assert_eq!(without_comments(text), text);
        }
    }
}
