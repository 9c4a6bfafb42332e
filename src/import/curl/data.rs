//! The values of `-d` and its kin.

use super::options::Role;
use crate::import::ImportError;
use crate::import::shell::materials::Materials;
use crate::import::shell::word::Word;

/// What one of `--data`, `--data-binary`, `--data-raw`, `--data-urlencode` and `--json` adds to the
/// content.
///
/// # Errors
/// When a file that the value names cannot be read.
pub(super) fn value(
    role: Role,
    value: &Word,
    materials: &mut Materials<'_>,
) -> Result<Word, ImportError> {
    if role == Role::DataUrlencode {
        return urlencoded(value, materials);
    }
    let path = match value.bytes.strip_prefix(b"@") {
        Some(path) if role != Role::DataRaw => value.with_bytes(path),
        _ => return Ok(value.clone()),
    };
    let mut content = materials.read(&path)?;
    if role == Role::Data {
        // curl reads this one as text and leaves line ends and NUL out.
        content
            .bytes
            .retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    }
    Ok(content)
}

/// `content`, `=content`, `name=content`, `@file` or `name@file`: only the content is encoded.
fn urlencoded(value: &Word, materials: &mut Materials<'_>) -> Result<Word, ImportError> {
    let separator = |wanted: u8| value.bytes.iter().position(|byte| *byte == wanted);
    let at = separator(b'=').or_else(|| separator(b'@'));
    let (name, rest) = match at {
        Some(at) => value.bytes.split_at(at),
        None => (&[][..], value.bytes.as_slice()),
    };
    let content = match rest.split_first() {
        Some((b'@', path)) if at.is_some() => materials.read(&value.with_bytes(path))?,
        Some((_separator, content)) if at.is_some() => value.with_bytes(content),
        _ => value.with_bytes(rest),
    };
    let mut encoded = name.to_vec();
    // Of an empty file curl sends not even the name.
    if content.bytes.is_empty() && rest.starts_with(b"@") {
        return Ok(value.with_bytes(Vec::new()));
    }
    if !name.is_empty() {
        encoded.push(b'=');
    }
    encoded.extend(form_encode(&content));
    let mut encoded = value.with_bytes(encoded);
    encoded.unresolved.extend(content.unresolved);
    Ok(encoded)
}

/// Percent-encodes all but unreserved characters, a space as `+`. Variables that nothing defines
/// stay readable.
fn form_encode(content: &Word) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(content.bytes.len());
    let mut rest = content.bytes.as_slice();
    while let Some((byte, after)) = rest.split_first() {
        let unresolved = content.unresolved.iter().map(String::as_bytes);
        let is_start = matches!(byte, b'$' | b'`' | b'<');
        if is_start && let Some(text) = unresolved.into_iter().find(|text| rest.starts_with(text)) {
            encoded.extend_from_slice(text);
            rest = rest.get(text.len().max(1)..).unwrap_or_default();
            continue;
        }
        match byte {
            b' ' => encoded.push(b'+'),
            byte => push_escaped(&mut encoded, *byte),
        }
        rest = after;
    }
    encoded
}

/// Percent-encodes all but unreserved characters (RFC 3986 section 2.3).
pub(super) fn percent_encode(bytes: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(bytes.len());
    for byte in bytes {
        push_escaped(&mut encoded, *byte);
    }
    encoded
}

fn push_escaped(encoded: &mut Vec<u8>, byte: u8) {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        encoded.push(byte);
    } else {
        encoded.extend_from_slice(format!("%{byte:02X}").as_bytes());
    }
}
