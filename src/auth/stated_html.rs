//! What an HTML error page says: its title and its first heading.

use memchr::memmem;

/// The text of the first `title` and the first `h1`; empty for a text that is no page or has neither.
pub(super) fn headings(text: &str) -> Vec<String> {
    // ASCII only, so that positions are the same in both.
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<String> = Vec::new();
    for tag in ["title", "h1"] {
        if let Some(words) = element(text, &lower, tag)
            && !found.contains(&words)
        {
            found.push(words);
        }
    }
    found
}

/// The text of the first element of that name, without tags, references and surplus whitespace.
fn element(text: &str, lower: &str, tag: &str) -> Option<String> {
    let open = format!("<{tag}");
    let start = memmem::find_iter(lower.as_bytes(), &open)
        .map(|at| at + open.len())
        .find(|after| {
            let next = lower.as_bytes().get(*after);
            next.is_some_and(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))
        })?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let length = lower
        .get(start..)?
        .find(&format!("</{tag}"))
        .unwrap_or(usize::MAX)
        .min(LONGEST_ELEMENT);
    let inner: String = without_tags(text.get(start..)?, length);
    let words = decoded(&inner);
    let words: Vec<&str> = words.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The first bytes of a text, without what stands between `<` and `>`.
fn without_tags(text: &str, length: usize) -> String {
    let mut in_tag = false;
    text.char_indices()
        .take_while(|(at, _)| *at < length)
        .filter_map(|(_, c)| match c {
            '<' => {
                in_tag = true;
                None
            }
            '>' if in_tag => {
                in_tag = false;
                // `one<br>two` are two words.
                Some(' ')
            }
            _ if in_tag => None,
            c => Some(c),
        })
        .collect()
}

/// Undoes the character references that error pages use, once and from left to right.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let known = REFERENCES
            .iter()
            .find_map(|(name, c)| Some((c, after.strip_prefix(name)?)));
        rest = match known {
            Some((c, tail)) => {
                out.push(*c);
                tail
            }
            None => {
                out.push('&');
                after
            }
        };
    }
    out.push_str(rest);
    out
}

const REFERENCES: &[(&str, char)] = &[
    ("amp;", '&'),
    ("lt;", '<'),
    ("gt;", '>'),
    ("quot;", '"'),
    ("apos;", '\''),
    ("nbsp;", ' '),
    ("#39;", '\''),
    ("#x27;", '\''),
    ("#34;", '"'),
    ("#160;", ' '),
    ("mdash;", '—'),
    ("ndash;", '–'),
];

/// A title longer than this is none; an element that never closes ends here too.
const LONGEST_ELEMENT: usize = 2000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn title_and_first_heading_speak() {
        assert_eq!(
            headings(
                "<!DOCTYPE html><HTML><head><TITLE>401 Authorization\n Required</TITLE></head>\
                 <body><center><h1 class=\"a\">No entry</h1></center><h1>Other</h1>"
            ),
            ["401 Authorization Required", "No entry"]
        );
    }

    #[test]
    fn equal_title_and_heading_speak_once() {
        let nginx = "<html><head><title>401 Authorization Required</title></head>\
                     <h1>401 Authorization Required</h1><hr><center>nginx</center>";
        assert_eq!(headings(nginx), ["401 Authorization Required"]);
    }

    #[test]
    fn tags_and_references_inside_are_undone() {
        assert_eq!(
            headings("<title>A&nbsp;&amp;lt; don&#39;t</title><h1>one<br/>two</h1>"),
            ["A &lt; don't", "one two"]
        );
    }

    #[test]
    fn only_whole_names_of_elements_count() {
        assert_eq!(headings("<titlebar>x</titlebar><h10>y</h10>"), [""; 0]);
        assert_eq!(headings("Unauthorized"), [""; 0]);
        assert_eq!(headings("<title></title>"), [""; 0]);
    }

    #[test]
    fn an_element_that_never_closes_is_bounded() {
        let text = format!("<title>{}", "é".repeat(100_000));
        assert_eq!(headings(&text)[0].len(), LONGEST_ELEMENT);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in r"(<title|</title|<h1|>|<|&amp;|&|é| |\PC){0,60}") {
            for words in headings(&text) {
                prop_assert!(!words.is_empty() && words.len() <= text.len());
            }
        }
    }
}
