//! The real file system, with a power cut at some of the changes.

use std::fs::File;
use std::sync::Mutex;

use replay_store::{FileName, FileSystem, Mapping, Metadata, OsFileSystem, Stamp};

use crate::dice::Dice;
use crate::disk::{Disk, Image};
use crate::ledger::Ledger;
use crate::support::hooked::os_error;
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

/// What happens to the power, and to what is to be synced.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    /// The power is cut at every so manieth change, as far as others see it later.
    pub step: usize,
    /// One in so many syncs fails.
    pub failing: Option<usize>,
}

pub struct Powered {
    state: Mutex<State>,
    ledger: Arc<Ledger>,
    plan: Plan,
}

impl Powered {
    pub fn new(dir: &Path, ledger: &Arc<Ledger>, plan: Plan) -> Self {
        Powered {
            state: Mutex::new(State {
                disk: Disk::new(dir),
                dice: Dice::new(plan.seed),
                changes: 0,
                cuts: Vec::new(),
            }),
            ledger: Arc::clone(ledger),
            plan,
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
        let step = self.plan.step;
        if *changes % step == self.plan.seed as usize % step {
            let (image, ledger) = loop {
                // What is acknowledged later does not count, nor is anything later in the image.
                let ledger = self.ledger.after_power_cut();
                let image = disk.cut(dice);
                if self.ledger.is_still(&ledger) {
                    break (image, ledger);
                }
            };
            cuts.push(Cut {
                change: *changes,
                image,
                ledger,
            });
        }
        *changes += 1;
        let changed = change()?;
        note(disk, &changed);
        Ok(changed)
    }

    /// Fails, perhaps, when something is to be synced.
    fn try_sync(&self) -> io::Result<()> {
        let dice = &mut self.state.lock().unwrap().dice;
        match self.plan.failing {
            Some(one_in) if dice.below(one_in) == 0 => os_error(libc::EIO),
            _ => Ok(()),
        }
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
        let synced = if sync { self.try_sync() } else { Ok(()) };
        let is_synced = sync && synced.is_ok();
        let stamp = self.change(
            || OsFileSystem.write_new(path, content, sync),
            |disk, _| disk.wrote(path, content, is_synced),
        );
        synced.and(stamp)
    }

    fn append(&self, path: &Path, content: &[u8]) -> io::Result<u64> {
        self.change(
            || OsFileSystem.append(path, content),
            |disk, _| disk.appended(path, content),
        )
    }

    fn set_modified(&self, path: &Path, modified_ns: i64, sync: bool) -> io::Result<Stamp> {
        self.change(
            || OsFileSystem.set_modified(path, modified_ns, sync),
            |_, _| {},
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
        self.try_sync()?;
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
        self.try_sync()?;
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
