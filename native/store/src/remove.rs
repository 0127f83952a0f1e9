use std::sync::Arc;

use crate::lookup::{Belonging, belongings};
use crate::{Error, Store};

impl Store {
    /// Deletes the recording with this id, under all the names it has. That there is none is
    /// not an error.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn delete(&self, id: &[u8]) -> Result<(), Error> {
        if self.index.read().claims(id).next().is_none() {
            // A file that somebody else has just written may have the id inside only.
            self.refresh()?;
        }
        let commit = self.commit();
        let mut belongings = belongings(&self.index.read(), id);
        belongings.retain(|belonging| commit.exists(belonging));
        if belongings.is_empty() {
            return Ok(());
        }
        for Belonging { file, .. } in &belongings {
            commit
                .remove(file)
                .map_err(Error::io("remove the recording"))?;
        }
        drop(commit);
        self.sync_dir()
    }

    /// Deletes all recordings, damaged files with a recording's name too. Other files stay.
    ///
    /// # Errors
    ///
    /// The first [`Error::Io`]; what could be deleted is.
    pub fn clear(&self) -> Result<(), Error> {
        let files = self.file_names().map_err(Error::io("read the directory"))?;
        let mut result = Ok(());
        for file in files {
            // One turn for each, so that saves need not wait for thousands.
            let removed = self.commit().remove(&Arc::from(file));
            result = result.and(removed.map(drop));
        }
        result.map_err(Error::io("remove a recording"))?;
        self.sync_dir()
    }
}
