//! What a rule may look at: everything that more than one rule needs, worked out once.

mod answer;
mod clock;
mod environment;
mod good;
mod held;
mod moved;
mod said;
mod sent;
mod wanted;
mod word;

pub(crate) use answer::Answer;
pub(crate) use clock::Clock;
pub(crate) use environment::{are_two_environments, is_environment, is_loopback};
pub(crate) use good::Good;
pub(crate) use held::{Held, SameSite, Shown, held};
pub(crate) use moved::{By, Moved};
pub(crate) use said::Said;
pub(crate) use sent::{Sent, has_scheme, is_authorization, user_and_password};
pub(crate) use wanted::{Wanted, may_be_meant};
pub(crate) use word::one_word;

use crate::baseline::route;
use crate::diff::{self, Difference, Where};
use crate::model::{Case, ClientKind, CredentialFact, Place, Seen, Shape};

/// A Case, read once.
pub(crate) struct Known<'a> {
    pub(crate) case: &'a Case,
    pub(crate) sent: Sent<'a>,
    pub(crate) answer: Option<Answer<'a>>,
    pub(crate) good: Option<Good<'a>>,
    /// The differences to the baseline; empty without one.
    pub(crate) differences: Vec<Difference>,
    /// Successful exchanges of the same route, newest first.
    pub(crate) passed: Vec<&'a Seen>,
    pub(crate) clock: Clock,
}

impl<'a> Known<'a> {
    pub(crate) fn of(case: &'a Case) -> Self {
        let failing = &case.failing;
        let good = case.baseline.as_ref().map(Good::of);
        let differences = case
            .baseline
            .as_ref()
            .map(|chosen| {
                let (good, varying) = (&chosen.baseline, &chosen.varying);
                diff::diff(good, &failing.request, &case.unresolved, varying)
            })
            .unwrap_or_default();
        Self {
            case,
            sent: Sent::unresolved(&failing.request, &case.unresolved),
            answer: failing.response().map(Answer::of),
            good,
            differences,
            passed: passed(case),
            clock: Clock::of(
                failing.at,
                failing.timings.response_head,
                failing.response().map(|response| &response.fields),
            ),
        }
    }

    /// The failing request as a rule sees it.
    pub(crate) fn failing(&self) -> Facts<'_> {
        Facts {
            sent: &self.sent,
            clock: self.clock,
            answer: self.answer.as_ref(),
            good: self.good.as_ref(),
            differences: &self.differences,
            known: self,
        }
    }

    /// A request that passed, as if it had got this answer at its time: what a rule finds here as well is
    /// not the cause.
    pub(crate) fn instead<'s>(&'s self, sent: &'s Sent<'s>, clock: Clock) -> Facts<'s> {
        Facts {
            sent,
            clock,
            answer: self.answer.as_ref(),
            good: self.good.as_ref(),
            differences: &[],
            known: self,
        }
    }

    /// The baseline's own request, as if it had got this answer.
    pub(crate) fn baseline_instead(&self) -> Option<Facts<'_>> {
        let good = self.good.as_ref()?;
        Some(Facts {
            good: None,
            ..self.instead(&good.sent, self.clock)
        })
    }
}

/// One request as a rule sees it, with all that is known around it.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) sent: &'a Sent<'a>,
    /// The server's time when it answered.
    pub(crate) clock: Clock,
    /// What the server answered; `None` when nobody saw it.
    pub(crate) answer: Option<&'a Answer<'a>>,
    /// What it is compared with.
    pub(crate) good: Option<&'a Good<'a>>,
    /// The differences to the baseline; empty without one.
    pub(crate) differences: &'a [Difference],
    /// The Case as a whole.
    pub(crate) known: &'a Known<'a>,
}

impl<'a> Facts<'a> {
    /// The kind of program that sent it.
    pub(crate) fn client(&self) -> ClientKind {
        ClientKind::of(&self.sent.request.fields)
    }

    /// The differences that may matter: neither equal, nor noise, nor unknown.
    pub(crate) fn real_differences(&self) -> impl Iterator<Item = &'a Difference> {
        self.differences.iter().filter(|difference| {
            difference.kind != diff::Kind::Same
                && difference.noise.is_none()
                && !difference.unresolved
        })
    }

    /// Whether that is the only difference that may matter.
    pub(crate) fn is_only_difference(&self, about: &(Where, String)) -> bool {
        let mut real = self.real_differences().peekable();
        real.peek().is_some()
            && real.all(|difference| {
                difference.place == about.0 && difference.name.eq_ignore_ascii_case(&about.1)
            })
    }

    /// Successes of the credential in that place at the same origin, on whatever route; newest first.
    pub(crate) fn worked(&self, place: &Place) -> impl Iterator<Item = &'a Seen> {
        let origin = &self.known.case.failing.request.url.origin;
        let fact = self.fact(place);
        self.known.case.context.before.iter().filter(move |seen| {
            (200..300).contains(&seen.status)
                && seen.request.url.origin == *origin
                && fact.is_some_and(|fact| carries(seen, fact))
        })
    }

    /// What is remembered of the failing request's credential in that place.
    pub(crate) fn fact(&self, place: &Place) -> Option<&'a CredentialFact> {
        let mut facts = self.known.case.context.credentials.iter();
        facts.find(|fact| fact.place == *place && fact.shape != Shape::Empty)
    }

    /// Exchanges after this one, oldest first.
    pub(crate) fn after(&self) -> &'a [Seen] {
        &self.known.case.context.after
    }
}

/// Whether that request carried this credential, wherever it stood.
pub(crate) fn carries(seen: &Seen, fact: &CredentialFact) -> bool {
    let mut then = seen.credentials.iter();
    then.any(|then| then.normalised == fact.normalised)
}

/// Enough to see a pattern, few enough to stay fast.
const MOST_PASSED: usize = 20;

fn passed(case: &Case) -> Vec<&Seen> {
    let request = &case.failing.request;
    case.context
        .before
        .iter()
        .filter(|seen| {
            (200..300).contains(&seen.status)
                && seen.request.method == request.method
                && seen.request.url.origin == request.url.origin
                && route::same(&seen.request.url.path, &request.url.path)
        })
        .take(MOST_PASSED)
        .collect()
}
