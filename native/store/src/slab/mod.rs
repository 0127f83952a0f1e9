//! Space for the events of recordings that are still running, in memory-mapped files.
//!
//! What is written here outlives the process: the pages belong to the kernel, so that a crash or
//! a kill loses nothing that was committed. Nothing is synced, so a power cut may lose the
//! latest events, and checksums tell where what survived ends.
//!
//! ```text
//! slab-0/            one directory per running engine
//!   lock             locked for as long as it runs
//!   0.seg            segment: a header page, then blocks of 2^n pages
//!     chunk          a block that belongs to one recording: a header, then frames
//!       frame        one event: length, checksum, payload
//! ```
//!
//! A segment is used by one run of one engine only. The next run reads what it finds, starts
//! segments of its own, and deletes the old ones as their recordings are saved. All numbers are
//! in the byte order of the machine; a foreign one does not recognise the magic.

#[expect(unsafe_code, reason = "payloads are moved where they are")]
mod append;
mod buddy;
mod chain;
#[expect(unsafe_code, reason = "frames are read where they are")]
mod chunk;
mod error;
mod frames;
mod header;
mod keeper;
#[expect(unsafe_code, reason = "a file becomes memory")]
mod map;
mod moving;
mod scan;
mod segment;
mod segments;
mod settings;
mod space;
#[cfg(test)]
mod tests;

pub(crate) use append::Append;
pub(crate) use chain::Chain;
pub(crate) use chunk::Kind;
pub use error::AppendError;
pub(crate) use frames::{Frames, Payload};
pub(crate) use header::Mark;
pub(crate) use scan::{Found, SetAside};
pub use segments::Usage;
pub(crate) use settings::Settings;
pub use space::Wait;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use keeper::Keeper;
use map::Disk;
use space::Space;

use crate::commons::Commons;
use crate::owned::Directory;
use crate::watch::Nameless;

/// What the names of its directories begin with.
const PREFIX: &str = "slab-";

/// Takes over the directories whose owners are gone.
pub(crate) fn adopt(commons: &Arc<Commons>) -> io::Result<Vec<Arc<Directory>>> {
    commons.adopt(PREFIX, Nameless::Unsure)
}

/// The slab of this engine.
pub(crate) struct Slab {
    // Stops before the last reference to the space is given up.
    _keeper: Keeper,
    space: Arc<Space>,
}

impl Slab {
    /// Opens a slab, taking over the directories that [`adopt`] found.
    pub(crate) fn open(
        commons: &Arc<Commons>,
        adopted: Vec<Arc<Directory>>,
        settings: Settings,
    ) -> io::Result<(Slab, Found)> {
        Slab::open_on(Box::new(map::OsDisk), commons, adopted, settings)
    }

    pub(crate) fn open_on(
        disk: Box<dyn Disk>,
        commons: &Arc<Commons>,
        adopted: Vec<Arc<Directory>>,
        settings: Settings,
    ) -> io::Result<(Slab, Found)> {
        let own = match adopted.first() {
            Some(first) => Arc::clone(first),
            None => commons.create(PREFIX)?,
        };
        let space = Arc::new(Space::new(disk, commons, own, settings)?);
        let found = scan::read(&space, &adopted)?;
        space.serials.store(found.next_serial, Ordering::Relaxed);
        let slab = Slab {
            _keeper: Keeper::start(&space)?,
            space,
        };
        Ok((slab, found))
    }

    /// Starts a recording with its first frame.
    pub(crate) fn chain(&self, head: &[u8], wait: Wait) -> Result<Chain, AppendError> {
        let serial = self.space.serials.fetch_add(1, Ordering::Relaxed);
        Chain::start(&self.space, serial, head, wait)
    }

    /// Deletes the segments that have been free for `idle`, but for a small reserve.
    pub(crate) fn trim(&self, idle: Duration) {
        self.space.trim(idle);
    }

    /// Reads what is in more directories that [`adopt`] found.
    pub(crate) fn take_over(&self, adopted: &[Arc<Directory>]) -> io::Result<Found> {
        scan::read(&self.space, adopted)
    }

    /// Its directories, for what the next run is to find together with the recordings; that of
    /// this run first.
    pub(crate) fn homes(&self) -> io::Result<Vec<PathBuf>> {
        self.space.homes()
    }

    /// Looks whether its directories are still its own, and has another one for what is to come
    /// if not. Returns whether recordings are to [move on](Chain::move_on).
    pub(crate) fn check(&self) -> io::Result<bool> {
        self.space.check()
    }

    /// Puts on the disk what has happened so far: also that recordings are gone.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.space.sync()
    }

    pub(crate) fn usage(&self) -> Usage {
        self.space.usage()
    }
}
