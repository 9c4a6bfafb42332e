//! Takes comments out of JSON, as Postman does before it sends it.

/// The text without `//` and `/* */` outside of its strings; line ends stay.
pub(super) fn without_comments(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut in_string = false;
    while let Some((byte, after)) = rest.split_first() {
        let (copied, skipped) = match (in_string, byte, after.first()) {
            (true, b'\\', Some(_)) => (2, 0),
            (_, b'"', _) => {
                in_string = !in_string;
                (1, 0)
            }
            (false, b'/', Some(b'/')) => (0, line(rest)),
            (false, b'/', Some(b'*')) => (0, block(rest)),
            _ => (1, 0),
        };
        kept.extend_from_slice(rest.get(..copied).unwrap_or_default());
        rest = rest.get(copied + skipped..).unwrap_or_default();
    }
    kept
}

/// Up to the line end, which stays.
fn line(comment: &[u8]) -> usize {
    let end = memchr::memchr(b'\n', comment).unwrap_or(comment.len());
    let before = comment.get(..end).unwrap_or_default();
    end - usize::from(before.ends_with(b"\r") && end < comment.len())
}

/// A comment that does not end goes on to the end.
fn block(comment: &[u8]) -> usize {
    let inside = comment.get(2..).unwrap_or_default();
    let end = memchr::memmem::find(inside, b"*/");
    end.map_or(comment.len(), |end| end + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_texts_stay() {
        let cases = [
            ("{\"a\": 1 // one\r\n}", "{\"a\": 1 \r\n}"),
            ("{/* x\n */\"a\": \"//\\\"/*\"}", "{\"a\": \"//\\\"/*\"}"),
            ("[1] // end", "[1] "),
            ("[1] /* end", "[1] "),
            ("1 / 2", "1 / 2"),
        ];
        for (text, expected) in cases {
            let kept = without_comments(text.as_bytes());
            assert_eq!(String::from_utf8(kept).unwrap(), expected, "{text}");
        }
    }
}
