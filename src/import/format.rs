//! The formats that can be imported, and how to tell them apart.

use super::select::select;
use super::{
    ImportError, Imported, Options, Source, Surroundings, Take, bruno, curl, fetch, har, http_file,
    httpie, hurl, insomnia, postman, powershell, raw,
};
use crate::model::BaselineSource;

/// What wrote a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A shell script with curl commands, as browsers, Postman and Insomnia copy them
    Curl,
    /// A `fetch` call, as browsers copy it
    Fetch,
    /// A HAR archive, as browsers and proxies save it
    Har,
    /// Requests of a `.http` or `.rest` file
    Http,
    /// A Postman collection
    Postman,
    /// Command lines of HTTPie
    Httpie,
    /// A Hurl file
    Hurl,
    /// A request or an exported collection of Bruno
    Bruno,
    /// An export of Insomnia, version 4 or 5
    Insomnia,
    /// A PowerShell command
    PowerShell,
    /// The text of an HTTP request
    Raw,
}

/// A value that only some formats have a use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// No variables: all values are in the file.
    Nothing,
    /// Variables, but no environments.
    Variables,
    /// Variables, and environments that name several.
    Environments,
}

impl Format {
    /// All, by their words.
    pub const ALL: &'static [Self] = &[
        Self::Curl,
        Self::Har,
        Self::Postman,
        Self::Http,
        Self::Raw,
        Self::Fetch,
        Self::PowerShell,
        Self::Httpie,
        Self::Hurl,
        Self::Bruno,
        Self::Insomnia,
    ];

    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Fetch => "fetch",
            Self::Har => "har",
            Self::Http => "http",
            Self::Postman => "postman",
            Self::Httpie => "httpie",
            Self::Hurl => "hurl",
            Self::Bruno => "bruno",
            Self::Insomnia => "insomnia",
            Self::PowerShell => "powershell",
            Self::Raw => "raw",
        }
    }

    /// The format of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|format| format.word() == word)
    }

    /// What a file of it holds: "a curl command".
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Curl => "a curl command",
            Self::Fetch => "a fetch call",
            Self::Har => "a HAR archive",
            Self::Http => "a .http file",
            Self::Postman => "a Postman collection",
            Self::Httpie => "an HTTPie command",
            Self::Hurl => "a Hurl file",
            Self::Bruno => "requests of Bruno",
            Self::Insomnia => "an export of Insomnia",
            Self::PowerShell => "a PowerShell command",
            Self::Raw => "the text of an HTTP request",
        }
    }

    /// As it is kept with a baseline.
    pub fn source(self) -> BaselineSource {
        match self {
            Self::Curl => BaselineSource::Curl,
            Self::Fetch => BaselineSource::Fetch,
            Self::Har => BaselineSource::Har,
            Self::Http => BaselineSource::Http,
            Self::Postman => BaselineSource::Postman,
            Self::Httpie => BaselineSource::Httpie,
            Self::Hurl => BaselineSource::Hurl,
            Self::Bruno => BaselineSource::Bruno,
            Self::Insomnia => BaselineSource::Insomnia,
            Self::PowerShell => BaselineSource::PowerShell,
            Self::Raw => BaselineSource::Raw,
        }
    }

    /// What it has a use for, of what the user may give beside the file.
    pub fn takes(self) -> Use {
        match self {
            Self::Fetch | Self::Har | Self::Raw => Use::Nothing,
            Self::Curl | Self::Httpie | Self::PowerShell => Use::Variables,
            Self::Http | Self::Postman | Self::Hurl | Self::Bruno | Self::Insomnia => {
                Use::Environments
            }
        }
    }
}

/// The requests of a file. The variables of the command line stand before those of the system.
pub fn import(
    format: Format,
    source: &Source<'_>,
    options: &Options,
    surroundings: &Surroundings<'_>,
) -> Imported {
    Imported::collect(|take| each(format, source, options, surroundings, take))
}

/// Hands over the requests of a file one by one; what is wrong comes at the end.
pub fn each(
    format: Format,
    source: &Source<'_>,
    options: &Options,
    surroundings: &Surroundings<'_>,
    take: &mut Take<'_>,
) -> Vec<ImportError> {
    let variable = |name: &str| match options.variable(name) {
        Some(value) => Some(value.to_owned()),
        None => (surroundings.variable)(name),
    };
    let surroundings = &Surroundings {
        variable: &variable,
        ..*surroundings
    };
    let source = &source.without_mark();
    let item = options.item.as_deref();
    let imported = match format {
        // Of these there may be very many, which nobody has to hold.
        Format::Postman => return postman::each(source, options, surroundings, take),
        Format::Curl if item.is_none() => return curl::each(source, surroundings, take),
        Format::Httpie if item.is_none() => return httpie::each(source, surroundings, take),
        // These pick the item by themselves: folders have names, archives entries.
        Format::Bruno => bruno::import(source, options, surroundings),
        Format::Har => har::import(source, &options.entries),
        Format::Http => http_file::import(source, options, surroundings),
        Format::Hurl => hurl::import(source, options, surroundings),
        Format::Insomnia => insomnia::import(source, options, surroundings),
        Format::Curl => select(curl::import(source, surroundings), item, source),
        Format::Fetch => select(fetch::import(source), item, source),
        Format::Httpie => select(httpie::import(source, surroundings), item, source),
        Format::PowerShell => {
            let all = powershell::import(source, options, surroundings);
            select(all, item, source)
        }
        Format::Raw => select(raw::import(source), item, source),
    };
    imported.requests.into_iter().for_each(take);
    imported.problems
}
