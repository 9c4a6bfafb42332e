//! `multipart/form-data` (RFC 7578): the parts by their names.

use memchr::memmem;

use super::canvas::Canvas;
use super::content::is_binary;
use super::masker::Masker;
use super::name::secret_kind;
use super::peel::Words;

impl Masker {
    /// Paints multipart content.
    pub(super) fn paint_multipart(
        &mut self,
        out: &mut Canvas,
        content_type: &[u8],
        content: &[u8],
    ) {
        let Some(delimiter) = delimiter(content_type, content) else {
            if is_binary(content) {
                return self.mask(out, "binary", content);
            }
            return self.paint_text(out, content, 0);
        };
        let mut done = 0;
        for at in memmem::find_iter(content, &delimiter) {
            self.paint_part(out, content.get(done..at).unwrap_or_default());
            out.captured(&delimiter);
            done = at + delimiter.len();
        }
        self.paint_part(out, content.get(done..).unwrap_or_default());
    }

    fn paint_part(&mut self, out: &mut Canvas, part: &[u8]) {
        let heads: [&[u8]; 2] = [b"\r\n\r\n", b"\n\n"];
        let end = heads
            .iter()
            .find_map(|end| Some(memmem::find(part, end)? + end.len()));
        let Some(end) = end else {
            return self.paint_text(out, part, 0);
        };
        let (head, body) = part.split_at(end);
        self.paint_text(out, head, 0);
        let text = body.trim_ascii_end();
        let (value, line_end) = body.split_at(text.len());
        let name = part_name(head);
        match secret_kind(&name, value) {
            Some(kind) => self.mask_core(out, kind, value, Words::Known),
            None if value.is_empty() => {}
            None if is_binary(value) => self.mask(out, "binary", value),
            None if value.starts_with(b"{") => self.paint_json(out, value, 1),
            None => self.paint_text(out, value, 0),
        }
        out.captured(line_end);
    }
}

/// `--` and the boundary: from the content type, else from the first line.
fn delimiter(content_type: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    let parameter = b"boundary=";
    let stated = memmem::find(&content_type.to_ascii_lowercase(), parameter)
        .and_then(|at| content_type.get(at + parameter.len()..))
        .map(|rest| match rest.strip_prefix(b"\"") {
            Some(quoted) => quoted.split(|byte| *byte == b'"').next(),
            None => rest.split(|byte| matches!(byte, b';' | b' ')).next(),
        })
        .and_then(|boundary| boundary.filter(|text| !text.is_empty()))
        .map(|boundary| [b"--", boundary].concat());
    stated.or_else(|| {
        let line = content
            .split(|byte| *byte == b'\n')
            .next()?
            .trim_ascii_end();
        (line.starts_with(b"--") && line.len() > 4).then(|| line.to_vec())
    })
}

/// The `name` parameter of a part's `Content-Disposition`.
fn part_name(head: &[u8]) -> Vec<u8> {
    let Some(at) = memmem::find(&head.to_ascii_lowercase(), b"name=") else {
        return Vec::new();
    };
    let rest = head.get(at + b"name=".len()..).unwrap_or_default();
    let name = match rest.strip_prefix(b"\"") {
        Some(quoted) => quoted.split(|byte| *byte == b'"').next(),
        None => rest
            .split(|byte| matches!(byte, b';' | b'\r' | b'\n'))
            .next(),
    };
    name.unwrap_or_default().to_vec()
}
