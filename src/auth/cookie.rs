//! Cookies sent (RFC 6265bis section 5.8).

use crate::model::FieldSection;

/// A cookie of a request, as sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    /// The name.
    pub name: String,
    /// The value, nothing decoded.
    pub value: Vec<u8>,
}

impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cookie({}, {} bytes)", self.name.len(), self.value.len())
    }
}

/// The cookies of a request in order, all `Cookie` lines taken together.
pub fn cookies(fields: &FieldSection) -> Vec<Cookie> {
    fields
        .all("cookie")
        .flat_map(|line| line.value().split(|b| *b == b';'))
        .filter_map(pair)
        .collect()
}

/// A pair without `=` is a nameless value (RFC 6265bis); an empty one is nothing.
fn pair(pair: &[u8]) -> Option<Cookie> {
    let pair = pair.trim_ascii();
    let (name, value) = match pair.iter().position(|b| *b == b'=') {
        Some(at) => pair.split_at(at),
        None => (&[][..], pair),
    };
    let value = value.strip_prefix(b"=").unwrap_or(value);
    let name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
    (!pair.is_empty()).then(|| Cookie {
        name,
        value: value.trim_ascii().to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{FieldLine, Provenance};

    #[test]
    fn cookies_of_all_lines_stand_in_order() {
        let lines = vec![
            FieldLine::new("Cookie", "a=1; b=x=y;;  c = 2 "),
            FieldLine::new("Accept", "*/*"),
            FieldLine::new("cookie", "a=3; lone"),
        ];
        let sent = cookies(&FieldSection::from_lines(lines, Provenance::Wire));
        let pairs: Vec<_> = sent
            .iter()
            .map(|c| (c.name.as_str(), &c.value[..]))
            .collect();
        let expected: [(&str, &[u8]); 5] = [
            ("a", b"1"),
            ("b", b"x=y"),
            ("c", b"2"),
            ("a", b"3"),
            ("", b"lone"),
        ];
        assert_eq!(pairs, expected);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(value: Vec<u8>) {
            let line = FieldLine::new("cookie", &value);
            for cookie in cookies(&FieldSection::from_lines(vec![line], Provenance::Wire)) {
                prop_assert!(!cookie.value.contains(&b';') && !cookie.name.contains('='));
            }
        }
    }
}
