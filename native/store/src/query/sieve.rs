use std::ops::RangeInclusive;

use super::Filter;
use super::address::ByAddress;
use crate::index::{MAX_ROWS, Rows, UNKNOWN_SUBJECT, View, head, subject_tag};

/// The part of a filter that can be told by the columns of the index, each of which is gone
/// through by itself.
pub(super) struct Sieve<'f> {
    filter: &'f Filter,
    event_counts: Option<RangeInclusive<i64>>,
    durations_ms: Option<RangeInclusive<i64>>,
    /// A mask, and what is left then of ids that may begin so.
    head: Option<(u32, u32)>,
    /// The tags of the subjects that it may belong to, in order.
    subjects: Option<Vec<u32>>,
    /// Answers about views: most recordings share theirs.
    views: ByAddress<View, bool>,
    passed: [bool; MAX_ROWS],
}

impl<'f> Sieve<'f> {
    pub(super) fn new(filter: &'f Filter) -> Self {
        let tags = filter.subject.as_ref().map(|wanted| {
            let tags = wanted.iter().map(subject_tag);
            let mut tags: Vec<u32> = tags.chain([UNKNOWN_SUBJECT]).collect();
            tags.sort_unstable();
            tags
        });
        Sieve {
            filter,
            event_counts: range(filter.min_events, filter.max_events),
            durations_ms: range(filter.min_duration_ms, filter.max_duration_ms),
            head: filter.id.as_deref().map(|prefix| {
                // As many of its bits as the prefix has.
                let mask = head(&[u8::MAX; 4][..prefix.len().min(4)]);
                (mask, head(prefix))
            }),
            subjects: tags,
            views: ByAddress::default(),
            passed: [true; MAX_ROWS],
        }
    }

    /// Of each row, whether it may match. Where the filter [asks for no
    /// more](Filter::is_told_by_columns), it does.
    pub(super) fn sift(&mut self, rows: &Rows<'_>) -> &[bool] {
        let passed = &mut self.passed[..rows.len()];
        passed.fill(true);
        if let Some(range) = &self.event_counts {
            keep(passed, rows.event_counts, |count| {
                range.contains(&i64::from(count))
            });
        }
        if let Some(range) = &self.durations_ms {
            keep(passed, rows.durations_ms, |duration| {
                range.contains(&duration)
            });
        }
        if let Some((mask, wanted)) = self.head {
            keep(passed, rows.heads, |head| head & mask == wanted);
        }
        if let Some(tags) = &self.subjects {
            keep(passed, rows.subjects, |tag| {
                tags.binary_search(&tag).is_ok()
            });
        }
        if self.filter.view.is_some() {
            let views = rows.views.iter().zip(rows.entries);
            for (passed, (address, entry)) in passed.iter_mut().zip(views) {
                if *passed {
                    let answer = self.views.entry(*address as *const View);
                    *passed = *answer.or_insert_with(|| self.filter.matches_view(&entry.view));
                }
            }
        }
        passed
    }
}

fn range(min: Option<i64>, max: Option<i64>) -> Option<RangeInclusive<i64>> {
    let is_asked = min.is_some() || max.is_some();
    is_asked.then_some(min.unwrap_or(i64::MIN)..=max.unwrap_or(i64::MAX))
}

/// Without a branch, so that the compiler does several at once.
fn keep<T: Copy>(passed: &mut [bool], column: &[T], is_wanted: impl Fn(T) -> bool) {
    for (passed, value) in passed.iter_mut().zip(column) {
        *passed &= is_wanted(*value);
    }
}
