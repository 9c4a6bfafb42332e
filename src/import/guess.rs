//! What wrote a text, by what is in it. A file's name decides only what its content leaves open.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Format;

/// The format of a text; `None` when it could be anything.
pub fn guess(text: &[u8], file_name: Option<&str>) -> Option<Format> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let ending = file_name.and_then(|name| Some(name.rsplit_once('.')?.1.to_ascii_lowercase()));
    let ending = ending.as_deref().unwrap_or_default();
    if text.trim_ascii_start().starts_with(b"{") {
        return json(text).unwrap_or_else(|| {
            first_member(text).or(match ending {
                "har" => Some(Format::Har),
                "json" => Some(Format::Postman),
                _ => None,
            })
        });
    }
    let lines = || text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    if text.split(|byte| *byte == b'\n').any(is_type_of_insomnia) {
        return Some(Format::Insomnia);
    }
    if lines().any(is_block_of_bruno) || is_open_collection(text) {
        return Some(Format::Bruno);
    }
    if ending == "hurl" || lines().any(is_answer_of_hurl) {
        return Some(Format::Hurl);
    }
    let has_request = || lines().any(has_url);
    // Scripts have such comments, too, but hardly without a word in them.
    let separates = |line: &[u8]| line == b"###" || (line.starts_with(b"###") && has_request());
    if lines().any(separates) {
        return Some(Format::Http);
    }
    let start = lines().find(|line| !line.is_empty()).unwrap_or_default();
    if is_raw(start, ending) {
        return Some(Format::Raw);
    }
    let is_request_line = lines().find(|line| !is_aside(line)).is_some_and(has_url);
    if is_request_line {
        return Some(Format::Http);
    }
    let commands = ["invoke-webrequest", "invoke-restmethod"];
    let has_any = |line: &[u8]| {
        let line = line.to_ascii_lowercase();
        commands.iter().any(|command| has_command(&line, command))
    };
    if lines().any(has_any) {
        return Some(Format::PowerShell);
    }
    if lines().any(has_fetch) {
        return Some(Format::Fetch);
    }
    if lines().any(|line| has_command(line, "curl")) {
        return Some(Format::Curl);
    }
    if lines().any(|line| has_command(line, "http") || has_command(line, "https")) {
        return Some(Format::Httpie);
    }
    match ending {
        "bru" => Some(Format::Bruno),
        "har" => Some(Format::Har),
        "http" | "rest" => Some(Format::Http),
        _ => None,
    }
}

/// The first line of a message: `GET /path HTTP/1.1`, or a pseudo-header field. With a URL, a file
/// of REST Client looks the same: its name decides.
fn is_raw(line: &[u8], ending: &str) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target) = (words.next(), words.next().unwrap_or_default());
    let has_version = words.next().is_some_and(|word| word.starts_with(b"HTTP/"));
    let is_path = target.starts_with(b"/") || target == b"*";
    let is_file = matches!(ending, "http" | "rest") || target.starts_with(b"{{");
    let is_method = method.is_some_and(|word| word.iter().all(u8::is_ascii_uppercase));
    line.starts_with(b":") || (is_method && has_version && (is_path || !is_file))
}

/// Blank lines, comments and variables may stand before the request of a `.http` file.
fn is_aside(line: &[u8]) -> bool {
    matches!(line, [] | [b'#' | b'@', ..] | [b'/', b'/', ..])
}

/// A URL, or a method and a URL: `GET https://a.test`, `POST {{base}}/x`.
fn has_url(line: &[u8]) -> bool {
    let is_url = |word: &[u8]| {
        let starts = [&b"http://"[..], b"https://", b"{{"];
        starts.iter().any(|start| word.starts_with(start))
    };
    let mut words = line.split(u8::is_ascii_whitespace);
    let first = words.next().unwrap_or_default();
    let is_method = !first.is_empty() && first.iter().all(u8::is_ascii_uppercase);
    is_url(first) || (is_method && words.next().is_some_and(is_url))
}

/// The members that tell JSON formats apart. Their values are not read here.
#[derive(Deserialize)]
struct Members {
    info: Option<Info>,
    item: Option<IgnoredAny>,
    log: Option<Log>,
    /// With a version, of a collection of Bruno.
    items: Option<IgnoredAny>,
    version: Option<IgnoredAny>,
    #[serde(rename = "__export_format")]
    insomnia: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Info {
    schema: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Log {
    entries: Option<IgnoredAny>,
}

/// What JSON is by its members; `None` where it cannot be read.
fn json(text: &[u8]) -> Option<Option<Format>> {
    let members: Members = serde_json::from_slice(text).ok()?;
    let is_archive = members.log.is_some_and(|log| log.entries.is_some());
    let has_schema = members.info.is_some_and(|info| info.schema.is_some());
    Some(if members.insomnia.is_some() {
        Some(Format::Insomnia)
    } else if is_archive {
        Some(Format::Har)
    } else if members.item.is_some() || has_schema {
        Some(Format::Postman)
    } else if members.items.is_some() && members.version.is_some() {
        Some(Format::Bruno)
    } else {
        None
    })
}

/// Of JSON whose end is not at hand, the first member tells.
fn first_member(text: &[u8]) -> Option<Format> {
    let text = text
        .trim_ascii_start()
        .strip_prefix(b"{")?
        .trim_ascii_start();
    let is = |name: &[u8]| text.starts_with(name);
    if is(b"\"log\"") {
        Some(Format::Har)
    } else if is(b"\"info\"") || is(b"\"item\"") {
        Some(Format::Postman)
    } else if is(b"\"name\"") && memchr::memmem::find(text, b"\"items\"").is_some() {
        Some(Format::Bruno)
    } else if is(b"\"_type\"") || is(b"\"__export_format\"") {
        Some(Format::Insomnia)
    } else {
        None
    }
}

/// `type: collection.insomnia.rest/5.0`, at the start of a line.
fn is_type_of_insomnia(line: &[u8]) -> bool {
    line.strip_prefix(b"type:")
        .is_some_and(|rest| memchr::memmem::find(rest, b".insomnia.rest/").is_some())
}

/// `meta {`, with which every request of Bruno begins.
fn is_block_of_bruno(line: &[u8]) -> bool {
    line.strip_prefix(b"meta")
        .is_some_and(|rest| rest.trim_ascii() == b"{")
}

/// What Bruno writes in YAML: a collection, or a request by itself.
fn is_open_collection(text: &[u8]) -> bool {
    let lines = || text.split(|byte| *byte == b'\n');
    let has = |key: &[u8]| lines().any(|line| line.starts_with(key));
    has(b"opencollection:") || has(b"info:") && (has(b"http:") || has(b"graphql:"))
}

/// `HTTP 200`, a section or a capture: what only Hurl has behind a request.
fn is_answer_of_hurl(line: &[u8]) -> bool {
    let sections: [&[u8]; 4] = [
        b"[Captures]",
        b"[Asserts]",
        b"[QueryStringParams]",
        b"[FormParams]",
    ];
    let status = |start: &[u8]| {
        let rest = line.strip_prefix(start).unwrap_or_default();
        rest == b"*" || (rest.len() == 3 && rest.iter().all(u8::is_ascii_digit))
    };
    sections.contains(&line) || status(b"HTTP ")
}

/// Whether a line of JavaScript starts a call: `fetch(`, `await fetch(`, `const x = await fetch(`.
fn has_fetch(line: &[u8]) -> bool {
    memchr::memmem::find_iter(line, "fetch(").any(|at| {
        let before = line.get(..at).unwrap_or_default().trim_ascii_end();
        before.is_empty() || before.ends_with(b"await") || before.ends_with(b"=")
    })
}

/// Whether a line of a script runs that program: as its first word, or behind what starts another
/// command.
fn has_command(line: &[u8], program: &str) -> bool {
    memchr::memmem::find_iter(line, program).any(|at| {
        let (before, from) = line.split_at(at);
        let after = from.get(program.len()..).unwrap_or_default();
        let after = after.strip_prefix(b".exe").unwrap_or(after);
        let ends = matches!(after, [] | [b' ' | b'\t' | b'\\' | b'^', ..]);
        let starts = match before.trim_ascii_end() {
            [] => true,
            // A prompt, or the end of what came before: `$ curl`, `a && curl`, `$(curl`.
            [
                ..,
                b'$' | b'%' | b'>' | b'#' | b';' | b'|' | b'&' | b'(' | b'`',
            ] => true,
            [.., b'/' | b'\\'] => before.ends_with(b"/") || before.ends_with(b"\\"),
            // What comes before a command on its line: a variable, `time`, `sudo`.
            words => words.len() < before.len() && words.iter().all(|b| !b"'\"{".contains(b)),
        };
        ends && starts
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word(text: &str, name: &str) -> &'static str {
        guess(text.as_bytes(), Some(name)).map_or("?", Format::word)
    }

    #[test]
    fn the_content_tells_the_format() {
        for (text, format) in [
            ("curl https://a.test", "curl"),
            (
                "#!/bin/sh\nset -e\nTOKEN=x curl -s \\\n https://a.test",
                "curl",
            ),
            ("token=$(curl -s https://a.test)", "curl"),
            ("### set up\ncurl https://a.test\n### done", "curl"),
            ("### one\nGET https://a.test", "http"),
            ("C:\\> curl.exe ^\"https://a.test^\"", "curl"),
            ("/usr/bin/curl a.test", "curl"),
            ("\u{feff}{\"log\": {\"entries\": []}}", "har"),
            (" {\"log\": {\"entries\": []}}", "har"),
            ("{\"info\": {\"schema\": \"x\"}, \"item\": []}", "postman"),
            ("{\"item\": [{\"log\": 1}]}", "postman"),
            ("# @name a\n@b = c\n\nGET {{b}}/x\n", "http"),
            ("https://a.test\nAccept: */*\n", "http"),
            ("POST https://a.test\n\n# curl it", "http"),
            ("###\ncurl https://a.test", "http"),
            ("GET a.test", "?"),
            (
                "$session = New-Object X\nInvoke-WebRequest -Uri \"https://a.test\" `\n",
                "powershell",
            ),
            ("$r = invoke-restmethod @p", "powershell"),
            ("fetch(\"https://a.test\", {\n", "fetch"),
            ("const r = await fetch('https://a.test');", "fetch"),
            ("curl a.test # not fetch()", "curl"),
            ("GET /x HTTP/1.1\nHost: a.test\n", "raw"),
            ("POST https://a.test/x HTTP/1.1\r\n\r\ncurl x", "raw"),
            (":authority: a.test\n:method: GET\n", "raw"),
            ("GET {{base}}/x HTTP/1.1\n", "http"),
            ("{\"values\": []}", "?"),
            ("{", "?"),
            ("", "?"),
            ("curling is a sport", "?"),
            ("made with libcurl here", "?"),
            ("hello", "?"),
            ("http POST a.test/x a=b", "httpie"),
            ("GET https://a.test\nHTTP 200\n[Asserts]\n", "hurl"),
            (
                "meta {\n  name: a\n}\n\nget {\n  url: https://a.test\n}\n",
                "bruno",
            ),
            (
                "{\"_type\": \"export\", \"__export_format\": 4}",
                "insomnia",
            ),
        ] {
            assert_eq!(word(text, "x"), format, "{text}");
        }
    }

    #[test]
    fn exports_of_insomnia_and_bruno_are_known() {
        for (text, format) in [
            (
                "{\"name\": \"a\", \"version\": \"1\", \"items\": []}",
                "bruno",
            ),
            ("opencollection: 1.0.0\ninfo:\n  name: curl a\n", "bruno"),
            ("info:\n  name: a\nhttp:\n  url: https://a.test\n", "bruno"),
            (
                "type: collection.insomnia.rest/5.0\nname: curl a.test\nmeta: {\n",
                "insomnia",
            ),
            ("type: x\ninfo: y\n", "?"),
        ] {
            assert_eq!(word(text, "x"), format, "{text}");
        }
    }

    #[test]
    fn the_name_decides_what_the_content_leaves_open() {
        assert_eq!(word("{\"log\": {\"entries\": [", "x.har"), "har");
        assert_eq!(word("{\"item\": [", "x.json"), "postman");
        let cut = "{\"name\": \"a\", \"version\": \"1\", \"items\": [";
        assert_eq!(word(cut, "x.json"), "bruno");
        assert_eq!(word("{\"info\": {\"title\": \"an API\"}}", "x.json"), "?");
        assert_eq!(word("{\"item\": []}", "x.har"), "postman");
        assert_eq!(word("curl a.test", "x.har"), "curl");
        assert_eq!(word("GET a.test", "x.http"), "http");
        assert_eq!(word("GET https://a.test HTTP/1.1", "x.http"), "http");
        assert_eq!(word("GET /x HTTP/1.1", "x.http"), "raw");
    }

    proptest! {
        #[test]
        fn any_text_may_be_guessed(text: Vec<u8>, name: Option<String>) {
            guess(&text, name.as_deref());
        }
    }
}
