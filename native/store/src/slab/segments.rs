use std::sync::Arc;
use std::time::{Duration, Instant};

use super::buddy::Buddy;
use super::segment::{Segment, UNIT};

/// A part of a segment. It belongs to whoever claimed it until it is given back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    slot: usize,
    /// Its first unit.
    pub(super) unit: usize,
    /// It has `2^order` units.
    pub(super) order: u8,
}

impl Block {
    pub(super) fn new(slot: usize, unit: usize, order: u8) -> Self {
        Block { slot, unit, order }
    }

    pub(super) fn bytes(self) -> usize {
        UNIT << self.order
    }
}

/// How much disk and memory the recordings take that are not in their files yet, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// What recordings have claimed.
    pub used: usize,
    /// All of it: with what is ready to be claimed, and what is yet to be given back.
    pub total: usize,
}

/// The segments of a slab, and which of their blocks are free. Knows nothing of the disk.
#[derive(Default)]
pub(super) struct Segments {
    slots: Vec<Option<Slot>>,
    /// For each slot one more than the order of its largest free block, or 0: what a search
    /// needs, close together.
    room: Vec<u8>,
    /// Bytes of free blocks that can be claimed.
    free: usize,
    /// Whether anyone has asked for a block yet.
    wanted: bool,
}

struct Slot {
    segment: Arc<Segment>,
    blocks: Blocks,
    /// Since when none of its blocks is in use.
    unused_since: Option<Instant>,
}

enum Blocks {
    /// Of this run: they are claimed and given back.
    Open(Buddy),
    /// Of an earlier run: so many are still in use, or whoever reads it uses it, and no more
    /// are given out.
    Closing(usize),
    /// Of this run, and lost: so many units are still in use, and no more are given out.
    Lost(usize),
}

impl Segments {
    /// Adds a new segment.
    pub(super) fn add_open(&mut self, segment: Segment) {
        let order = segment.units().trailing_zeros() as u8;
        self.free += segment.bytes();
        self.add(Arc::new(segment), Blocks::Open(Buddy::new(order)));
    }

    /// Adds a segment of an earlier run, and returns its slot. It is in use until it is
    /// [settled](Segments::settle).
    pub(super) fn add_closing(&mut self, segment: Arc<Segment>) -> usize {
        let slot = self.add(segment, Blocks::Closing(1));
        if let Some(Some(added)) = self.slots.get_mut(slot) {
            added.unused_since = None;
        }
        slot
    }

    /// All blocks in use of a segment of an earlier run have been noted. Returns whether there
    /// are none.
    pub(super) fn settle(&mut self, slot: usize) -> bool {
        self.give_back(Block::new(slot, 0, 0))
    }

    /// Gives out no more of what was lost.
    pub(super) fn close_lost(&mut self) {
        for at in 0..self.slots.len() {
            let Some(Some(slot)) = self.slots.get_mut(at) else {
                continue;
            };
            if let (true, Blocks::Open(buddy)) = (slot.segment.is_lost(), &slot.blocks) {
                let free = buddy.free_units();
                self.free -= free * UNIT;
                slot.blocks = Blocks::Lost(slot.segment.units() - free);
                self.note_room(at);
            }
        }
    }

    /// Notes a block in a segment of an earlier run as in use.
    pub(super) fn adopt(&mut self, block: Block) {
        if let Some(Some(slot)) = self.slots.get_mut(block.slot)
            && let Blocks::Closing(in_use) = &mut slot.blocks
        {
            *in_use += 1;
        }
    }

    pub(super) fn all(&self) -> Vec<Arc<Segment>> {
        let slots = self.slots.iter().flatten();
        slots.map(|slot| Arc::clone(&slot.segment)).collect()
    }

    pub(super) fn claim(&mut self, order: u8) -> Option<(Block, Arc<Segment>)> {
        self.wanted = true;
        // The first that has room, so that the last ones become free.
        let at = self.room.iter().position(|&room| room > order)?;
        let slot = self.slots.get_mut(at)?.as_mut()?;
        let Blocks::Open(buddy) = &mut slot.blocks else {
            return None;
        };
        let block = Block::new(at, buddy.claim(order)?, order);
        let segment = Arc::clone(&slot.segment);
        slot.unused_since = None;
        self.free -= block.bytes();
        self.note_room(at);
        Some((block, segment))
    }

    /// Whether this leaves the block's segment unused.
    pub(super) fn give_back(&mut self, block: Block) -> bool {
        let Some(Some(slot)) = self.slots.get_mut(block.slot) else {
            return false;
        };
        let unused = match &mut slot.blocks {
            Blocks::Open(buddy) => {
                buddy.give_back(block.unit, block.order);
                self.free += block.bytes();
                buddy.free_units() == slot.segment.units()
            }
            Blocks::Closing(in_use) => {
                *in_use -= 1;
                *in_use == 0
            }
            Blocks::Lost(in_use) => {
                *in_use -= 1 << block.order;
                *in_use == 0
            }
        };
        if unused {
            slot.unused_since = Some(Instant::now());
        }
        self.note_room(block.slot);
        unused
    }

    /// Whether a block of this order can be claimed.
    pub(super) fn has(&self, order: u8) -> bool {
        self.room.iter().any(|&room| room > order)
    }

    /// Bytes that can be claimed.
    pub(super) fn free(&self) -> usize {
        self.free
    }

    /// Whether anyone has asked for a block yet.
    pub(super) fn wanted(&self) -> bool {
        self.wanted
    }

    /// Whether nothing has been in use for so long, so that no reserve is needed until the next who
    /// asks; and whether that will be so if nobody does.
    pub(super) fn rest(&mut self, after: Duration) -> (bool, bool) {
        let mut slots = self.slots.iter().flatten().peekable();
        if slots.peek().is_none() {
            return (false, false);
        }
        let Some(idle) = slots
            .map(|slot| slot.unused_since.map(|since| since.elapsed()))
            .min()
            .flatten()
        else {
            return (false, false);
        };
        let resting = idle >= after;
        self.wanted &= !resting;
        (resting, !resting)
    }

    pub(super) fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for slot in self.slots.iter().flatten() {
            let bytes = slot.segment.bytes();
            usage.total += bytes;
            usage.used += match &slot.blocks {
                Blocks::Open(buddy) => bytes - buddy.free_units() * UNIT,
                Blocks::Closing(0) => 0,
                Blocks::Closing(_) => bytes,
                Blocks::Lost(in_use) => in_use * UNIT,
            };
        }
        usage
    }

    /// Takes out the segments that are out of use: of an earlier run at once, of this run after
    /// `idle`, and as long as `reserve` remains. One of more than `usual` bytes was made for a
    /// single frame and is no reserve. Returns also whether others may follow when time passes.
    pub(super) fn take_unused(
        &mut self,
        idle: Duration,
        reserve: usize,
        usual: usize,
    ) -> (Vec<Arc<Segment>>, bool) {
        let (mut taken, mut more) = (Vec::new(), false);
        for at in 0..self.slots.len() {
            let Some(Some(slot)) = self.slots.get_mut(at) else {
                continue;
            };
            let Some(since) = slot.unused_since else {
                continue;
            };
            let bytes = slot.segment.bytes();
            let is_open = matches!(slot.blocks, Blocks::Open(_));
            if is_open && bytes <= usual && self.free < reserve + bytes {
                continue;
            }
            if is_open && since.elapsed() < idle {
                more = true;
                continue;
            }
            if is_open {
                self.free -= bytes;
            }
            taken.extend(
                self.slots
                    .get_mut(at)
                    .and_then(Option::take)
                    .map(|slot| slot.segment),
            );
            self.note_room(at);
        }
        (taken, more)
    }

    fn add(&mut self, segment: Arc<Segment>, blocks: Blocks) -> usize {
        let slot = Slot {
            segment,
            blocks,
            unused_since: Some(Instant::now()),
        };
        let vacant = self.slots.iter().position(Option::is_none);
        let at = vacant.unwrap_or(self.slots.len());
        match self.slots.get_mut(at) {
            Some(vacancy) => *vacancy = Some(slot),
            None => {
                self.slots.push(Some(slot));
                self.room.push(0);
            }
        }
        self.note_room(at);
        at
    }

    fn note_room(&mut self, at: usize) {
        let slot = self.slots.get(at).and_then(Option::as_ref);
        let largest = match slot.map(|slot| &slot.blocks) {
            Some(Blocks::Open(buddy)) => buddy.largest(),
            _ => None,
        };
        if let Some(room) = self.room.get_mut(at) {
            *room = largest.map_or(0, |order| order + 1);
        }
    }
}
