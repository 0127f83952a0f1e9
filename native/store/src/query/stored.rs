use std::ops::Bound;
use std::ptr;
use std::sync::Arc;

use super::Filter;
use super::address::ByAddress;
use super::flights::Shadows;
use crate::codec::Subject;
use crate::index::Index;
use crate::index::{Entry, Names, View};

/// Entries that are brought into the cache together.
const BATCH: usize = 64;

/// Calls `visit` with each finished recording that matches, newest first.
pub(super) fn each_stored<'a>(
    index: &'a Index,
    shadows: &Shadows,
    filter: &Filter,
    mut visit: impl FnMut(&'a Arc<Entry>),
) {
    let Some(times) = filter.times().filter(|_| filter.active != Some(true)) else {
        return;
    };
    // The latest comes first, and no id comes before the empty one.
    let first = Bound::Included((*times.end(), &[][..]));
    let end = times.start().checked_sub(1);
    let end = end.map_or(Bound::Unbounded, |end| Bound::Excluded((end, &[][..])));
    let mut entries = index.newest_between(first, end);
    let mut matcher = Matcher::new(filter);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        batch.clear();
        batch.extend(entries.by_ref().take(BATCH));
        if batch.is_empty() {
            return;
        }
        touch(&batch, filter);
        for entry in &batch {
            if matcher.matches(entry) && !shadows.hide(entry) {
                visit(entry);
            }
        }
    }
}

/// Brings a batch into the cache. The entries lie scattered in memory; reads that do not depend
/// on each other wait for it together, where looking at one after the other would wait for each.
fn touch(batch: &[&Arc<Entry>], filter: &Filter) {
    let numbers = batch.iter().fold(0, |sum, entry| {
        sum ^ entry.connected_at
            ^ entry.duration_ms
            ^ i64::from(entry.event_count)
            ^ i64::from(entry.truncated)
    });
    std::hint::black_box(numbers);
    if filter.url.is_some() {
        let urls = batch.iter().filter_map(|entry| entry.url.as_deref());
        touch_texts(urls);
    }
    if filter.subject.is_some() {
        let subjects = batch.iter().filter_map(|entry| entry.subject.as_deref());
        std::hint::black_box(subjects.map(Subject::is_number).fold(false, |a, b| a ^ b));
    }
    if filter.id.is_some() {
        touch_texts(batch.iter().map(|entry| entry.file()));
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

    /// As [`Filter::matches`].
    fn matches(&mut self, entry: &Entry) -> bool {
        let filter = self.filter;
        filter.matches_numbers(entry)
            && (filter.view.is_none() || self.matches_view(&entry.view))
            && (filter.event.is_none() || self.matches_names(&entry.names))
            && filter.matches_texts(entry)
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
