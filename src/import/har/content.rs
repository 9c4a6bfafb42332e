//! The content of a request, as its bytes were sent.
//!
//! An archive holds text, and programs turn bytes into text in their own ways. Which one it was is
//! told by the Content-Length that was sent.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_bytes::ByteBuf;
use serde_json::Value;

use super::archive::read;
use super::scan::{Fault, Kept};
use crate::model::FieldSection;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PostData {
    mime_type: Option<String>,
    encoding: Option<String>,
    text: Option<ByteBuf>,
    params: Option<Parameters>,
}

/// The parameters of a form, as many as a form may have: empty ones are short, but not for memory.
#[derive(Default)]
struct Parameters(Vec<Value>);

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ParametersVisitor)
    }
}

struct ParametersVisitor;

impl<'de> Visitor<'de> for ParametersVisitor {
    type Value = Parameters;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of parameters")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Parameters, A::Error> {
        let mut parameters = Vec::new();
        while let Some(parameter) = list.next_element()? {
            if parameters.len() >= MAX_PARAMETERS {
                return Err(A::Error::custom("too many parameters"));
            }
            parameters.push(parameter);
        }
        Ok(Parameters(parameters))
    }
}

/// The bytes of the content; `size` is how many there are, as far as the archive tells.
///
/// # Errors
/// When what the archive holds of it cannot be read.
pub(super) fn content(
    kept: Option<&Kept>,
    fields: &FieldSection,
    size: Option<i64>,
    warnings: &mut Vec<String>,
) -> Result<Vec<u8>, Fault> {
    let sent = content_length(fields);
    let data = match kept {
        Some(kept) if kept.text.is_none() => {
            warnings.push(TOO_LONG.to_owned());
            return Ok(Vec::new());
        }
        Some(kept) => read::<Option<PostData>>(kept, NO_CONTENT)?.unwrap_or_default(),
        None => PostData::default(),
    };
    let text = data.text.map(ByteBuf::into_vec).unwrap_or_default();
    let Parameters(parameters) = data.params.unwrap_or_default();
    if text.is_empty() && !parameters.is_empty() {
        let is_form = data.mime_type.unwrap_or_default();
        if is_form.starts_with("application/x-www-form-urlencoded") {
            warnings.push(FROM_PARAMETERS.to_owned());
            return Ok(form(&parameters, sent));
        }
        warnings.push(NO_FORM.to_owned());
        return Ok(Vec::new());
    }
    let is_base64 = data.encoding.as_deref() == Some("base64");
    let bytes = match STANDARD.decode(&text) {
        Ok(bytes) if is_base64 => bytes,
        Ok(_) | Err(_) => as_sent(text, sent),
    };
    let length = bytes.len() as u64;
    if bytes.is_empty() && (sent.is_some_and(|sent| sent > 0) || size.is_some_and(|size| size > 0))
    {
        warnings.push(LEFT_OUT.to_owned());
    } else if sent.is_some_and(|sent| sent != length) {
        warnings.push(OTHER_LENGTH.to_owned());
    } else if sent.is_none() && memchr::memmem::find(&bytes, REPLACED).is_some() {
        warnings.push(NOT_TEXT.to_owned());
    }
    Ok(bytes)
}

fn content_length(fields: &FieldSection) -> Option<u64> {
    fields.first_text("content-length")?.trim().parse().ok()
}

/// The bytes that a text stands for.
fn as_sent(text: Vec<u8>, sent: Option<u64>) -> Vec<u8> {
    let text = without_escaped_bytes(text);
    let Some(sent) = sent.filter(|sent| *sent != text.len() as u64) else {
        return without_own_head(&text).unwrap_or(text);
    };
    if let Some(content) = without_own_head(&text) {
        return content;
    }
    // A character for each byte, as Firefox does it.
    let Ok(characters) = std::str::from_utf8(&text) else {
        return text;
    };
    let bytes: Option<Vec<u8>> = characters.chars().map(|c| u8::try_from(c).ok()).collect();
    bytes
        .filter(|bytes| bytes.len() as u64 == sent)
        .unwrap_or(text)
}

/// Python programs write a byte that is no UTF-8 as half of a surrogate pair: U+DC80 to U+DCFF.
fn without_escaped_bytes(text: Vec<u8>) -> Vec<u8> {
    if memchr::memchr(0xed, &text).is_none() {
        return text;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_slice();
    while let Some((first, behind)) = rest.split_first() {
        match rest {
            [0xed, high @ 0xb2..=0xb3, low, behind @ ..] => {
                bytes.push((high << 6) | (low & 0x3f));
                rest = behind;
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    bytes
}

/// Firefox puts the header fields of a form before its content.
fn without_own_head(text: &[u8]) -> Option<Vec<u8>> {
    let head = text.get(..text.len().min(LONGEST_HEAD))?;
    if !head.get(..8)?.eq_ignore_ascii_case(b"content-") {
        return None;
    }
    let end = memchr::memmem::find(head, b"\r\n\r\n")?;
    let (head, content) = (text.get(..end)?, text.get(end + 4..)?);
    let says_length = std::str::from_utf8(head).ok()?.split("\r\n").any(|line| {
        line.split_once(':').is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("content-length") && value.trim().parse() == Ok(content.len())
        })
    });
    says_length.then(|| content.to_vec())
}

/// A form from its list of parameters, which some programs decode and others do not.
fn form(parameters: &[Value], sent: Option<u64>) -> Vec<u8> {
    let joined = |write: fn(&str) -> String| {
        let pairs: Vec<String> = parameters
            .iter()
            .map(|pair| {
                let text = |name: &str| pair.get(name).and_then(Value::as_str).unwrap_or_default();
                format!("{}={}", write(text("name")), write(text("value")))
            })
            .collect();
        pairs.join("&")
    };
    let (raw, encoded) = (joined(str::to_owned), joined(encoded));
    let has_length = |text: &String| sent == Some(text.len() as u64);
    let is_decoded = parameters.iter().any(|pair| {
        let text = |name: &str| pair.get(name).and_then(Value::as_str).unwrap_or_default();
        [text("name"), text("value")].iter().any(|text| {
            let stands_for_more = |c: char| !c.is_ascii_graphic() || matches!(c, '&' | '#');
            text.contains(stands_for_more)
        })
    });
    if has_length(&encoded) || (is_decoded && !has_length(&raw)) {
        return encoded.into_bytes();
    }
    raw.into_bytes()
}

/// As a browser writes a name or a value of a form.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => out.extend(format!("%{byte:02X}").chars()),
        }
    }
    out
}

/// U+FFFD, which stands for bytes that are no text.
const REPLACED: &[u8] = b"\xef\xbf\xbd";

const MAX_PARAMETERS: usize = 100_000;
const LONGEST_HEAD: usize = 512;

const FROM_PARAMETERS: &str = "the content is put together from its parameters";
const LEFT_OUT: &str = "the file does not hold the content of this request";
const NO_CONTENT: &str = "its \"postData\" is no content of a request";
const NO_FORM: &str = "the content of the form is not in the file";
const NOT_TEXT: &str = "the content is not what was sent: bytes that are no text were replaced";
const OTHER_LENGTH: &str = "the content is not what was sent: it has another length than the \
                            Content-Length says";
const TOO_LONG: &str = "the content is larger than an import reads: it is left out";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::import::har::scan::Scanner;
    use crate::model::{FieldLine, Provenance};

    fn of_text(text: &str, length: Option<&str>) -> (Vec<u8>, Vec<String>) {
        let kept = Scanner::new(text.as_bytes(), 0).keep(1000).unwrap();
        let lines = length.map(|length| FieldLine::new("content-length", length));
        let fields = FieldSection::from_lines(lines.into_iter().collect(), Provenance::Import);
        let mut warnings = Vec::new();
        let content = content(Some(&kept), &fields, None, &mut warnings).unwrap();
        (content, warnings)
    }

    fn of(data: &Value, length: Option<&str>) -> (Vec<u8>, Vec<String>) {
        of_text(&data.to_string(), length)
    }

    #[test]
    fn the_length_tells_how_bytes_became_text() {
        let data = json!({"text": "caf\u{e9}"});
        assert_eq!(of(&data, Some("5")).0, "caf\u{e9}".as_bytes());
        assert_eq!(of(&data, Some("4")).0, b"caf\xe9");
        let (bytes, warnings) = of(&data, Some("9"));
        assert_eq!((bytes.len(), warnings), (5, vec![OTHER_LENGTH.to_owned()]));
    }

    #[test]
    fn bytes_of_python_are_bytes_again() {
        let (bytes, warnings) = of_text(r#"{"text": "a\udcff\udc80b"}"#, Some("4"));
        assert_eq!((bytes.as_slice(), warnings.len()), (&b"a\xff\x80b"[..], 0));
    }

    #[test]
    fn replaced_bytes_are_said() {
        assert_eq!(of(&json!({"text": "a\u{fffd}"}), None).1, [NOT_TEXT]);
    }

    #[test]
    fn the_head_of_a_form_is_no_content() {
        let text =
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1";
        assert_eq!(of(&json!({"text": text}), Some("3")).0, b"a=1");
        assert_eq!(of(&json!({"text": text}), None).0, b"a=1");
        let other = text.replace("h: 3", "h: 4");
        assert_eq!(of(&json!({"text": other}), None).0, other.as_bytes());
    }

    #[test]
    fn parameters_are_encoded_unless_they_are_already() {
        let form = |value: &str, length| {
            let mime = "application/x-www-form-urlencoded; charset=UTF-8";
            let data = json!({"mimeType": mime, "params": [{"name": "a", "value": value}]});
            String::from_utf8(of(&data, length).0).unwrap()
        };
        assert_eq!(form("x y&z", None), "a=x+y%26z");
        assert_eq!(form("x%20y", None), "a=x%20y");
        assert_eq!(form("x%20y", Some("7")), "a=x%20y");
        assert_eq!(form("x%20y", Some("9")), "a=x%2520y");
    }

    #[test]
    fn what_is_not_there_is_said() {
        assert_eq!(of(&json!({"mimeType": "a/b"}), Some("3")).1, [LEFT_OUT]);
        assert!(
            of(&json!({"mimeType": "", "text": ""}), Some("0"))
                .1
                .is_empty()
        );
        assert!(of(&Value::Null, None).1.is_empty());
        let many = json!({"text": "x".repeat(2000)});
        assert_eq!(of(&many, None), (Vec::new(), vec![TOO_LONG.to_owned()]));
    }

    #[test]
    fn parameters_have_an_end() {
        let text = format!("{{\"params\": [{}1]}}", "1,".repeat(MAX_PARAMETERS));
        let kept = Scanner::new(text.as_bytes(), 0).keep(usize::MAX).unwrap();
        let fields = FieldSection::default();
        let fault = content(Some(&kept), &fields, None, &mut Vec::new()).unwrap_err();
        assert_eq!(fault.kind.to_string(), NO_CONTENT);
    }

    proptest! {
        #[test]
        fn any_content_is_its_bytes_in_base64(bytes: Vec<u8>) {
            let data = json!({"encoding": "base64", "text": STANDARD.encode(&bytes[..bytes.len().min(600)])});
            prop_assert_eq!(of(&data, None).0, &bytes[..bytes.len().min(600)]);
        }

        #[test]
        fn any_text_is_read(text: String, length: Option<u8>) {
            let text = text.chars().take(100).collect::<String>();
            let length = length.map(|length| length.to_string());
            let (bytes, _) = of(&json!({"text": text}), length.as_deref());
            prop_assert!(bytes.len() <= text.len());
        }
    }
}
