use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

use super::Entry;
use super::block::{Block, MAX_ROWS, Place, Rows};

/// Entries by time: the latest `connected_at` first, ties by id.
///
/// They are in blocks, like the leaves of a B-tree. Of these there are too few to need a tree above
/// them, and the newest entries come into the first.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// None is empty, and two neighbours have more than half of what one can have.
    blocks: VecDeque<Block>,
    len: usize,
}

/// Where a row is, or would be: its block and its number therein.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    block: usize,
    row: usize,
}

impl Order {
    /// Adds an entry whose place is free.
    pub(crate) fn insert(&mut self, entry: Arc<Entry>) {
        let mut at = self.position(place_of(&entry), false);
        // What comes last has its place in the last block.
        if let Some(last) = at.block.checked_sub(1)
            && at.block == self.blocks.len()
        {
            at.block = last;
            at.row = self.rows_in(last);
        }
        if self.blocks.get(at.block).is_none_or(Block::is_full) {
            at = self.make_room(at);
        }
        if let Some(block) = self.blocks.get_mut(at.block) {
            block.insert(at.row, entry);
            self.len += 1;
        }
    }

    /// Makes a block, or half of one, where a row does not fit, and returns where it does.
    fn make_room(&mut self, at: Position) -> Position {
        let Position { block, row } = at;
        let half = MAX_ROWS / 2;
        if block == 0 && row == 0 {
            self.blocks.push_front(Block::with_capacity(0));
            return at;
        }
        let behind_all = row == MAX_ROWS && block + 1 == self.blocks.len();
        let kept = if behind_all { MAX_ROWS } else { half };
        if let Some(rest) = self.blocks.get_mut(block).map(|it| it.split_off(kept)) {
            self.blocks.insert(block + 1, rest);
        }
        match row.checked_sub(kept) {
            Some(row) => Position {
                block: block + 1,
                row,
            },
            None => at,
        }
    }

    /// Removes the entry at an entry's place.
    pub(crate) fn remove(&mut self, entry: &Entry) {
        let at = self.position(place_of(entry), false);
        let Some(block) = self.blocks.get_mut(at.block) else {
            return;
        };
        // What has not been added is not taken out, nor anything else in its stead.
        if !block.is_at(at.row, place_of(entry)) {
            return;
        }
        block.remove(at.row);
        self.len -= 1;
        if block.len() == 0 {
            self.blocks.remove(at.block);
        }
        self.join(at.block);
        self.join(at.block.saturating_sub(1));
    }

    /// Makes one of a block and the next if they are small.
    fn join(&mut self, block: usize) {
        let rows = self.rows_in(block) + self.rows_in(block + 1);
        if rows <= MAX_ROWS / 2
            && let Some(next) = self.blocks.remove(block + 1)
            && let Some(block) = self.blocks.get_mut(block)
        {
            block.append(next);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.between(Bound::Unbounded, Bound::Unbounded)
    }

    /// Makes it anew: its blocks are half full after many insertions.
    pub(crate) fn pack(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        for entry in blocks.into_iter().flat_map(Block::into_entries) {
            if self.blocks.back().is_none_or(Block::is_full) {
                self.blocks.push_back(Block::with_capacity(MAX_ROWS));
            }
            if let Some(last) = self.blocks.back_mut() {
                last.insert(last.len(), entry);
            }
        }
    }

    /// What is between two positions, each a `connected_at` and an id. Nothing if they are in the
    /// wrong order.
    pub(crate) fn between(
        &self,
        from: Bound<Place<'_>>,
        to: Bound<Place<'_>>,
    ) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        let rows = self.rows_between(from, to);
        rows.flat_map(|rows| rows.entries)
    }

    /// As [`Order::between`], with the columns.
    pub(crate) fn rows_between(
        &self,
        from: Bound<Place<'_>>,
        to: Bound<Place<'_>>,
    ) -> impl DoubleEndedIterator<Item = Rows<'_>> {
        let start = match from {
            Bound::Unbounded => Position { block: 0, row: 0 },
            Bound::Included(place) => self.position(place, false),
            Bound::Excluded(place) => self.position(place, true),
        };
        let end = match to {
            Bound::Unbounded => Position {
                block: self.blocks.len(),
                row: 0,
            },
            Bound::Included(place) => self.position(place, true),
            Bound::Excluded(place) => self.position(place, false),
        };
        // Of the last block only the beginning counts, of one behind all nothing.
        let blocks = start.block..self.blocks.len().min(end.block.saturating_add(1));
        let blocks = if start < end { blocks } else { 0..0 };
        (blocks.clone().zip(self.blocks.range(blocks))).map(move |(number, block)| {
            let first = if number == start.block { start.row } else { 0 };
            let last = if number == end.block {
                end.row
            } else {
                block.len()
            };
            block.rows(first..last)
        })
    }

    /// The first row that is not before a place; with `behind` the first that is behind it.
    fn position(&self, place: Place<'_>, behind: bool) -> Position {
        let ends_before = |block: &Block| block.ends_before(place, behind);
        let block = self.blocks.partition_point(ends_before);
        let found = self.blocks.get(block);
        let row = found.map_or(0, |found| found.count_before(place, behind));
        Position { block, row }
    }

    fn rows_in(&self, block: usize) -> usize {
        self.blocks.get(block).map_or(0, Block::len)
    }
}

fn place_of(entry: &Entry) -> Place<'_> {
    (entry.connected_at, entry.id())
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::index::Slot;
    use crate::index::tests::recording;

    /// So many entries that blocks are split, few moments so that there are ties.
    fn places() -> impl Strategy<Value = Vec<(i64, u16)>> {
        vec((0..40i64, 0..2_000u16), 0..900)
    }

    fn entry(at: i64, number: u16) -> Arc<Entry> {
        let id = number.to_string();
        match recording(&id, &format!("{id}.etf"), at, 1) {
            Slot::Recording(entry) => entry,
            Slot::Damaged { .. } => unreachable!("it is whole"),
        }
    }

    type Model = BTreeMap<(Reverse<i64>, Vec<u8>), Arc<Entry>>;

    fn check(order: &Order, model: &Model, bounds: &[(i64, u16)]) {
        assert!(order.iter().eq(model.values()));
        assert!(order.iter().rev().eq(model.values().rev()));
        assert_eq!(order.len(), model.len());
        let lens: Vec<_> = order.blocks.iter().map(Block::len).collect();
        assert!(lens.iter().all(|len| (1..=MAX_ROWS).contains(len)));
        let pairs = lens.windows(2).map(|pair| pair.iter().sum::<usize>());
        assert!(pairs.min().is_none_or(|least| least > MAX_ROWS / 2));

        for pair in bounds.windows(2) {
            let ids = [pair[0], pair[1]].map(|(at, number)| (at, number.to_string()));
            let [from, to] = ids.each_ref().map(|(at, id)| (*at, id.as_bytes()));
            for (from, to) in [
                (Bound::Included(from), Bound::Excluded(to)),
                (Bound::Excluded(from), Bound::Included(to)),
                (Bound::Unbounded, Bound::Excluded(to)),
                (Bound::Excluded(from), Bound::Unbounded),
            ] {
                let key = |(at, id): Place<'_>| (Reverse(at), id.to_vec());
                let (first, last) = (from.map(key), to.map(key));
                let within = model.iter().filter(|(place, _)| {
                    let begun = match &first {
                        Bound::Included(first) => *place >= first,
                        Bound::Excluded(first) => *place > first,
                        Bound::Unbounded => true,
                    };
                    begun
                        && match &last {
                            Bound::Included(last) => *place <= last,
                            Bound::Excluded(last) => *place < last,
                            Bound::Unbounded => true,
                        }
                });
                let within = within.map(|(_, entry)| entry);
                assert!(order.between(from, to).eq(within), "{from:?} {to:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn it_is_a_sorted_map(
            steps in vec((places(), any::<bool>(), 1..4usize), 1..8),
            bounds in vec((-1..41i64, 0..2_000u16), 8),
        ) {
            let (mut order, mut model) = (Order::default(), Model::new());
            for (places, pack, keep) in steps {
                for (at, number) in places {
                    let entry = entry(at, number);
                    let place = (Reverse(at), entry.id().to_vec());
                    if model.insert(place, Arc::clone(&entry)).is_some() {
                        order.remove(&entry);
                    }
                    order.insert(entry);
                }
                check(&order, &model, &bounds);
                // Nearly all, some, or none of them go.
                let mut number = 0;
                model.retain(|_, entry| {
                    number += 1;
                    let stays = keep == 3 || number % 10 < keep;
                    if !stays {
                        order.remove(entry);
                    }
                    stays
                });
                check(&order, &model, &bounds);
                if pack {
                    order.pack();
                    check(&order, &model, &bounds);
                }
            }
        }
    }

    #[test]
    fn blocks_are_full_of_what_comes_in_turn() {
        for sign in [1, -1] {
            let mut order = Order::default();
            for number in 0..4 * MAX_ROWS as u16 {
                order.insert(entry(sign * i64::from(number), number));
            }
            assert_eq!(order.blocks.len(), 4);
        }
    }
}
