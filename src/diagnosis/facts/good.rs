//! The known-good request, as the rules see it.

use super::Sent;
use crate::auth::credentials::{Carrier, decode_basic, split_scheme};
use crate::model::ChosenBaseline;

/// The baseline and its credentials.
pub(crate) struct Good<'a> {
    pub(crate) chosen: &'a ChosenBaseline,
    pub(crate) sent: Sent<'a>,
}

impl<'a> Good<'a> {
    pub(crate) fn of(chosen: &'a ChosenBaseline) -> Self {
        Self {
            chosen,
            sent: Sent::of(&chosen.baseline.request),
        }
    }

    /// Whether nothing speaks against it.
    pub(crate) fn is_trusted(&self) -> bool {
        self.chosen.distrust.is_empty()
    }

    /// Whether the value holds a variable that was not resolved: then it is unknown, not wrong.
    pub(crate) fn is_unresolved(&self, value: &[u8]) -> bool {
        // In Basic it is encoded with what stands around it.
        let basic = match split_scheme(value) {
            (Some(scheme), secret) if scheme.eq_ignore_ascii_case("basic") => decode_basic(secret),
            _ => None,
        };
        let (user, password) = basic.unwrap_or_default();
        self.chosen
            .baseline
            .unresolved
            .iter()
            .filter(|variable| !variable.is_empty())
            .any(|variable| {
                [value, &user, &password]
                    .iter()
                    .any(|text| memchr::memmem::find(text, variable.as_bytes()).is_some())
            })
    }

    /// Whether it carries that same secret in that same place.
    pub(crate) fn has_same(&self, carrier: &Carrier) -> bool {
        self.sent
            .in_place(&carrier.place)
            .is_some_and(|good| good.raw == carrier.raw && !self.is_unresolved(&good.raw))
    }
}
