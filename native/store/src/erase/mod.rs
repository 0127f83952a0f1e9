//! Erasing recordings for good, by what they are like.
//!
//! What is to be erased is written down first, so that it is completed whatever comes between:
//! by the next run that finds the list. The list is where that run also finds the recordings in
//! flight, in the same directory of the same owner, so that whoever takes over the one has read
//! the other, and does not save what is to be erased.

mod intent;

pub(crate) use intent::Intent;

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::directory::Files;
use crate::error::Error;
use crate::notice::Notice;
use crate::query::Filter;
use crate::slab::Slab;
use crate::store::Store;

/// How long others are waited for. Wiping a recording in flight takes microseconds, but it may
/// just be being saved.
const MAX_WAIT: Duration = Duration::from_secs(60);

impl Store {
    /// Erases all recordings that match, and returns their ids: their files, what is known of
    /// them, and those in flight, also where no user has done anything yet. When this returns,
    /// what matched when it was called is gone, and with [`Options::sync`] will still be after a
    /// power cut. A save of another thread that is under way meanwhile counts as before or as
    /// after: its recording is erased, or there as a whole.
    ///
    /// If it is interrupted or fails, the next start completes it.
    ///
    /// Not erased are recordings in flight in other programs, damaged files, and other files of a
    /// recording that someone copied by hand under another id.
    ///
    /// [`Options::sync`]: crate::options::Options::sync
    ///
    /// # Errors
    ///
    /// [`Error::NoFilters`] for a filter that says nothing, also if it is by an empty text;
    /// [`Error::Io`].
    pub fn delete_where(&self, filter: &Filter) -> Result<Vec<Box<[u8]>>, Error> {
        if filter.says_nothing() {
            return Err(Error::NoFilters);
        }
        let ids = self.matching(filter)?;
        if ids.is_empty() {
            return Ok(ids);
        }
        let slab = self.active.opened_slab();
        let intent = self.files.intend(slab, ids)?;
        self.discard(intent.ids())?;
        self.files.erase(slab, intent)
    }

    /// Gives up the recordings in flight with these ids, and waits until their space is wiped.
    pub(crate) fn discard(&self, ids: &[Box<[u8]>]) -> Result<(), Error> {
        self.active
            .erase_left(|id| ids.iter().any(|unwanted| **unwanted == *id));
        let mut flights: Vec<_> = ids.iter().filter_map(|id| self.active(id)).collect();
        flights.iter().for_each(|recording| recording.discard());
        let start = Instant::now();
        while !flights.is_empty() {
            let (done, all_done) = mpsc::channel::<()>();
            for recording in &flights {
                recording.keep(Box::new(done.clone()));
            }
            drop(done);
            // Each is let go of when it is done; nobody ever sends anything.
            let left = MAX_WAIT.saturating_sub(start.elapsed());
            if let Err(RecvTimeoutError::Timeout) = all_done.recv_timeout(left) {
                let timed_out = io::ErrorKind::TimedOut.into();
                return Err(Error::io("give up the recordings in flight")(timed_out));
            }
            // A save that was under way may have let go of it, too, but not of the recording.
            flights.retain(|recording| !recording.is_gone());
        }
        Ok(())
    }
}

impl Files {
    /// Writes down what is to be erased.
    fn intend(&self, slab: Option<&Slab>, ids: Vec<Box<[u8]>>) -> Result<Intent, Error> {
        let homes = match slab {
            Some(slab) => (slab.homes()).map_err(Error::io("make a directory for the slab"))?,
            None => vec![self.temp_path()?],
        };
        Intent::write(self, &homes, ids).map_err(Error::io("write down what is to be erased"))
    }

    /// Erases the files, and then the note of it. What was in the slab must be wiped already.
    pub(crate) fn erase(
        &self,
        slab: Option<&Slab>,
        intent: Intent,
    ) -> Result<Vec<Box<[u8]>>, Error> {
        self.erase_files(slab, &intent)?;
        self.fulfill(intent)
    }

    fn fulfill(&self, intent: Intent) -> Result<Vec<Box<[u8]>>, Error> {
        let ids = intent
            .fulfilled(self)
            .map_err(Error::io("remove the note of what is erased"))?;
        let count = ids.len();
        self.observer.tell(Notice::Erased { count });
        Ok(ids)
    }

    fn erase_files(&self, slab: Option<&Slab>, intent: &Intent) -> Result<(), Error> {
        for id in intent.ids() {
            self.remove(id)?;
        }
        self.sync_dir()?;
        self.rewrite_journal()
            .map_err(Error::io("rewrite the index"))?;
        self.sync_slab(slab)
    }

    fn sync_slab(&self, slab: Option<&Slab>) -> Result<(), Error> {
        match slab {
            Some(slab) if self.options.sync => slab.sync().map_err(Error::io("sync the slab")),
            _ => Ok(()),
        }
    }

    /// Writes the index on the disk anew, so that nothing is left in it of what is gone.
    pub(crate) fn rewrite_journal(&self) -> io::Result<()> {
        let start = Instant::now();
        // Others hold its lock for milliseconds at most.
        let mut result = self.compact_journal();
        while matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            && start.elapsed() < MAX_WAIT
        {
            thread::sleep(Duration::from_millis(1));
            result = self.compact_journal();
        }
        result?;
        if self.options.sync {
            self.sync_names(&self.native_dir)?;
        }
        Ok(())
    }

    /// Completes what earlier runs began. A note in a directory that is `waiting` stays: beside it
    /// may be recordings that nobody could read yet, and that are to be erased when they are. The
    /// files are erased once, whenever else the note is read: they may be saved again since.
    pub(crate) fn complete(&self, slab: Option<&Slab>, intents: Vec<Intent>, waiting: &[PathBuf]) {
        for intent in intents {
            let erased = self.refresh().and_then(|()| {
                let begun = self.begun.lock().contains(intent.path());
                match begun {
                    true => self.sync_slab(slab)?,
                    false => self.erase_files(slab, &intent)?,
                }
                if waiting.iter().any(|directory| intent.is_in(directory)) {
                    self.begun.lock().insert(intent.path().to_owned());
                    return Ok(());
                }
                self.fulfill(intent).map(drop)
            });
            if let Err(error) = erased {
                self.observer.tell(Notice::NotErased { error });
            }
        }
    }
}
