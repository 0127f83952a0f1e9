//! Space for the events of recordings that are still running, in memory-mapped files.
//!
//! What is written here outlives the process: the pages belong to the kernel, so that a crash or
//! a kill loses nothing that was committed. Nothing is synced, so a power cut may lose the
//! latest events, and checksums tell where what survived ends.
//!
//! ```text
//! slab-0/            one directory per running engine
//!   lock             locked for as long as it runs
//!   0.seg            segment: a header page, then blocks of 2^n kilobytes
//!     chunk          a block that belongs to one recording: a header, then frames
//!       frame        one event: length, checksum, payload
//! ```
//!
//! A directory is used by one run of one engine only. The next run reads what it finds, starts
//! a directory of its own, and deletes the old one as its recordings are saved. All numbers are
//! in the byte order of the machine; a foreign one does not recognise the magic.

#[expect(unsafe_code, reason = "payloads are moved where they are")]
mod append;
mod aside;
mod bell;
mod buddy;
mod chain;
#[expect(unsafe_code, reason = "frames are read where they are")]
mod chunk;
mod error;
mod found;
mod frames;
mod header;
mod homes;
mod keeper;
mod left;
mod moving;
mod own;
mod reopen;
mod scan;
#[expect(unsafe_code, reason = "a block is wiped where it is")]
mod segment;
mod segments;
mod settings;
mod space;
mod tail;
#[cfg(test)]
mod tests;
#[expect(unsafe_code, reason = "a block is wiped where it is")]
mod unwiped;
mod wait;

pub(crate) use append::Append;
pub(crate) use aside::set_aside_in;
pub(crate) use chain::Chain;
pub(crate) use chunk::Kind;
pub use error::AppendError;
pub(crate) use found::{Found, SetAside};
pub(crate) use frames::{Frames, Payload};
pub(crate) use header::Mark;
pub use segments::Usage;
pub(crate) use settings::Settings;
pub use wait::Wait;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use keeper::Keeper;
use space::Space;

use crate::disk::commons::Commons;
use crate::disk::lookout::Nameless;
use crate::disk::owned::Directory;

/// What the names of its directories begin with.
const PREFIX: &str = "slab-";

/// Takes over the directories whose owners are gone. See [`Commons::adopt_telling`].
pub(crate) fn adopt(
    commons: &Arc<Commons>,
    refused: &mut dyn FnMut(&Path, io::Error),
) -> io::Result<Vec<Arc<Directory>>> {
    commons.adopt_telling(PREFIX, Nameless::Unsure, refused)
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
        let space = Arc::new(Space::new(commons, settings));
        let slab = Slab {
            _keeper: Keeper::start(&space)?,
            space,
        };
        let found = slab.take_over(adopted);
        Ok((slab, found))
    }

    /// Takes over directories that [`adopt`] found, at any time: also those that were
    /// [waiting](Found::waiting).
    pub(crate) fn take_over(&self, adopted: Vec<Arc<Directory>>) -> Found {
        found::take_over(&self.space, adopted)
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

    /// Its directories, for what the next run is to find together with the recordings; that of
    /// this run first.
    pub(crate) fn homes(&self) -> io::Result<Vec<Arc<Directory>>> {
        self.space.homes()
    }

    /// Looks whether its directories are still its own. Returns whether recordings are to
    /// [move on](Chain::move_on).
    pub(crate) fn check(&self) -> bool {
        self.space.check()
    }

    /// Puts on the disk what has happened so far: also that recordings are gone. Fails as long as
    /// something of them could not be wiped.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.space.sync()
    }

    pub(crate) fn usage(&self) -> Usage {
        self.space.usage()
    }
}
