use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::bell::Bell;
use super::error::AppendError;
use super::own::Own;
use super::segment::{PAGE_ORDER, Segment, UNIT};
use super::segments::{Block, Segments, Usage};
use super::settings::Settings;
use super::unwiped::Unwiped;
use super::wait::Wait;
use crate::disk::commons::Commons;
use crate::disk::durable;
use crate::disk::map::PAGE;
use crate::disk::owned::is_missing;

/// So many names of segments may be taken, one after the other, before no other is tried.
const MAX_LEFTOVERS: u32 = 1000;

/// The smallest order of a block of at least `bytes`.
pub(super) fn order_for(bytes: usize) -> u8 {
    let units = bytes.div_ceil(UNIT).checked_next_power_of_two();
    units.map_or(u8::MAX, |units| units.trailing_zeros() as u8)
}

/// A recording that is to give back its space, and could not.
pub(super) trait Release: Send {
    /// Tries it again, without waiting for the disk. Once it has succeeded there is nothing left.
    fn release(&mut self) -> io::Result<()>;
}

/// The segments of a slab and the files behind them.
pub(super) struct Space {
    pub(super) settings: Settings,
    /// Where the slab's directory is made.
    pub(super) commons: Arc<Commons>,
    /// Held while segments are made or deleted: two who need space don't each make one, and who
    /// deletes finds no other halfway.
    pub(super) own: Mutex<Own>,
    /// Never held while waiting for the disk.
    pub(super) segments: Mutex<Segments>,
    /// What the keeper is to wipe, or to try again to.
    unwiped: Mutex<Vec<Unwiped>>,
    /// The recordings that could not be released yet. `None` once nobody will.
    unreleased: Mutex<Option<Vec<Box<dyn Release>>>>,
    /// Held while that is tried again, so that nothing of it is out of sight.
    wiping: Mutex<()>,
    generations: AtomicU64,
    /// Tells the chunks of one recording from those of another: the next number.
    pub(super) serials: AtomicU64,
    /// Files of earlier runs that could not be read, and whether that was the disk's fault.
    pub(super) unread: Mutex<HashMap<PathBuf, bool>>,
    /// Calls who makes segments ahead of need and deletes those out of use.
    pub(super) keeper: Bell,
}

impl Space {
    pub(super) fn new(commons: &Arc<Commons>, settings: Settings) -> Self {
        Space {
            settings,
            commons: Arc::clone(commons),
            own: Mutex::default(),
            segments: Mutex::default(),
            unwiped: Mutex::default(),
            unreleased: Mutex::new(Some(Vec::new())),
            wiping: Mutex::default(),
            generations: AtomicU64::new(1),
            serials: AtomicU64::new(0),
            unread: Mutex::default(),
            keeper: Bell::default(),
        }
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
                self.keeper.ring();
            }
            match (claimed, wait) {
                (Some((block, segment)), _) if segment.is_lost() => {
                    self.segments.lock().close_lost();
                    self.give_back(block);
                }
                (Some(claimed), _) => return Ok(claimed),
                (None, Wait::Never) => return Err(AppendError::WouldBlock),
                (None, Wait::Yes) => self.grow(order, order, |segments| segments.has(order))?,
            }
        }
    }

    pub(super) fn give_back(&self, block: Block) {
        if self.segments.lock().give_back(block) {
            self.keeper.ring();
        }
    }

    /// Has a block wiped and given back by the keeper: wiping takes some microseconds.
    pub(super) fn wipe_later(&self, unwiped: Unwiped) {
        self.unwiped.lock().push(unwiped);
        self.keeper.ring();
    }

    /// Has a recording released by the keeper, or by the next run.
    pub(super) fn release_later(&self, recording: Box<dyn Release>) {
        if let Some(unreleased) = &mut *self.unreleased.lock() {
            unreleased.push(recording);
        }
        self.keeper.ring();
    }

    /// Leaves what has to wait for its release to the next run.
    pub(super) fn leave_unreleased(&self) {
        let _recordings = self.unreleased.lock().take();
    }

    /// Releases and wipes what had to wait for it. At the latest the next run does.
    ///
    /// # Errors
    ///
    /// The first of those for which something has to wait longer.
    pub(super) fn wipe_all(&self) -> io::Result<()> {
        let _one_at_a_time = self.wiping.lock();
        let mut result = Ok(());
        let unreleased = self.unreleased.lock().as_mut().map(std::mem::take);
        for mut recording in unreleased.unwrap_or_default() {
            if let Err(error) = recording.release() {
                if let Some(unreleased) = &mut *self.unreleased.lock() {
                    unreleased.push(recording);
                }
                result = result.and(Err(error));
            }
        }
        let unwiped = std::mem::take(&mut *self.unwiped.lock());
        for unwiped in unwiped {
            match unwiped.wipe() {
                Ok(block) => self.give_back(block),
                Err(error) => {
                    self.unwiped.lock().push(unwiped);
                    result = result.and(Err(error));
                }
            }
        }
        result
    }

    /// A number that no other chunk in a segment of this run has.
    pub(super) fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed)
    }

    /// Adds a segment of an earlier run, in use until it is [settled](Space::settle).
    pub(super) fn add_closing(&self, segment: Segment) -> (usize, Arc<Segment>) {
        let segment = Arc::new(segment);
        let slot = self.segments.lock().add_closing(Arc::clone(&segment));
        (slot, segment)
    }

    /// Notes a block in a segment of an earlier run as in use.
    pub(super) fn adopt(&self, block: Block) {
        self.segments.lock().adopt(block);
    }

    /// A segment of an earlier run has been looked through.
    pub(super) fn settle(&self, slot: usize) {
        if self.segments.lock().settle(slot) {
            self.keeper.ring();
        }
    }

    /// Makes segments until the reserve is there; none before anyone has asked for space. Where
    /// there is no space for a segment of the usual size, what is left is for those who need it.
    pub(super) fn grow_ahead(&self) -> io::Result<()> {
        let enough = |segments: &Segments| !segments.wanted() || segments.free() >= self.reserve();
        while !enough(&self.segments.lock()) {
            self.grow(0, u8::MAX, enough)?;
        }
        Ok(())
    }

    /// Makes a segment with room for a block of `order`, unless there is `enough` already: one of
    /// the usual size if there is space for it, and if not, of `least` order at least.
    fn grow(&self, order: u8, least: u8, enough: impl Fn(&Segments) -> bool) -> io::Result<()> {
        let mut own = self.own.lock();
        if enough(&self.segments.lock()) {
            return Ok(());
        }
        let usual = order.max(order_for(self.settings.segment_bytes.max(PAGE)));
        let least = least.clamp(PAGE_ORDER, usual);
        let mut tries = 0;
        let segment = loop {
            let directory = Arc::clone(self.directory(&mut own)?);
            let number = own.next;
            own.next += 1;
            tries += 1;
            let fs = &self.commons.fs;
            match Segment::create(fs, &directory, number, usual, least) {
                // Somebody left a file there.
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists && tries < MAX_LEFTOVERS => {}
                Err(error) if is_missing(&error) && tries < MAX_LEFTOVERS => {
                    // Somebody removed the directory, and nobody has found out yet.
                    directory.check();
                    if !directory.is_lost() {
                        return Err(error);
                    }
                }
                made => break made?,
            }
        };
        self.segments.lock().add_open(segment);
        Ok(())
    }

    /// Deletes the segments that are out of use, of this run after `idle`, but for a reserve, and
    /// that too when nothing has been recorded for a while. Returns whether others may follow when
    /// time passes.
    pub(super) fn trim(&self, idle: Duration) -> bool {
        let _one_at_a_time = self.own.lock();
        let usual = self.settings.segment_bytes;
        let mut segments = self.segments.lock();
        let (resting, will_rest) = segments.rest(self.settings.rest.max(idle));
        let reserve = if resting { 0 } else { self.reserve() };
        let (unused, more) = segments.take_unused(idle, reserve, usual);
        drop(segments);
        unused.iter().for_each(|segment| segment.remove());
        more || will_rest
    }

    /// Puts the segments on the disk, and which there are.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.wipe_all()?;
        let segments = self.segments.lock().all();
        let own = self.own.lock().directory.clone();
        let own = own.iter().filter(|own| !own.is_lost());
        let mut directories: BTreeSet<&Path> = own.map(|own| own.path()).collect();
        for segment in segments.iter().filter(|segment| !segment.is_lost()) {
            segment.map().sync()?;
            directories.insert(segment.directory().path());
        }
        // Directories that are gone altogether are names in the one above.
        directories.insert(self.commons.dir());
        let mut directories = directories.into_iter();
        // What the file system does not support is told when a recording is saved.
        directories.try_for_each(|dir| durable::sync_names(&*self.commons.fs, dir).map(drop))
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
}

impl Drop for Space {
    fn drop(&mut self) {
        // Segments in use hold recordings that are left to the next run.
        let (unused, _) = self.segments.get_mut().take_unused(Duration::ZERO, 0, 0);
        unused.iter().for_each(|segment| segment.remove());
    }
}
