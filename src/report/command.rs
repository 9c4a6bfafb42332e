//! A recorded request as a command that sends it again.

use super::Text;
use crate::model::{ContentEnd, FieldLine, HttpVersion, Request};
use crate::redact::Masker;

/// As a curl command, for a POSIX shell.
///
/// With a revealing masker curl sends the same request, but for the order of `Host`, which it writes first.
/// Otherwise secrets are masked. What cannot be said in a command is told in comments above it.
pub fn curl(request: &Request, masker: &mut Masker) -> Text {
    masker.learn(request);
    let mut command = Command {
        comments: Vec::new(),
        arguments: Vec::new(),
    };
    command.method(request, masker);
    command.url(request, masker);
    command.version(request);
    for line in request.fields.lines() {
        command.field(line, masker);
    }
    command.without_what_curl_adds(request);
    command.content(request, masker);
    if !request.trailers.is_empty() {
        command
            .comments
            .push("its trailer section is left out: curl sends none".into());
    }
    command.finish()
}

struct Command {
    comments: Vec<String>,
    arguments: Vec<Text>,
}

impl Command {
    fn method(&mut self, request: &Request, masker: &mut Masker) {
        let usual = if has_content(request) { "POST" } else { "GET" };
        if request.method == "HEAD" && !has_content(request) {
            self.arguments.push(Text::own("--head"));
        } else if request.method != usual {
            let shown = masker.text(request.method.as_bytes());
            let word = masker.shell_word(request.method.as_bytes(), &shown);
            self.arguments.push(Text::own("-X ").masked(&word));
        }
    }

    fn url(&mut self, request: &Request, masker: &mut Masker) {
        let mut url = request.url.clone();
        url.userinfo = None;
        // curl 8.8 and later leave out the question mark of an empty query.
        if request.target == b"*" || url.query.as_ref().is_some_and(Vec::is_empty) {
            let shown = masker.target(&request.target);
            let word = masker.shell_word(&request.target, &shown);
            self.arguments
                .push(Text::own("--request-target ").masked(&word));
            url.query = None;
            if url.path == b"*" {
                url.path = b"/".to_vec();
            }
        }
        let origin = format!(
            "{}://{}",
            url.origin.scheme.as_str(),
            url.origin.authority()
        );
        let bytes = [origin.as_bytes(), &url.path_and_query()].concat();
        let shown = masker.url(&url);
        let word = masker.shell_word(&bytes, &shown);
        self.arguments.insert(0, word.into());
        if bytes.iter().any(|byte| b"[]{}".contains(byte)) {
            self.arguments.push(Text::own("--globoff"));
        }
        let has_dots = url
            .path
            .split(|byte| *byte == b'/')
            .any(|part| part == b"." || part == b"..");
        if has_dots {
            self.arguments.push(Text::own("--path-as-is"));
        }
    }

    fn version(&mut self, request: &Request) {
        if request.version == HttpVersion::Http10 {
            self.arguments.push(Text::own("--http1.0"));
        }
    }

    fn field(&mut self, line: &FieldLine, masker: &mut Masker) {
        let name = String::from_utf8_lossy(line.name()).into_owned();
        if name.eq_ignore_ascii_case("content-length") && is_number(line.value()) {
            return;
        }
        let own = line.value().is_empty();
        let bytes = match own {
            // This is how curl is told of an empty value.
            true => [line.name(), b";"].concat(),
            false => [line.name(), b":", line.raw_value()].concat(),
        };
        let shown = match own {
            true => masker.own_words(&format!("{name};")),
            false => {
                let value = masker.field_line(line);
                let field = masker.field_name(line.name());
                masker.own_words(&format!("{field}: {}", value.as_str().trim_start()))
            }
        };
        let word = masker.shell_word(&bytes, &shown);
        self.arguments.push(Text::own("-H ").masked(&word));
    }

    fn without_what_curl_adds(&mut self, request: &Request) {
        let is_chunked = request.fields.contains("transfer-encoding");
        let large = request.content.bytes.len() > EXPECTED_FROM;
        for (name, adds) in [
            ("Host", request.version != HttpVersion::Http2),
            ("User-Agent", true),
            ("Accept", true),
            ("Content-Type", has_content(request)),
            ("Expect", large || is_chunked),
        ] {
            if adds && !request.fields.contains(name) {
                self.arguments.push(Text::own(format!("-H '{name}:'")));
            }
        }
    }

    fn content(&mut self, request: &Request, masker: &mut Masker) {
        let content = &request.content;
        if content.length > content.bytes.len() as u64 || content.end == ContentEnd::CutOff {
            self.comments.push(format!(
                "its content is cut: {} of {} bytes are recorded",
                content.bytes.len(),
                content.length
            ));
        }
        if !has_content(request) {
            return;
        }
        if content.bytes.contains(&0) {
            self.comments.push(
                "its content holds a NUL, which no argument can: put it into content.bin".into(),
            );
            self.arguments.push(Text::own("--data-binary @content.bin"));
            return;
        }
        let shown = masker.content(request.fields.first("content-type"), &content.bytes);
        let word = masker.shell_word(&content.bytes, &shown);
        self.arguments.push(Text::own("--data-raw ").masked(&word));
    }

    fn finish(self) -> Text {
        let comments = self
            .comments
            .into_iter()
            .map(|words| format!("# {words}\n"));
        let comments = Text::own(comments.collect::<String>());
        let command = Text::own("curl ").then(&Text::joined(self.arguments, " \\\n  "));
        comments.then(&command).say("\n")
    }
}

/// From so many bytes on curl asks first whether content is wanted (`Expect: 100-continue`).
const EXPECTED_FROM: usize = 1024 * 1024;

fn has_content(request: &Request) -> bool {
    !request.content.bytes.is_empty() || request.fields.first("content-length") == Some(b"0")
}

fn is_number(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
}
