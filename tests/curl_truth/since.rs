//! Where versions of curl differ: the importer follows curl 8, and an older curl is known to do these
//! things otherwise.

use super::curl::Curl;
use super::recorder::Recorded;

/// A difference, and the version from which on curl does as the importer says.
struct Since {
    version: (u32, u32, u32),
    /// Makes what an older curl sent into what this version sends.
    update: fn(&mut Recorded),
}

const CHANGES: &[Since] = &[
    // The window that `--http2` offers is larger.
    Since {
        version: (8, 10, 0),
        update: |request| {
            for line in &mut request.lines {
                if line.starts_with(b"HTTP2-Settings: ") {
                    *line = b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA".to_vec();
                }
            }
        },
    },
    // A query without anything in it is left out.
    Since {
        version: (8, 8, 0),
        update: |request| {
            let line = &mut request.lines[0];
            if let Some(at) = line.windows(3).position(|window| window == b"? H") {
                line.remove(at);
            }
        },
    },
    // Small uploads are sent without asking first.
    Since {
        version: (8, 7, 0),
        update: |request| {
            let is_small =
                request.value("Content-Length").is_some() && request.body.len() <= 1024 * 1024;
            if is_small {
                request.lines.retain(|line| line != b"Expect: 100-continue");
            }
        },
    },
    // After nothing there is no `&`, and no `&` stands alone.
    Since {
        version: (8, 1, 0),
        update: |request| {
            let mut line = String::from_utf8_lossy(&request.lines[0]).into_owned();
            while line.contains("?&") || line.contains("&&") {
                line = line.replace("?&", "?").replace("&&", "&");
            }
            request.lines[0] = line.replace("? H", " H").into_bytes();
        },
    },
    // As for content.
    Since {
        version: (8, 1, 0),
        update: |request| {
            let before = request.body.len();
            while request.body.first() == Some(&b'&') {
                request.body.remove(0);
            }
            let length = |length: usize| format!("Content-Length: {length}").into_bytes();
            for line in &mut request.lines {
                if *line == length(before) {
                    *line = length(request.body.len());
                }
                let total = format!("/{before}");
                if line.starts_with(b"Content-Range: ") && line.ends_with(total.as_bytes()) {
                    line.truncate(line.len() - total.len());
                    line.extend_from_slice(format!("/{}", request.body.len()).as_bytes());
                }
            }
        },
    },
];

/// The request as the newest of these versions would have sent it.
pub fn as_of_now(curl: &Curl, sent: &Recorded) -> Recorded {
    let mut sent = sent.clone();
    for change in CHANGES {
        if curl.version < change.version {
            (change.update)(&mut sent);
        }
    }
    sent
}

/// What an older curl takes and a newer one refuses, by the importer's words.
const REFUSALS: &[((u32, u32, u32), &str)] = &[
    ((8, 0, 0), "it does not go with --range"),
    ((8, 3, 0), "has an empty value"),
    // There are more options that begin so.
    ((8, 14, 0), "is ambiguous"),
    ((8, 14, 0), "there is no such file"),
    ((8, 14, 0), "it is not a regular file"),
];

/// Whether all problems are of that kind.
pub fn all_refused_later(curl: &Curl, problems: &[String]) -> bool {
    problems.iter().all(|problem| {
        let mut known = REFUSALS.iter();
        known.any(|(version, end)| curl.version < *version && problem.contains(end))
    })
}
