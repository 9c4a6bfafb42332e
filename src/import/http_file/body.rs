//! The content of a request.

use std::path::Path;

use serde_json::Value;

use super::block::{Line, Written};
use super::values::Values;
use crate::import::address::escape;
use crate::import::javascript::as_javascript;
use crate::import::variables::around;
use crate::import::{ErrorKind, ImportError, Surroundings};

/// What a request says of its content.
pub(super) struct Kind<'a> {
    pub(super) content_type: &'a str,
    pub(super) is_graphql: bool,
}

/// The content as it is sent.
///
/// # Errors
/// When a file that it names cannot be read.
pub(super) fn content(
    written: &Written<'_>,
    kind: &Kind<'_>,
    values: &mut Values,
    surroundings: &Surroundings<'_>,
) -> Result<Vec<u8>, ImportError> {
    let content_type = kind.content_type.to_ascii_lowercase();
    let is_form = content_type.starts_with("application/x-www-form-urlencoded");
    let line_end = if content_type.starts_with("multipart/form-data") {
        "\r\n"
    } else {
        written.line_end
    };
    let mut join = |lines: &[Line<'_>]| joined(lines, is_form, line_end, values, surroundings);
    if kind.is_graphql {
        let blank = |line: &Line<'_>| line.text.trim().is_empty();
        let lines = &written.body;
        let end = lines.iter().position(blank).unwrap_or(lines.len());
        let query = join(lines.get(..end).unwrap_or_default())?;
        let variables = join(lines.get(end + 1..).unwrap_or_default())?;
        return Ok(graphql(&query, &variables));
    }
    let mut content = join(&written.body)?;
    if is_form {
        content = encoded(&without_layout(content));
    } else if content_type.starts_with("application/x-ndjson") && !content.is_empty() {
        content.extend_from_slice(line_end.as_bytes());
    }
    Ok(content)
}

fn joined(
    lines: &[Line<'_>],
    is_form: bool,
    line_end: &str,
    values: &mut Values,
    surroundings: &Surroundings<'_>,
) -> Result<Vec<u8>, ImportError> {
    let mut content = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        // The pairs of a form may stand on lines of their own.
        let goes_on = number == 0 || (is_form && line.text.starts_with('&'));
        if !goes_on {
            content.extend_from_slice(line_end.as_bytes());
        }
        match included(line.text) {
            Some((path, has_variables)) => {
                let path = values.resolve(path);
                let bytes = (surroundings.file)(Path::new(&path)).map_err(|error| {
                    ImportError::new(line.span(), ErrorKind::File { path, error })
                })?;
                if has_variables {
                    let text = values.resolve(&String::from_utf8_lossy(&bytes));
                    content.extend_from_slice(text.as_bytes());
                } else {
                    content.extend(bytes);
                }
            }
            None => content.extend_from_slice(values.resolve(line.text).as_bytes()),
        }
    }
    Ok(content)
}

/// `< FILE`, or `<@ FILE` and `<@latin1 FILE` for one whose variables are replaced.
fn included(line: &str) -> Option<(&str, bool)> {
    let rest = line.strip_prefix('<')?;
    let (mark, path) = rest.split_once([' ', '\t'])?;
    let path = path.trim();
    let is_mark = mark.is_empty() || mark.starts_with('@');
    (is_mark && !path.is_empty()).then_some((path, mark.starts_with('@')))
}

/// What JavaScript makes of `{query, variables}`; variables that are no JSON stay as they stand.
fn graphql(query: &[u8], variables: &[u8]) -> Vec<u8> {
    let query = Value::String(String::from_utf8_lossy(query).into_owned());
    let variables = match serde_json::from_slice::<Value>(variables) {
        Ok(variables) => as_javascript(variables).to_string(),
        Err(_) if variables.trim_ascii().is_empty() => "{}".to_owned(),
        Err(_) => String::from_utf8_lossy(variables).trim().to_owned(),
    };
    format!("{{\"query\":{query},\"variables\":{variables}}}").into_bytes()
}

/// JetBrains lets the pairs of a form stand on lines that end with `&`, with blanks around `=`.
fn without_layout(content: Vec<u8>) -> Vec<u8> {
    let is_laid_out = |line: &[u8]| line.trim_ascii_end().ends_with(b"&");
    let mut lines = content.split(|byte| *byte == b'\n');
    lines.next_back();
    if !lines.any(is_laid_out) {
        return content;
    }
    let pairs = content.split(|byte| *byte == b'&').map(|pair| {
        let parts = pair.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
        parts.collect::<Vec<_>>().join(&b'=')
    });
    pairs.collect::<Vec<_>>().join(&b'&')
}

/// What no URL may hold is percent-encoded; escapes stay.
fn encoded(content: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(content);
    let is_special = |c: char| c.is_control() || !c.is_ascii() || " \"<>`{|}\\^".contains(c);
    around(&text, |text| {
        escape(&without_broken_escapes(text), is_special)
    })
    .into_bytes()
}

/// A `%` that starts no escape is one that is meant.
fn without_broken_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take(2).filter(u8::is_ascii_hexdigit);
        let is_escape = digits.count() == 2;
        whole.extend([if is_escape { "%" } else { "%25" }, part]);
    }
    whole
}
