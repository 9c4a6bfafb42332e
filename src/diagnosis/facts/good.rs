//! The known-good request, as the rules see it.

use super::Sent;
use crate::auth::credentials::Carrier;
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
            sent: Sent::unresolved(&chosen.baseline.request, &chosen.baseline.unresolved),
        }
    }

    /// Whether nothing speaks against it.
    pub(crate) fn is_trusted(&self) -> bool {
        self.chosen.distrust.is_empty()
    }

    /// Whether it carries that same secret in that same place.
    pub(crate) fn has_same(&self, carrier: &Carrier) -> bool {
        self.sent
            .in_place(&carrier.place)
            .is_some_and(|good| good.raw == carrier.raw && !self.sent.is_unresolved(&good.raw))
    }
}
