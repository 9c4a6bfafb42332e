//! Percent-encoding (RFC 3986 section 2.1).

/// Decodes `%XX` once; anything else, a broken escape included, stays as it is.
pub fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        match rest {
            [] => return decoded,
            [b'%', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                decoded.push(hex(*high) * 16 + hex(*low));
                rest = after;
            }
            [byte, after @ ..] => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit
            .to_ascii_uppercase()
            .saturating_sub(b'A')
            .wrapping_add(10),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(percent_decode(b"a%2Bb%2b%252B%zz%4"), b"a+b+%2B%zz%4");
    }

    proptest! {
        #[test]
        fn decoding_what_was_encoded_gives_it_back(bytes: Vec<u8>) {
            let encoded: String = bytes.iter().map(|b| format!("%{b:02X}")).collect();
            prop_assert_eq!(percent_decode(encoded.as_bytes()), bytes);
        }
    }
}
