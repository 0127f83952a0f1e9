//! The real file system, with a power cut at some of the changes.

use std::fs::File;
use std::sync::Mutex;

use replay_store::{FileName, FileSystem, Mapping, Metadata, OsFileSystem, Stamp};

use crate::dice::Dice;
use crate::disk::{Disk, Image};
use crate::ledger::Ledger;
use crate::support::*;

/// What a power cut left, and what had been acknowledged.
pub struct Cut {
    pub change: usize,
    pub image: Image,
    pub ledger: Ledger,
}

struct State {
    disk: Disk,
    dice: Dice,
    changes: usize,
    cuts: Vec<Cut>,
}

/// Cuts the power at every so manieth change, as far as others see it later.
pub struct Powered {
    state: Mutex<State>,
    ledger: Arc<Ledger>,
    first: usize,
    step: usize,
}

impl Powered {
    pub fn new(
        dir: &Path,
        ledger: &Arc<Ledger>,
        dice: Dice,
        (first, step): (usize, usize),
    ) -> Self {
        Powered {
            state: Mutex::new(State {
                disk: Disk::new(dir),
                dice,
                changes: 0,
                cuts: Vec::new(),
            }),
            ledger: Arc::clone(ledger),
            first,
            step,
        }
    }

    pub fn cuts(&self) -> Vec<Cut> {
        std::mem::take(&mut self.state.lock().unwrap().cuts)
    }

    /// Changes something, and notes that.
    fn change<T>(
        &self,
        change: impl FnOnce() -> io::Result<T>,
        note: impl FnOnce(&mut Disk, &T),
    ) -> io::Result<T> {
        let mut state = self.state.lock().unwrap();
        let State {
            disk,
            dice,
            changes,
            cuts,
        } = &mut *state;
        disk.see();
        if *changes >= self.first && (*changes - self.first).is_multiple_of(self.step) {
            // What is acknowledged later does not count.
            let ledger = self.ledger.after_power_cut();
            cuts.push(Cut {
                change: *changes,
                image: disk.cut(dice),
                ledger,
            });
        }
        *changes += 1;
        let changed = change()?;
        note(disk, &changed);
        Ok(changed)
    }
}

impl FileSystem for Powered {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.change(
            || OsFileSystem.create_dir(path),
            |disk, ()| disk.made_directory(path),
        )
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        OsFileSystem.metadata(path)
    }

    fn names(&self, path: &Path) -> io::Result<Vec<FileName>> {
        OsFileSystem.names(path)
    }

    fn read(&self, path: &Path, limit: u64, into: &mut Vec<u8>) -> io::Result<Stamp> {
        OsFileSystem.read(path, limit, into)
    }

    fn write_new(&self, path: &Path, content: &[u8], sync: bool) -> io::Result<Stamp> {
        self.change(
            || OsFileSystem.write_new(path, content, sync),
            |disk, _| disk.wrote(path, content, sync),
        )
    }

    fn append(&self, path: &Path, content: &[u8]) -> io::Result<u64> {
        self.change(
            || OsFileSystem.append(path, content),
            |disk, _| disk.appended(path, content),
        )
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(
            || OsFileSystem.rename(from, to),
            |disk, ()| disk.renamed(from, to),
        )
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|| OsFileSystem.remove(path), |disk, ()| disk.removed(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.change(
            || OsFileSystem.sync_dir(path),
            |disk, ()| disk.synced_dir(path),
        )
    }

    fn create_file(&self, path: &Path) -> io::Result<File> {
        self.change(
            || OsFileSystem.create_file(path),
            |disk, file| disk.made_segment(path, file),
        )
    }

    fn sync_mapping(&self, mapping: &Mapping, path: &Path) -> io::Result<()> {
        self.change(
            || OsFileSystem.sync_mapping(mapping, path),
            |disk, ()| disk.synced_mapping(path),
        )
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.change(
            || OsFileSystem.remove_dir(path),
            |disk, ()| disk.removed(path),
        )
    }

    fn open_lock(&self, path: &Path, new: bool) -> io::Result<File> {
        self.change(
            || OsFileSystem.open_lock(path, new),
            |disk, file| {
                if new {
                    disk.made_lock(path, file);
                }
            },
        )
    }
}
