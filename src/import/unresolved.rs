//! Variables that a request still holds: `$TOKEN`, `{{token}}`.

use super::shell::MAX_UNRESOLVED;
use crate::model::Request;

/// The longest name between `{{` and `}}`.
const MAX_NAME_BYTES: usize = 64;

/// The variables of a request, each once, in the order in which they are met.
///
/// What a shell leaves behind is known by name; braces are found by their shape.
pub(super) fn of(request: &Request, mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names.truncate(MAX_UNRESOLVED);
    let mut found = Found::default();
    for text in &texts(request) {
        let mut here: Vec<(usize, String)> = templates(text);
        for name in &names {
            let at = memchr::memmem::find(text, name.as_bytes());
            here.extend(at.map(|at| (at, name.clone())));
        }
        here.sort();
        for (_, name) in here {
            found.add(name);
        }
    }
    found.names
}

#[derive(Default)]
struct Found {
    names: Vec<String>,
}

impl Found {
    fn add(&mut self, name: String) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }
}

fn texts(request: &Request) -> Vec<&[u8]> {
    let host = request.url.origin.host.as_bytes();
    let lines = request.fields.lines().iter();
    let fields = lines.flat_map(|line| [line.name(), line.raw_value()]);
    [request.method.as_bytes(), host, &request.target]
        .into_iter()
        .chain(fields)
        .chain([request.content.bytes.as_slice()])
        .collect()
}

/// All `{{name}}` of a text, with their places.
fn templates(text: &[u8]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(text, b"{{") {
        let after = text.get(at + 2..).unwrap_or_default();
        let near = after
            .get(..after.len().min(MAX_NAME_BYTES + 2))
            .unwrap_or_default();
        let Some(end) = memchr::memmem::find(near, b"}}") else {
            continue;
        };
        let name = near.get(..end).unwrap_or_default();
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.$ ".contains(byte);
        if !name.trim_ascii().is_empty() && name.iter().all(is_name) {
            let name = String::from_utf8_lossy(name);
            found.push((at, format!("{{{{{name}}}}}")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_have_names_and_json_has_none() {
        let found = templates(b"Bearer {{token}} {{ base url }} {\"a\":{{}}} {{a\"b}}");
        let names: Vec<String> = found.into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["{{token}}", "{{ base url }}"]);
    }
}
