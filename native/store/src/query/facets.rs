use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::address::ByAddress;
use super::flights::Flights;
use super::stored::each_stored;
use super::{Filter, Item, view};
use crate::codec::Subject;
use crate::index::Index;
use crate::index::{Names, View};

/// Names of events in [`Facets::events`] at most, those that most recordings have.
pub const MAX_EVENT_NAMES: usize = 1000;

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
    /// By whom they belong to, the most first, ties by number and then by text. Those that belong
    /// to nobody are not among them.
    pub subjects: Vec<(Subject, usize)>,
    /// By day, counted in UTC from the Unix epoch, the latest first.
    pub days: Vec<(i64, usize)>,
}

/// Counts what matches.
pub(super) fn facets(index: &Index, flights: &Flights, filter: &Filter) -> Facets {
    let mut counts = Counts::default();
    for recording in &flights.found {
        let summary = &recording.summary;
        counts.add(&summary.view, &recording.names, summary.connected_at);
        counts.add_subject(summary.subject.as_ref());
    }
    let shadows = flights.shadows(index);
    each_stored(index, &shadows, filter, |entry| {
        counts.add(&entry.view, &entry.names, entry.connected_at);
        counts.add_subject(entry.subject.as_ref());
    });
    counts.facets()
}

/// Counts what was found already.
pub(super) fn facets_of(items: &[Item]) -> Facets {
    let mut counts = Counts::default();
    for item in items {
        match item {
            Item::Stored(entry) => counts.add(&entry.view, &entry.names, entry.connected_at),
            Item::InFlight(recording) => {
                let summary = &recording.summary;
                counts.add(&summary.view, &recording.names, summary.connected_at);
            }
        }
    }
    counts.facets()
}

/// Counts by address first: equal views are mostly one allocation, and so are sets of names.
#[derive(Default)]
struct Counts<'a> {
    views: ByAddress<View, (&'a Arc<View>, usize)>,
    names: ByAddress<Names, (&'a Names, usize)>,
    subjects: ByAddress<Subject, (&'a Subject, usize)>,
    days: Vec<(i64, usize)>,
}

impl<'a> Counts<'a> {
    fn add(&mut self, view: &'a Arc<View>, names: &'a Names, connected_at: i64) {
        let known = self.views.entry(Arc::as_ptr(view));
        known.or_insert((view, 0)).1 += 1;
        self.names.entry(names).or_insert((names, 0)).1 += 1;
        let day = connected_at.div_euclid(DAY_MS);
        // They come in order of time, but for the few in flight.
        match self.days.last_mut() {
            Some((last, count)) if *last == day => *count += 1,
            _ => self.days.push((day, 1)),
        }
    }

    fn add_subject(&mut self, subject: Option<&'a Arc<Subject>>) {
        if let Some(subject) = subject {
            let known = self.subjects.entry(Arc::as_ptr(subject));
            known.or_insert((subject, 0)).1 += 1;
        }
    }

    fn facets(self) -> Facets {
        let views = self.views.values().copied();
        let named: HashMap<_, _> = (views.clone())
            .map(|(view, _)| (view::name(view), view))
            .collect();
        let views = most_first(views.map(|(view, count)| (view::name(view), count)));
        let names = self.names.values().copied();
        let events = names.flat_map(|(names, count)| names.iter().map(move |name| (name, count)));
        let mut events = most_first(events);
        events.truncate(MAX_EVENT_NAMES);
        let mut subjects = most_first(self.subjects.values().copied());
        subjects.truncate(MAX_SUBJECTS);
        let mut days = most_first(self.days.into_iter());
        days.sort_unstable_by_key(|(day, _)| Reverse(*day));
        let view_named = |(name, count)| Some((Arc::clone(named.get(&name)?), count));
        Facets {
            views: views.into_iter().filter_map(view_named).collect(),
            events: events
                .into_iter()
                .map(|(name, n)| (name.into(), n))
                .collect(),
            subjects: subjects
                .into_iter()
                .map(|(subject, n)| (subject.clone(), n))
                .collect(),
            days,
        }
    }
}

/// Adds up the counts of what is equal. The most come first, ties in order.
fn most_first<K: Ord + Hash>(counts: impl Iterator<Item = (K, usize)>) -> Vec<(K, usize)> {
    let mut sums: HashMap<K, usize> = HashMap::new();
    for (key, count) in counts {
        *sums.entry(key).or_default() += count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_unstable_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    sums
}
