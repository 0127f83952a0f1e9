use std::ops::Bound;
use std::sync::Arc;

use super::flights::Shadows;
use super::item::{InFlight, Item};
use super::sort::Place;
use super::{Cursor, Facts as _, Sort};
use crate::index::{Entry, Index, Row};

/// A recording that may get onto the page, and what the order goes by.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    value: i64,
    recording: Recording<'a>,
}

#[derive(Clone, Copy)]
enum Recording<'a> {
    Stored(&'a Arc<Entry>),
    InFlight(&'a InFlight),
}

impl Place for Candidate<'_> {
    fn value(&self) -> i64 {
        self.value
    }

    fn id(&self) -> &[u8] {
        match self.recording {
            Recording::Stored(entry) => entry.id(),
            Recording::InFlight(recording) => recording.id(),
        }
    }
}

impl From<Candidate<'_>> for Item {
    fn from(candidate: Candidate<'_>) -> Self {
        match candidate.recording {
            Recording::Stored(entry) => Item::Stored(Arc::clone(entry)),
            Recording::InFlight(recording) => Item::InFlight(Box::new(recording.clone())),
        }
    }
}

/// The first few of an order, out of any number that come in any order.
pub(super) struct Best<'a> {
    sort: Sort,
    count: usize,
    /// What is not behind this is on an earlier page.
    after: Option<&'a Cursor>,
    /// Up to twice as many as are wanted.
    held: Vec<Candidate<'a>>,
    /// What is not before this is not among the first.
    worst: Option<Candidate<'a>>,
    /// Whether what is held is sorted already.
    in_order: bool,
}

impl<'a> Best<'a> {
    pub(super) fn new(sort: Sort, count: usize, after: Option<&'a Cursor>) -> Self {
        Best {
            sort,
            count,
            after,
            held: Vec::new(),
            worst: None,
            in_order: false,
        }
    }

    pub(super) fn offer_stored(&mut self, entry: &'a Arc<Entry>) {
        self.offer(Candidate {
            value: self.sort.value(&**entry),
            recording: Recording::Stored(entry),
        });
    }

    /// As [`Best::offer_stored`], looking at the entry only where it has to.
    pub(super) fn offer_row(&mut self, row: Row<'a>) {
        self.offer(Candidate {
            value: self.sort.value_of_row(row),
            recording: Recording::Stored(row.entry),
        });
    }

    pub(super) fn offer_in_flight(&mut self, recording: &'a InFlight) {
        self.offer(Candidate {
            value: self.sort.value(recording),
            recording: Recording::InFlight(recording),
        });
    }

    fn offer(&mut self, candidate: Candidate<'a>) {
        let sort = self.sort;
        let too_late = |worst| sort.compare(&candidate, worst).is_ge();
        let too_early = |after| sort.compare(&candidate, after).is_le();
        if self.worst.as_ref().is_some_and(too_late) || self.after.is_some_and(too_early) {
            return;
        }
        self.held.push(candidate);
        if self.held.len() >= self.count.saturating_mul(2) {
            self.cut();
        }
    }

    /// Keeps the best half. Done once in as many offers as are kept, which is cheaper than a heap
    /// if what comes in gets better and better.
    fn cut(&mut self) {
        let sort = self.sort;
        let last = self.count.saturating_sub(1);
        let (_, worst, _) = (self.held).select_nth_unstable_by(last, |a, b| sort.compare(a, b));
        self.worst = Some(*worst);
        self.held.truncate(self.count);
    }

    /// Takes as many of all finished recordings as can be among the first, in the order of time
    /// that the index is in. No other is looked at.
    pub(super) fn take_in_order(&mut self, index: &'a Index, shadows: &Shadows) {
        let after = self.after.map(|cursor| (cursor.value(), cursor.id()));
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        if self.sort == Sort::Oldest {
            let oldest_first = index.newest_between(Bound::Unbounded, after).rev();
            self.take(oldest_first, shadows);
        } else {
            self.take(index.newest_between(after, Bound::Unbounded), shadows);
        }
    }

    fn take(&mut self, entries: impl Iterator<Item = &'a Arc<Entry>>, shadows: &Shadows) {
        let entries = entries.filter(|entry| !shadows.hide(entry));
        self.in_order = self.held.is_empty();
        self.held
            .extend(entries.take(self.count).map(|entry| Candidate {
                value: entry.connected_at,
                recording: Recording::Stored(entry),
            }));
    }

    /// The first, in order.
    pub(super) fn sorted(mut self) -> Vec<Candidate<'a>> {
        let sort = self.sort;
        if !self.in_order {
            self.held.sort_by(|a, b| sort.compare(a, b));
        }
        self.held.truncate(self.count);
        self.held
    }
}
