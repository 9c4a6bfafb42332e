//! What time it was for the server.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::diagnosis::{Phrase, words};
use crate::model::{FieldSection, Timestamp};

/// The time by which a time-dependent credential is judged.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// The server's time when it answered, or ours.
    pub(crate) now: Timestamp,
    /// Whether `now` is the server's own word.
    pub(crate) by_server: bool,
    /// How far the server's clock is ahead of ours, in seconds.
    pub(crate) skew: Option<i64>,
}

impl Clock {
    /// `at` is our time of the request, `response_head` the microseconds until the first answer.
    pub(crate) fn of(
        at: Timestamp,
        response_head: Option<u64>,
        response: Option<&FieldSection>,
    ) -> Self {
        let date = response
            .filter(|fields| !from_cache(fields))
            .and_then(|fields| http_date(fields.first_text("date")?));
        let Some(date) = date else {
            return Self {
                now: at,
                by_server: false,
                skew: None,
            };
        };
        let half_way = i64::try_from(response_head.unwrap_or(0) / 2).unwrap_or(0);
        let ours = Timestamp::from_micros(at.micros().saturating_add(half_way));
        Self {
            now: date,
            by_server: true,
            skew: Some(date.secs().saturating_sub(ours.secs())),
        }
    }

    /// Whole seconds from that time (in seconds since the epoch) to now; negative when it is ahead.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturating is right for dates beyond the range of i64"
    )]
    pub(crate) fn seconds_since(&self, epoch_seconds: f64) -> i64 {
        self.now.secs().saturating_sub(epoch_seconds.floor() as i64)
    }

    /// How far the server's clock is from ours, if it is worth telling.
    pub(crate) fn skew_told(&self) -> Option<Phrase> {
        let skew = self.skew.filter(|skew| skew.abs() >= WORTH_TELLING)?;
        Some(Phrase::new(format!(
            "the server's clock is {} {} ours",
            words::span(skew),
            if skew > 0 { "ahead of" } else { "behind" },
        )))
    }

    /// `by the server's clock`, or `by our clock`.
    pub(crate) fn whose(&self) -> &'static str {
        if self.by_server {
            "by the server's clock"
        } else {
            "by our clock"
        }
    }
}

/// In seconds.
const WORTH_TELLING: i64 = 30;

/// A cached answer's `Date` is that of its making (RFC 9111 section 4.2.3).
fn from_cache(fields: &FieldSection) -> bool {
    let aged = fields
        .first_text("age")
        .and_then(|age| age.parse::<u64>().ok())
        .is_some_and(|age| age > 0);
    aged || CACHE_FIELDS.iter().any(|name| {
        fields
            .first_text(name)
            .is_some_and(|value| value.to_ascii_lowercase().contains("hit"))
    })
}

const CACHE_FIELDS: &[&str] = &["x-cache", "x-cache-status", "cf-cache-status"];

/// An IMF-fixdate (RFC 9110 section 5.6.7); the obsolete forms are not read.
fn http_date(text: &str) -> Option<Timestamp> {
    let date = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    Some(Timestamp::from_secs(date.unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FieldLine, Provenance};

    fn fields(lines: &[(&str, &str)]) -> FieldSection {
        let lines = lines
            .iter()
            .map(|(name, value)| FieldLine::new(*name, value))
            .collect();
        FieldSection::from_lines(lines, Provenance::Wire)
    }

    const AT: Timestamp = Timestamp::from_secs(784_111_777);

    #[test]
    fn the_date_of_the_answer_is_the_servers_time() {
        let date = fields(&[("Date", "Sun, 06 Nov 1994 08:50:37 GMT")]);
        let clock = Clock::of(AT, Some(2_000_000), Some(&date));
        assert_eq!(clock.now.secs(), 784_111_837);
        assert_eq!(clock.skew, Some(59));
        assert_eq!(clock.seconds_since(784_111_800.5), 37);
    }

    #[test]
    fn a_cached_or_unreadable_date_leaves_our_own_clock() {
        let date = ("Date", "Sun, 06 Nov 1994 08:50:37 GMT");
        for lines in [
            vec![date, ("Age", "120")],
            vec![date, ("X-Cache", "HIT from edge")],
            vec![("Date", "yesterday")],
            vec![],
        ] {
            let clock = Clock::of(AT, None, Some(&fields(&lines)));
            assert_eq!((clock.now, clock.skew), (AT, None));
        }
    }

    #[test]
    fn absurd_times_do_not_overflow() {
        let clock = Clock::of(AT, None, None);
        assert!(clock.seconds_since(1e300) < 0);
        assert!(clock.seconds_since(-1e300) > 0);
        assert_eq!(clock.seconds_since(f64::NAN), AT.secs());
    }
}
