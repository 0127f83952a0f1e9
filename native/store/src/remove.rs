use crate::Error;
use crate::files::Files;
use crate::lookup::{Belonging, belongings};

impl Files {
    /// See [`Store::delete`](crate::Store::delete).
    pub(crate) fn delete(&self, id: &[u8]) -> Result<(), Error> {
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
        self.write_journal();
        self.sync_dir()
    }

    /// See [`Store::clear`](crate::Store::clear).
    pub(crate) fn clear(&self) -> Result<(), Error> {
        let files = self.file_names().map_err(Error::io("read the directory"))?;
        let mut result = Ok(());
        for file in files {
            // One turn for each, so that saves need not wait for thousands.
            let removed = self.commit().remove(&file);
            result = result.and(removed.map(drop));
        }
        self.write_journal();
        result.map_err(Error::io("remove a recording"))?;
        self.sync_dir()
    }
}
