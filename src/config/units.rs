//! Sizes, durations and times as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::model::Timestamp;

/// A number of bytes: `64 KiB`, `1MiB`, `65536`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub usize);

/// A span of time: `500 ms`, `30 s`, `10m`, `2 h`, `7 days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// A point in time: so long ago, or a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// That long before now.
    Ago(Duration),
    /// Then.
    At(Timestamp),
}

impl Since {
    /// The point in time, seen from `now`.
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(ago) => now.minus(ago),
            Self::At(at) => at,
        }
    }
}

/// With the largest unit that leaves a whole number.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        let whole = units
            .iter()
            .find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size));
        match whole {
            Some((unit, size)) => write!(f, "{} {unit}", self.0 / size),
            None => write!(f, "{} B", self.0),
        }
    }
}

/// With the largest unit that leaves a whole number; parts of a millisecond are dropped.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let units = [
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1000),
        ];
        let whole = units
            .iter()
            .find(|(_, unit)| millis >= *unit && millis.is_multiple_of(*unit));
        match whole {
            Some((name, unit)) => write!(f, "{} {name}", millis / unit),
            None => write!(f, "{millis} ms"),
        }
    }
}

/// Why a size, duration or time cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnitError {
    /// No number comes first.
    #[error("a number is missing")]
    Number,
    /// A number without a unit.
    #[error("the unit is missing: {0}")]
    NoUnit(&'static str),
    /// The unit is not one of those known.
    #[error("the unit `{0}` is not known: {1}")]
    Unit(String, &'static str),
    /// More than can be counted.
    #[error("that is too much")]
    TooLarge,
    /// Neither a duration nor a time.
    #[error("neither a duration (10m, 2h, 3d) nor a time (2026-03-31T12:00:00Z)")]
    Since,
}

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text)?;
        let factor: u64 = match unit {
            "" | "B" => 1,
            "kB" | "KB" => 1000,
            "KiB" => 1 << 10,
            "MB" => 1_000_000,
            "MiB" => 1 << 20,
            "GB" => 1_000_000_000,
            "GiB" => 1 << 30,
            other => return Err(UnitError::Unit(other.to_owned(), SIZES)),
        };
        let bytes = number.checked_mul(factor).ok_or(UnitError::TooLarge)?;
        usize::try_from(bytes)
            .map(Self)
            .map_err(|_width| UnitError::TooLarge)
    }
}

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text)?;
        let factor: u64 = match unit {
            "" => return Err(UnitError::NoUnit(DURATIONS)),
            "ms" => 1,
            "s" | "sec" | "second" | "seconds" => 1000,
            "m" | "min" | "minute" | "minutes" => 60 * 1000,
            "h" | "hour" | "hours" => 60 * 60 * 1000,
            "d" | "day" | "days" => 24 * 60 * 60 * 1000,
            "w" | "week" | "weeks" => 7 * 24 * 60 * 60 * 1000,
            other => return Err(UnitError::Unit(other.to_owned(), DURATIONS)),
        };
        let span = number
            .checked_mul(factor)
            .map(Duration::from_millis)
            .filter(|span| *span <= LONGEST);
        span.map(Self).ok_or(UnitError::TooLarge)
    }
}

impl FromStr for Since {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        if let Ok(Span(ago)) = text.parse() {
            return Ok(Self::Ago(ago));
        }
        let at = OffsetDateTime::parse(text.trim(), &Rfc3339).map_err(|_time| UnitError::Since)?;
        let micros = i64::try_from(at.unix_timestamp_nanos() / 1000)
            .map_err(|_range| UnitError::TooLarge)?;
        Ok(Self::At(Timestamp::from_micros(micros)))
    }
}

/// The number and the unit; whitespace may stand between and around them.
fn split(text: &str) -> Result<(u64, &str), UnitError> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or(UnitError::Number)?;
    if number.is_empty() {
        return Err(UnitError::Number);
    }
    let number = number.parse().map_err(|_digits| UnitError::TooLarge)?;
    Ok((number, unit.trim_start()))
}

const SIZES: &str = "B, kB, KiB, MB, MiB, GB, GiB";
const DURATIONS: &str = "ms, s, m, h, d, w";
/// A thousand years: far more than anybody means, and far from any overflow.
const LONGEST: Duration = Duration::from_secs(1000 * 366 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_have_binary_and_decimal_units() {
        assert_eq!("64 KiB".parse(), Ok(ByteSize(65_536)));
        assert_eq!("1kB".parse(), Ok(ByteSize(1000)));
        assert_eq!(" 12 ".parse(), Ok(ByteSize(12)));
        assert_eq!("2GiB".parse(), Ok(ByteSize(2 << 30)));
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!("500ms".parse(), Ok(Span(Duration::from_millis(500))));
        assert_eq!("30 s".parse(), Ok(Span(Duration::from_secs(30))));
        assert_eq!("7 days".parse(), Ok(Span(Duration::from_secs(604_800))));
        assert_eq!("30".parse::<Span>(), Err(UnitError::NoUnit(DURATIONS)));
    }

    #[test]
    fn a_wrong_unit_is_named_with_those_allowed() {
        let error = "3 y".parse::<Span>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the unit `y` is not known: ms, s, m, h, d, w"
        );
        let error = "3 KIB".parse::<ByteSize>().unwrap_err();
        assert!(error.to_string().contains("KiB"));
        assert_eq!("x".parse::<ByteSize>(), Err(UnitError::Number));
        assert_eq!(
            "99999999999999999999 B".parse::<ByteSize>(),
            Err(UnitError::TooLarge)
        );
        assert_eq!("999999999999 w".parse::<Span>(), Err(UnitError::TooLarge));
    }

    #[test]
    fn since_is_a_duration_or_a_time() {
        let now = Timestamp::from_secs(1_000_000);
        let since = |text: &str| text.parse::<Since>().map(|since| since.resolve(now));
        assert_eq!(since("10m"), Ok(Timestamp::from_secs(999_400)));
        assert_eq!(
            since("1970-01-01T01:00:01+01:00"),
            Ok(Timestamp::from_secs(1))
        );
        assert_eq!(since("yesterday"), Err(UnitError::Since));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _size = text.parse::<ByteSize>().is_ok();
            let _span = text.parse::<Span>().is_ok();
            let _since = text.parse::<Since>().is_ok();
        }

        #[test]
        fn a_written_size_reads_back(bytes in 0_usize..1 << 40) {
            prop_assert_eq!(format!("{bytes} B").parse(), Ok(ByteSize(bytes)));
            prop_assert_eq!(ByteSize(bytes).to_string().parse(), Ok(ByteSize(bytes)));
        }

        #[test]
        fn a_written_span_reads_back(millis in 0_u64..1 << 40) {
            let span = Span(Duration::from_millis(millis));
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
