//! What the bars stand for.

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use replay_store::View;

use crate::text::plain;
use crate::values::{shown_bytes, shown_day};

/// As many bars of days as can be told apart: a quarter of a year, in days.
const DAYS: u64 = 92;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// About half a power of ten apart, where people would put them.
const DURATIONS_MS: [u64; 17] = [
    0,
    1,
    3,
    10,
    30,
    100,
    300,
    SECOND,
    3 * SECOND,
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    3 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
];

/// One bar.
#[derive(Debug, PartialEq, Eq)]
pub struct Bin {
    /// What is counted.
    pub name: String,
    /// Where it begins, in short.
    pub start: String,
    /// Of recordings.
    pub count: usize,
}

/// By day, the earliest first, from the days that have some, the latest first. A bin is as many
/// days as it takes for there not to be too many, which is told, too.
pub fn days(days: &[(i64, usize)]) -> (u64, Vec<Bin>) {
    let (Some((newest, _)), Some((oldest, _))) = (days.first(), days.last()) else {
        return (1, Vec::new());
    };
    let width = (newest.abs_diff(*oldest) + 1).div_ceil(DAYS);
    let mut bins: Vec<Bin> = (*oldest..=*newest)
        .step_by(usize::try_from(width).unwrap_or(usize::MAX))
        .map(|first| {
            let start = shown_day(first);
            let last = first.saturating_add_unsigned(width - 1).min(*newest);
            let name = match first == last {
                true => start.clone(),
                false => format!("{start} – {}", shown_day(last)),
            };
            Bin {
                name,
                start,
                count: 0,
            }
        })
        .collect();
    for (day, count) in days {
        let at = usize::try_from(day.abs_diff(*oldest) / width);
        if let Some(bin) = at.ok().and_then(|at| bins.get_mut(at)) {
            bin.count += count;
        }
    }
    (width, bins)
}

/// By view, the first so many, and the others as one.
pub fn views(views: &[(Arc<View>, usize)], most: usize) -> Vec<Bin> {
    let bin = |name: String, count| Bin {
        start: name.clone(),
        name,
        count,
    };
    let (first, others) = views.split_at(most.min(views.len()));
    let first = first.iter().map(|(view, count)| {
        let name = view.inspected();
        let name = if name.is_empty() {
            "(none)".into()
        } else {
            plain(&name).into()
        };
        bin(name, *count)
    });
    let rest = (!others.is_empty()).then(|| {
        let count = others.iter().map(|(_, count)| count).sum();
        bin(format!("({} others)", others.len()), count)
    });
    first.chain(rest).collect()
}

/// Of durations in milliseconds.
pub fn durations(values: impl Iterator<Item = i64>) -> Vec<Bin> {
    let shown = |ms| humantime::format_duration(Duration::from_millis(ms)).to_string();
    // A recording may claim to end before it began.
    histogram(
        values.map(|ms| ms.max(0).unsigned_abs()),
        &DURATIONS_MS,
        shown,
    )
}

/// Of sizes in bytes, a bin for each power of 2.
pub fn sizes(values: impl Iterator<Item = u64>) -> Vec<Bin> {
    let starts: Vec<u64> = iter::once(0)
        .chain((0..64).map(|power| 1 << power))
        .collect();
    histogram(values, &starts, |bytes| {
        shown_bytes(bytes).replace(".0 ", " ")
    })
}

/// How many values there are from each start up to the next, without empty bins at the ends.
fn histogram(
    values: impl Iterator<Item = u64>,
    starts: &[u64],
    shown: impl Fn(u64) -> String,
) -> Vec<Bin> {
    let mut bins: Vec<Bin> = starts
        .iter()
        .enumerate()
        .map(|(at, start)| {
            let start = shown(*start);
            let name = match starts.get(at + 1) {
                Some(next) => format!("{start} – {}", shown(*next)),
                None => format!("{start} or more"),
            };
            Bin {
                name,
                start,
                count: 0,
            }
        })
        .collect();
    for value in values {
        let next = starts.partition_point(|start| *start <= value);
        if let Some(bin) = bins.get_mut(next.saturating_sub(1)) {
            bin.count += 1;
        }
    }
    let used = bins.iter().rposition(|bin| bin.count > 0);
    bins.truncate(used.map_or(0, |last| last + 1));
    bins.drain(..bins.iter().take_while(|bin| bin.count == 0).count());
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(bins: &[Bin]) -> Vec<(&str, usize)> {
        bins.iter().map(|bin| (&*bin.name, bin.count)).collect()
    }

    #[test]
    fn days_without_sessions_have_a_bin_too() {
        let (width, bins) = days(&[(3, 5), (1, 2)]);
        assert_eq!(width, 1);
        let expected = [("1970-01-02", 2), ("1970-01-03", 0), ("1970-01-04", 5)];
        assert_eq!(counted(&bins), expected);
        assert_eq!(days(&[]).1, []);
    }

    #[test]
    fn many_days_share_bins_and_none_is_lost() {
        let (width, bins) = days(&[(184, 3), (183, 1), (1, 2), (0, 7)]);
        assert_eq!(width, 3);
        assert_eq!(bins.len(), 62);
        assert_eq!(counted(&bins)[0], ("1970-01-01 – 1970-01-03", 9));
        assert_eq!(counted(&bins)[61], ("1970-07-03 – 1970-07-04", 4));
        // The days of the first and the last millisecond that there are.
        let (first, last) = (i64::MIN / 86_400_000 - 1, i64::MAX / 86_400_000);
        let (_, bins) = days(&[(last, 1), (0, 1), (first, 1)]);
        assert!(bins.len() as u64 <= DAYS);
        assert_eq!(bins.iter().map(|bin| bin.count).sum::<usize>(), 3);
    }

    #[test]
    fn a_value_is_in_the_bin_that_begins_with_it() {
        let bins = durations([0, -5, 1, 2, 999, 3_600_000].into_iter());
        let counts = counted(&bins);
        assert_eq!(counts[..2], [("0s – 1ms", 2), ("1ms – 3ms", 2)]);
        assert_eq!(counts[6], ("300ms – 1s", 1));
        assert_eq!(counts[15..], [("1h – 3h", 1)]);
        let longest = durations([i64::MAX].into_iter());
        assert_eq!(counted(&longest), [("3h or more", 1)]);
    }

    #[test]
    fn sizes_are_in_powers_of_two() {
        let bins = sizes([1023, 1024, 2047].into_iter());
        assert_eq!(counted(&bins), [("512 B – 1 KiB", 1), ("1 KiB – 2 KiB", 2)]);
        assert_eq!(sizes([0, u64::MAX].into_iter()).len(), 65);
        assert_eq!(sizes(iter::empty()), []);
    }

    #[test]
    fn views_beyond_the_most_are_counted_together() {
        let view = |name: &str| Arc::new(View::Name(name.into()));
        let bins = views(&[(view("A"), 5), (view("B"), 3), (view("C"), 2)], 1);
        assert_eq!(counted(&bins), [("A", 5), ("(2 others)", 5)]);
    }
}
