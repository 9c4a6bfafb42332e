//! Keys that name a place inside a value: `user[name]=Ann`, `tags[]=x`, `rows[2][id]:=7`.

use super::json::Json;

/// The highest index: each below it that is not set becomes a `null`.
const MAX_INDEX: usize = 1000;

/// As many keys in a row as anybody could want to write.
const MAX_STEPS: usize = 200;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    Append,
}

/// Sets a value at the place that a key names. A `null` where nothing is yet.
///
/// # Errors
/// When the key cannot be read, or what is there has another type.
pub(super) fn set(root: &mut Option<Json>, key: &str, value: Json) -> Result<(), &'static str> {
    let steps = steps(key)?;
    let Some(first) = steps.first() else {
        return Ok(());
    };
    let mut cursor = root.get_or_insert_with(|| container(first));
    let mut rest = steps.iter().peekable();
    while let Some(step) = rest.next() {
        let next = rest.peek();
        let slot = match (step, cursor) {
            // What is set in there is never sent.
            (Step::Key(_), Json::Fixed(_)) => return Ok(()),
            (Step::Key(name), Json::Object(members)) => member(members, name),
            (Step::Index(index), Json::List(items)) => {
                if items.len() <= *index {
                    items.resize(index + 1, Json::Null);
                }
                items.get_mut(*index)
            }
            (Step::Append, Json::List(items)) => {
                items.push(Json::Null);
                items.last_mut()
            }
            (Step::Key(_), _) => return Err("a key in brackets needs an object there"),
            (Step::Index(_) | Step::Append, _) => {
                return Err("an index in brackets needs a list there");
            }
        };
        let Some(slot) = slot else {
            return Ok(());
        };
        let Some(next) = next else {
            *slot = value;
            return Ok(());
        };
        if matches!(slot, Json::Null) {
            *slot = container(next);
        }
        cursor = slot;
    }
    Ok(())
}

fn container(step: &Step) -> Json {
    match step {
        Step::Key(_) => Json::Object(Vec::new()),
        Step::Index(_) | Step::Append => Json::List(Vec::new()),
    }
}

fn member<'m>(members: &'m mut Vec<(String, Json)>, name: &str) -> Option<&'m mut Json> {
    let at = members.iter().position(|(known, _)| known == name);
    if at.is_none() {
        members.push((name.to_owned(), Json::Null));
    }
    let member = match at {
        Some(at) => members.get_mut(at),
        None => members.last_mut(),
    };
    member.map(|(_, value)| value)
}

/// A piece of a key.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Text(String),
    Number(usize),
}

fn steps(key: &str) -> Result<Vec<Step>, &'static str> {
    const EXPECTED: &str = "a key has to be a name, then [name], [0] or []";
    let mut tokens = tokens(key)?.into_iter();
    let mut steps = Vec::new();
    match tokens.next() {
        None => return Ok(vec![Step::Key(String::new())]),
        Some(Token::Text(name)) => steps.push(Step::Key(name)),
        Some(Token::Number(number)) => steps.push(Step::Key(number.to_string())),
        Some(Token::Open) => steps.push(match (tokens.next(), tokens.as_slice()) {
            (Some(Token::Close), _) => Step::Append,
            (Some(Token::Number(number)), [Token::Close, ..]) => {
                tokens.next();
                Step::Index(number)
            }
            _ => return Err(EXPECTED),
        }),
        Some(Token::Close) => return Err(EXPECTED),
    }
    while let Some(token) = tokens.next() {
        if token != Token::Open || steps.len() > MAX_STEPS {
            return Err(EXPECTED);
        }
        let step = match tokens.next() {
            Some(Token::Close) => {
                steps.push(Step::Append);
                continue;
            }
            Some(Token::Text(name)) => Step::Key(name),
            Some(Token::Number(number)) => Step::Index(number),
            Some(Token::Open) | None => return Err(EXPECTED),
        };
        if tokens.next() != Some(Token::Close) {
            return Err(EXPECTED);
        }
        steps.push(step);
    }
    Ok(steps)
}

fn tokens(key: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut text = String::new();
    let mut is_escaped = false;
    let mut chars = key.chars();
    while let Some(c) = chars.next() {
        match c {
            '[' | ']' => {
                flush(&mut tokens, &mut text, &mut is_escaped)?;
                tokens.push(if c == '[' { Token::Open } else { Token::Close });
            }
            '\\' => match chars.next() {
                Some(next @ ('[' | ']' | '\\')) => {
                    is_escaped = true;
                    text.push(next);
                }
                Some(next) => text.extend(['\\', next]),
                None => return Err("a key cannot end with a backslash"),
            },
            _ => text.push(c),
        }
    }
    flush(&mut tokens, &mut text, &mut is_escaped)?;
    Ok(tokens)
}

fn flush(
    tokens: &mut Vec<Token>,
    text: &mut String,
    is_escaped: &mut bool,
) -> Result<(), &'static str> {
    let text = std::mem::take(text);
    if text.is_empty() {
        return Ok(());
    }
    if std::mem::take(is_escaped) {
        tokens.push(Token::Text(text));
        return Ok(());
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    tokens.push(match text.strip_prefix('\\') {
        // `\1` is a key, not an index.
        Some(digits) if is_number(digits) => Token::Text(digits.to_owned()),
        _ if is_number(&text) => match text.parse() {
            Ok(number) if number <= MAX_INDEX => Token::Number(number),
            _ => return Err("an index is larger than an import holds"),
        },
        _ => Token::Text(text),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::json::{read, write};
    use super::*;

    fn all(pairs: &[(&str, &str)]) -> Result<String, &'static str> {
        let mut root = None;
        for (key, value) in pairs {
            set(&mut root, key, read(value)?)?;
        }
        Ok(root.map(|root| write(&root)).unwrap_or_default())
    }

    #[test]
    fn keys_in_brackets_make_objects_and_lists() {
        assert_eq!(
            all(&[
                ("a[b][]", "1"),
                ("a[b][]", "2"),
                ("a[c][2]", "true"),
                ("x\\[y\\]", "3")
            ])
            .unwrap(),
            r#"{"a": {"b": [1, 2], "c": [null, null, true]}, "x[y]": 3}"#
        );
        assert_eq!(
            all(&[("[]", "1"), ("[][a]", "2"), ("[1][b]", "3")]).unwrap(),
            r#"[1, {"a": 2, "b": 3}]"#
        );
        assert_eq!(all(&[("", "1")]).unwrap(), r#"{"": 1}"#);
        assert_eq!(
            all(&[("a[\\1]", "1"), ("7", "2")]).unwrap(),
            r#"{"a": {"1": 1}, "7": 2}"#
        );
    }

    #[test]
    fn what_has_another_type_or_no_end_is_refused() {
        for pairs in [
            &[("a[0", "1")][..],
            &[("a]", "1")],
            &[("[3]", "1"), ("a", "2")],
            &[("a[1]", "1"), ("a[b]", "2")],
            &[("c[x]y", "1")],
            &[("a[99999999999]", "1")],
        ] {
            assert!(all(pairs).is_err(), "{pairs:?}");
        }
    }

    #[test]
    fn nothing_is_set_in_an_object_that_was_given_as_json() {
        let pairs = [
            ("a", "{\"x\":1}"),
            ("a[y]", "2"),
            ("b", "[1]"),
            ("b[]", "2"),
        ];
        assert_eq!(all(&pairs).unwrap(), r#"{"a": {"x": 1}, "b": [1, 2]}"#);
    }

    proptest! {
        #[test]
        fn any_key_is_read_or_refused(keys in proptest::collection::vec("[a0\\[\\]\\\\é]{0,12}", 0..4)) {
            let mut root = None;
            for key in keys {
                let _set = set(&mut root, &key, Json::Null);
            }
        }
    }
}
