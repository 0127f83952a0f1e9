use std::io;
use std::os::unix::ffi::OsStrExt as _;

use super::commit::Commit;
use super::lookup::{Belonging, belongings};
use crate::directory::Files;
use crate::disk::group::Change;
use crate::error::Error;

impl Files {
    /// See [`Store::delete`](crate::store::Store::delete).
    pub(crate) fn delete(&self, id: &[u8]) -> Result<(), Error> {
        if self.index.read().claims(id).next().is_none() {
            // A file that somebody else has just written may have the id inside only.
            self.refresh()?;
        }
        let _deletion = self.delete_there(&[id.into()])?;
        let change = self.syncs.change();
        self.remove(id)?;
        self.write_journal();
        // Also where there was none: it may have been removed before, and that failed to be synced.
        self.sync_removed(change)
    }

    /// Removes the files of this id that the index knows of, without making it durable. Returns
    /// whether there were any.
    pub(crate) fn remove(&self, id: &[u8]) -> Result<bool, Error> {
        let commit = self.commit();
        commit
            .remove_recording(id)
            .map_err(Error::at("remove a recording in", self.path()))
    }

    /// Makes it durable that names are gone.
    pub(crate) fn sync_removed(&self, change: Change) -> Result<(), Error> {
        match self.sync_dir(change) {
            // They are, with their directory.
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(()),
            synced => synced,
        }
    }

    /// See [`Store::clear`](crate::store::Store::clear).
    pub(crate) fn clear(&self) -> Result<(), Error> {
        let files = self
            .recording_files()
            .map_err(Error::at("read the directory", self.path()))?;
        let change = self.syncs.change();
        let mut result = Ok(());
        for file in files {
            // One turn for each, so that saves need not wait for thousands.
            let removed = self.commit().remove(file.name.as_bytes());
            result = result.and(removed.map(drop));
        }
        let index = self.index.read();
        let there = index.objects().map(|(entry, _)| entry.file().into());
        let there: Vec<Box<[u8]>> = there.collect();
        drop(index);
        for file in there {
            result = result.and(self.commit().remove(&file).map(drop));
        }
        self.write_journal();
        result.map_err(Error::at("remove a recording in", self.path()))?;
        self.sync_removed(change)
    }
}

impl Commit<'_> {
    /// Removes the files of a recording, and returns whether there was one.
    pub(crate) fn remove_recording(&self, id: &[u8]) -> io::Result<bool> {
        let mut belongings = belongings(&self.files.index.read(), id);
        // One that is gone already has to leave the index.
        let is_known = |file: &[u8]| self.files.index.read().get(file).is_some();
        belongings.retain(|it| self.exists(it) || (it.only.is_none() && is_known(&it.file)));
        let mut existed = false;
        for Belonging { file, .. } in &belongings {
            existed |= self.remove(file)?;
        }
        Ok(existed)
    }
}
