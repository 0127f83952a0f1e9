use std::collections::HashSet;
use std::ptr;
use std::sync::Arc;

use super::content::decide;
use super::item::InFlight;
use super::{Answer, Facts, Filter};
use crate::active::{ActiveSummary, Recording};
use crate::codec::Format;
use crate::index::{Entry, Index, Names, Pages};

/// The recordings in flight, at one moment.
#[derive(Debug, Default)]
pub(super) struct Flights {
    /// Those that match.
    pub(super) found: Vec<InFlight>,
    /// Those that don't. What they have of a file does not count either.
    others: Vec<InFlight>,
}

impl Flights {
    /// Looks at those that are in flight; with `with_events` or where the filter asks for it, also
    /// into the events of those that nothing else rules out.
    pub(super) fn matching(actives: &[Arc<Recording>], filter: &Filter, with_events: bool) -> Self {
        let with_events = with_events || filter.asks_for_events();
        let mut flights = Flights::default();
        for recording in actives {
            let summary = recording.summary();
            if !summary.has_user_events() {
                continue;
            }
            match look(recording, summary, filter, with_events) {
                Some((it, true)) => flights.found.push(it),
                Some((it, false)) => flights.others.push(it),
                None => {}
            }
        }
        flights
    }

    /// The ids of those that match, but that nothing else counts because no user has done anything
    /// in them.
    pub(super) fn idle(actives: &[Arc<Recording>], filter: &Filter) -> Vec<Box<[u8]>> {
        let idle = actives.iter().filter_map(|recording| {
            let summary = recording.summary();
            if summary.has_user_events() {
                return None;
            }
            let (it, matches) = look(recording, summary, filter, filter.asks_for_events())?;
            matches.then(|| it.id().into())
        });
        idle.collect()
    }

    /// The entries of files whose recording is in flight.
    pub(super) fn shadows(&self, index: &Index) -> Shadows {
        Shadows::of(index, self.found.iter().chain(&self.others).map(Facts::id))
    }
}

/// What is known of a recording, and whether it matches; `None` for one that was discarded, or has
/// got to its file meanwhile and is found there.
fn look(
    recording: &Recording,
    summary: ActiveSummary,
    filter: &Filter,
    with_events: bool,
) -> Option<(InFlight, bool)> {
    let mut it = InFlight {
        summary,
        names: Names::default(),
        pages: Pages::unread(),
    };
    if with_events && filter.answer_but_for_event(&it) != Answer::No {
        (it.names, it.pages) = recording.names_and_pages()?;
    }
    let matches = match filter.answer(&it) {
        Answer::Perhaps => {
            let etf = recording.snapshot().ok()?;
            decide(filter, it.url(), Format::Etf, &etf, recording.limits())
        }
        answer => answer == Answer::Yes,
    };
    Some((it, matches))
}

/// Entries that are to be passed by; mostly there are none.
#[derive(Default)]
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
