//! Message content: by member name where its format is known, then as free text.

use super::canvas::Canvas;
use super::masker::Masker;

impl Masker {
    /// Paints content of that type.
    pub(super) fn paint_content(
        &mut self,
        out: &mut Canvas,
        content_type: Option<&[u8]>,
        content: &[u8],
    ) {
        if content.is_empty() {
            return;
        }
        let media = content_type.map(|value| value.to_ascii_lowercase());
        let is = |word: &str| {
            media
                .as_deref()
                .is_some_and(|media| memchr::memmem::find(media, word.as_bytes()).is_some())
        };
        if is("multipart/") {
            self.paint_multipart(out, content_type.unwrap_or_default(), content);
        } else if is_binary(content) {
            self.mask(out, "binary", content);
        } else if is("json") || starts_like_json(content) {
            self.paint_json(out, content, 0);
        } else if is("x-www-form-urlencoded") || (media.is_none() && looks_like_form(content)) {
            self.paint_pairs(out, content, 0);
        } else {
            self.paint_text(out, content, 0);
        }
    }
}

/// Whether it is no text: shown byte by byte it would be unreadable, and could be decoded again.
pub(super) fn is_binary(content: &[u8]) -> bool {
    let control = |byte: &&u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r');
    let controls = content.iter().filter(control).count();
    let high = content.iter().filter(|byte| !byte.is_ascii()).count();
    let is_utf8 = match std::str::from_utf8(content) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    content.contains(&0) || (!is_utf8 && (controls > 0 || high * 3 > content.len()))
}

fn starts_like_json(content: &[u8]) -> bool {
    matches!(content.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// `a=1&b=2` without white space.
fn looks_like_form(content: &[u8]) -> bool {
    content.contains(&b'=') && !content.trim_ascii().iter().any(u8::is_ascii_whitespace)
}
