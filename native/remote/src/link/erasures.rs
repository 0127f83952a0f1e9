//! Erasures by a filter, which are for sessions too that are only found later.

use parking_lot::Mutex;
use replay_store::Filter;

use crate::key::Time;

/// More are not remembered.
const MAX_ERASURES: usize = 10_000;

/// Those that are known.
#[derive(Default)]
pub(super) struct Erasures(Mutex<Vec<Filter>>);

impl Erasures {
    pub(super) fn add(&self, filter: Filter) {
        let mut filters = self.0.lock();
        if filters.len() < MAX_ERASURES && !filters.contains(&filter) {
            filters.push(filter);
        }
    }

    pub(super) fn all(&self) -> Vec<Filter> {
        self.0.lock().clone()
    }
}

/// A filter for what had begun at a time of the bucket's clock, which is so much ahead.
pub(super) fn as_of(filter: Filter, time: Time, ahead_ms: i64) -> Filter {
    let until = i64::try_from(time.ms()).unwrap_or(i64::MAX);
    let until = until.saturating_sub(ahead_ms);
    Filter {
        to: Some(filter.to.map_or(until, |to| to.min(until))),
        ..filter
    }
}
