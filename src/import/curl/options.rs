//! What an option of curl is, and how one is found by its name or letter.

use super::option_table::OPTIONS;

/// An option.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CurlOption {
    /// The long name, without the dashes and without `no-`.
    pub(super) name: &'static str,
    /// The letter, or a space.
    pub(super) letter: char,
    pub(super) takes: Takes,
    pub(super) role: Role,
}

/// What follows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing; `--no-` is not allowed.
    Once,
    /// Nothing; `--no-` switches it off.
    Switch,
    /// A value.
    Value,
}

/// What an option does to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    AnyAuth,
    Basic,
    Bearer,
    Compressed,
    Config,
    Cookie,
    /// `--cookie-jar`, which turns the cookies of files on.
    CookieJar,
    Data,
    DataBinary,
    DataRaw,
    DataUrlencode,
    DefaultScheme,
    Digest,
    EtagCompare,
    Form,
    FormEscape,
    FormString,
    Get,
    GlobOff,
    Head,
    Header,
    Http10,
    Http11,
    Http2,
    /// Nothing: it is about the connection, the output or another protocol.
    Ignored,
    Json,
    JunkSession,
    Method,
    Negotiate,
    Netrc,
    NetrcFile,
    NetrcOptional,
    Next,
    /// `--no-head`, which asks for GET.
    NoHead,
    NoUserInUrl,
    Ntlm,
    PathAsIs,
    Range,
    Referer,
    Resume,
    /// curl prints something and ends.
    SendsNothing,
    Sigv4,
    Target,
    TimeCondition,
    TransferCoding,
    Upload,
    Url,
    UrlQuery,
    User,
    UserAgent,
    Variable,
}

/// What a long name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// That option, by its full name or by an abbreviation that fits no other.
    One(&'static CurlOption),
    /// An abbreviation of several.
    Several(Vec<&'static str>),
    /// Nothing.
    Unknown,
}

/// The option of that long name, given without its dashes.
pub(super) fn by_name(name: &str) -> Named {
    if let Some(option) = OPTIONS.iter().find(|option| option.name == name) {
        return Named::One(option);
    }
    let fits = |option: &&CurlOption| !name.is_empty() && option.name.starts_with(name);
    let fitting: Vec<&'static CurlOption> = OPTIONS.iter().filter(fits).collect();
    match fitting.as_slice() {
        [] => Named::Unknown,
        [only] => Named::One(only),
        several => Named::Several(several.iter().map(|option| option.name).collect()),
    }
}

/// The option of that letter.
pub(super) fn by_letter(letter: char) -> Option<&'static CurlOption> {
    OPTIONS
        .iter()
        .find(|option| option.letter == letter && letter != ' ')
}

/// The name that is nearest to a misspelt one, if any is near.
pub(super) fn similar(name: &str) -> Option<&'static str> {
    const NEAR: f64 = 0.85;
    // Names are short; what is longer is no misspelling.
    let name = name.get(..name.len().min(40))?;
    let scored = OPTIONS
        .iter()
        .map(|option| (strsim::jaro_winkler(option.name, name), option.name));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 >= NEAR).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_letters_are_unique() {
        assert!(OPTIONS.is_sorted_by(|a, b| a.name < b.name));
        let mut letters: Vec<char> = OPTIONS.iter().map(|option| option.letter).collect();
        letters.retain(|letter| *letter != ' ');
        letters.sort_unstable();
        assert!(letters.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn an_abbreviation_stands_for_its_option_unless_it_fits_several() {
        assert!(matches!(by_name("sil"), Named::One(option) if option.name == "silent"));
        assert!(matches!(by_name("data"), Named::One(option) if option.name == "data"));
        assert!(matches!(by_name("da"), Named::Several(names) if names.contains(&"data-raw")));
        assert_eq!(by_name("wibble"), Named::Unknown);
        assert_eq!(by_name(""), Named::Unknown);
    }

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        assert_eq!(similar("haeder"), Some("header"));
        assert_eq!(similar("wibble"), None);
    }
}
