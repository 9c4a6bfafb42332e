//! Times and durations in words.

use time::{OffsetDateTime, UtcOffset};

use crate::model::Timestamp;

/// RFC 3339 in UTC with milliseconds, for machines.
pub fn rfc3339(at: Timestamp) -> String {
    let time = civil(at, UtcOffset::UTC);
    format!(
        "{}T{}.{:03}Z",
        day_of(time),
        clock_of(time),
        time.millisecond()
    )
}

/// The day, `2026-07-31`.
pub(super) fn day(at: Timestamp, offset: UtcOffset) -> String {
    day_of(civil(at, offset))
}

/// The time of day, `14:22:07`.
pub(super) fn time_of_day(at: Timestamp, offset: UtcOffset) -> String {
    clock_of(civil(at, offset))
}

/// Day, time with milliseconds and offset, for the one exchange that is shown in full.
pub(super) fn in_full(at: Timestamp, offset: UtcOffset) -> String {
    let time = civil(at, offset);
    let (hours, minutes, _) = offset.as_hms();
    let sign = if offset.is_negative() { '-' } else { '+' };
    format!(
        "{} {}.{:03} {sign}{:02}:{:02}",
        day_of(time),
        clock_of(time),
        time.millisecond(),
        hours.unsigned_abs(),
        minutes.unsigned_abs()
    )
}

/// A duration: `840 µs` as `<1 ms`, `84 ms`, `1.2 s`, `4 min 5 s`, `3 h 2 min`.
pub(super) fn duration(micros: u64) -> String {
    let millis = micros / 1000;
    let secs = millis / 1000;
    match secs {
        0 if millis == 0 => "<1 ms".to_owned(),
        0 => format!("{millis} ms"),
        1..10 => format!("{secs}.{} s", millis % 1000 / 100),
        10..60 => format!("{secs} s"),
        60..3600 => two_units(secs, 60, "min", "s"),
        3600..86_400 => two_units(secs / 60, 60, "h", "min"),
        _ => two_units(secs / 3600, 24, "days", "h"),
    }
}

fn two_units(value: u64, base: u64, large: &str, small: &str) -> String {
    match value % base {
        0 => format!("{} {large}", value / base),
        rest => format!("{} {large} {rest} {small}", value / base),
    }
}

/// The civil time at that offset; the epoch for a time no calendar holds.
fn civil(at: Timestamp, offset: UtcOffset) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.micros()) * 1000)
        .ok()
        .and_then(|time| time.checked_to_offset(offset))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn day_of(time: OffsetDateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        time.year(),
        u8::from(time.month()),
        time.day()
    )
}

fn clock_of(time: OffsetDateTime) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_micros(1_785_500_527_084_999);

    #[test]
    fn machines_get_utc_with_milliseconds() {
        assert_eq!(rfc3339(AT), "2026-07-31T12:22:07.084Z");
        assert_eq!(
            rfc3339(Timestamp::from_micros(-1)),
            "1969-12-31T23:59:59.999Z"
        );
    }

    #[test]
    fn people_get_their_own_clock() {
        let offset = UtcOffset::from_hms(-3, -30, 0).unwrap();
        assert_eq!(time_of_day(AT, offset), "08:52:07");
        assert_eq!(in_full(AT, offset), "2026-07-31 08:52:07.084 -03:30");
        assert_eq!(day(AT, UtcOffset::UTC), "2026-07-31");
    }

    #[test]
    fn a_time_no_calendar_holds_is_no_panic() {
        assert_eq!(
            rfc3339(Timestamp::from_micros(i64::MAX)),
            "1970-01-01T00:00:00.000Z"
        );
    }

    #[test]
    fn durations_have_at_most_two_units() {
        let cases = [
            (840, "<1 ms"),
            (84_000, "84 ms"),
            (1_290_000, "1.2 s"),
            (42_000_000, "42 s"),
            (240_000_000, "4 min"),
            (245_000_000, "4 min 5 s"),
            (3_725_000_000, "1 h 2 min"),
            (180_000_000_000, "2 days 2 h"),
        ];
        for (micros, words) in cases {
            assert_eq!(duration(micros), words);
        }
    }
}
