//! What curl sent beside what the importer says.

use super::command::Command;
use super::curl::Curl;
use super::recorder::Recorded;
use super::run::{Ran, Read};
use super::since;

/// What is wrong, in words; nothing if both agree.
pub fn difference(curl: &Curl, command: &Command, ran: &Ran, read: &Read) -> Option<String> {
    let wrong = verdict(curl, ran, read)?;
    Some(format!(
        "{wrong}\n--- {} -c\n{}\n--- config\n{}--- curl: exit {} {}{}--- importer: {:?}\n{}",
        command.shell.program(),
        command.text,
        command.config,
        ran.code,
        ran.words,
        shown(&ran.sent),
        read.problems,
        shown(&read.sent),
    ))
}

fn verdict(curl: &Curl, ran: &Ran, read: &Read) -> Option<String> {
    // curl goes on after a URL that it refuses, and ends as its last one did.
    let told = |code: &&i32| ran.words.contains(&format!("curl: ({code})"));
    let code = match ran.code {
        0 => REFUSALS.iter().find(told).copied().unwrap_or(0),
        FAILED_BY_ANSWER => 0,
        code => code,
    };
    match (code, read.problems.as_slice()) {
        (0, []) => requests(curl, &ran.sent, &read.sent),
        (0, problems) if since::all_refused_later(curl, problems) => None,
        (0, _) => Some("curl sends it, the importer refuses it".to_owned()),
        (code, []) if REFUSALS.contains(&code) => {
            Some("curl refuses it, the importer does not".to_owned())
        }
        (code, _) if REFUSALS.contains(&code) => None,
        (code, _) => Some(format!("curl fails with {code}: the test is wrong")),
    }
}

/// What curl ends with when it sends nothing: an unsupported protocol, an option, a URL, a
/// feature, an upload, a file, a function argument, a login that is not allowed.
const REFUSALS: [i32; 8] = [1, 2, 3, 4, 25, 26, 43, 67];

/// What `--fail-with-body` ends with after an answer.
const FAILED_BY_ANSWER: i32 = 22;

fn requests(curl: &Curl, sent: &[Recorded], read: &[Recorded]) -> Option<String> {
    let mut sent = last_of_challenged(sent);
    if sent.len() > read.len() {
        // Content that is empty anyway looks the same before and after a challenge.
        let is_empty = |request: &Recorded| request.value("Content-Length").as_deref() == Some("0");
        sent.dedup_by(|again, before| again.lines == before.lines && is_empty(before));
    }
    if sent.len() != read.len() {
        return Some(format!("{} requests, not {}", sent.len(), read.len()));
    }
    let mut pairs = sent.iter().zip(read).enumerate();
    pairs.find_map(|(number, (sent, read))| {
        let sent = since::as_of_now(curl, sent);
        let read = since::as_of_now(curl, read);
        let wrong = normal(&sent).difference(&normal(&read))?;
        Some(format!("request {}: {wrong}", number + 1))
    })
}

/// Of a request that was challenged, the importer gives one.
fn last_of_challenged(sent: &[Recorded]) -> Vec<Recorded> {
    let mut kept: Vec<Recorded> = Vec::new();
    for request in sent {
        let is_answer = request
            .value("Authorization")
            .is_some_and(|value| value.starts_with("Digest"));
        // Content that may have to be sent again is left out before the challenge.
        let is_again = |before: &Recorded| {
            let was_empty = before.value("Content-Length").as_deref() == Some("0");
            was_empty && !request.body.is_empty() && before.lines[0] == request.lines[0]
        };
        if is_answer || kept.last().is_some_and(is_again) {
            kept.pop();
        }
        kept.push(request.clone());
    }
    kept
}

/// A request without what is made up for each.
fn normal(request: &Recorded) -> Recorded {
    let mut body = request.body.clone();
    let boundary = boundary(request);
    if let Some(boundary) = &boundary {
        body = replaced(&body, boundary.as_bytes(), b"BOUNDARY");
        // A multipart/mixed inside has one of its own.
        while let Some(inner) = inner_boundary(&body) {
            body = replaced(&body, &inner, b"INNER");
        }
    }
    let own_length = format!("Content-Length: {}", request.body.len()).into_bytes();
    let mut lines = Vec::new();
    for line in &request.lines {
        let starts = |start: &str| line.starts_with(start.as_bytes());
        let is_signature = starts("Authorization: ")
            && String::from_utf8_lossy(line).contains("4-HMAC-SHA256 ")
            || starts("X-Amz-Date: ")
            || starts("X-Osc-Date: ");
        if starts("Authorization: Digest ") || is_signature {
            continue;
        }
        lines.push(match &boundary {
            _ if starts("User-Agent: curl/") => b"User-Agent: curl/*".to_vec(),
            Some(_) if *line == own_length => b"Content-Length: *".to_vec(),
            Some(boundary) => replaced(line, boundary.as_bytes(), b"BOUNDARY"),
            None => line.clone(),
        });
    }
    Recorded { lines, body }
}

fn boundary(request: &Recorded) -> Option<String> {
    let content_type = request.value("Content-Type")?;
    let (_, boundary) = content_type.split_once("; boundary=")?;
    boundary
        .starts_with("--------")
        .then(|| boundary.to_owned())
}

fn inner_boundary(body: &[u8]) -> Option<Vec<u8>> {
    const BEFORE: &[u8] = b"multipart/mixed; boundary=-";
    let at = body
        .windows(BEFORE.len())
        .position(|window| window == BEFORE)?;
    let rest = &body[at + BEFORE.len() - 1..];
    let end = rest.iter().position(|byte| *byte == b'\r')?;
    Some(rest[..end].to_vec())
}

fn replaced(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(old.len()).position(|window| window == old) {
        result.extend_from_slice(&rest[..at]);
        result.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    result.extend_from_slice(rest);
    result
}

fn shown(requests: &[Recorded]) -> String {
    let mut text = String::new();
    for request in requests {
        for line in &request.lines {
            text.push_str(&format!("{}\n", String::from_utf8_lossy(line)));
        }
        let body = &request.body[..request.body.len().min(1500)];
        text.push_str(&format!("\n{}\n", body.escape_ascii()));
    }
    text
}
