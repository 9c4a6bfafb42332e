//! What the front ends are told.

use std::fmt;
use std::sync::Arc;

use crate::capture::store::StoreError;
use crate::diagnosis::Diagnosis;
use crate::model::{Case, ExchangeId, Origin, State};

/// What the front ends are told, in the order in which it became durable.
#[derive(Clone)]
pub enum Event {
    /// A failure has its verdict; both are durable.
    Explained {
        /// What the verdict was drawn from.
        case: Box<Case>,
        /// The verdict.
        diagnosis: Arc<Diagnosis>,
        /// The number of an earlier failure that it repeats; the verdict is that one's.
        same_as: Option<u64>,
    },
    /// A failure that was announced stands differently now.
    Revised {
        /// Its number.
        number: u64,
        /// Its id.
        id: ExchangeId,
        /// Where it stands.
        state: State,
    },
    /// A direction of a connection is not decoded from here on; its bytes flow on.
    NotDecoded {
        /// Where it goes.
        origin: Origin,
        /// Why not.
        reason: &'static str,
    },
    /// So many failures in all could not be kept.
    Lost(u64),
    /// The store cannot be written; what is recorded waits in memory, within its budget.
    StoreFailing(Arc<StoreError>),
    /// The store can be written again.
    StoreWorking,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explained {
                case,
                diagnosis,
                same_as,
            } => f
                .debug_struct("Explained")
                .field("number", &case.number)
                .field(
                    "cause",
                    &diagnosis.verdict.as_ref().map(|finding| finding.cause),
                )
                .field("same_as", same_as)
                .finish(),
            Self::Revised { number, state, .. } => {
                write!(f, "Revised(#{number} {})", state.as_str())
            }
            Self::NotDecoded { origin, reason } => write!(f, "NotDecoded({origin}: {reason})"),
            Self::Lost(total) => write!(f, "Lost({total})"),
            Self::StoreFailing(error) => write!(f, "StoreFailing({error})"),
            Self::StoreWorking => f.write_str("StoreWorking"),
        }
    }
}
