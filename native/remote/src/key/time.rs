//! The bucket's clock in keys.

use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDate};

const DAY_MS: i64 = 86_400_000;

/// The time of an upload by the bucket's clock: 13 digits of milliseconds in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// A day of the bucket's clock, in UTC: `yyyy/mm/dd` in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Time {
    /// The last one there is.
    pub const LAST: Time = Time(9_999_999_999_999);

    /// A time, if it has 13 digits: from September 2001 to November 2286.
    pub fn from_ms(ms: u64) -> Option<Time> {
        let ms = i64::try_from(ms).ok()?;
        (1_000_000_000_000..10_000_000_000_000)
            .contains(&ms)
            .then_some(Time(ms))
    }

    /// Milliseconds since 1970.
    pub fn ms(self) -> u64 {
        self.0.unsigned_abs()
    }

    /// The day that it is in.
    pub fn day(self) -> Day {
        // There is a date for each number of 13 digits.
        Day(DateTime::from_timestamp_millis(self.0)
            .unwrap_or_default()
            .date_naive())
    }
}

impl Day {
    /// Reads `yyyy/mm/dd`.
    pub fn parse(text: &str) -> Option<Day> {
        let day = Day(NaiveDate::parse_from_str(text, "%Y/%m/%d").ok()?);
        (day.to_string() == text).then_some(day)
    }

    /// The day after it.
    pub fn next(self) -> Option<Day> {
        self.0.succ_opt().map(Day)
    }

    /// Its first moment; `None` before the first [`Time`].
    pub fn first(self) -> Option<Time> {
        let days = self
            .0
            .signed_duration_since(DateTime::UNIX_EPOCH.date_naive());
        Time::from_ms(u64::try_from(days.num_days() * DAY_MS).ok()?)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}", self.0)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.0;
        write!(f, "{:04}/{:02}/{:02}", day.year(), day.month(), day.day())
    }
}
