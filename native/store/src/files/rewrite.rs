//! Changing recordings that are there, provided that they are still as they were read.

use std::io;
use std::time::Instant;

use replay_etf::{ErrorKind, Field};

use super::commit::Commit;
use super::lookup::belongings;
use super::save::Form;
use crate::codec::Format;
use crate::directory::Files;
use crate::disk::{Durability, Kind, Stamp};
use crate::error::Error;
use crate::index::{Slot, name};
use crate::notice::Notice;

/// Which file a recording was read from, and which version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Name of the file within the directory.
    pub file: Box<[u8]>,
    /// Its size, time and inode.
    pub stamp: Stamp,
}

impl Files {
    /// See [`Store::read_version`](crate::store::Store::read_version).
    pub(crate) fn read_version<R>(
        &self,
        id: &[u8],
        work: impl FnOnce(Format, &[u8]) -> R,
    ) -> Result<(Version, R), Error> {
        // A file that came beside the one that is known may be the newer of the two.
        self.refresh()?;
        self.buffers.with(|buffers| {
            let found = self.find(id, buffers);
            let result = found.map(|it| {
                let result = work(it.format, buffers.plain(&it.plain));
                let (file, stamp) = (it.file, it.stamp);
                (Version { file, stamp }, result)
            });
            buffers.trim();
            result
        })
    }

    /// See [`Store::rewrite`](crate::store::Store::rewrite).
    pub(crate) fn rewrite(&self, id: &[u8], etf: &[u8], version: &Version) -> Result<bool, Error> {
        let start = Instant::now();
        let known = self.index.read().get(&version.file);
        let before = match known {
            Some(Slot::Recording(before)) if before.stamp == version.stamp => before,
            _ => return Ok(false),
        };
        let form = Form {
            format: before.format,
            packing: name::packing(&version.file),
            // What was there before is to be gone for good.
            durability: Durability::Synced,
        };
        let written = self.write(etf, None, form, |_| Ok(before.beside()))?;
        if *written.summary.id != *id {
            let kind = ErrorKind::NotARecording(Field::Id);
            return Err(Error::Recording(replay_etf::Error { offset: 0, kind }));
        }
        let file = version.file.clone();
        self.put(written, before.format, file, etf.len(), start, |commit| {
            commit.is_latest(id, version)
        })
    }

    /// See [`Store::delete_version`](crate::store::Store::delete_version).
    pub(crate) fn delete_version(&self, id: &[u8], version: &Version) -> Result<bool, Error> {
        let change = self.syncs.change();
        let commit = self.commit();
        if !commit.is_latest(id, version) {
            return Ok(false);
        }
        let _deletion = self.delete_there(&[id.into()])?;
        (commit.remove_recording(id)).map_err(Error::at("remove a recording in", self.path()))?;
        drop(commit);
        self.write_journal();
        self.sync_removed(change)?;
        self.observer.tell(Notice::Erased { count: 1 });
        Ok(true)
    }
}

impl Commit<'_> {
    /// Whether this version is still the recording of this id: its file is as it was, and no other
    /// file of the id is newer than what is known of it.
    pub(super) fn is_latest(&self, id: &[u8], version: &Version) -> bool {
        let index = self.files.index.read();
        let best = index.claims(id).next();
        if !best.is_some_and(|it| *it.file() == *version.file && it.stamp == version.stamp) {
            return false;
        }
        let known: Vec<_> = belongings(&index, id)
            .into_iter()
            .map(|it| (index.get(&it.file).and_then(|slot| slot.stamp()), it.file))
            .collect();
        drop(index);
        known.iter().all(|(stamp, file)| {
            let is_needed = **file == *version.file;
            match self.files.fs().metadata(&self.files.loader.path(file)) {
                Ok(found) if found.kind == Kind::Directory => !is_needed,
                Ok(found) => *stamp == Some(found.stamp),
                Err(error) if error.kind() == io::ErrorKind::NotFound => !is_needed,
                // What can't be looked at is no recording that anyone could have saved.
                Err(_) => !is_needed,
            }
        })
    }
}
