//! Dates and times in `params` and `session`, and as keys of maps, as the pure-Elixir backend writes
//! them there.

use std::fmt::Write as _;

use crate::{Limits, Token, Walker};

const UTC: &[u8] = b"Etc/UTC";

/// No struct of these has more fields.
const MAX_FIELDS: u32 = 16;

/// The fields of a date or time of the calendar that ISO 8601 has, as far as it has them.
#[derive(Default)]
struct Fields<'a> {
    module: Option<Module>,
    is_iso: bool,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: Option<i64>,
    minute: Option<i64>,
    second: Option<i64>,
    /// And how many of its digits count.
    microsecond: Option<(i64, i64)>,
    utc_offset: Option<i64>,
    std_offset: Option<i64>,
    time_zone: Option<&'a [u8]>,
    zone_abbr: Option<&'a [u8]>,
}

/// The way it is written.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// As `to_iso8601/1` of these modules does.
    Iso8601,
    /// As `to_string/1` does.
    Plain,
}

#[derive(Clone, Copy)]
enum Module {
    Date,
    Time,
    NaiveDateTime,
    DateTime,
}

/// The ISO 8601 text of a term, and how many bytes it takes, if it is a `Date`, `Time`,
/// `NaiveDateTime` or `DateTime` of the ISO calendar.
pub(super) fn iso8601(term: &[u8]) -> Option<(String, usize)> {
    text(term, Style::Iso8601)
}

/// As [`iso8601`], but what `to_string/1` makes of it.
pub(super) fn plain(term: &[u8]) -> Option<(String, usize)> {
    text(term, Style::Plain)
}

fn text(term: &[u8], style: Style) -> Option<(String, usize)> {
    let mut ahead = Walker::bare(term, &Limits::default());
    let Token::Map(pairs @ 1..=MAX_FIELDS) = ahead.token().ok()? else {
        return None;
    };
    let mut fields = Fields::default();
    for _ in 0..pairs {
        fields.read(&mut ahead)?;
    }
    Some((fields.text(style)?, ahead.offset()))
}

impl<'a> Fields<'a> {
    fn read(&mut self, walker: &mut Walker<'a>) -> Option<()> {
        let Token::Atom(key) = walker.token().ok()? else {
            return None;
        };
        let key = key.to_str();
        match (&*key, walker.token().ok()?) {
            ("__struct__", Token::Atom(module)) => {
                self.module = Some(match &*module.to_str() {
                    "Elixir.Date" => Module::Date,
                    "Elixir.Time" => Module::Time,
                    "Elixir.NaiveDateTime" => Module::NaiveDateTime,
                    "Elixir.DateTime" => Module::DateTime,
                    _ => return None,
                });
            }
            ("calendar", Token::Atom(calendar)) => {
                self.is_iso = calendar.is("Elixir.Calendar.ISO");
            }
            ("microsecond", Token::Tuple(2)) => {
                let (Token::Integer(value), Token::Integer(precision)) =
                    (walker.token().ok()?, walker.token().ok()?)
                else {
                    return None;
                };
                self.microsecond = Some((value, precision));
            }
            ("time_zone", Token::Binary(zone)) => self.time_zone = Some(zone),
            ("zone_abbr", Token::Binary(abbr)) => self.zone_abbr = Some(abbr),
            (key, Token::Integer(value)) => *self.number(key)? = Some(value),
            _ => return None,
        }
        Some(())
    }

    fn number(&mut self, key: &str) -> Option<&mut Option<i64>> {
        Some(match key {
            "year" => &mut self.year,
            "month" => &mut self.month,
            "day" => &mut self.day,
            "hour" => &mut self.hour,
            "minute" => &mut self.minute,
            "second" => &mut self.second,
            "utc_offset" => &mut self.utc_offset,
            "std_offset" => &mut self.std_offset,
            _ => return None,
        })
    }

    fn text(&self, style: Style) -> Option<String> {
        if !self.is_iso {
            return None;
        }
        let mut out = String::new();
        match self.module? {
            Module::Date => self.date(&mut out)?,
            Module::Time => self.time(&mut out)?,
            Module::NaiveDateTime => self.date_and_time(style, &mut out)?,
            Module::DateTime => {
                self.date_and_time(style, &mut out)?;
                self.zone(style, &mut out)?;
            }
        }
        Some(out)
    }

    fn date_and_time(&self, style: Style, out: &mut String) -> Option<()> {
        self.date(out)?;
        out.push(match style {
            Style::Iso8601 => 'T',
            Style::Plain => ' ',
        });
        self.time(out)
    }

    fn date(&self, out: &mut String) -> Option<()> {
        let year = self.year.filter(|year| (-9999..=9999).contains(year))?;
        let month = self.month.filter(|month| (1..=12).contains(month))?;
        let day = self.day.filter(|day| (1..=31).contains(day))?;
        let sign = if year < 0 { "-" } else { "" };
        let year = year.unsigned_abs();
        write!(out, "{sign}{year:04}-{month:02}-{day:02}").ok()
    }

    fn time(&self, out: &mut String) -> Option<()> {
        let hour = self.hour.filter(|hour| (0..=23).contains(hour))?;
        let minute = self.minute.filter(|minute| (0..=59).contains(minute))?;
        let second = self.second.filter(|second| (0..=59).contains(second))?;
        write!(out, "{hour:02}:{minute:02}:{second:02}").ok()?;
        let (value, precision) = self.microsecond?;
        if !(0..=999_999).contains(&value) || !(0..=6).contains(&precision) {
            return None;
        }
        let digits = format!("{value:06}");
        match digits.get(..precision as usize)? {
            "" => Some(()),
            digits => write!(out, ".{digits}").ok(),
        }
    }

    fn zone(&self, style: Style, out: &mut String) -> Option<()> {
        const MAX_SECONDS: i64 = 86_400;
        let (utc, std) = (self.utc_offset?, self.std_offset?);
        let seconds = utc.checked_add(std)?;
        if !(-MAX_SECONDS..=MAX_SECONDS).contains(&seconds) {
            return None;
        }
        if (utc, std, self.time_zone?) == (0, 0, UTC) {
            out.push('Z');
            return Some(());
        }
        let sign = if seconds < 0 { '-' } else { '+' };
        let minutes = seconds.unsigned_abs() / 60;
        write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60).ok()?;
        if style == Style::Plain && self.time_zone? != UTC {
            let [abbr, zone] = [self.zone_abbr?, self.time_zone?].map(str::from_utf8);
            write!(out, " {} {}", abbr.ok()?, zone.ok()?).ok()?;
        }
        Some(())
    }
}
