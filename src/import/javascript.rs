//! What JavaScript does to JSON that it reads and writes.

use serde_json::Value;

/// What JavaScript makes of JSON: no `1.0`, and names that are numbers come first.
pub(super) fn as_javascript(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0);
            let text = whole
                .filter(|number| number.abs() < 1e15)
                .map(|number| format!("{number:.0}"));
            let plain = text.and_then(|text| text.parse::<i64>().ok());
            plain.map_or(Value::Number(number), Value::from)
        }
        Value::Array(values) => values.into_iter().map(as_javascript).collect(),
        Value::Object(map) => {
            let rows = map
                .into_iter()
                .map(|(name, value)| (name, as_javascript(value)));
            let number = |name: &str| {
                let number = name.parse::<u32>().ok()?;
                (number < u32::MAX && number.to_string() == name).then_some(number)
            };
            let mut rows: Vec<(String, Value)> = rows.collect();
            // The sort keeps the order of the others.
            rows.sort_by_key(|(name, _)| (number(name).is_none(), number(name)));
            Value::Object(rows.into_iter().collect())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_names_that_are_numbers_come_first() {
        let of = |text: &str| as_javascript(serde_json::from_str(text).unwrap()).to_string();
        assert_eq!(
            of(r#"{"b":[1.0,-2.50,1e3],"10":1,"2":{"a":"1.0"},"01":null}"#),
            r#"{"2":{"a":"1.0"},"10":1,"b":[1,-2.5,1000],"01":null}"#
        );
    }
}
