use std::io;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::MutexGuard;

use super::lookup::Belonging;
use crate::directory::Files;
use crate::disk::temp::TempFile;
use crate::disk::{Kind, Stamp};
use crate::index::Entry;
use crate::index::Slot;

/// The right to change names in the directory. Whoever holds it changes the directory first and
/// the index at once after, so that the order of changes is the same in both.
pub(crate) struct Commit<'a> {
    pub(crate) files: &'a Files,
    _turn: MutexGuard<'a, ()>,
}

impl Files {
    pub(crate) fn commit(&self) -> Commit<'_> {
        Commit {
            files: self,
            _turn: self.commit.lock(),
        }
    }
}

impl Commit<'_> {
    /// Puts a file in its place.
    pub(crate) fn place(&self, mut temp: TempFile<'_>, mut entry: Entry) -> io::Result<()> {
        let path = self.files.loader.path(entry.file());
        if self.files.remote.read().is_some() {
            self.date(&mut temp, &mut entry)?;
        }
        self.change_directory(entry.file(), || temp.place(&path))?;
        self.look_whose(entry.file(), entry.stamp);
        let entry = Arc::new(entry);
        let mut index = self.files.index.write();
        index.touch(entry.file());
        index.put(entry.file(), Slot::Recording(Arc::clone(&entry)));
        self.files.check_limits(&index);
        Ok(())
    }

    /// Gives a file a later time than all that is known of its recording, for other nodes to take it
    /// for the later version, whatever their clocks say.
    fn date(&self, temp: &mut TempFile<'_>, entry: &mut Entry) -> io::Result<()> {
        let known = self.files.index.read().saved_ns(entry.id());
        if let Some(known) = known.filter(|known| entry.stamp.modified_ns <= *known) {
            temp.date(known.saturating_add(1), true)?;
            if temp.stamp().modified_ns <= known {
                // The disk keeps seconds only, or every other one.
                let grain = 2_000_000_000;
                temp.date(
                    (known / grain).saturating_add(1).saturating_mul(grain),
                    true,
                )?;
            }
            entry.stamp = temp.stamp();
        }
        Ok(())
    }

    /// Whether there is such a file, here or in the bucket.
    pub(crate) fn exists(&self, Belonging { file, only }: &Belonging) -> bool {
        let known = self.files.index.read().get(file);
        if let Some(Slot::Recording(known)) = known
            && !known.is_here()
            && only.is_none_or(|only| only == known.stamp)
        {
            return true;
        }
        match self.files.fs().metadata(&self.files.loader.path(file)) {
            Ok(found) => {
                found.kind != Kind::Directory && only.is_none_or(|only| only == found.stamp)
            }
            // What can't be looked at, such as a symbolic link to itself, can be removed still.
            Err(error) => only.is_none() && error.kind() != io::ErrorKind::NotFound,
        }
    }

    /// Removes a file, and returns whether there was one.
    pub(crate) fn remove(&self, file: &[u8]) -> io::Result<bool> {
        let path = self.files.loader.path(file);
        let is_elsewhere = || {
            self.files
                .index
                .read()
                .get(file)
                .is_some_and(|it| !it.is_here())
        };
        let existed = match self.change_directory(file, || self.files.fs().remove(&path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => is_elsewhere(),
            result => result.map(|()| true)?,
        };
        let mut index = self.files.index.write();
        index.touch(file);
        index.remove(file);
        Ok(existed)
    }

    /// Two files that are put in the place of one in a row are told as one change: the other one may
    /// be the later.
    pub(super) fn look_whose(&self, file: &[u8], own: Stamp) {
        if !self.files.told.lock().is_watched() {
            return;
        }
        let found = self.files.fs().metadata(&self.files.loader.path(file));
        if !found.is_ok_and(|found| found.stamp == own) {
            self.files.told.lock().suspect(file);
        }
    }

    /// Makes a change that concerns this file.
    pub(crate) fn change_directory(
        &self,
        file: &[u8],
        change: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        if self.files.told.lock().own_begins(file) {
            let result = change();
            self.files.hear_own(result.is_ok());
            return result;
        }
        let before = self.files.dir_stamp();
        let result = change();
        let after = self.files.dir_stamp();
        let mut freshness = self.files.freshness.lock();
        match (before, after) {
            (Ok(Some(before)), Ok(Some(after))) => {
                freshness.changed(before.modified_ns, after.modified_ns, Instant::now());
            }
            _ => freshness.forget(),
        }
        result
    }
}
