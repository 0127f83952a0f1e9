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
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::directory::Files;
use crate::disk::owned::Directory;
use crate::error::Error;
use crate::notice::Notice;
use crate::slab::Slab;

/// How long others are waited for who write the index on the disk.
const MAX_WAIT: Duration = Duration::from_secs(60);

impl Files {
    /// Writes down what is to be erased.
    pub(crate) fn intend(&self, slab: Option<&Slab>, ids: Vec<Box<[u8]>>) -> Result<Intent, Error> {
        let held = match slab {
            Some(slab) => (slab.homes()).map_err(Error::io("make a directory for the slab"))?,
            None => Vec::new(),
        };
        let homes = match slab {
            Some(_) => held.iter().map(|home| home.path().to_owned()).collect(),
            None => vec![self.temp_path()?],
        };
        Intent::write(self, &homes, held, ids).map_err(Error::io("write down what is to be erased"))
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

    /// Writes the index on the disk anew, and then removes the note that it is to be. What is noted
    /// without any ids is just that.
    pub(crate) fn write_index_anew(&self, intent: Option<Intent>) -> Result<(), Error> {
        self.rewrite_journal()
            .map_err(Error::io("rewrite the index"))?;
        intent.map_or(Ok(()), |intent| self.fulfill(intent).map(drop))
    }

    fn fulfill(&self, intent: Intent) -> Result<Vec<Box<[u8]>>, Error> {
        let ids = intent
            .fulfilled(self)
            .map_err(Error::io("remove the note of what is erased"))?;
        let count = ids.len();
        if count > 0 {
            self.observer.tell(Notice::Erased { count });
        }
        Ok(ids)
    }

    fn erase_files(&self, slab: Option<&Slab>, intent: &Intent) -> Result<(), Error> {
        let change = self.syncs.change();
        for id in intent.ids() {
            self.remove(id)?;
        }
        self.sync_removed(change)?;
        self.rewrite_journal()
            .map_err(Error::io("rewrite the index"))?;
        self.sync_slab(slab)
    }

    fn sync_slab(&self, slab: Option<&Slab>) -> Result<(), Error> {
        match slab {
            Some(slab) => slab.sync().map_err(Error::io("sync the slab")),
            None => Ok(()),
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
        self.sync_names(&self.native_dir)
    }

    /// Completes what is noted in directories of earlier runs that had no slab.
    ///
    /// # Errors
    ///
    /// Those of [`Intent::left_in_all`].
    pub(crate) fn complete_left(&self, orphans: &[Arc<Directory>]) -> Result<(), Error> {
        let intents = Intent::left_in_all(self, orphans)?;
        self.complete(None, intents, &[]);
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
