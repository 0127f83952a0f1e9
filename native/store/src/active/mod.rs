//! Recordings that are still running, and their way into a file.
//!
//! Events go into the [slab](crate::slab) as they come. When a recording has ended, a thread of
//! the finalizer assembles and saves it, and only then is its space freed; whatever keeps it from
//! being saved, it is tried again. What a crash leaves in the slab is found at the next start and
//! goes the same way.

mod api;
mod assembly;
mod discard;
mod drained;
mod end;
mod finalizer;
mod job;
mod known;
mod left;
mod parts;
mod queue;
mod recording;
mod recovery;
mod reservation;
mod round;
mod subject;
mod summary;
mod table;
mod tally;
mod tender;

pub use drained::Drained;
pub use recording::Recording;
pub use reservation::Reservation;
pub use summary::{ActiveSummary, State};
pub(crate) use tender::Tender;

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};

use once_cell::sync::OnceCell;

use crate::directory::Files;
use crate::disk::owned::Directory;
use crate::erase::Intent;
use crate::error::Error;
use crate::retention::evictor::InFlight;
use crate::slab::{self, Slab, Wait};
use finalizer::Finalizer;
use left::Left;
use queue::Queue;
use table::Table;

/// The recordings of a store that are not in their files yet.
pub(crate) struct Active {
    // Stopped before the slab is given up.
    finalizer: OnceCell<Finalizer>,
    /// Opened when it is needed for the first time.
    slab: OnceCell<Slab>,
    shared: Arc<Shared>,
}

/// What the finalizer works with.
pub(crate) struct Shared {
    files: Arc<Files>,
    table: Table,
    queue: Queue,
    /// What earlier runs left and could not be made a recording of.
    left: Left,
}

impl Active {
    /// Takes over what earlier runs left behind, if [`Options::recover`](crate::options::Options) is set.
    pub(crate) fn open(files: &Arc<Files>) -> Result<Self, Error> {
        let shared = Arc::new_cyclic(|shared: &Weak<Shared>| Shared {
            files: Arc::clone(files),
            table: Table::default(),
            queue: Queue::new(Weak::clone(shared) as _, files.options.finalizers),
            left: Left::default(),
        });
        let active = Active {
            finalizer: OnceCell::new(),
            slab: OnceCell::new(),
            shared,
        };
        let adopted = active.adopt()?;
        if !adopted.is_empty() {
            active.open_slab(|| Ok(adopted))?;
        }
        Ok(active)
    }

    /// Tells whether a recording of an id is not in its file yet.
    pub(crate) fn lookup(&self) -> Box<InFlight> {
        let shared = Arc::clone(&self.shared);
        Box::new(move |id| shared.table.get(id).is_some())
    }

    /// How much of what earlier runs left can't be read.
    pub(crate) fn unreadable(&self) -> usize {
        self.shared.left.unreadable()
    }

    /// How much earlier runs left that is not in the table.
    pub(crate) fn left_behind(&self) -> usize {
        self.shared.left.len()
    }

    /// Wipes what earlier runs left and is not in the table, if an id tells that it is unwanted.
    pub(crate) fn erase_left(&self, is_unwanted: impl Fn(&[u8]) -> bool) {
        self.shared.left.erase(is_unwanted);
    }

    /// Wipes what earlier runs left and can't be read.
    pub(crate) fn erase_unreadable(&self) {
        self.shared.left.erase_unreadable();
    }

    /// The recordings that have ended and that no attempt of this run can save.
    pub(crate) fn unsavable(&self) -> Vec<Box<[u8]>> {
        let actives = self.shared.table.all();
        let unsavable = actives.iter().filter(|it| it.unsavable.load(Relaxed));
        unsavable.map(|it| (**it.id()).into()).collect()
    }

    /// The slab if it was needed before.
    pub(crate) fn opened_slab(&self) -> Option<&Slab> {
        self.slab.get()
    }

    fn slab(&self, wait: Wait) -> Result<&Slab, Error> {
        match (self.slab.get(), wait) {
            (Some(slab), _) => Ok(slab),
            (None, Wait::Never) => Err(Error::WouldBlock),
            (None, Wait::Yes) => self.open_slab(|| {
                self.shared.files.prepare()?;
                self.adopt()
            }),
        }
    }

    fn adopt(&self) -> Result<Vec<Arc<Directory>>, Error> {
        if !self.shared.files.options.recover {
            return Ok(Vec::new());
        }
        let files = &self.shared.files;
        slab::adopt(&files.commons, &mut |path, error| files.leave(path, &error))
            .map_err(Error::at("look for earlier runs in", &files.native_dir))
    }

    /// Opens the slab, if nobody has yet, in the directories that `adopt` returns.
    fn open_slab(
        &self,
        adopt: impl FnOnce() -> Result<Vec<Arc<Directory>>, Error>,
    ) -> Result<&Slab, Error> {
        let files = &self.shared.files;
        let mut found = None;
        let slab = self.slab.get_or_try_init(|| {
            let settings = slab::Settings {
                segment_bytes: files.options.segment_bytes,
                max_frame: files.options.max_event_bytes,
                threads: files.options.threads,
                ..slab::Settings::default()
            };
            let adopted = adopt()?;
            let intents = Intent::left_in_all(files, &adopted)?;
            let (slab, left_behind) = Slab::open(&files.commons, adopted, settings)
                .map_err(Error::io("open the space for running recordings"))?;
            self.finalizer.get_or_try_init(|| {
                Finalizer::start(&self.shared).map_err(Error::io("start a thread"))
            })?;
            found = Some((left_behind, intents));
            Ok(slab)
        })?;
        if let Some((found, intents)) = found {
            self.absorb(slab, found, intents);
        }
        Ok(slab)
    }
}
