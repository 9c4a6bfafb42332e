//! curl's own variables: `--variable` sets them, `--expand-` options use them as `{{name}}`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::data::percent_encode;
use crate::import::shell::materials::Materials;
use crate::import::shell::word::Word;
use crate::import::{ErrorKind, ImportError};

/// The longest value after expansion.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The variables that a command has set so far.
#[derive(Default)]
pub(super) struct CurlVariables {
    set: BTreeMap<Vec<u8>, Word>,
}

impl CurlVariables {
    /// Takes a value of `--variable`: `name=content`, `name@file`, `%NAME` of the environment.
    ///
    /// # Errors
    /// When it has no such form, or what it names is not there.
    pub(super) fn set(
        &mut self,
        value: &Word,
        materials: &mut Materials<'_>,
    ) -> Result<(), ImportError> {
        let refused = |reason| {
            let option = "--variable";
            Err(ImportError::new(
                value.span,
                ErrorKind::Value { option, reason },
            ))
        };
        let imported = value.bytes.strip_prefix(b"%");
        let rest = imported.unwrap_or(&value.bytes);
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let end = rest
            .iter()
            .position(|byte| !is_name(byte))
            .unwrap_or(rest.len());
        let (name, content) = rest.split_at(end);
        if name.is_empty() {
            return refused("the variable has no name");
        }
        if imported.is_some() {
            let text = String::from_utf8_lossy(name);
            if let Some(known) = (materials.surroundings.variable)(&text) {
                self.set.insert(name.to_vec(), value.with_bytes(known));
                return Ok(());
            }
        }
        let content = match content.split_first() {
            Some((b'=', content)) => value.with_bytes(content),
            Some((b'@', path)) => materials.read(&value.with_bytes(path))?,
            // curl refuses this too: the environment does not have it.
            None if imported.is_some() => {
                return refused("the environment does not have this variable");
            }
            _ => return refused("a = or @ is expected after the name"),
        };
        self.set.insert(name.to_vec(), content);
        Ok(())
    }

    /// Puts values for `{{name}}` and `{{name:function}}`; `\{{` stands for itself.
    ///
    /// # Errors
    /// When a function is unknown or the result is too long.
    pub(super) fn expand(&self, word: &Word) -> Result<Word, ImportError> {
        let mut result = word.with_bytes(Vec::new());
        let mut rest = word.bytes.as_slice();
        while let Some(at) = memchr::memmem::find(rest, b"{{") {
            let (before, found) = rest.split_at(at);
            if let Some(kept) = before.strip_suffix(b"\\") {
                result.bytes.extend_from_slice(kept);
                result.bytes.extend_from_slice(b"{{");
                rest = found.get(2..).unwrap_or_default();
                continue;
            }
            result.bytes.extend_from_slice(before);
            let Some(end) = memchr::memmem::find(found, b"}}") else {
                rest = found;
                break;
            };
            let expression = found.get(2..end).unwrap_or_default();
            let value = self.value(expression, word)?;
            result.bytes.extend_from_slice(&value.bytes);
            result.unresolved.extend(value.unresolved);
            if result.bytes.len() > MAX_BYTES {
                return Err(ImportError::new(word.span, ErrorKind::TooMuch));
            }
            rest = found.get(end + 2..).unwrap_or_default();
        }
        result.bytes.extend_from_slice(rest);
        Ok(result)
    }

    /// A variable that is not set expands to nothing, as in curl.
    fn value(&self, expression: &[u8], at: &Word) -> Result<Word, ImportError> {
        let mut parts = expression.split(|byte| *byte == b':');
        let name = parts.next().unwrap_or_default();
        let empty = at.with_bytes(Vec::new());
        let mut value = self.set.get(name).cloned().unwrap_or(empty);
        for function in parts {
            value.bytes = match function {
                b"trim" => value.bytes.trim_ascii().to_vec(),
                b"url" => percent_encode(&value.bytes),
                b"b64" => STANDARD.encode(&value.bytes).into_bytes(),
                b"64dec" => STANDARD
                    .decode(&value.bytes)
                    .unwrap_or_else(|_invalid| b"[64dec-fail]".to_vec()),
                b"json" => json_escape(&value.bytes),
                _ => {
                    let option = "--expand";
                    let reason = "curl has no such function for a variable";
                    let kind = ErrorKind::Value { option, reason };
                    return Err(ImportError::new(at.span, kind));
                }
            };
            if value.bytes.len() > MAX_BYTES {
                return Err(ImportError::new(at.span, ErrorKind::TooMuch));
            }
        }
        Ok(value)
    }
}

/// The inside of a JSON string.
fn json_escape(bytes: &[u8]) -> Vec<u8> {
    let quoted = serde_json::to_vec(&String::from_utf8_lossy(bytes)).unwrap_or_default();
    let inside = quoted.get(1..quoted.len().saturating_sub(1));
    inside.unwrap_or_default().to_vec()
}
