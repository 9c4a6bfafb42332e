//! curl's patterns in URLs and names of files to upload: `{a,b}`, `[1-100]`, `[a-z:2]`.

/// The most URLs that one pattern may stand for.
pub(super) const MAX_URLS: usize = 1000;

/// The longest URL that a pattern may stand for, where it stands for several.
const MAX_URL_BYTES: usize = 64 * 1024;

/// Capital and small letters are too far apart for one range.
const MAX_LETTERS_APART: u64 = 25;

/// Why a pattern cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GlobError {
    /// curl refuses it.
    Malformed(&'static str),
    /// It stands for more than an import holds.
    TooMany,
}

/// What a pattern stands for, the rightmost part counting fastest.
pub(super) fn expand(pattern: &[u8]) -> Result<Vec<Vec<u8>>, GlobError> {
    let mut results = vec![Vec::new()];
    let mut rest = pattern;
    while let Some((byte, after)) = rest.split_first() {
        match byte {
            b'{' => {
                let (choices, after) = set(after)?;
                results = product(&results, &choices)?;
                rest = after;
            }
            b'[' => match address(rest) {
                Some((literal, after)) => {
                    push(&mut results, literal)?;
                    rest = after;
                }
                None => {
                    let (choices, after) = range(after)?;
                    results = product(&results, &choices)?;
                    rest = after;
                }
            },
            b'}' | b']' => return Err(GlobError::Malformed("a } or ] in the URL closes nothing")),
            b'\\' if matches!(after.first(), Some(b'{' | b'[' | b'}' | b']')) => {
                let (escaped, after) = after.split_at(1);
                push(&mut results, escaped)?;
                rest = after;
            }
            _ => {
                push(&mut results, &[*byte])?;
                rest = after;
            }
        }
    }
    Ok(results)
}

fn push(results: &mut [Vec<u8>], bytes: &[u8]) -> Result<(), GlobError> {
    if results.len() > 1 && results.iter().any(|result| result.len() > MAX_URL_BYTES) {
        return Err(GlobError::TooMany);
    }
    for result in results {
        result.extend_from_slice(bytes);
    }
    Ok(())
}

fn product(results: &[Vec<u8>], choices: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, GlobError> {
    if results.len().saturating_mul(choices.len()) > MAX_URLS {
        return Err(GlobError::TooMany);
    }
    let pairs = results
        .iter()
        .flat_map(|result| choices.iter().map(move |choice| (result, choice)));
    Ok(pairs
        .map(|(result, choice)| [result.as_slice(), choice].concat())
        .collect())
}

/// `a,b}`: its elements and what follows.
fn set(bytes: &[u8]) -> Result<(Vec<Vec<u8>>, &[u8]), GlobError> {
    let mut done: Vec<Vec<u8>> = Vec::new();
    let mut element = Vec::new();
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'}' if done.is_empty() && element.is_empty() => {
                return Err(GlobError::Malformed("the braces in the URL are empty"));
            }
            b'}' => {
                done.push(element);
                return Ok((done, after));
            }
            b',' if done.len() >= MAX_URLS => return Err(GlobError::TooMany),
            b',' => done.push(std::mem::take(&mut element)),
            b'{' | b'[' => {
                return Err(GlobError::Malformed(
                    "curl reads braces in a URL as patterns, and refuses nested ones",
                ));
            }
            b']' => return Err(GlobError::Malformed("a ] in the URL closes nothing")),
            b'\\' if !after.is_empty() => {
                let (escaped, after) = after.split_at(1);
                element.extend_from_slice(escaped);
                rest = after;
            }
            byte => element.push(*byte),
        }
    }
    Err(GlobError::Malformed("a { in the URL is not closed"))
}

/// `[]` and IPv6 addresses stand for themselves.
fn address(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().take(128).position(|byte| *byte == b']')? + 1;
    let (literal, after) = bytes.split_at(end);
    let inside = literal.get(1..end - 1)?;
    let is_address = std::str::from_utf8(inside).ok().is_some_and(|text| {
        let address = text.split('%').next().unwrap_or(text);
        address.parse::<std::net::Ipv6Addr>().is_ok()
    });
    (inside.is_empty() || is_address).then_some((literal, after))
}

/// `1-10]`, `001-100:5]`, `a-z]`: its elements and what follows.
fn range(bytes: &[u8]) -> Result<(Vec<Vec<u8>>, &[u8]), GlobError> {
    const BAD: GlobError = GlobError::Malformed("curl cannot read the range in [ ] in the URL");
    let end = bytes.iter().position(|byte| *byte == b']').ok_or(BAD)?;
    let (inside, after) = bytes.split_at(end);
    let text = std::str::from_utf8(inside).map_err(|_utf8| BAD)?;
    let (bounds, step) = match text.split_once(':') {
        Some((bounds, step)) => (bounds, step.parse::<u64>().map_err(|_number| BAD)?),
        None => (text, 1),
    };
    let (first, last) = bounds.split_once('-').ok_or(BAD)?;
    let last = last.trim_start_matches([' ', '\t']);
    let is_letter =
        |text: &str| text.len() == 1 && text.starts_with(|c: char| c.is_ascii_alphabetic());
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .then(|| text.parse::<u64>().ok())
            .flatten()
            .ok_or(BAD)
    };
    let elements = if is_letter(first) && is_letter(last) {
        let code = |text: &str| u64::from(text.bytes().next().unwrap_or(0));
        if code(last).saturating_sub(code(first)) > MAX_LETTERS_APART {
            return Err(BAD);
        }
        let codes = steps(code(first), code(last), step).ok_or(BAD)??;
        codes
            .filter_map(|code| u8::try_from(code).ok().map(|byte| vec![byte]))
            .collect()
    } else {
        let width = if first.starts_with('0') {
            first.len()
        } else {
            0
        };
        let numbers = steps(number(first)?, number(last)?, step).ok_or(BAD)??;
        numbers
            .map(|number| format!("{number:0width$}").into_bytes())
            .collect()
    };
    Ok((elements, after.get(1..).unwrap_or_default()))
}

/// The numbers of a range; `None` if curl refuses it.
fn steps(first: u64, last: u64, step: u64) -> Option<Result<impl Iterator<Item = u64>, GlobError>> {
    let width = last.checked_sub(first)?;
    if step == 0 || (width == 0 && step != 1) || (width > 0 && step > width) {
        return None;
    }
    let count = width / step;
    if count >= MAX_URLS as u64 {
        return Some(Err(GlobError::TooMany));
    }
    Some(Ok(
        (0..=count).map(move |n| first.saturating_add(n.saturating_mul(step)))
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(pattern: &str) -> Vec<String> {
        let urls = expand(pattern.as_bytes()).unwrap();
        urls.into_iter()
            .map(|url| String::from_utf8(url).unwrap())
            .collect()
    }

    #[test]
    fn the_rightmost_pattern_counts_fastest() {
        assert_eq!(expanded("/{a,b}[1-2]"), ["/a1", "/a2", "/b1", "/b2"]);
    }

    #[test]
    fn ranges_have_zeros_steps_and_letters() {
        assert_eq!(expanded("[08-10]"), ["08", "09", "10"]);
        assert_eq!(expanded("[1-9:4]"), ["1", "5", "9"]);
        assert_eq!(expanded("[a-c]"), ["a", "b", "c"]);
    }

    #[test]
    fn addresses_empty_brackets_and_escapes_stand_for_themselves() {
        assert_eq!(expanded("http://[::1]/a[]=1"), ["http://[::1]/a[]=1"]);
        assert_eq!(expanded(r"/\{a\}"), ["/{a}"]);
    }

    #[test]
    fn what_curl_refuses_is_refused() {
        for pattern in [
            "{{a}}", "{}", "{a", "a}", "[a]", "[3-1]", "[1-3:0]", "[x-1]", "[A-c]",
        ] {
            let error = expand(pattern.as_bytes()).unwrap_err();
            assert!(matches!(error, GlobError::Malformed(_)), "{pattern}");
        }
        assert_eq!(expand(b"[1-99999999]"), Err(GlobError::TooMany));
        assert_eq!(expand(b"[1-99][1-99]"), Err(GlobError::TooMany));
    }
}
