//! What a scalar stands for.

use saphyr_parser::{ScalarStyle, Tag};
use serde_json::Value;

/// The value of a scalar (YAML 1.2.2, section 10.3.2).
pub(super) fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_text = tag.is_some_and(|tag| !tag.is_yaml_core_schema() || tag.suffix == "str");
    if style != ScalarStyle::Plain || is_text {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A number, as JavaScript writes it: what has no place in JSON is the text that JavaScript makes of it.
fn number(text: &str) -> Option<Value> {
    let radix = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(Value::from);
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16).filter(|_| !digits.starts_with('+'));
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8).filter(|_| !digits.starts_with('+'));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let is_part = |c: char| c.is_ascii_digit() || ".eE+-".contains(c);
    if !unsigned.chars().all(is_part) {
        return None;
    }
    let number = text.parse::<f64>().ok()?;
    // Up to 2^53 whole numbers are exact.
    if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
        return format!("{number:.0}").parse::<i64>().ok().map(Value::from);
    }
    let written = if (1e-6..1e21).contains(&number.abs()) {
        number.to_string()
    } else {
        let written = format!("{number:e}");
        match written.split_once('e') {
            Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
            _ => written,
        }
    };
    let value = Value::from(number);
    let in_json = value.to_string();
    Some(if in_json == written {
        value
    } else {
        Value::String(written)
    })
}
