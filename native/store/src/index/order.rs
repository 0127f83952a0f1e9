use std::borrow::Borrow;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use super::Entry;

/// Entries by time: the latest `connected_at` first, ties by id.
#[derive(Debug, Default)]
pub(crate) struct Order(BTreeSet<Newest>);

impl Order {
    pub(crate) fn insert(&mut self, entry: Arc<Entry>) {
        self.0.insert(Newest(entry));
    }

    pub(crate) fn remove(&mut self, entry: Arc<Entry>) {
        self.0.remove(&Newest(entry));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.0.iter().map(|Newest(entry)| entry)
    }

    /// Makes it anew: its nodes are half full after many insertions in turn, and scattered among
    /// the entries.
    pub(crate) fn pack(&mut self) {
        self.0 = std::mem::take(&mut self.0).into_iter().collect();
    }

    /// What is between two positions, each a `connected_at` and an id. Nothing if they are in the
    /// wrong order.
    pub(crate) fn between(
        &self,
        from: Bound<(i64, &[u8])>,
        to: Bound<(i64, &[u8])>,
    ) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        let (from, to) = (from.map(Place::of), to.map(Place::of));
        // The set does not take a range that ends before it begins.
        let empty = match (&from, &to) {
            (Bound::Excluded(from), Bound::Excluded(to)) => from >= to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to))
            | (Bound::Included(from), Bound::Excluded(to)) => from > to,
            _ => false,
        };
        let range = (!empty).then(|| {
            let range: (Bound<&dyn Placed>, Bound<&dyn Placed>) = (
                from.as_ref().map(|it| it as _),
                to.as_ref().map(|it| it as _),
            );
            self.0.range::<dyn Placed + '_, _>(range)
        });
        range.into_iter().flatten().map(|Newest(entry)| entry)
    }
}

/// An entry in its place.
#[derive(Debug)]
struct Newest(Arc<Entry>);

/// A position in that order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a>(Reverse<i64>, &'a [u8]);

impl<'a> Place<'a> {
    fn of((connected_at, id): (i64, &'a [u8])) -> Self {
        Place(Reverse(connected_at), id)
    }
}

/// What has a position: so a range can begin where no entry is.
trait Placed {
    fn place(&self) -> Place<'_>;
}

impl Placed for Newest {
    fn place(&self) -> Place<'_> {
        Place(Reverse(self.0.connected_at), self.0.id())
    }
}

impl Placed for Place<'_> {
    fn place(&self) -> Place<'_> {
        *self
    }
}

impl<'a> Borrow<dyn Placed + 'a> for Newest {
    fn borrow(&self) -> &(dyn Placed + 'a) {
        self
    }
}

impl Ord for dyn Placed + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for dyn Placed + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for dyn Placed + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for dyn Placed + '_ {}

impl Ord for Newest {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Newest {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Newest {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Newest {}
