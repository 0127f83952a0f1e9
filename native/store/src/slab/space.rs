use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::chunk::Unwiped;
use super::error::AppendError;
use super::map::{Disk, PAGE};
use super::segment::{self, Segment};
use super::segments::{Block, Segments, Usage};
use super::settings::Settings;
use crate::commons::Commons;
use crate::owned::{Directory, is_missing};

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
    commons: Arc<Commons>,
    /// Held while segments are made or deleted: two who need space don't each make one, and who
    /// deletes finds no other halfway.
    own: Mutex<Own>,
    /// Never held while waiting for the disk.
    segments: Mutex<Segments>,
    /// What the keeper is to wipe.
    unwiped: Mutex<Vec<Unwiped>>,
    generations: AtomicU64,
    /// Tells the chunks of one recording from those of another: the next number.
    pub(super) serials: AtomicU64,
    /// Who makes segments ahead of need and deletes those out of use.
    pub(super) keeper: OnceLock<Thread>,
}

/// Where this run makes its segments.
pub(super) struct Own {
    directory: Arc<Directory>,
    /// The number of the next file.
    next: u64,
}

impl Space {
    pub(super) fn new(
        disk: Box<dyn Disk>,
        commons: &Arc<Commons>,
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
            commons: Arc::clone(commons),
            own: Mutex::new(Own { directory, next }),
            segments: Mutex::default(),
            unwiped: Mutex::default(),
            generations: AtomicU64::new(1),
            serials: AtomicU64::new(0),
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
                (Some((block, segment)), _) if segment.is_lost() => {
                    self.segments.lock().close_lost();
                    self.give_back(block);
                }
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

    /// A segment of an earlier run has been looked through.
    pub(super) fn settle(&self, slot: usize) {
        if self.segments.lock().settle(slot) {
            self.wake_keeper();
        }
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
        let mut own = self.own.lock();
        if enough(&self.segments.lock()) {
            return Ok(());
        }
        let order = order.max(order_for(self.settings.segment_bytes));
        let bytes = PAGE
            .checked_shl(u32::from(order))
            .ok_or(io::ErrorKind::FileTooLarge)?;
        let segment = self.create(&mut own, bytes)?;
        self.segments.lock().add_open(segment);
        Ok(())
    }

    fn create(&self, own: &mut Own, bytes: usize) -> io::Result<Segment> {
        self.find_home(own)?;
        let made = Segment::create(&*self.disk, &own.directory, own.next, bytes);
        let made = match made {
            Err(error) if is_missing(&error) => {
                // Somebody removed the directory, and nobody has found out yet.
                own.directory.check();
                self.find_home(own)?;
                Segment::create(&*self.disk, &own.directory, own.next, bytes)
            }
            made => made,
        };
        own.next += 1;
        made
    }

    /// Makes another directory if that of this run was lost.
    fn find_home(&self, own: &mut Own) -> io::Result<()> {
        if own.directory.is_lost() {
            self.find_lost();
            let directory = self.commons.create(super::PREFIX)?;
            *own = Own { directory, next: 0 };
        }
        Ok(())
    }

    /// Looks whether all directories with segments are still ours, and has another one if that
    /// of this run is not. Returns whether something was lost that recordings are in.
    pub(super) fn check(&self) -> io::Result<bool> {
        // Nobody deletes any meanwhile.
        let mut own = self.own.lock();
        own.directory.check();
        let lost = self.find_lost();
        self.find_home(&mut own)?;
        Ok(lost)
    }

    /// Returns whether any segment was lost that is still in use.
    fn find_lost(&self) -> bool {
        let segments = self.segments.lock().all();
        let mut directories: Vec<&Arc<Directory>> = Vec::new();
        for segment in &segments {
            let directory = segment.directory();
            if !directories
                .iter()
                .any(|known| Arc::ptr_eq(known, directory))
            {
                directory.check();
                directories.push(directory);
            }
            segment.check(&*self.commons.fs);
        }
        self.segments.lock().close_lost();
        segments.iter().any(|segment| segment.is_lost())
    }

    /// The directories with segments, that of this run first.
    pub(super) fn homes(&self) -> io::Result<Vec<PathBuf>> {
        self.check()?;
        let mut homes = vec![self.own.lock().directory.path().to_owned()];
        for segment in self.segments.lock().all() {
            let path = segment.directory().path();
            if !segment.is_lost() && !homes.iter().any(|home| home == path) {
                homes.push(path.to_owned());
            }
        }
        Ok(homes)
    }

    /// Deletes the segments that are out of use, of this run after `idle`, but for a reserve.
    /// Returns whether others may follow when time passes.
    pub(super) fn trim(&self, idle: Duration) -> bool {
        let _one_at_a_time = self.own.lock();
        let (reserve, usual) = (self.reserve(), self.settings.segment_bytes);
        let (unused, more) = self.segments.lock().take_unused(idle, reserve, usual);
        unused.iter().for_each(|segment| segment.remove());
        more
    }

    /// Puts the segments on the disk, and which there are.
    pub(super) fn sync(&self) -> io::Result<()> {
        let segments = self.segments.lock().all();
        let own = Arc::clone(&self.own.lock().directory);
        let mut directories = BTreeSet::new();
        if !own.is_lost() {
            directories.insert(own.path());
        }
        for segment in segments.iter().filter(|segment| !segment.is_lost()) {
            segment.map().sync()?;
            directories.insert(segment.directory().path());
        }
        // Directories that are gone altogether are names in the one above.
        directories.insert(self.commons.dir());
        directories
            .into_iter()
            .try_for_each(|directory| self.commons.fs.sync_dir(directory))
    }

    pub(super) fn usage(&self) -> Usage {
        self.segments.lock().usage()
    }

    /// Nothing is made or deleted for as long as the guard exists.
    #[cfg(test)]
    pub(super) fn hold_files(&self) -> parking_lot::MutexGuard<'_, Own> {
        self.own.lock()
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
        // Segments in use hold recordings that are left to the next run.
        let (unused, _) = self.segments.get_mut().take_unused(Duration::ZERO, 0, 0);
        unused.iter().for_each(|segment| segment.remove());
    }
}
