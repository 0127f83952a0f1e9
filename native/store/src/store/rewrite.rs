use std::collections::HashMap;

use parking_lot::Mutex;

use super::Store;
use crate::codec::Format;
use crate::disk::clock;
use crate::erase::Intent;
use crate::error::Error;
use crate::files::Version;
use crate::query::{Filter, Search};

/// Recordings that are to be changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewriting {
    /// To be given to [`Store::end_rewriting`].
    pub number: u64,
    /// The finished ones.
    pub ids: Vec<Box<[u8]>>,
    /// Those that are in flight, and can't be changed.
    pub in_flight: Vec<Box<[u8]>>,
}

/// The notes of what is under way.
#[derive(Default)]
pub(super) struct Rewritings(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    notes: HashMap<u64, Intent>,
}

/// Changing recordings, such as masking something in all of them.
impl Store {
    /// Finds what matches, to be changed one by one: by [`Store::read_version`], and then
    /// [`Store::rewrite`] or [`Store::delete_version`]. A note is made so that the next start
    /// writes the index on the disk anew, as [`Store::end_rewriting`] does, if that is not
    /// reached: the rows of what was there before are in it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn begin_rewriting(&self, filter: &Filter) -> Result<Rewriting, Error> {
        match self.matching(filter)? {
            Some(ids) => self.begin(ids),
            None => self.begin_rewriting_found(&self.searched(filter)?),
        }
    }

    /// As [`Store::begin_rewriting`], with what a search has found, which has to be
    /// [done](Search::is_done).
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn begin_rewriting_found(&self, search: &Search) -> Result<Rewriting, Error> {
        self.begin(search.ids())
    }

    fn begin(&self, matching: Vec<Box<[u8]>>) -> Result<Rewriting, Error> {
        let note = self.files.intend(self.active.opened_slab(), Vec::new())?;
        // A power cut must not bring back what they were.
        self.forget()?;
        let number = {
            let mut state = self.rewritings.0.lock();
            // Not one of before a close.
            let number = (state.next + 1).max(clock::wall_ns().unsigned_abs());
            state.next = number;
            state.notes.insert(number, note);
            number
        };
        let mut rewriting = Rewriting {
            number,
            ..Rewriting::default()
        };
        let flying = |id: &[u8]| self.active.get(id).is_some();
        for id in matching {
            match flying(&id) {
                true => rewriting.in_flight.push(id),
                false => rewriting.ids.push(id),
            }
        }
        Ok(rewriting)
    }

    /// As [`Store::read_with`], a finished recording, with the version that it is; `None` if it is
    /// in flight.
    ///
    /// # Errors
    ///
    /// Those of [`Store::read`].
    pub fn read_version<R>(
        &self,
        id: &[u8],
        use_content: impl FnOnce(Format, &[u8]) -> R,
    ) -> Result<Option<(Version, R)>, Error> {
        if self.active.get(id).is_some() {
            return Ok(None);
        }
        self.files.read_version(id, use_content).map(Some)
    }

    /// Replaces a recording that is still this version, in the same file, format and compression,
    /// and removes other files of its id. What is beside the content stays: its flags and whom it
    /// belongs to. Returns whether it was.
    ///
    /// Another process that saves the recording in the moment between the last look at it and
    /// the change of the name is not noticed: file systems have no way to exclude it.
    ///
    /// # Errors
    ///
    /// Those of [`Store::save`]; it is not a recording of this id if it has another one.
    pub fn rewrite(&self, id: &[u8], etf: &[u8], version: &Version) -> Result<bool, Error> {
        self.files.rewrite(id, etf, version)
    }

    /// Deletes a recording that is still this version, for good. Returns whether it was.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn delete_version(&self, id: &[u8], version: &Version) -> Result<bool, Error> {
        self.files.delete_version(id, version)
    }

    /// Ends what [`Store::begin_rewriting`] began: nothing is left in the index on the disk of what
    /// the recordings were before. If it fails, the next start does it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn end_rewriting(&self, number: u64) -> Result<(), Error> {
        // After a close in between it has been done already, and does no harm.
        let note = self.rewritings.0.lock().notes.remove(&number);
        self.files.write_index_anew(note)
    }

    /// As [`Store::end_rewriting`], for whoever began it and is gone; nothing if that has ended it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn abandon_rewriting(&self, number: u64) -> Result<(), Error> {
        let note = self.rewritings.0.lock().notes.remove(&number);
        note.map_or(Ok(()), |note| self.files.write_index_anew(Some(note)))
    }
}
