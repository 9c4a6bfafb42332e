//! A request that is known to work.

use serde::{Deserialize, Serialize};

use super::{ClientKey, ExchangeId, Request, Timestamp};

/// Where a baseline came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BaselineSource {
    /// A curl command.
    Curl,
    /// An item of a Postman collection.
    Postman,
    /// An entry of a HAR file.
    Har,
    /// An exchange of this store.
    Exchange,
    /// A 2xx that passed through the proxy.
    Learned,
    /// A request of a `.bru` file.
    Bruno,
    /// A `fetch` call, as browsers copy it.
    Fetch,
    /// A request of a `.http` or `.rest` file.
    Http,
    /// An HTTPie command.
    Httpie,
    /// A request of a Hurl file.
    Hurl,
    /// A request of an Insomnia export.
    Insomnia,
    /// A PowerShell command.
    PowerShell,
    /// The text of an HTTP message.
    Raw,
}

impl BaselineSource {
    /// The word of `--json`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Postman => "postman",
            Self::Har => "har",
            Self::Learned => "learned",
            Self::Exchange => "exchange",
            Self::Bruno => "bruno",
            Self::Fetch => "fetch",
            Self::Http => "http",
            Self::Httpie => "httpie",
            Self::Hurl => "hurl",
            Self::Insomnia => "insomnia",
            Self::PowerShell => "powershell",
            Self::Raw => "raw",
        }
    }
}

/// A request that is known to work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The name the user gave, or one made from method and path.
    pub name: String,
    /// Where it came from.
    pub source: BaselineSource,
    /// When it was added.
    pub added: Timestamp,
    /// The request, as that tool would send it.
    pub request: Request,
    /// Variables that were not resolved, as they stand in the text (`{{token}}`, `$TOKEN`): a
    /// value that holds one is unknown, not wrong.
    pub unresolved: Vec<String>,
    /// What the import could not do or had to assume.
    pub warnings: Vec<String>,
}

/// A request that got a 2xx on its way through the proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// The store's running number; 0 before it is stored.
    #[serde(skip)]
    pub number: u64,
    /// The exchange it was.
    pub id: ExchangeId,
    /// When its request head was complete.
    pub at: Timestamp,
    /// Who sent it.
    pub client: ClientKey,
    /// The status of its response.
    pub status: u16,
    /// The request, with the first bytes of its content.
    pub request: Request,
}

impl Learned {
    /// So many of a kind are kept.
    pub const NEWEST: u8 = 3;

    /// What it is called: nothing of the request itself, so that it may stand anywhere.
    pub fn name(&self) -> String {
        format!("{LEARNED}{}", self.number)
    }

    /// The number in such a name.
    pub fn number_in(name: &str) -> Option<u64> {
        name.strip_prefix(LEARNED)?.parse().ok()
    }

    /// As a baseline; it was added when it passed.
    pub fn baseline(&self) -> Baseline {
        Baseline {
            name: self.name(),
            source: BaselineSource::Learned,
            added: self.at,
            request: self.request.clone(),
            unresolved: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

const LEARNED: &str = "learned-";

/// Stands among the unresolved variables where the authorization is in a file that was not read.
pub const UNREAD_AUTHORIZATION: &str = "auth: inherit";
