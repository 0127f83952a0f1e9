use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use replay_etf::recording::path;

use super::address::ByAddress;
use super::flights::Flights;
use super::stored::each_stored;
use super::{Answer, Facts, Filter, Item};
use crate::codec::Subject;
use crate::index::{Index, Names, Pages, View};

/// Names of events in [`Facets::events`] at most, those that most recordings have.
pub const MAX_EVENT_NAMES: usize = 1000;

/// Paths in [`Facets::paths`] at most, those that most recordings were on.
pub const MAX_PATHS: usize = 1000;

/// Subjects in [`Facets::subjects`] at most, those with the most recordings.
pub const MAX_SUBJECTS: usize = 1000;

const DAY_MS: i64 = 86_400_000;

/// How many recordings there are of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// By view, the most first, ties by name. A module and what JSON leaves of it are one.
    pub views: Vec<(Arc<View>, usize)>,
    /// By name of a user's event, the most first, ties by name. A recording counts once for each
    /// of its names.
    pub events: Vec<(Box<[u8]>, usize)>,
    /// By path of a page, without its query, the most first, ties by path. A recording counts once
    /// for each path that is known of it.
    pub paths: Vec<(Box<[u8]>, usize)>,
    /// By whom they belong to, the most first, ties by number and then by text. Those that belong
    /// to nobody are not among them.
    pub subjects: Vec<(Subject, usize)>,
    /// By day, counted in UTC from the Unix epoch, the latest first.
    pub days: Vec<(i64, usize)>,
}

/// Counts what matches; `None` if recordings have to be read for it.
pub(super) fn facets(index: &Index, flights: &Flights, filter: &Filter) -> Option<Facets> {
    let mut counts = Counts::default();
    for recording in &flights.found {
        counts.add(&recording.summary.view, recording);
    }
    let shadows = flights.shadows(index);
    let mut is_all = true;
    each_stored(index, &shadows, filter, true, |row, answer| match answer {
        Answer::Yes => counts.add(&row.entry.view, &**row.entry),
        Answer::Perhaps | Answer::No => is_all = false,
    });
    is_all.then(|| counts.facets())
}

/// Counts what was found already.
pub(super) fn facets_of(items: &[Item]) -> Facets {
    let mut counts = Counts::default();
    for item in items {
        match item {
            Item::Stored(entry) => counts.add(&entry.view, &**entry),
            Item::InFlight(recording) => counts.add(&recording.summary.view, &**recording),
        }
    }
    counts.facets()
}

/// Counts by address first: equal views are mostly one allocation, and so are sets of names and of
/// pages.
#[derive(Default)]
struct Counts<'a> {
    views: ByAddress<View, (&'a Arc<View>, usize)>,
    names: ByAddress<Names, (&'a Names, usize)>,
    pages: ByAddress<Pages, (&'a Pages, usize)>,
    subjects: ByAddress<Subject, (&'a Subject, usize)>,
    days: Vec<(i64, usize)>,
}

impl<'a> Counts<'a> {
    fn add(&mut self, view: &'a Arc<View>, recording: &'a impl Facts) {
        let known = self.views.entry(Arc::as_ptr(view));
        known.or_insert((view, 0)).1 += 1;
        let (names, pages) = (recording.names(), recording.pages());
        self.names.entry(names).or_insert((names, 0)).1 += 1;
        self.pages.entry(pages).or_insert((pages, 0)).1 += 1;
        if let Some(subject) = recording.subject() {
            self.subjects.entry(subject).or_insert((subject, 0)).1 += 1;
        }
        let day = recording.connected_at().div_euclid(DAY_MS);
        // They come in order of time, but for the few in flight.
        match self.days.last_mut() {
            Some((last, count)) if *last == day => *count += 1,
            _ => self.days.push((day, 1)),
        }
    }

    fn facets(self) -> Facets {
        let views = self.views.values().copied();
        let named: HashMap<_, _> = (views.clone())
            .map(|(view, _)| (view.inspected(), view))
            .collect();
        let views = views.map(|(view, count)| (view.inspected(), count));
        let views = most_first(views, usize::MAX);
        let names = self.names.values().copied();
        let events = names.flat_map(|(names, count)| names.iter().map(move |name| (name, count)));
        let events = most_first(events, MAX_EVENT_NAMES);
        let pages = self.pages.values().copied();
        let paths = pages.flat_map(|(pages, count)| {
            let paths = paths(pages).into_iter();
            paths.map(move |path| (path, count))
        });
        let paths = most_first(paths, MAX_PATHS);
        let subjects = most_first(self.subjects.values().copied(), MAX_SUBJECTS);
        let mut days = most_first(self.days.into_iter(), usize::MAX);
        days.sort_unstable_by_key(|(day, _)| Reverse(*day));
        let view_named = |(name, count)| Some((Arc::clone(named.get(&name)?), count));
        Facets {
            views: views.into_iter().filter_map(view_named).collect(),
            events: owned(events),
            paths: owned(paths),
            subjects: subjects
                .into_iter()
                .map(|(subject, n)| (subject.clone(), n))
                .collect(),
            days,
        }
    }
}

/// The distinct paths of pages.
fn paths(pages: &Pages) -> Vec<&[u8]> {
    let mut paths: Vec<&[u8]> = pages.iter().map(path).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

fn owned(counts: Vec<(&[u8], usize)>) -> Vec<(Box<[u8]>, usize)> {
    let counts = counts.into_iter();
    counts.map(|(text, count)| (text.into(), count)).collect()
}

/// Adds up the counts of what is equal. The most come first, ties in order; at most so many.
fn most_first<K: Ord + Hash>(
    counts: impl Iterator<Item = (K, usize)>,
    max: usize,
) -> Vec<(K, usize)> {
    let mut sums: HashMap<K, usize> = HashMap::new();
    for (key, count) in counts {
        *sums.entry(key).or_default() += count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    let order = |(a, n): &(K, usize), (b, m): &(K, usize)| m.cmp(n).then_with(|| a.cmp(b));
    if sums.len() > max {
        sums.select_nth_unstable_by(max, order);
        sums.truncate(max);
    }
    sums.sort_unstable_by(order);
    sums
}
