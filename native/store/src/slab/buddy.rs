/// The free blocks of one segment: a binary buddy allocator over its units.
///
/// A block of order `n` is `2^n` units and starts at a multiple of its size. A freed block is
/// joined with its buddy, the other half of the block it was split from, as soon as both are
/// free.
#[derive(Debug)]
pub(super) struct Buddy {
    /// One set per order: the free blocks by their number, which is their unit shifted by the
    /// order.
    free: Vec<Bits>,
    free_units: usize,
}

impl Buddy {
    /// `2^order` units, all free.
    pub(super) fn new(order: u8) -> Self {
        let mut free: Vec<Bits> = (0..=order).map(|o| Bits::new(1 << (order - o))).collect();
        if let Some(whole) = free.last_mut() {
            whole.insert(0);
        }
        Buddy {
            free,
            free_units: 1 << order,
        }
    }

    /// Claims a block and returns its first unit. Of the blocks that fit, one of the smallest is
    /// split, so that large ones stay whole.
    pub(super) fn claim(&mut self, order: u8) -> Option<usize> {
        let wanted = usize::from(order);
        let (from, block) = (wanted..self.free.len())
            .find_map(|o| Some((o, self.free.get_mut(o)?.take_first()?)))?;
        for o in (wanted..from).rev() {
            // The lower half is split on or claimed, the upper one is free.
            let upper = (block << (from - o)) + 1;
            if let Some(halves) = self.free.get_mut(o) {
                halves.insert(upper);
            }
        }
        self.free_units -= 1 << wanted;
        Some(block << from)
    }

    /// Takes back a block that was claimed.
    pub(super) fn give_back(&mut self, unit: usize, order: u8) {
        self.free_units += 1 << order;
        let mut block = unit >> order;
        let mut blocks = self.free.iter_mut().skip(usize::from(order)).peekable();
        while let Some(same_size) = blocks.next() {
            if blocks.peek().is_none() || !same_size.remove(block ^ 1) {
                same_size.insert(block);
                return;
            }
            block >>= 1;
        }
    }

    /// The order of the largest free block.
    pub(super) fn largest(&self) -> Option<u8> {
        let order = self.free.iter().rposition(|blocks| blocks.len > 0)?;
        u8::try_from(order).ok()
    }

    pub(super) fn free_units(&self) -> usize {
        self.free_units
    }
}

/// A set of small numbers.
#[derive(Debug)]
struct Bits {
    words: Vec<u64>,
    len: usize,
    /// No word before this one has any.
    first: usize,
}

impl Bits {
    /// For numbers below `capacity`.
    fn new(capacity: usize) -> Self {
        Bits {
            words: vec![0; capacity.div_ceil(64)],
            len: 0,
            first: 0,
        }
    }

    fn insert(&mut self, n: usize) {
        if let Some(word) = self.words.get_mut(n / 64) {
            debug_assert_eq!(*word & (1 << (n % 64)), 0, "freed twice");
            *word |= 1 << (n % 64);
            self.len += 1;
            self.first = self.first.min(n / 64);
        }
    }

    /// Whether it was there.
    fn remove(&mut self, n: usize) -> bool {
        match self.words.get_mut(n / 64) {
            Some(word) if *word & (1 << (n % 64)) != 0 => {
                *word &= !(1 << (n % 64));
                self.len -= 1;
                true
            }
            _ => false,
        }
    }

    fn take_first(&mut self) -> Option<usize> {
        if self.len == 0 {
            return None;
        }
        let mut from = self.words.iter().skip(self.first);
        let at = self.first + from.position(|word| *word != 0)?;
        self.first = at;
        let n = at * 64 + self.words.get(at)?.trailing_zeros() as usize;
        self.remove(n);
        Some(n)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_claimed_whole_leaves_nothing() {
        let mut buddy = Buddy::new(3);
        assert_eq!(buddy.claim(3), Some(0));
        assert_eq!(
            (buddy.claim(0), buddy.largest(), buddy.free_units()),
            (None, None, 0)
        );
        buddy.give_back(0, 3);
        assert_eq!((buddy.largest(), buddy.free_units()), (Some(3), 8));
    }

    #[test]
    fn more_than_there_is_can_not_be_claimed() {
        assert_eq!(Buddy::new(3).claim(4), None);
    }

    #[test]
    fn a_small_block_does_not_split_a_large_one_needlessly() {
        let mut buddy = Buddy::new(2);
        assert_eq!(buddy.claim(0), Some(0));
        assert_eq!(buddy.claim(0), Some(1));
        assert_eq!(buddy.claim(1), Some(2));
    }

    proptest! {
        #[test]
        fn blocks_never_overlap_and_come_back_as_one(
            steps in vec((0..4u8, any::<prop::sample::Index>(), any::<bool>()), 1..300),
        ) {
            let mut buddy = Buddy::new(5);
            let mut claimed: Vec<(usize, u8)> = Vec::new();
            for (order, pick, claim) in steps {
                if claim || claimed.is_empty() {
                    let fits = buddy.largest().is_some_and(|largest| largest >= order);
                    let block = buddy.claim(order);
                    prop_assert_eq!(block.is_some(), fits);
                    claimed.extend(block.map(|unit| (unit, order)));
                } else {
                    let (unit, order) = claimed.swap_remove(pick.index(claimed.len()));
                    buddy.give_back(unit, order);
                }
                let mut units: Vec<usize> =
                    claimed.iter().flat_map(|&(unit, order)| unit..unit + (1 << order)).collect();
                prop_assert!(claimed.iter().all(|&(unit, order)| unit % (1 << order) == 0));
                prop_assert_eq!(buddy.free_units(), 32 - units.len());
                units.sort_unstable();
                units.dedup();
                prop_assert_eq!(buddy.free_units(), 32 - units.len());
                prop_assert!(units.iter().all(|&unit| unit < 32));
            }
            for (unit, order) in claimed {
                buddy.give_back(unit, order);
            }
            prop_assert_eq!(buddy.largest(), Some(5));
        }
    }
}
