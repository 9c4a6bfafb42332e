//! How two credentials differ, in words: scheme, quotes, place, claims; never the secret.

use std::collections::HashMap;

use super::align::Pair;
use super::difference::Kind;
use super::token;
use crate::auth::credentials::{Carrier, carriers, decode_basic};
use crate::auth::names::vendor_prefix;
use crate::auth::percent::percent_decode;
use crate::model::{Place, Request};

/// Said where the known-good value holds a variable, and all that can be compared is equal.
pub(super) const UNRESOLVED: &str =
    "it holds a variable that is not resolved: only the text around it was compared";

/// The credentials of one request, to be found by place and by secret.
pub(super) struct Carriers {
    all: Vec<Carrier>,
    by_place: HashMap<Place, Vec<usize>>,
    by_secret: HashMap<Vec<u8>, Vec<usize>>,
}

impl Carriers {
    /// The credentials of that request.
    pub(super) fn of(request: &Request) -> Self {
        let all = carriers(request);
        let mut by_place: HashMap<Place, Vec<usize>> = HashMap::new();
        let mut by_secret: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for (index, carrier) in all.iter().enumerate() {
            by_place
                .entry(carrier.place.clone())
                .or_default()
                .push(index);
            let secret = by_secret.entry(carrier.normalised.clone()).or_default();
            // Only the first of another place is asked for.
            if secret.len() < 8 {
                secret.push(index);
            }
        }
        Self {
            all,
            by_place,
            by_secret,
        }
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Carrier> {
        self.all.iter()
    }

    /// Those at that place.
    pub(super) fn at(&self, place: &Place) -> Vec<&Carrier> {
        let found = self.by_place.get(place).map(Vec::as_slice);
        let found = found.unwrap_or_default().iter();
        found.filter_map(|index| self.all.get(*index)).collect()
    }

    /// The first other place where one of these secrets stands.
    fn elsewhere(&self, secrets: &[&Carrier], here: &Place) -> Option<&Place> {
        let of = |secret: &&Carrier| self.by_secret.get(&secret.normalised);
        secrets
            .iter()
            .filter(|secret| !secret.normalised.is_empty())
            .filter_map(of)
            .flatten()
            .filter_map(|index| self.all.get(*index))
            .map(|carrier| &carrier.place)
            .find(|place| *place != here)
    }
}

/// What to know about the credential at that place.
pub(super) fn note(pair: &Pair<'_>, place: &Place, kind: Kind) -> Option<String> {
    let good = pair.good_carriers.at(place);
    let failing = pair.failing_carriers.at(place);
    match kind {
        Kind::Missing => pair
            .failing_carriers
            .elsewhere(&good, place)
            .map(|place| format!("same secret, sent in another place: {}", in_words(place))),
        Kind::Extra => pair.good_carriers.elsewhere(&failing, place).map(|place| {
            format!(
                "the known-good request sends the same secret in {}",
                in_words(place)
            )
        }),
        Kind::Changed if good.len() != failing.len() => Some(format!(
            "sent {} here, {} in the known-good request",
            times(failing.len()),
            times(good.len())
        )),
        Kind::Changed => good.iter().zip(&failing).find_map(|(a, b)| changed(a, b)),
        Kind::Same => None,
    }
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        _ => format!("{count} times"),
    }
}

fn in_words(place: &Place) -> String {
    let (kind, name) = match place {
        Place::Header(name) => ("header", name),
        Place::Cookie(name) => ("cookie", name),
        Place::Query(name) => ("query", name),
        Place::Form(name) => ("form", name),
        Place::UserInfo => return "the URL, as user and password".to_owned(),
    };
    if is_plain_name(name) {
        format!("{kind} {name}")
    } else {
        format!("a {kind}")
    }
}

/// Whether a captured name may stand in a note: short, no odd characters, no token.
pub(super) fn is_plain_name(name: &str) -> bool {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    !name.is_empty()
        && name.len() <= 40
        && digits < 4
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}

fn changed(good: &Carrier, failing: &Carrier) -> Option<String> {
    let same_secret = !good.normalised.is_empty() && good.normalised == failing.normalised;
    if let Some(words) = schemes(good.scheme.as_deref(), failing.scheme.as_deref()) {
        return Some(if same_secret {
            format!("same secret, but the {words}")
        } else {
            format!("the {words}")
        });
    }
    if same_secret {
        return Some(mangling(good, failing).to_owned());
    }
    token::note(&good.normalised, &failing.normalised)
        .or_else(|| cut_off(&good.normalised, &failing.normalised))
        .or_else(|| basic(good, failing))
        .or_else(|| prefixes(&good.normalised, &failing.normalised))
}

fn schemes(good: Option<&str>, failing: Option<&str>) -> Option<String> {
    let word = |scheme: &str| {
        let plain = scheme.len() <= 24 && is_plain_name(scheme);
        if plain {
            scheme.to_owned()
        } else {
            "another word".to_owned()
        }
    };
    match (good, failing) {
        (Some(good), Some(failing)) if !good.eq_ignore_ascii_case(failing) => Some(format!(
            "scheme differs: {} here, {} in the known-good request",
            word(failing),
            word(good)
        )),
        (Some(good), None) => Some(format!(
            "scheme is missing: {} in the known-good request",
            word(good)
        )),
        (None, Some(failing)) => Some(format!(
            "scheme differs: {} here, none in the known-good request",
            word(failing)
        )),
        _ => None,
    }
}

/// What was done to a secret that is equal once it is normalised.
fn mangling(good: &Carrier, failing: &Carrier) -> &'static str {
    let (a, b) = (good.secret.as_slice(), failing.secret.as_slice());
    let visible = |secret: &[u8]| {
        let text = String::from_utf8_lossy(secret).into_owned();
        text.replace(
            [
                '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}',
            ],
            "",
        )
    };
    let unquoted = |secret: &[u8]| -> Vec<u8> {
        let text = String::from_utf8_lossy(secret).into_owned();
        let quotes = ['"', '\'', '`', '“', '”', '‘', '’', '„', '«', '»'];
        text.trim().trim_matches(quotes).as_bytes().to_vec()
    };
    if a == b {
        "equal but for the upper and lower case of the scheme word, or white space"
    } else if a.trim_ascii() == b.trim_ascii() {
        "equal but for white space"
    } else if visible(a) == visible(b) {
        "equal but for invisible characters"
    } else if unquoted(a) == unquoted(b) {
        "equal but for quotes"
    } else if percent_decode(a) == percent_decode(b) {
        "equal but for percent-encoding"
    } else if failing.secret.ends_with(&good.secret) {
        "equal but for what stands before the secret here"
    } else {
        "equal but for quotes, white space, encoding or a scheme word"
    }
}

fn cut_off(good: &[u8], failing: &[u8]) -> Option<String> {
    let (short, long) = (failing.len(), good.len());
    if short >= 4 && short < long && good.starts_with(failing) {
        Some(format!(
            "the known-good secret, cut off after {short} of {long} bytes"
        ))
    } else if short >= 4 && short < long && good.ends_with(failing) {
        Some(format!(
            "the known-good secret without its first {} bytes",
            long - short
        ))
    } else if long >= 4 && long < short && failing.starts_with(good) {
        Some(format!(
            "the known-good secret with {} more bytes behind it",
            short - long
        ))
    } else if good.eq_ignore_ascii_case(failing) {
        Some("equal but for upper and lower case".to_owned())
    } else {
        None
    }
}

fn basic(good: &Carrier, failing: &Carrier) -> Option<String> {
    let is_basic = |carrier: &Carrier| {
        let scheme = carrier.scheme.as_deref();
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
    };
    if !is_basic(good) || !is_basic(failing) {
        return None;
    }
    let (good_user, good_password) = decode_basic(&good.normalised)?;
    let (user, password) = decode_basic(&failing.normalised)?;
    let words = match (good_user == user, good_password == password) {
        (true, true) => "same user and password, encoded another way",
        (true, false) => "same user, another password",
        (false, true) => "another user, same password",
        (false, false) => "another user and password",
    };
    Some(words.to_owned())
}

/// Public prefixes say which environment or service a key is for: `sk_test_` and `sk_live_`.
fn prefixes(good: &[u8], failing: &[u8]) -> Option<String> {
    let (_, good) = vendor_prefix(good)?;
    let (_, failing) = vendor_prefix(failing)?;
    (good != failing)
        .then(|| format!("starts with {failing} here, with {good} in the known-good request"))
}
