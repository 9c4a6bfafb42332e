//! A request that is known to work.

use serde::{Deserialize, Serialize};

use super::{Request, Timestamp};

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
