//! The bodies of a Hurl file: where one starts, where it ends, and what it is.

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Base64,
    File,
    GraphQl,
    Hex,
    /// JSON as part of the file: what replaces a variable in it is written as JSON.
    Json,
    /// JSON between marks, which is a text.
    JsonText,
    /// Text with escapes, in one line.
    Line,
    Text,
    /// Between marks, in a language that Hurl does not know.
    Unknown,
    /// A text whose variables are not replaced.
    Verbatim,
    /// XML as part of the file: its variables are not replaced.
    Xml,
    XmlText,
}

/// A body as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'t> {
    pub(super) kind: Kind,
    /// Without its marks.
    pub(super) text: &'t str,
    /// How many bytes it takes with them.
    pub(super) length: usize,
}

/// The body that the text starts with; `None` if that is no body.
///
/// # Errors
/// When it does not end.
pub(super) fn read(text: &str) -> Result<Option<Body<'_>>, &'static str> {
    for (mark, kind) in [
        ("base64,", Kind::Base64),
        ("hex,", Kind::Hex),
        ("file,", Kind::File),
    ] {
        if let Some(rest) = text.strip_prefix(mark) {
            let end = rest.find(';').ok_or("this body has to end with ;")?;
            return Ok(body(kind, rest.get(..end), mark.len() + end + 1));
        }
    }
    if let Some(rest) = text.strip_prefix("```") {
        return multiline(rest).map(Some);
    }
    if let Some(rest) = text.strip_prefix('`') {
        let end = line_end(rest).ok_or("the ` is not closed in this line")?;
        return Ok(body(Kind::Line, rest.get(..end), end + 2));
    }
    if text.starts_with('<') {
        let end = xml_end(text).ok_or("the XML does not end")?;
        return Ok(body(Kind::Xml, text.get(..end), end));
    }
    if is_json_start(text) {
        let end = json_end(text).ok_or("the JSON does not end")?;
        return Ok(body(Kind::Json, text.get(..end), end));
    }
    Ok(None)
}

fn body(kind: Kind, text: Option<&str>, length: usize) -> Option<Body<'_>> {
    text.map(|text| Body { kind, text, length })
}

/// Where the mark is that closes a line; one behind a backslash does not.
fn line_end(rest: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            '\n' => return None,
            '`' if !is_escaped => return Some(at),
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    None
}

/// After the opening marks: a language up to the end of the line, if there is one.
fn multiline(rest: &str) -> Result<Body<'_>, &'static str> {
    const OPEN: &str = "the ``` is not closed";
    let end = rest.find("```").ok_or(OPEN)?;
    let inside = rest.get(..end).ok_or(OPEN)?;
    let (language, text) = inside.split_once('\n').unwrap_or((inside, ""));
    let kind = match language.trim_end() {
        "" => Kind::Text,
        "graphql" => Kind::GraphQl,
        "json" => Kind::JsonText,
        "raw" => Kind::Verbatim,
        "xml" => Kind::XmlText,
        _ => Kind::Unknown,
    };
    let length = end + 6;
    Ok(Body { kind, text, length })
}

/// `{`, `[`, quotes and the words of JSON; `[Name]` is a section, which is looked for before.
fn is_json_start(text: &str) -> bool {
    let word = |word: &str| {
        text.strip_prefix(word).is_some_and(|rest| {
            rest.trim_start_matches([' ', '\t', '\r']).is_empty() || rest.starts_with('\n')
        })
    };
    (text.starts_with('{') && !text.starts_with("{{"))
        || text.starts_with(['[', '"'])
        || ["true", "false", "null"].iter().any(|name| word(name))
        || is_number(text.lines().next().unwrap_or_default())
}

fn is_number(line: &str) -> bool {
    line.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && serde_json::from_str::<serde_json::Number>(line.trim()).is_ok()
}

fn json_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b'"' => loop {
                match bytes.next()? {
                    (_, b'\\') => {
                        bytes.next()?;
                    }
                    (end, b'"') if depth == 0 => return Some(end + 1),
                    (_, b'"') => break,
                    _ => {}
                }
            },
            b'\n' if depth == 0 => return Some(at),
            _ => continue,
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    (depth == 0).then_some(text.len())
}

/// Where the root element of a document ends.
fn xml_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        at += text.get(at..)?.find('<')?;
        let rest = text.get(at..)?;
        let special = [
            ("<?", "?>"),
            ("<!--", "-->"),
            ("<![CDATA[", "]]>"),
            ("<!", ">"),
        ];
        if let Some((_, end)) = special.iter().find(|(start, _)| rest.starts_with(start)) {
            at += rest.find(end)? + end.len();
            continue;
        }
        let end = tag_end(rest)?;
        let tag = rest.get(..end)?;
        if tag.starts_with("</") {
            depth = depth.checked_sub(1)?;
        } else if !tag.ends_with("/>") {
            depth += 1;
        }
        at += end;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Where a tag ends; `>` may stand in the quotes of an attribute.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return Some(at + 1),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}
