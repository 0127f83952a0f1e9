use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use super::chunk::Unwiped;
use super::error::AppendError;
use super::keeper::Keeping;
use super::map::{Disk, PAGE};
use super::segment::{self, Segment};
use super::segments::{Block, Segments, Usage};
use super::settings::Settings;
use crate::owned::Directory;

/// Whether a call may wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It must not; where it would have to, it fails and is repeated where it may.
    Never,
    /// It may.
    Yes,
}

/// The smallest order of a block of at least `bytes`.
pub(super) fn order_for(bytes: usize) -> u8 {
    let pages = bytes.div_ceil(PAGE).checked_next_power_of_two();
    pages.map_or(u8::MAX, |pages| pages.trailing_zeros() as u8)
}

/// The segments of a slab and the files behind them.
pub(super) struct Space {
    pub(super) settings: Settings,
    disk: Box<dyn Disk>,
    directory: Arc<Directory>,
    /// Held while segments are made or deleted: two who need space don't each make one, and who
    /// deletes finds no other halfway. The number of the next file.
    files: Mutex<u64>,
    /// Never held while waiting for the disk.
    segments: Mutex<Segments>,
    /// What the keeper is to wipe.
    unwiped: Mutex<Vec<Unwiped>>,
    generations: AtomicU64,
    /// Who makes segments ahead of need and deletes those out of use.
    pub(super) keeper: OnceLock<Weak<Keeping>>,
}

impl Space {
    pub(super) fn new(
        disk: Box<dyn Disk>,
        directory: Arc<Directory>,
        settings: Settings,
    ) -> io::Result<Self> {
        let numbers = segment::list(directory.path())?
            .into_iter()
            .map(|(number, _)| number);
        let next = numbers.max().map_or(0, |last| last + 1);
        Ok(Space {
            settings,
            disk,
            directory,
            files: Mutex::new(next),
            segments: Mutex::default(),
            unwiped: Mutex::default(),
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
                (segments.claim(order), segments.free() < self.reserve())
            };
            if low {
                self.wake_keeper();
            }
            match (claimed, wait) {
                (Some(claimed), _) => return Ok(claimed),
                (None, Wait::Never) => return Err(AppendError::WouldBlock),
                (None, Wait::Yes) => self.grow(order, |segments| segments.has(order))?,
            }
        }
    }

    pub(super) fn give_back(&self, block: Block) {
        if self.segments.lock().give_back(block) {
            self.wake_keeper();
        }
    }

    /// Has a block wiped and given back by the keeper: wiping takes some microseconds.
    pub(super) fn wipe_later(&self, unwiped: Unwiped) {
        self.unwiped.lock().push(unwiped);
        self.wake_keeper();
    }

    /// Wipes what had to wait for it. At the latest the next run does.
    pub(super) fn wipe(&self) {
        let all = std::mem::take(&mut *self.unwiped.lock());
        all.into_iter()
            .for_each(|unwiped| self.give_back(unwiped.wipe()));
    }

    /// A number that no other chunk in a segment of this run has.
    pub(super) fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed)
    }

    /// Adds a segment of an earlier run, and returns its slot.
    pub(super) fn add_closing(&self, segment: Segment) -> usize {
        self.segments.lock().add_closing(segment)
    }

    /// Notes a block in a segment of an earlier run as in use.
    pub(super) fn adopt(&self, block: Block) {
        self.segments.lock().adopt(block);
    }

    pub(super) fn segment(&self, slot: usize) -> Option<Arc<Segment>> {
        self.segments.lock().segment(slot)
    }

    /// Makes segments until the reserve is there; none before anyone has asked for space.
    pub(super) fn grow_ahead(&self) -> io::Result<()> {
        let enough = |segments: &Segments| !segments.wanted() || segments.free() >= self.reserve();
        while !enough(&self.segments.lock()) {
            self.grow(0, enough)?;
        }
        Ok(())
    }

    /// Makes a segment with room for a block of `order`, unless there is `enough` already.
    fn grow(&self, order: u8, enough: impl Fn(&Segments) -> bool) -> io::Result<()> {
        let mut next = self.files.lock();
        if enough(&self.segments.lock()) {
            return Ok(());
        }
        let order = order.max(order_for(self.settings.segment_bytes));
        let bytes = PAGE
            .checked_shl(u32::from(order))
            .ok_or(io::ErrorKind::FileTooLarge)?;
        let segment = Segment::create(&*self.disk, &self.directory, *next, bytes)?;
        *next += 1;
        self.segments.lock().add_open(segment);
        Ok(())
    }

    /// Deletes the segments that are out of use, of this run after `idle`, but for a reserve, and
    /// that too when nothing has been recorded for a while. Returns whether others may follow when
    /// time passes.
    pub(super) fn trim(&self, idle: Duration) -> bool {
        let _one_at_a_time = self.files.lock();
        let usual = self.settings.segment_bytes;
        let mut segments = self.segments.lock();
        let (resting, will_rest) = segments.rest(self.settings.rest.max(idle));
        let reserve = if resting { 0 } else { self.reserve() };
        let (unused, more) = segments.take_unused(idle, reserve, usual);
        drop(segments);
        unused.iter().for_each(|segment| segment.remove());
        more || will_rest
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Puts the segments on the disk, and which there are.
    pub(super) fn sync(&self) -> io::Result<()> {
        let segments = self.segments.lock().all();
        let mut directories = BTreeSet::from([self.path()]);
        for segment in &segments {
            segment.map().sync()?;
            directories.insert(segment.directory());
        }
        // Directories that are gone altogether are names in the one above.
        directories.extend(self.path().parent());
        directories
            .into_iter()
            .try_for_each(|directory| File::open(directory)?.sync_all())
    }

    pub(super) fn usage(&self) -> Usage {
        self.segments.lock().usage()
    }

    /// Nothing is made or deleted for as long as the guard exists.
    #[cfg(test)]
    pub(super) fn hold_files(&self) -> parking_lot::MutexGuard<'_, u64> {
        self.files.lock()
    }

    /// So much is kept free, ahead of need.
    fn reserve(&self) -> usize {
        self.settings.segment_bytes / 2
    }

    fn wake_keeper(&self) {
        if let Some(keeper) = self.keeper.get().and_then(Weak::upgrade) {
            keeper.wake();
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        // Segments in use hold recordings that are left to the next run.
        let (unused, _) = self.segments.get_mut().take_unused(Duration::ZERO, 0, 0);
        unused.iter().for_each(|segment| segment.remove());
    }
}
