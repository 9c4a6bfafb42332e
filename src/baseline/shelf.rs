//! The requests that users named, in an order in which the fitting ones are found at once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::choose::{Found, best_of, has_credentials, has_unknown_host};
use super::route;
use crate::auth::credentials::carriers;
use crate::model::{Baseline, ChosenBaseline, Match, Place, Request, Timestamp};

/// Named baselines. Thousands of them cost a choice no more than a few.
#[derive(Debug, Default)]
pub struct Shelf {
    all: Vec<Baseline>,
    by_route: Routes,
    /// By what remains of a route without one or more leading segments.
    by_rest: Routes,
    by_place: HashMap<String, HashMap<Place, usize>>,
    /// Those whose host is a variable that nothing resolved.
    by_place_anywhere: HashMap<Place, usize>,
}

/// Positions of baselines: of those that one method, origin and route have in common, the best.
type Routes = HashMap<u64, Vec<usize>>;

impl Shelf {
    /// Puts them in order.
    pub fn new(all: Vec<Baseline>) -> Self {
        let mut shelf = Self::default();
        let (mut routes, mut rests) = (Best::default(), Best::default());
        for (at, baseline) in all.iter().enumerate() {
            let request = &baseline.request;
            let worth = (has_credentials(baseline), baseline.added);
            let sender = hash(&(&request.method, &request.url.origin));
            let paths = route::hashes(&request.url.path);
            routes.offer((paths.whole, sender), at, worth);
            for rest in paths.rests {
                rests.offer((rest, sender), at, worth);
            }
            shelf.put_by_place(baseline, at, &all);
        }
        (shelf.by_route, shelf.by_rest) = (routes.positions(), rests.positions());
        shelf.all = all;
        shelf
    }

    fn put_by_place(&mut self, baseline: &Baseline, at: usize, all: &[Baseline]) {
        let places = match has_unknown_host(baseline) {
            true => &mut self.by_place_anywhere,
            false => {
                let host = baseline.request.url.origin.host.clone();
                self.by_place.entry(host).or_default()
            }
        };
        for carrier in carriers(&baseline.request) {
            let newest = places.entry(carrier.place).or_insert(at);
            // Of two that were added together the later one counts.
            if all.get(*newest).is_some_and(|b| b.added <= baseline.added) {
                *newest = at;
            }
        }
    }

    /// All of them, in the order in which they came.
    pub fn all(&self) -> &[Baseline] {
        &self.all
    }

    /// Chooses the baseline for a request; `pinned` names one that the user asked for.
    ///
    /// The best kind of match wins, see [`Match`]; among equals one of the same origin, then one with credentials, then the newest. A
    /// pinned name that does not exist yields nothing: another one would be a different question.
    pub fn choose(
        &self,
        request: &Request,
        pinned: Option<&str>,
        now: Timestamp,
    ) -> Option<ChosenBaseline> {
        let (found, baseline) = match pinned {
            Some(name) => (Match::Named, self.named(name)?),
            None => best_of(request, self.near(request)).or_else(|| self.by_place(request))?,
        };
        Some(super::choose::chosen(found, baseline.clone(), now))
    }

    /// The newest of that name.
    fn named(&self, name: &str) -> Option<&Baseline> {
        let of_name = self.all.iter().filter(|baseline| baseline.name == name);
        of_name.max_by_key(|baseline| baseline.added)
    }

    /// All that can be of the same route, with or without a prefix; some that are not, too.
    fn near(&self, request: &Request) -> impl Iterator<Item = &Baseline> {
        let paths = route::hashes(&request.url.path);
        let same = self.by_route.get(&paths.whole);
        let longer = self.by_rest.get(&paths.whole);
        let shorter = paths.rests.into_iter();
        let shorter = shorter.filter_map(|rest| self.by_route.get(&rest));
        let positions = same.into_iter().chain(longer).chain(shorter).flatten();
        positions.filter_map(|at| self.all.get(*at))
    }

    /// The last resort: another route of that host, where the credential stands in the same place.
    fn by_place(&self, request: &Request) -> Option<Found<'_>> {
        let here = self.by_place.get(&request.url.origin.host);
        let newest = carriers(request)
            .into_iter()
            .flat_map(|carrier| {
                let anywhere = self.by_place_anywhere.get(&carrier.place);
                [here.and_then(|here| here.get(&carrier.place)), anywhere]
            })
            .flatten()
            .max_by_key(|at| (self.all.get(**at).map(|baseline| baseline.added), **at))?;
        Some((Match::SameHost, self.all.get(*newest)?))
    }
}

impl From<Vec<Baseline>> for Shelf {
    fn from(all: Vec<Baseline>) -> Self {
        Self::new(all)
    }
}

/// Of all that are offered for a key the best, and of those the first.
#[derive(Default)]
struct Best(HashMap<(u64, u64), (Worth, usize)>);

/// Whether it has credentials, and when it was added.
type Worth = (bool, Timestamp);

impl Best {
    fn offer(&mut self, key: (u64, u64), at: usize, worth: Worth) {
        let known = self.0.entry(key).or_insert((worth, at));
        if known.0 < worth {
            *known = (worth, at);
        }
    }

    /// By the first half of the key, in the order in which they were offered.
    fn positions(self) -> Routes {
        let mut routes = Routes::new();
        for ((route, _), (_, at)) in self.0 {
            routes.entry(route).or_default().push(at);
        }
        routes.values_mut().for_each(|found| found.sort_unstable());
        routes
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sample::{NOW, request};
    use super::*;
    use crate::model::BaselineSource;

    const TOKEN: (&str, &str) = ("Authorization", "Bearer abcdefghijklmnop1");

    proptest! {
        #[test]
        fn what_is_found_is_the_best_of_all(
            shelf in proptest::collection::vec(a_baseline(), 0..12),
            failing in a_request(),
        ) {
            let best = best_of(&failing, shelf.iter());
            let found = Shelf::new(shelf.clone()).choose(&failing, None, NOW);
            match (best, found) {
                (Some((found, baseline)), Some(chosen)) => {
                    prop_assert_eq!(found, chosen.found);
                    prop_assert_eq!(&baseline.name, &chosen.baseline.name);
                }
                (None, found) => prop_assert!(found.is_none_or(|one| one.found == Match::SameHost)),
                (best, None) => prop_assert!(best.is_none(), "{best:?} is missing"),
            }
        }
    }

    fn a_request() -> impl Strategy<Value = Request> {
        let method = prop_oneof![Just("GET"), Just("PUT")];
        let host = prop_oneof![Just("a.test"), Just("b.test")];
        let path = "(/(api|users|me|[0-9])){0,4}/?";
        (method, host, path, any::<bool>()).prop_map(|(method, host, path, has_token)| {
            let fields = if has_token { &[TOKEN][..] } else { &[] };
            request(method, &format!("https://{host}{path}"), fields)
        })
    }

    fn a_baseline() -> impl Strategy<Value = Baseline> {
        (a_request(), "[a-z]{8}", 0_i64..4).prop_map(|(request, name, secs)| Baseline {
            name,
            source: BaselineSource::Curl,
            added: Timestamp::from_secs(1_768_000_000 + secs),
            request,
            unresolved: Vec::new(),
            warnings: Vec::new(),
        })
    }
}
