//! User and password of a host from a `.netrc` file.

/// The credentials that the file has for a host: its own entry, or `default`.
pub(super) fn credentials(text: &str, host: &str) -> Option<(String, String)> {
    let mut tokens = tokens(text).into_iter();
    let mut is_ours = false;
    let mut user = None;
    let mut password = None;
    while let Some(token) = tokens.next() {
        match token.as_str() {
            "machine" | "default" if is_ours => break,
            "machine" => {
                is_ours = tokens
                    .next()
                    .is_some_and(|name| name.eq_ignore_ascii_case(host));
            }
            "default" => is_ours = true,
            "login" => user = tokens.next().filter(|_| is_ours).or(user),
            "password" => password = tokens.next().filter(|_| is_ours).or(password),
            _ => {}
        }
    }
    is_ours.then_some(())?;
    Some((user.unwrap_or_default(), password.unwrap_or_default()))
}

/// Words between blanks; in double quotes with backslashes; `#` starts a comment line.
fn tokens(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.starts_with('#'));
    lines.flat_map(line_tokens).collect()
}

fn line_tokens(line: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut characters = line.chars().peekable();
    while let Some(first) = characters.next() {
        if first.is_whitespace() {
            continue;
        }
        let mut token = String::new();
        if first == '"' {
            while let Some(character) = characters.next() {
                match character {
                    '"' => break,
                    '\\' => token.extend(characters.next()),
                    other => token.push(other),
                }
            }
        } else {
            token.push(first);
            while let Some(character) = characters.next_if(|c| !c.is_whitespace()) {
                token.push(character);
            }
        }
        tokens.push(token);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_gets_its_own_entry_before_the_default() {
        let text = "# mine\nmachine other.test login a password b\n\
                    machine api.acme.test\n  login tim\n  password \"p \\\"q\"\ndefault login d password e";
        let found = credentials(text, "API.acme.test").unwrap();
        assert_eq!(found, ("tim".to_owned(), "p \"q".to_owned()));
        assert_eq!(credentials(text, "x").unwrap().0, "d");
        assert_eq!(credentials("machine a login b", "x"), None);
    }
}
