//! Route templates: a path with its variable segments replaced by `*`.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The route template of a path: `/users/*/orders` for `/users/42/orders`.
pub fn template(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for (index, segment) in segments(path).enumerate() {
        if index > 0 {
            text.push('/');
        }
        text.push_str(&String::from_utf8_lossy(segment));
    }
    text
}

/// Whether two paths have the same template, told without building either.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    segments(left).eq(segments(right))
}

/// A path as numbers that are equal for paths of the same template.
#[derive(Debug)]
pub(super) struct Hashes {
    /// Of the whole path.
    pub(super) whole: u64,
    /// Of what remains without one or more leading segments, at most [`MOST_RESTS`] of them, the shortest first.
    pub(super) rests: Vec<u64>,
}

/// No API has so many segments.
const MOST_RESTS: usize = 64;

pub(super) fn hashes(path: &[u8]) -> Hashes {
    let mut whole = 0;
    let mut rests = Vec::new();
    // The empty segment before the leading slash belongs to none.
    let count = segments(path).count().saturating_sub(1);
    for (at, segment) in segments(path).rev().take(count).enumerate() {
        if (1..=MOST_RESTS).contains(&at) {
            rests.push(whole);
        }
        let mut hasher = DefaultHasher::new();
        (whole, segment).hash(&mut hasher);
        whole = hasher.finish();
    }
    Hashes { whole, rests }
}

/// Where two paths of as many segments differ, if it is in a single one.
pub(super) fn only_difference(left: &[u8], right: &[u8]) -> Option<usize> {
    let mut differences = segments(left)
        .zip(segments(right))
        .enumerate()
        .filter(|(_, (left, right))| left != right);
    let (at, _) = differences.next()?;
    let as_many = segments(left).count() == segments(right).count();
    (as_many && differences.next().is_none()).then_some(at)
}

/// Whether the segment there is guessed to vary.
pub(super) fn is_variable_at(path: &[u8], at: usize) -> bool {
    segments(path).nth(at) == Some(VARIABLE)
}

/// Whether the segment there follows the name of a collection, as what names one of its things does.
pub(super) fn is_in_collection(path: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| segments(path).nth(at));
    before.is_some_and(|name| {
        let is_version = name.starts_with(b"v") && name.iter().skip(1).all(u8::is_ascii_digit);
        let is_fixed = !name.is_empty() && name != VARIABLE;
        is_fixed && !is_version && name != b"api" && name != b"rest"
    })
}

/// Whether two paths differ only by a leading prefix that one of them has: `/users` and `/api/v1/users`.
///
/// What they share must hold a fixed segment: otherwise `/42` would be any path that ends in a number.
pub fn same_but_prefix(left: &[u8], right: &[u8]) -> bool {
    let (long, short) = if segments(left).count() > segments(right).count() {
        (left, right)
    } else {
        (right, left)
    };
    // The empty segment before the leading slash belongs to neither prefix nor rest.
    let rest = segments(short).count().saturating_sub(1);
    let skipped = segments(long).count().saturating_sub(rest);
    skipped > 1
        && has_fixed_segment(short)
        && segments(long).skip(skipped).eq(segments(short).skip(1))
}

/// Whether a path has a segment that is neither empty nor variable.
pub fn has_fixed_segment(path: &[u8]) -> bool {
    segments(path).any(|segment| !segment.is_empty() && segment != VARIABLE)
}

/// What stands for a variable segment.
const VARIABLE: &[u8] = b"*";

fn segments(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|b| *b == b'/').map(|segment| {
        if is_variable(segment) {
            VARIABLE
        } else {
            segment
        }
    })
}

fn is_variable(segment: &[u8]) -> bool {
    if segment.is_empty() {
        return false;
    }
    let has_digit = segment.iter().any(u8::is_ascii_digit);
    segment.iter().all(u8::is_ascii_digit)
        || is_template(segment)
        || (segment.len() >= 8 && segment.iter().all(u8::is_ascii_hexdigit))
        || (segment.len() >= 16 && has_digit && segment.iter().all(|b| is_base64url(*b)))
        || segment.contains(&b'@')
        || segment.windows(3).any(|three| three == b"%40")
}

/// A variable of Postman that nothing resolved.
fn is_template(segment: &[u8]) -> bool {
    segment.starts_with(b"{{") && segment.ends_with(b"}}")
}

/// UUIDs and ULIDs are of this alphabet and longer than 16, so they need no test of their own.
fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn variable_segments_become_stars() {
        for (path, expected) in [
            ("/", "/"),
            ("/users/42/orders", "/users/*/orders"),
            ("/u/3f2504e0-4f89-41d3-9a0c-0305e82c3301", "/u/*"),
            ("/o/01ARZ3NDEKTSV4RRFFQ69G5FAV/", "/o/*/"),
            ("/c/deadbeef", "/c/*"),
            ("/users/{{id}}/orders", "/users/*/orders"),
            ("/f/dGhpcyBpcyBhIHRlc3Q1", "/f/*"),
            ("/mail/ann@acme.test", "/mail/*"),
            ("/mail/ann%40acme.test", "/mail/*"),
            ("/api/v2/orders/search", "/api/v2/orders/search"),
            ("/authentication-settings", "/authentication-settings"),
        ] {
            assert_eq!(template(path.as_bytes()), expected, "{path}");
        }
    }

    #[test]
    fn paths_of_one_template_are_the_same_route() {
        assert!(same(b"/users/1", b"/users/22"));
        assert!(!same(b"/users/1", b"/users/me"));
        assert!(!same(b"/users/1", b"/users/1/"));
    }

    #[test]
    fn a_leading_prefix_may_be_added_or_removed() {
        assert!(same_but_prefix(b"/users/1", b"/api/v1/users/2"));
        assert!(same_but_prefix(b"/api/users", b"/users"));
        assert!(!same_but_prefix(b"/users", b"/users"));
        assert!(!same_but_prefix(b"/users", b"/v1/orders"));
        assert!(
            !same_but_prefix(b"/1", b"/users/2"),
            "nothing fixed in common"
        );
        assert!(
            !same_but_prefix(b"/", b"/users/"),
            "nothing at all in common"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_template_and_are_their_own_route(path: Vec<u8>) {
            let text = template(&path);
            prop_assert_eq!(text.matches('/').count(), path.iter().filter(|b| **b == b'/').count());
            prop_assert!(same(&path, &path));
            prop_assert!(!same_but_prefix(&path, &path));
        }

        #[test]
        fn a_prefix_in_front_is_seen(prefix in "(/[a-z]{1,5}){1,3}", rest in "(/[a-z]{1,5}){1,3}") {
            let long = format!("{prefix}{rest}");
            prop_assert!(same_but_prefix(long.as_bytes(), rest.as_bytes()));
        }
    }
}
