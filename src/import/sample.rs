//! What the tests of the importers have in common.

use super::Imported;

/// The only request of an import without problems: its head and content.
pub(super) fn sent(imported: &Imported) -> String {
    assert_eq!(imported.problems, []);
    let [one] = imported.requests.as_slice() else {
        panic!("{} requests", imported.requests.len());
    };
    let request = &one.request;
    let target = String::from_utf8_lossy(&request.target);
    let mut text = format!("{} {}{target}\n", request.method, request.url.origin);
    for line in request.fields.lines() {
        let value = String::from_utf8_lossy(line.value());
        text.extend([&line.name_text(), ": ", &value, "\n"]);
    }
    text + "\n" + &String::from_utf8_lossy(&request.content.bytes)
}
