use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::buddy::Buddy;
use super::directory::Directory;
use super::error::AppendError;
use super::map::{Disk, PAGE};
use super::segment::{self, Segment};
use super::settings::Settings;

/// Whether a call may wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It must not; where it would have to, it fails and is repeated where it may.
    Never,
    /// It may.
    Yes,
}

/// How much disk and memory the recordings take that are not in their files yet, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// What recordings have claimed.
    pub used: usize,
    /// All of it: with what is ready to be claimed, and what is yet to be given back.
    pub total: usize,
}

/// A part of a segment. It belongs to whoever claimed it until it is given back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    slot: usize,
    pub(super) page: usize,
    pub(super) order: u8,
}

impl Block {
    pub(super) fn new(slot: usize, page: usize, order: u8) -> Self {
        Block { slot, page, order }
    }

    pub(super) fn bytes(self) -> usize {
        PAGE << self.order
    }
}

/// The smallest order of a block of at least `bytes`.
pub(super) fn order_for(bytes: usize) -> u8 {
    let pages = bytes.div_ceil(PAGE).checked_next_power_of_two();
    pages.map_or(u8::MAX, |pages| pages.trailing_zeros() as u8)
}

/// All segments of a slab, and what of them is free.
pub(super) struct Space {
    disk: Box<dyn Disk>,
    directory: Arc<Directory>,
    pub(super) settings: Settings,
    segments: Mutex<Segments>,
    /// Held while segments are made or deleted: two who need space don't each make one, and who
    /// deletes finds no other halfway.
    files: Mutex<()>,
    generations: AtomicU64,
    /// Who makes segments ahead of need and deletes those out of use.
    pub(super) keeper: OnceLock<Thread>,
}

struct Segments {
    slots: Vec<Option<Slot>>,
    /// For each slot one more than the order of its largest free block, or 0: what a search
    /// needs, close together.
    room: Vec<u8>,
    /// Bytes of free blocks that can be claimed.
    free: usize,
    /// Name of the next segment file.
    next: u64,
    /// Whether anyone has asked for space yet: before that, none is made ahead of need.
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
    /// Of an earlier run: so many are still in use, and no more are given out.
    Closing(usize),
}

impl Space {
    pub(super) fn new(
        disk: Box<dyn Disk>,
        directory: Arc<Directory>,
        settings: Settings,
    ) -> io::Result<Self> {
        let taken = segment::list(directory.path())?;
        let next = taken
            .iter()
            .map(|(number, _)| number + 1)
            .max()
            .unwrap_or(0);
        let segments = Segments {
            slots: Vec::new(),
            room: Vec::new(),
            free: 0,
            next,
            wanted: false,
        };
        Ok(Space {
            disk,
            directory,
            settings,
            segments: Mutex::new(segments),
            files: Mutex::new(()),
            generations: AtomicU64::new(1),
            keeper: OnceLock::new(),
        })
    }

    /// Claims a block, making a segment if none has room and `wait` allows it.
    pub(super) fn claim(
        &self,
        order: u8,
        wait: Wait,
    ) -> Result<(Block, Arc<Segment>), AppendError> {
        loop {
            let (claimed, low) = {
                let mut segments = self.segments.lock();
                (segments.claim(order), segments.free < self.reserve())
            };
            if low {
                self.wake_keeper();
            }
            match (claimed, wait) {
                (Some(claimed), _) => return Ok(claimed),
                (None, Wait::Never) => return Err(AppendError::WouldBlock),
                (None, Wait::Yes) => self.grow(|segments| segments.has(order), order)?,
            }
        }
    }

    /// A number that no other chunk in a segment of this run has.
    pub(super) fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn give_back(&self, block: Block) {
        if self.segments.lock().give_back(block) {
            self.wake_keeper();
        }
    }

    /// Adds a segment of an earlier run, and returns its slot.
    pub(super) fn add_closing(&self, segment: Segment) -> usize {
        let blocks = Blocks::Closing(0);
        let unused_since = Some(Instant::now());
        self.segments.lock().add(Slot {
            segment: Arc::new(segment),
            blocks,
            unused_since,
        })
    }

    /// Notes a block in a segment of an earlier run as in use.
    pub(super) fn adopt(&self, block: Block) {
        let mut segments = self.segments.lock();
        if let Some(Some(slot)) = segments.slots.get_mut(block.slot)
            && let Blocks::Closing(in_use) = &mut slot.blocks
        {
            *in_use += 1;
            slot.unused_since = None;
        }
    }

    pub(super) fn segment(&self, slot: usize) -> Option<Arc<Segment>> {
        let segments = self.segments.lock();
        Some(Arc::clone(&segments.slots.get(slot)?.as_ref()?.segment))
    }

    /// Makes segments until the reserve is there.
    pub(super) fn grow_ahead(&self) -> io::Result<()> {
        let enough = |segments: &Segments| !segments.wanted || segments.free >= self.reserve();
        while !enough(&self.segments.lock()) {
            self.grow(enough, 0)?;
        }
        Ok(())
    }

    /// Makes a segment with room for a block of `order`, unless there is `enough` already.
    fn grow(&self, enough: impl Fn(&Segments) -> bool, order: u8) -> io::Result<()> {
        let _one = self.files.lock();
        let number = {
            let mut segments = self.segments.lock();
            if enough(&segments) {
                return Ok(());
            }
            segments.next += 1;
            segments.next - 1
        };
        let order = order.max(order_for(self.settings.segment_bytes));
        let bytes = PAGE
            .checked_shl(u32::from(order))
            .ok_or(io::ErrorKind::FileTooLarge)?;
        let segment = Segment::create(&*self.disk, &self.directory, number, bytes)?;
        let blocks = Blocks::Open(Buddy::new(order));
        let slot = Slot {
            segment: Arc::new(segment),
            blocks,
            unused_since: Some(Instant::now()),
        };
        self.segments.lock().add(slot);
        Ok(())
    }

    /// Deletes segments that are out of use: of an earlier run at once, of this run after `idle`
    /// and as long as the reserve remains. Returns whether others may follow.
    pub(super) fn trim(&self, idle: Duration) -> bool {
        let _one = self.files.lock();
        let reserve = self.reserve();
        let mut candidates = false;
        let mut segments = self.segments.lock();
        let mut at = 0;
        let mut removed = Vec::new();
        while at < segments.slots.len() {
            let (expendable, due) = segments.judge(at, self.settings.segment_bytes, reserve, idle);
            candidates |= expendable && !due;
            if expendable && due {
                removed.extend(segments.remove(at));
            }
            at += 1;
        }
        drop(segments);
        // Deleting and unmapping take their time.
        removed.iter().for_each(|segment| segment.remove());
        candidates
    }

    pub(super) fn usage(&self) -> Usage {
        self.segments.lock().usage()
    }

    /// Nothing is made or deleted for as long as the guard exists.
    #[cfg(test)]
    pub(super) fn hold_files(&self) -> parking_lot::MutexGuard<'_, ()> {
        self.files.lock()
    }

    /// So much is kept free, ahead of need.
    fn reserve(&self) -> usize {
        self.settings.segment_bytes / 2
    }

    fn wake_keeper(&self) {
        if let Some(keeper) = self.keeper.get() {
            keeper.unpark();
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let slots = std::mem::take(&mut self.segments.get_mut().slots);
        let unused = slots
            .iter()
            .flatten()
            .filter(|slot| slot.unused_since.is_some());
        unused.for_each(|slot| slot.segment.remove());
    }
}

impl Segments {
    fn has(&self, order: u8) -> bool {
        self.room.iter().any(|&room| room > order)
    }

    fn claim(&mut self, order: u8) -> Option<(Block, Arc<Segment>)> {
        self.wanted = true;
        // The first that has room, so that the last ones become free.
        let at = self.room.iter().position(|&room| room > order)?;
        let slot = self.slots.get_mut(at)?.as_mut()?;
        let Blocks::Open(buddy) = &mut slot.blocks else {
            return None;
        };
        let page = buddy.claim(order)?;
        slot.unused_since = None;
        let claimed = (Block::new(at, page, order), Arc::clone(&slot.segment));
        self.free -= claimed.0.bytes();
        self.note_room(at);
        Some(claimed)
    }

    /// Whether this leaves the block's segment unused.
    fn give_back(&mut self, block: Block) -> bool {
        let Some(Some(slot)) = self.slots.get_mut(block.slot) else {
            return false;
        };
        let unused = match &mut slot.blocks {
            Blocks::Open(buddy) => {
                buddy.give_back(block.page, block.order);
                self.free += block.bytes();
                buddy.free_pages() == slot.segment.pages()
            }
            Blocks::Closing(in_use) => {
                *in_use -= 1;
                *in_use == 0
            }
        };
        if unused {
            slot.unused_since = Some(Instant::now());
        }
        self.note_room(block.slot);
        unused
    }

    fn add(&mut self, slot: Slot) -> usize {
        if let Blocks::Open(_) = slot.blocks {
            self.free += slot.segment.pages() * PAGE;
        }
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

    fn remove(&mut self, at: usize) -> Option<Arc<Segment>> {
        let slot = self.slots.get_mut(at)?.take()?;
        if let Blocks::Open(_) = slot.blocks {
            self.free -= slot.segment.pages() * PAGE;
        }
        self.note_room(at);
        Some(slot.segment)
    }

    /// Whether a slot's segment is expendable, and then whether it is time to delete it.
    fn judge(&self, at: usize, usual: usize, reserve: usize, idle: Duration) -> (bool, bool) {
        let Some(Some(slot)) = self.slots.get(at) else {
            return (false, false);
        };
        let Some(since) = slot.unused_since else {
            return (false, false);
        };
        match slot.blocks {
            Blocks::Closing(_) => (true, true),
            Blocks::Open(_) => {
                let bytes = slot.segment.pages() * PAGE;
                let spare = self.free.saturating_sub(bytes) >= reserve;
                // One that was made for a large frame is no reserve.
                (spare || bytes > usual, since.elapsed() >= idle)
            }
        }
    }

    fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for slot in self.slots.iter().flatten() {
            let bytes = slot.segment.pages() * PAGE;
            usage.total += bytes;
            usage.used += match &slot.blocks {
                Blocks::Open(buddy) => bytes - buddy.free_pages() * PAGE,
                Blocks::Closing(0) => 0,
                Blocks::Closing(_) => bytes,
            };
        }
        usage
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
