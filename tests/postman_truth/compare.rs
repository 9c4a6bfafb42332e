//! What newman sent beside what the importer says, request by request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Read;
use super::recorder::Recorded;

/// What is wrong with the request of that number, in words; nothing if both agree.
pub fn difference(number: usize, sent: &[Recorded], read: &Read) -> Option<String> {
    let sent = of(number, sent);
    let read_here = of(number, &read.requests);
    let wrong = match (sent, read_here) {
        (Some(sent), Some(read)) => normal(sent).difference(&normal(read))?,
        (Some(_), None) => "newman sends it, the importer refuses it".to_owned(),
        (None, Some(_)) => "newman does not send it, the importer reads it".to_owned(),
        (None, None) => return None,
    };
    let shown = |request: Option<&Recorded>| request.map_or_else(String::new, shown);
    Some(format!(
        "request {number}: {wrong}\n--- newman\n{}\n--- importer\n{}",
        shown(sent),
        shown(read_here)
    ))
}

/// Each has its number in its path.
fn of(number: usize, requests: &[Recorded]) -> Option<&Recorded> {
    let mark = format!("/n{number}-");
    requests
        .iter()
        .find(|request| String::from_utf8_lossy(&request.lines[0]).contains(&mark))
}

/// A request without what is made up for each.
fn normal(request: &Recorded) -> Recorded {
    let first = request.body.split(|byte| *byte == b'\r').next();
    let boundary = first.and_then(|line| line.strip_prefix(b"----"));
    let boundary = boundary.map(|boundary| format!("--{}", String::from_utf8_lossy(boundary)));
    let plain = |bytes: &[u8]| {
        // Each byte as a character, so that all of them can be told apart.
        let mut text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        if let Some(boundary) = &boundary {
            text = text.replace(boundary, "BOUNDARY");
        }
        made_up(&text)
    };
    let own_length = format!("Content-Length: {}", request.body.len()).into_bytes();
    let lines = request.lines.iter().enumerate().map(|(at, line)| {
        if at == 0 {
            return readable(&plain(line)).into_bytes();
        }
        if let Some(user) = user(line) {
            return plain(&user).into_bytes();
        }
        if *line == own_length {
            return b"Content-Length: *".to_vec();
        }
        if line.starts_with(b"User-Agent: PostmanRuntime/") {
            return b"User-Agent: PostmanRuntime/*".to_vec();
        }
        plain(line).into_bytes()
    });
    Recorded {
        lines: lines.collect(),
        body: readable(&plain(&request.body)).into_bytes(),
    }
}

/// Variables that nothing defines stay readable in an import, where newman escapes their braces.
fn readable(line: &str) -> String {
    let mut line = line.replace("%7B%7B", "{{").replace("%7D%7D", "}}");
    let mut from = 0;
    while let Some(at) = line[from..].find("{{") {
        let start = from + at;
        let Some(end) = line[start..].find("}}") else {
            break;
        };
        let name = line[start..start + end].replace("%20", " ");
        from = start + name.len();
        line.replace_range(start..start + end, &name);
    }
    line
}

/// User and password, which an import leaves readable where they hold variables.
fn user(line: &[u8]) -> Option<Vec<u8>> {
    let user = line.strip_prefix(b"Authorization: Basic ")?;
    let decoded = STANDARD.decode(user).unwrap_or_else(|_plain| user.to_vec());
    Some([b"Authorization: Basic, ".as_slice(), &decoded].concat())
}

/// Puts the names of what Postman makes up for its values.
fn made_up(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (taken, name) = if is_guid(rest) {
            (36, "{{$guid}}")
        } else if is_timestamp(rest) && !result.ends_with(|c: char| c.is_ascii_digit()) {
            (10, "{{$timestamp}}")
        } else {
            result.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        result.push_str(name);
        rest = &rest[taken..];
    }
    result
}

fn is_guid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 36
        && bytes[..36].iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Ten digits, of this century's first half.
fn is_timestamp(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits == 10 && (text.starts_with("17") || text.starts_with("18"))
}

fn shown(request: &Recorded) -> String {
    let mut text = String::new();
    for line in &request.lines {
        text.push_str(&format!("{}\n", line.escape_ascii()));
    }
    format!("{text}\n{}", request.body.escape_ascii())
}
