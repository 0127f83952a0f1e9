use std::collections::HashMap;
use std::sync::Arc;

use super::flights::Flights;
use super::stored::stored;
use super::{Filter, view};
use crate::index::Index;
use crate::{Names, View};

/// Names of events in [`Facets::events`] at most, those that most recordings have.
pub const MAX_EVENT_NAMES: usize = 1000;

const DAY_MS: i64 = 86_400_000;

/// How many recordings there are of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// By view, the most first, ties by name. A module and what JSON leaves of it are one.
    pub views: Vec<(Arc<View>, usize)>,
    /// By name of a user's event, the most first, ties by name. A recording counts once for each
    /// of its names.
    pub events: Vec<(Box<[u8]>, usize)>,
    /// By day, counted in UTC from the Unix epoch, the latest first.
    pub days: Vec<(i64, usize)>,
}

/// Counts what matches.
pub(super) fn facets(index: &Index, flights: &Flights, filter: &Filter) -> Facets {
    let mut counts = Counts::default();
    for recording in &flights.found {
        let summary = &recording.summary;
        counts.add(&summary.view, &recording.names, summary.connected_at);
    }
    let shadows = flights.shadows(index);
    for entry in stored(index, &shadows, filter) {
        counts.add(&entry.view, &entry.names, entry.connected_at);
    }
    counts.facets()
}

/// Counts by address: equal views are one allocation, and so are equal sets of names.
#[derive(Default)]
struct Counts<'a> {
    views: HashMap<*const View, (&'a Arc<View>, usize)>,
    names: HashMap<*const Names, (&'a Names, usize)>,
    days: HashMap<i64, usize>,
}

impl<'a> Counts<'a> {
    fn add(&mut self, view: &'a Arc<View>, names: &'a Names, connected_at: i64) {
        self.views.entry(Arc::as_ptr(view)).or_insert((view, 0)).1 += 1;
        self.names.entry(names).or_insert((names, 0)).1 += 1;
        *self
            .days
            .entry(connected_at.div_euclid(DAY_MS))
            .or_default() += 1;
    }

    fn facets(self) -> Facets {
        let mut views: HashMap<_, (_, usize)> = HashMap::new();
        for (view, count) in self.views.into_values() {
            views.entry(view::name(view)).or_insert((view, 0)).1 += count;
        }
        let mut events: HashMap<&[u8], usize> = HashMap::new();
        for (names, count) in self.names.into_values() {
            for name in names.iter() {
                *events.entry(name).or_default() += count;
            }
        }
        let mut views: Vec<_> = views
            .into_iter()
            .map(|(name, (view, n))| (name, view, n))
            .collect();
        views.sort_unstable_by(|(a, _, n), (b, _, m)| m.cmp(n).then_with(|| a.cmp(b)));
        let mut events: Vec<_> = events.into_iter().collect();
        events.sort_unstable_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        events.truncate(MAX_EVENT_NAMES);
        let mut days: Vec<_> = self.days.into_iter().collect();
        days.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        Facets {
            views: views
                .into_iter()
                .map(|(_, view, n)| (Arc::clone(view), n))
                .collect(),
            events: events
                .into_iter()
                .map(|(name, n)| (name.into(), n))
                .collect(),
            days,
        }
    }
}
