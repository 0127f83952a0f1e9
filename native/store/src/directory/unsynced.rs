//! Putting things on the disk, on file systems that can and on those that can't.
//!
//! Some refuse to sync a directory (CIFS, some FUSE), and a few a file: what is not supported
//! there is not done, and the first time it is told. What was saved last is then as durable as
//! the file system makes it by itself; a crash of the program still loses nothing.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::Files;
use crate::disk::durable::{is_unsupported, sync_names};
use crate::disk::temp::TempFile;
use crate::error::Error;
use crate::notice::Notice;

/// What the file system turned out not to support.
#[derive(Debug, Default)]
pub(crate) struct Unsynced {
    names: AtomicBool,
    content: AtomicBool,
}

impl Files {
    /// Puts the names in a directory on the disk.
    pub(crate) fn sync_names(&self, dir: &Path) -> io::Result<()> {
        if let Some(refusal) = sync_names(self.fs(), dir)?
            && !self.unsynced.names.swap(true, Relaxed)
        {
            let error = Error::at("sync the directory", dir)(refusal);
            self.observer.tell(Notice::Unsynced { error });
        }
        Ok(())
    }

    /// Writes a temporary file into a directory, and with `sync` puts its content on the disk.
    pub(crate) fn write_into(
        &self,
        dir: &Path,
        content: &[u8],
        sync: bool,
    ) -> io::Result<TempFile<'_>> {
        let sync = sync && !self.unsynced.content.load(Relaxed);
        match TempFile::write(self.fs(), dir, content, sync) {
            Err(refusal) if sync && is_unsupported(&refusal) => {
                // If it was something else that is refused, it is so again.
                let written = TempFile::write(self.fs(), dir, content, false)?;
                if !self.unsynced.content.swap(true, Relaxed) {
                    let error = Error::at("sync a file in", dir)(refusal);
                    self.observer.tell(Notice::Unsynced { error });
                }
                Ok(written)
            }
            written => written,
        }
    }
}
