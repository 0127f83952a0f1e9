use std::ops::Bound;
use std::ptr;

use super::address::ByAddress;
use super::flights::Shadows;
use super::sieve::Sieve;
use super::{Answer, Filter};
use crate::codec::Subject;
use crate::index::{Entry, Index, MAX_ROWS, Names, Row, View};

/// Entries that are brought into the cache together.
const BATCH: usize = 64;

/// Calls `visit` with each finished recording that matches, or perhaps does, newest first.
///
/// With `follows`, `visit` goes from each entry on to what it refers to, and waits for the entry
/// then. Where it only reads a number of each, the processor does not wait for one before the next.
pub(super) fn each_stored<'a>(
    index: &'a Index,
    shadows: &Shadows,
    filter: &Filter,
    follows: bool,
    mut visit: impl FnMut(Row<'a>, Answer),
) {
    let Some(times) = filter.times().filter(|_| filter.active != Some(true)) else {
        return;
    };
    // The latest comes first, and no id comes before the empty one.
    let first = Bound::Included((*times.end(), &[][..]));
    let end = times.start().checked_sub(1);
    let end = end.map_or(Bound::Unbounded, |end| Bound::Excluded((end, &[][..])));
    let mut sieve = Sieve::new(filter);
    let mut matcher = Matcher::new(filter);
    let is_told = filter.is_told_by_columns();
    let mut found = Vec::with_capacity(MAX_ROWS);
    for rows in index.rows_between(first, end) {
        let passed = sieve.sift(&rows);
        let passed = rows.iter().zip(passed).filter(|(_, passed)| **passed);
        let passed = passed.map(|(row, _)| row);
        found.clear();
        found.extend(passed.filter(|row| !shadows.hide(row.entry)));
        for batch in found.chunks(BATCH) {
            if follows || !is_told {
                touch(batch, filter);
            }
            for row in batch {
                let answer = match is_told {
                    true => Answer::Yes,
                    false => matcher.answer(row.entry),
                };
                if answer != Answer::No {
                    visit(*row, answer);
                }
            }
        }
    }
}

/// Brings a batch into the cache. The entries lie scattered in memory; reads that do not depend
/// on each other wait for it together, where looking at one after the other would wait for each.
fn touch(batch: &[Row<'_>], filter: &Filter) {
    let entries = || batch.iter().map(|row| row.entry);
    let numbers = entries().fold(0, |sum, entry| {
        sum ^ entry.connected_at
            ^ entry.duration_ms
            ^ i64::from(entry.event_count)
            ^ i64::from(entry.truncated)
    });
    std::hint::black_box(numbers);
    if filter.url.is_some() {
        let urls = entries().filter_map(|entry| entry.url.as_deref());
        touch_texts(urls);
    }
    if filter.subject.is_some() {
        let subjects = entries().filter_map(|entry| entry.subject.as_deref());
        std::hint::black_box(subjects.map(Subject::is_number).fold(false, |a, b| a ^ b));
    }
    if filter.asks_for_pages() {
        let complete = entries().filter(|entry| entry.pages.is_complete());
        std::hint::black_box(complete.count());
        touch_texts(entries().map(|entry| entry.pages.packed()));
    }
    if filter.id.is_some() {
        touch_texts(entries().map(|entry| entry.file()));
    }
}

fn touch_texts<'a>(texts: impl Iterator<Item = &'a [u8]>) {
    let sum = texts.fold(0, |sum, text| sum ^ text.first().unwrap_or(&0));
    std::hint::black_box(sum);
}

/// A filter that remembers its answers about what recordings share.
struct Matcher<'f> {
    filter: &'f Filter,
    views: ByAddress<View, bool>,
    names: ByAddress<Names, bool>,
}

impl<'f> Matcher<'f> {
    fn new(filter: &'f Filter) -> Self {
        Matcher {
            filter,
            views: ByAddress::default(),
            names: ByAddress::default(),
        }
    }

    /// As [`Filter::answer`].
    fn answer(&mut self, entry: &Entry) -> Answer {
        let filter = self.filter;
        let matches = filter.matches_numbers(entry)
            && (filter.view.is_none() || self.matches_view(&entry.view))
            && (filter.event.is_none() || self.matches_names(&entry.names))
            && filter.matches_id(entry.id());
        if !matches {
            return Answer::No;
        }
        let mut answer = Answer::Yes;
        if filter.subject.is_some() {
            answer = filter.answer_of_subject(entry.subject.as_deref(), &entry.pages);
        }
        if answer != Answer::No && filter.asks_for_pages() {
            let pages = filter.answer_of_pages(entry.url.as_deref(), &entry.pages);
            answer = answer.and(pages);
        }
        answer
    }

    fn matches_view(&mut self, view: &View) -> bool {
        let answer = self.views.entry(ptr::from_ref(view));
        *answer.or_insert_with(|| self.filter.matches_view(view))
    }

    fn matches_names(&mut self, names: &Names) -> bool {
        let answer = self.names.entry(ptr::from_ref(names));
        *answer.or_insert_with(|| self.filter.matches_names(names))
    }
}

#[cfg(test)]
mod tests;
