//! Bringing the index up to date with the directory.

use std::collections::HashSet;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::MutexGuard;

use super::scan::{Job, Outcome, scan};
use super::standing::Standing;
use super::told::Heard;
use crate::directory::Files;
use crate::disk::{FileName, clock};
use crate::error::Error;
use crate::index::Slot;
use crate::index::{Damage, Entry, name};

/// So many recordings at once are laid out anew in memory.
const MANY: usize = 1024;

impl Files {
    /// Learns what is in the directory, with the help of what was written down.
    pub(crate) fn load(&self) -> Result<(), Error> {
        *self.journal_damage.lock() = self.load_journal();
        self.index.write().changes().record();
        self.refresh()?;
        self.index.write().pack();
        Ok(())
    }

    /// As [`Files::load`], for those who are not to change anything: nothing is written down, now
    /// or later, because no change is recorded. What is wrong with the index on the disk is for
    /// those who write it to tell, who may be at it.
    pub(crate) fn load_reading(&self) -> Result<(), Error> {
        self.load_journal();
        self.refresh()?;
        self.index.write().pack();
        Ok(())
    }

    fn load_journal(&self) -> Vec<Damage> {
        let mut index = self.index.write();
        self.journal
            .load(self.fs(), &self.loader.shared, &mut index)
    }

    /// Makes the index true for the directory as it is now, and writes it down. One `stat` if
    /// nothing happened.
    pub(crate) fn refresh(&self) -> Result<(), Error> {
        if self.is_up_to_date()? {
            return Ok(());
        }
        let result = self.update(&self.scan.lock());
        self.write_journal();
        result
    }

    /// As [`Files::refresh`], but returns false if another thread is at it.
    pub(crate) fn try_refresh(&self) -> Result<bool, Error> {
        if self.is_up_to_date()? {
            return Ok(true);
        }
        let Some(scan) = self.scan.try_lock() else {
            return Ok(false);
        };
        let result = self.update(&scan);
        drop(scan);
        self.write_journal();
        result.map(|()| true)
    }

    fn is_up_to_date(&self) -> Result<bool, Error> {
        let known = self.standing()? == Standing::True;
        Ok(known && !self.index.read().is_doubtful(Instant::now()))
    }

    /// As [`Files::refresh`], without writing it down.
    pub(crate) fn update(&self, _scan: &MutexGuard<'_, ()>) -> Result<(), Error> {
        // Whoever held the lock before may have done it.
        let standing = self.standing()?;
        if standing == Standing::Unknown {
            let result = self.rescan();
            if result.is_err() {
                self.index.write().end_scan();
                self.freshness.lock().forget_files();
            }
            self.told.lock().looked();
            return result;
        }
        if standing == Standing::TrueButForTold {
            self.look_at_told();
            self.told.lock().looked();
        }
        self.look_at_doubtful();
        Ok(())
    }

    /// Reads the directory's names, and the files that are new or changed.
    fn rescan(&self) -> Result<(), Error> {
        let told = self.begin_rescan()?;
        let start = Instant::now();
        let files = self
            .recording_files()
            .map_err(Error::at("read the directory", self.path()))?;
        let thorough = self.freshness.lock().thorough_is_due(files.len(), start);
        let (jobs, gone) = self.compare(&files, thorough, &told);
        self.look_at(jobs, &gone);
        self.freshness.lock().scan_ends(start.elapsed());
        Ok(())
    }

    /// Looks at the files that others are told to have changed.
    fn look_at_told(&self) {
        // None of the store's own changes is under way, of which the index is yet to know.
        let commit = self.commit.lock();
        let told = self.told.lock().look();
        self.index.write().begin_scan();
        drop(commit);
        // Size and time may be the same, where times are coarse, and yet it was overwritten.
        let jobs = told.into_iter().map(|file| Job { file, known: None });
        self.look_at(jobs.collect(), &[]);
    }

    /// Looks once more at damaged files that may be whole by now.
    fn look_at_doubtful(&self) {
        let mut index = self.index.write();
        let doubtful = index.take_doubtful(Instant::now());
        if doubtful.is_empty() {
            return;
        }
        index.begin_scan();
        drop(index);
        let jobs = doubtful.into_iter();
        self.look_at(jobs.map(|(file, known)| Job { file, known }).collect(), &[]);
    }

    /// Completes what [`Index::begin_scan`](crate::index::Index::begin_scan) began: reads files
    /// and puts what was seen into the index, and removes those that are gone.
    fn look_at(&self, jobs: Vec<Job>, gone: &[Box<[u8]>]) {
        let outcomes = lay_out(scan(&self.loader, &jobs, self.options.threads));
        let mut index = self.index.write();
        let touched = index.end_scan();
        let untouched = |file: &[u8]| !touched.contains(file);
        for file in gone.iter().filter(|file| untouched(file)) {
            index.gone(file);
        }
        for (Job { file, .. }, outcome) in jobs.into_iter().zip(outcomes) {
            if !untouched(&file) {
                continue;
            }
            match outcome {
                Outcome::Known => index.unchanged(&file),
                Outcome::Absent => drop(index.gone(&file)),
                Outcome::Recording(entry) => index.put(&file, Slot::Recording(entry)),
                Outcome::Damaged { stamp, flaw } => {
                    index.put(&file, Slot::Damaged { stamp, flaw });
                }
            }
        }
        self.check_limits(&index);
        if index.pending_len() > 0 {
            drop(index);
            self.wake_remote();
        }
    }

    /// Returns which files are to be looked at in any case.
    fn begin_rescan(&self) -> Result<HashSet<Box<[u8]>>, Error> {
        // None of the store's own changes falls between these, so that each is either seen by
        // the scan or known to it as touched, and the chain of times is not broken by it.
        let _commit = self.commit.lock();
        // Each time, as the directory at this path may be another one. Where none is to be had,
        // for one of too many, the times have to do.
        let watch = self.fs().watch(&self.loader.dir).unwrap_or_default();
        let wall_ns = clock::wall_ns();
        let stamp = self
            .dir_stamp()
            .map_err(Error::at("look at the directory", self.path()))?;
        let mut told = self.told.lock();
        let mut freshness = self.freshness.lock();
        let files = match stamp {
            Some(stamp) => {
                if told.renew(watch, stamp.inode) == Heard::Lost {
                    freshness.forget_files();
                }
                freshness.scan_begins(stamp.modified_ns, wall_ns, told.is_watched());
                told.look()
            }
            None => {
                told.lose();
                freshness.forget();
                HashSet::new()
            }
        };
        drop((told, freshness));
        self.index.write().begin_scan();
        Ok(files)
    }

    /// The recording files. None if the directory itself was removed.
    pub(crate) fn recording_files(&self) -> io::Result<Vec<FileName>> {
        let mut names = match self.fs().names(&self.loader.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            names => names?,
        };
        names.retain(|file| name::parse(file.name.as_bytes()).is_some());
        Ok(names)
    }

    /// What to look at, and what the index has and the directory has not.
    fn compare(
        &self,
        files: &[FileName],
        thorough: bool,
        told: &HashSet<Box<[u8]>>,
    ) -> (Vec<Job>, Vec<Box<[u8]>>) {
        let index = self.index.read();
        let mut present = 0;
        let mut jobs = Vec::new();
        for FileName { name, inode } in files {
            let file = name.as_bytes();
            let slot = index.get(file);
            let slot = slot.filter(Slot::is_here);
            present += usize::from(slot.is_some());
            let is_told = told.contains(file);
            let as_known = match &slot {
                Some(Slot::Recording(entry)) => {
                    !thorough && !is_told && entry.stamp.inode == *inode
                }
                _ => false,
            };
            if !as_known {
                let known = slot.filter(|_| !is_told).and_then(|slot| slot.stamp());
                let file = file.into();
                jobs.push(Job { file, known });
            }
        }
        if present == index.files_len() {
            return (jobs, Vec::new());
        }
        let present: HashSet<&[u8]> = files.iter().map(|file| file.name.as_bytes()).collect();
        let gone = index.files().filter(|file| !present.contains(file));
        let gone = gone.map(Box::from).collect();
        (jobs, gone)
    }
}

/// Copies many entries that were made in the order of the directory, by several threads, so that
/// they lie in memory in the order of time: walking over them is several times as fast then.
fn lay_out(mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let mut found: Vec<&mut Arc<Entry>> = outcomes
        .iter_mut()
        .filter_map(|outcome| match outcome {
            Outcome::Recording(entry) => Some(entry),
            _ => None,
        })
        .collect();
    if found.len() >= MANY {
        found.sort_by_key(|entry| entry.connected_at);
        // All of them before the first original is freed, whose place a copy would take.
        let copies: Vec<_> = found.iter().map(|it| Arc::new(Entry::clone(it))).collect();
        for (entry, copy) in found.into_iter().zip(copies) {
            *entry = copy;
        }
    }
    outcomes
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::disk::OsFileSystem;
    use crate::options::Options;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_file_that_can_be_read_again_is_listed_though_the_directory_is_quiet() {
        let outside = tempfile::tempdir().unwrap();
        let (dir, target) = (outside.path().join("dir"), outside.path().join("target"));
        fs::create_dir(&dir).unwrap();
        symlink(&target, &target).unwrap();
        symlink(&target, dir.join("x.json")).unwrap();
        let long_ago = SystemTime::now() - HOUR;
        File::open(&dir).unwrap().set_modified(long_ago).unwrap();
        let opened = Files::open(Arc::new(OsFileSystem), &dir, Options::default());
        let (files, _) = opened.unwrap();
        files.load().unwrap();
        assert_eq!(files.take_damage().len(), 1);

        // In vain, and not at once again.
        files.index.write().age_damage(HOUR);
        assert_eq!(files.list().unwrap().len(), 0);
        assert!(!files.index.read().is_doubtful(Instant::now()));
        assert_eq!(files.index.read().damaged_len(), 1);
        assert_eq!(files.take_damage(), [], "it is told once");

        let recording = br#"{"id": "x", "connected_at": 1, "events": []}"#;
        fs::remove_file(&target).unwrap();
        fs::write(&target, recording).unwrap();
        assert_eq!(files.standing().unwrap(), Standing::True, "it is quiet");
        files.index.write().age_damage(HOUR);
        assert_eq!(files.list().unwrap().len(), 1);
        assert_eq!(files.index.read().damaged_len(), 0);
    }
}
