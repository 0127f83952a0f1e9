use std::ops::Bound;
use std::sync::Arc;

use super::flights::{Flights, Shadows};
use super::item::{InFlight, Item};
use super::sort::Position;
use super::stored::stored;
use super::{Cursor, Filter, Sort};
use crate::Entry;
use crate::index::Index;

/// A part of what was found.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The recordings, in order.
    pub items: Vec<Item>,
    /// How many match in all, on other pages too.
    pub total: usize,
    /// Where this page ended; `None` if nothing comes after it.
    pub next: Option<Cursor>,
}

/// A recording that may get onto the page.
#[derive(Clone, Copy)]
enum Candidate<'a> {
    Stored(&'a Arc<Entry>),
    InFlight(&'a InFlight),
}

impl<'a> Candidate<'a> {
    fn position(self, sort: Sort) -> Position<'a> {
        match self {
            Candidate::Stored(entry) => sort.position(&**entry),
            Candidate::InFlight(recording) => sort.position(recording),
        }
    }
}

impl From<Candidate<'_>> for Item {
    fn from(candidate: Candidate<'_>) -> Self {
        match candidate {
            Candidate::Stored(entry) => Item::Stored(Arc::clone(entry)),
            Candidate::InFlight(recording) => Item::InFlight(recording.clone()),
        }
    }
}

/// Makes the page of a query.
pub(super) fn page(
    index: &Index,
    flights: &Flights,
    filter: &Filter,
    sort: Sort,
    limit: usize,
    after: Option<&Cursor>,
) -> Page {
    let after = after.map(Cursor::position);
    let shadows = flights.shadows(index);
    // One more than asked for tells whether there is another page.
    let mut best = Best::new(sort, limit.saturating_add(1), after);
    let mut total = flights.found.len();
    for recording in &flights.found {
        best.offer(Candidate::InFlight(recording));
    }
    if sort.is_by_time() && filter.is_empty() {
        total += index.len().saturating_sub(shadows.len());
        best.take_in_order(index, &shadows);
    } else {
        for entry in stored(index, &shadows, filter) {
            total += 1;
            best.offer(Candidate::Stored(entry));
        }
    }
    let mut found = best.sorted();
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    Page {
        next: last.map(|last| Cursor::at(sort, last.position(sort))),
        items: found.into_iter().map(Item::from).collect(),
        total,
    }
}

/// The first few of an order, out of any number that come in any order.
struct Best<'a> {
    sort: Sort,
    count: usize,
    /// What is not behind this is on an earlier page.
    after: Option<Position<'a>>,
    /// Up to twice as many as are wanted.
    held: Vec<Candidate<'a>>,
    /// What is not before this is not among the first.
    worst: Option<Position<'a>>,
    /// Whether what is held is sorted already.
    in_order: bool,
}

impl<'a> Best<'a> {
    fn new(sort: Sort, count: usize, after: Option<Position<'a>>) -> Self {
        Best {
            sort,
            count,
            after,
            held: Vec::new(),
            worst: None,
            in_order: false,
        }
    }

    fn offer(&mut self, candidate: Candidate<'a>) {
        let (sort, position) = (self.sort, candidate.position(self.sort));
        let too_early = |after| sort.compare(position, after).is_le();
        let too_late = |worst| sort.compare(position, worst).is_ge();
        if self.worst.is_some_and(too_late) || self.after.is_some_and(too_early) {
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
        let compare =
            |a: &Candidate<'a>, b: &Candidate<'a>| sort.compare(a.position(sort), b.position(sort));
        let (_, worst, _) = self.held.select_nth_unstable_by(self.count - 1, compare);
        self.worst = Some(worst.position(sort));
        self.held.truncate(self.count);
    }

    /// Takes as many of all finished recordings as can be among the first, in the order of time
    /// that the index is in. No other is looked at.
    fn take_in_order(&mut self, index: &'a Index, shadows: &Shadows) {
        let after = self.after.map(|Position { value, id }| (value, id));
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
            .extend(entries.take(self.count).map(Candidate::Stored));
    }

    fn sorted(mut self) -> Vec<Candidate<'a>> {
        let sort = self.sort;
        if !self.in_order {
            self.held
                .sort_by(|a, b| sort.compare(a.position(sort), b.position(sort)));
        }
        self.held.truncate(self.count);
        self.held
    }
}
