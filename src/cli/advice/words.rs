//! "Did you mean".

/// What was probably meant, among a few names.
pub(crate) fn nearest<'a>(wanted: &str, known: &'a [impl AsRef<str>]) -> Option<&'a str> {
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(wanted, name);
    known
        .iter()
        .map(AsRef::as_ref)
        .filter(|name| name.len().max(wanted.len()) <= 200)
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_spelt_alike_is_proposed() {
        let known = ["get-orders", "login"];
        assert_eq!(nearest("get-order", &known), Some("get-orders"));
        assert_eq!(nearest("zzz", &known), None);
        assert_eq!(nearest(&"x".repeat(9000), &known), None);
    }
}
