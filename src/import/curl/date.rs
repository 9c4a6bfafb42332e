//! Reads dates as `--time-cond` takes them: RFC 9110's, and others with names of months.

use time::{Date, Month, PrimitiveDateTime, Time};

/// The longest text that can be a date.
const MAX_DATE_BYTES: usize = 100;

/// What was found of a date so far.
#[derive(Default)]
struct Found {
    weekday: bool,
    day: Option<u8>,
    month: Option<u8>,
    year: Option<i32>,
    time: Option<Time>,
    offset_secs: Option<i64>,
}

/// The seconds since 1970 that a text stands for; `None` if it is no date.
pub(super) fn seconds(text: &str) -> Option<i64> {
    if text.len() > MAX_DATE_BYTES {
        return None;
    }
    let mut found = Found::default();
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let end = if first.is_ascii_alphabetic() {
            let end = rest.find(|c: char| !c.is_ascii_alphabetic());
            let end = end.unwrap_or(rest.len());
            found.word(rest.get(..end)?)?;
            end
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':');
            let end = end.unwrap_or(rest.len());
            found.number(rest.get(..end)?, before)?;
            end
        } else {
            first.len_utf8()
        };
        before = rest.get(..end)?.chars().next_back()?;
        rest = rest.get(end..)?;
    }
    found.seconds()
}

/// The date in the form that HTTP has for it.
pub(super) fn http(seconds: i64) -> Option<String> {
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    let (weekday, month) = (at.weekday().to_string(), at.month().to_string());
    Some(format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        weekday.get(..3)?,
        at.day(),
        month.get(..3)?,
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    ))
}

impl Found {
    fn word(&mut self, word: &str) -> Option<()> {
        const WEEKDAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        const FULL: &[&str] = &[
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ];
        const MONTHS: &[&str] = &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ];
        let word = word.to_ascii_lowercase();
        let is_weekday = WEEKDAYS.contains(&word.as_str()) || FULL.contains(&word.as_str());
        if is_weekday && !self.weekday {
            self.weekday = true;
            return Some(());
        }
        let month = MONTHS.iter().position(|name| *name == word);
        if let (Some(month), None) = (month, self.month) {
            self.month = u8::try_from(month + 1).ok();
            return Some(());
        }
        if self.offset_secs.is_some() {
            return None;
        }
        self.offset_secs = Some(-zone_minutes_west(&word)? * 60);
        Some(())
    }

    fn number(&mut self, digits: &str, before: char) -> Option<()> {
        if digits.contains(':') {
            if self.time.is_some() {
                return None;
            }
            self.time = Some(time(digits)?);
            return Some(());
        }
        let value: i32 = digits.parse().ok()?;
        let is_signed = matches!(before, '+' | '-');
        if is_signed && self.offset_secs.is_none() && digits.len() == 4 && value <= 1400 {
            let secs = i64::from(value / 100 * 60 + value % 100) * 60;
            self.offset_secs = Some(if before == '+' { secs } else { -secs });
        } else if digits.len() == 8 && (self.year, self.month, self.day) == (None, None, None) {
            self.year = Some(value / 10_000);
            self.month = u8::try_from(value % 10_000 / 100).ok();
            self.day = u8::try_from(value % 100).ok();
        } else if self.day.is_none() && (1..32).contains(&value) {
            self.day = u8::try_from(value).ok();
        } else if self.year.is_none() {
            self.year = Some(match value {
                0..=70 => 2000 + value,
                71..=99 => 1900 + value,
                value => value,
            });
        } else {
            return None;
        }
        Some(())
    }

    fn seconds(&self) -> Option<i64> {
        let month = Month::try_from(self.month?).ok()?;
        let date = Date::from_calendar_date(self.year?, month, self.day?).ok()?;
        let at = PrimitiveDateTime::new(date, self.time.unwrap_or(Time::MIDNIGHT));
        let seconds = at.assume_utc().unix_timestamp();
        Some(seconds - self.offset_secs.unwrap_or(0))
    }
}

fn time(digits: &str) -> Option<Time> {
    let mut numbers = digits.split(':').map(str::parse::<u8>);
    let hour = numbers.next()?.ok()?;
    let minute = numbers.next()?.ok()?;
    let second = numbers.next().transpose().ok()?.unwrap_or(0);
    match numbers.next() {
        None => Time::from_hms(hour, minute, second).ok(),
        Some(_) => None,
    }
}

/// The zones that RFC 5322 names.
fn zone_minutes_west(word: &str) -> Option<i64> {
    let hours = match word {
        "gmt" | "utc" | "ut" | "z" => 0,
        "edt" => 4,
        "est" | "cdt" => 5,
        "cst" | "mdt" => 6,
        "mst" | "pdt" => 7,
        "pst" => 8,
        "cet" => -1,
        "cest" => -2,
        _ => return None,
    };
    Some(hours * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        http(seconds(text)?)
    }

    #[test]
    fn dates_of_all_sorts_are_read() {
        for (text, date) in [
            (
                "Tue, 15 Nov 1994 12:45:26 GMT",
                "Tue, 15 Nov 1994 12:45:26 GMT",
            ),
            ("6 Nov 94", "Sun, 06 Nov 1994 00:00:00 GMT"),
            ("20240229", "Thu, 29 Feb 2024 00:00:00 GMT"),
            ("1 Jan 2020 03:04", "Wed, 01 Jan 2020 03:04:00 GMT"),
            ("20200101 01:02:03", "Wed, 01 Jan 2020 01:02:03 GMT"),
            ("12 Feb 2025 10:00 +0200", "Wed, 12 Feb 2025 08:00:00 GMT"),
            ("Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ] {
            assert_eq!(read(text).as_deref(), Some(date), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        // Numbers with dashes between are none to curl.
        for text in [
            "",
            "nonsense",
            "2024-02-29",
            "20240230",
            "12:00",
            "file.txt",
            "1 2 3 4",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
