use std::collections::HashSet;
use std::ptr;
use std::sync::Arc;

use super::item::InFlight;
use super::{Facts, Filter};
use crate::active::Recording;
use crate::index::Index;
use crate::index::{Entry, Names};

/// The recordings in flight, at one moment.
#[derive(Debug, Default)]
pub(super) struct Flights {
    /// Those that match.
    pub(super) found: Vec<InFlight>,
    /// Those that don't. What they have of a file does not count either.
    others: Vec<InFlight>,
}

impl Flights {
    pub(super) fn matching(actives: &[Arc<Recording>], filter: &Filter) -> Self {
        Flights::read(actives, filter, filter.event.is_some())
    }

    /// As [`Flights::matching`]; the names of what matches are there in any case.
    pub(super) fn matching_with_names(actives: &[Arc<Recording>], filter: &Filter) -> Self {
        Flights::read(actives, filter, true)
    }

    /// The ids of those that match, but that nothing else counts because no user has done anything
    /// in them.
    pub(super) fn idle(actives: &[Arc<Recording>], filter: &Filter) -> Vec<Box<[u8]>> {
        let flights = actives.iter().map(|recording| InFlight {
            summary: recording.summary(),
            names: Names::default(),
        });
        flights
            .filter(|it| !it.summary.has_user_events() && filter.matches(it))
            .map(|it| it.id().into())
            .collect()
    }

    fn read(actives: &[Arc<Recording>], filter: &Filter, with_names: bool) -> Self {
        let mut flights = Flights::default();
        for recording in actives {
            flights.add(recording, filter, with_names);
        }
        flights
    }

    fn add(&mut self, recording: &Recording, filter: &Filter, with_names: bool) {
        let mut it = InFlight {
            summary: recording.summary(),
            names: Names::default(),
        };
        if !it.summary.has_user_events() {
            return;
        }
        if with_names && filter.matches_but_for_event(&it) {
            // One that has got to its file meanwhile is found there.
            let Some(names) = recording.names() else {
                return;
            };
            it.names = names;
        }
        if filter.matches(&it) {
            self.found.push(it);
        } else {
            self.others.push(it);
        }
    }

    /// The entries of files whose recording is in flight.
    pub(super) fn shadows(&self, index: &Index) -> Shadows {
        Shadows::of(index, self.found.iter().chain(&self.others).map(Facts::id))
    }
}

/// Entries that are to be passed by; mostly there are none.
pub(super) struct Shadows(HashSet<*const Entry>);

impl Shadows {
    /// The entries of these ids.
    pub(super) fn of<'a>(index: &Index, ids: impl Iterator<Item = &'a [u8]>) -> Self {
        let entries = ids.filter_map(|id| index.claims(id).next());
        Shadows(entries.map(|entry| ptr::from_ref(&**entry)).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn hide(&self, entry: &Entry) -> bool {
        !self.0.is_empty() && self.0.contains(&ptr::from_ref(entry))
    }
}
