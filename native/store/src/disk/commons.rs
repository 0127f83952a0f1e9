//! What all engines of one directory share, `.native/`, and whose is what in it.
//!
//! Who owns a directory in it holds a lock there and [shows that it lives](crate::disk::owner). Locks
//! are seen by all on a disk of one machine, and there whoever gets the lock knows that its owner
//! is gone. On a disk that others reach, locks may be known to one machine alone, or to nobody.
//! So there the owner must be a process of this machine that has ended, have said that it
//! leaves, or have been silent for [`SILENCE`](crate::watch) of its periods, as this machine's clock counts
//! them. Then the directory gets another name, which only one of those who try it can give it,
//! and by which its owner, if it comes back after all, sees that it is not the owner any more.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::durable::create_dirs_within;
use super::locks::{is_in_this_process, is_unsupported};
use super::lookout::{Nameless, Seen, Watch, is_gone};
use super::owned::{Directory, LOCK};
use super::owner::{self, Owner};
use super::{FileSystem, Process};

/// A lock that is made before it gets its name.
const NEW_LOCK: &str = "lock.new";

pub(crate) struct Commons {
    pub(crate) fs: Arc<dyn FileSystem>,
    dir: PathBuf,
    /// How often the owner of a directory shows that it lives.
    pub(crate) period: Duration,
    pub(crate) process: Process,
    watch: Watch,
}

impl Commons {
    pub(crate) fn new(fs: Arc<dyn FileSystem>, dir: &Path, period: Duration) -> Arc<Self> {
        let process = fs.process();
        Arc::new(Commons {
            fs,
            dir: dir.to_owned(),
            period,
            process,
            watch: Watch::default(),
        })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes a directory, named by the prefix and a number that is not in use.
    pub(crate) fn create(self: &Arc<Self>, prefix: &str) -> io::Result<Arc<Directory>> {
        for k in 0..=u32::MAX {
            let path = self.dir.join(format!("{prefix}{k}"));
            let made = match self.fs.create_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    // Somebody removed the directory around it.
                    create_dirs_within(&*self.fs, &self.dir)?;
                    self.fs.share_dir(&self.dir);
                    self.fs.create_dir(&path)
                }
                made => made,
            };
            match made {
                Ok(()) => self.fs.share_dir(&path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
            match self.own_new(&path) {
                Ok(Some(directory)) => return Ok(directory),
                // Someone who is looking for what others left behind was faster.
                Ok(None) => {}
                Err(error) => {
                    // Nothing is in it yet, and nothing is to be left of it.
                    let _ = self.fs.remove(&path.join(LOCK));
                    let _ = self.fs.remove_dir(&path);
                    return Err(error);
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Takes over the directories named by the prefix and a number whose owners are gone. Those
    /// that this user may not take over are left alone.
    pub(crate) fn adopt(
        self: &Arc<Self>,
        prefix: &str,
        nameless: Nameless,
    ) -> io::Result<Vec<Arc<Directory>>> {
        self.adopt_telling(prefix, nameless, &mut |_, _| {})
    }

    /// As [`Commons::adopt`], and tells `refused` of each that it had to leave alone, and why.
    pub(crate) fn adopt_telling(
        self: &Arc<Self>,
        prefix: &str,
        nameless: Nameless,
        refused: &mut dyn FnMut(&Path, io::Error),
    ) -> io::Result<Vec<Arc<Directory>>> {
        let names = match self.fs.directories(&self.dir) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) if is_of_others(&error) => {
                refused(&self.dir, error);
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let mut found: Vec<(u32, bool, PathBuf)> = (names.iter())
            .filter_map(|name| {
                let rest = name.to_str()?.strip_prefix(prefix)?;
                let (number, is_between) = match rest.split_once('.') {
                    Some((number, _)) => (number, true),
                    None => (rest, false),
                };
                Some((number.parse().ok()?, is_between, self.dir.join(name)))
            })
            .collect();
        found.sort_unstable();
        let mut adopted = Vec::new();
        for (number, is_between, path) in found {
            // Somebody is just taking it over, unless that was cut short.
            let nameless = if is_between {
                Nameless::Taken
            } else {
                nameless
            };
            match self.take(path.clone(), (prefix, number), nameless) {
                Ok(taken) => adopted.extend(taken),
                Err(error) if is_of_others(&error) => refused(&path, error),
                Err(error) => return Err(error),
            }
        }
        Ok(adopted)
    }

    /// `None` if it has an owner, or may have one.
    fn take(
        self: &Arc<Self>,
        path: PathBuf,
        name: (&str, u32),
        nameless: Nameless,
    ) -> io::Result<Option<Arc<Directory>>> {
        let lock_path = path.join(LOCK);
        let lock = match self.fs.open_lock(&lock_path, false) {
            Ok(lock) => Some(lock),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // Where there is no lock, it can be made and locked.
        let mut locked = true;
        if let Some(lock) = &lock {
            locked = match self.lock(lock)? {
                Some(locked) => locked,
                None => {
                    self.watch.forget(&path);
                    return Ok(None);
                }
            };
        }
        let locked = locked && self.fs.is_local(&path);
        let seen = self.look(&lock_path)?;
        let owner = Owner::decode(&seen.record);
        let ours = owner.is_some_and(|owner| owner.process == self.process);
        if let (true, Some(lock)) = (ours, &lock)
            && is_in_this_process(lock)?
        {
            return Ok(None);
        }
        if is_gone(&*self.fs, &self.process, owner, locked, nameless) {
            self.watch.forget(&path);
            if locked {
                return match lock {
                    Some(lock) => Directory::own(&self.fs, path, lock, self.owner(), true),
                    None => self.own_new(&path),
                };
            }
        } else if !self.watch.is_silent(&path, &seen, owner, self.period) {
            return Ok(None);
        }
        // The lock, where it is one, is held until nobody can take it for that of the directory.
        let taken = self.carry_off(&path, name, &seen.record);
        drop(lock);
        taken
    }

    /// Whether it is locked now; `false` where locks are not supported, `None` if somebody else
    /// has locked it.
    fn lock(&self, lock: &File) -> io::Result<Option<bool>> {
        match self.fs.try_lock(lock) {
            Ok(true) => Ok(Some(true)),
            Ok(false) => Ok(None),
            Err(error) if is_unsupported(&error) => Ok(Some(false)),
            Err(error) => Err(error),
        }
    }

    fn look(&self, lock_path: &Path) -> io::Result<Seen> {
        let mut record = Vec::new();
        match self.fs.read(lock_path, owner::MAX_LEN, &mut record) {
            Ok(stamp) => Ok(Seen {
                record,
                stamp: Some(stamp),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Seen::default()),
            Err(error) => Err(error),
        }
    }

    /// Makes a directory ours by giving it another name, and then another lock. `None` if somebody
    /// else was faster, or its owner shows that it lives after all.
    fn carry_off(
        self: &Arc<Self>,
        path: &Path,
        (prefix, number): (&str, u32),
        record: &[u8],
    ) -> io::Result<Option<Arc<Directory>>> {
        let owner = self.owner();
        // One that nobody looks for, so that nobody comes between who has seen the same.
        let between = self.dir.join(format!("{prefix}{number}.{:x}", owner.token));
        match self.fs.rename(path, &between) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            renamed => renamed?,
        }
        if self.look(&between.join(LOCK))?.record != record {
            let _ = self.fs.rename(&between, path);
            return Ok(None);
        }
        let new = between.join(NEW_LOCK);
        // One who died here may have left it.
        let _ = self.fs.remove(&new);
        let lock = self.fs.open_lock(&new, true)?;
        if self.lock(&lock)?.is_none() {
            return Ok(None);
        }
        self.fs.beat(&lock, &owner.encode(0))?;
        self.fs.rename(&new, &between.join(LOCK))?;
        // Not the number it had: its owner must not find anything by it.
        for k in number.saturating_add(1)..=u32::MAX {
            let to = self.dir.join(format!("{prefix}{k}"));
            match self.fs.metadata(&to) {
                Ok(_) => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            match self.fs.rename(&between, &to) {
                Ok(()) => return Directory::own(&self.fs, to, lock, owner, false),
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// This engine as the owner of another directory.
    fn owner(&self) -> Owner {
        Owner::new(self.process, self.period)
    }

    /// Makes the lock of a directory that has none.
    fn own_new(self: &Arc<Self>, path: &Path) -> io::Result<Option<Arc<Directory>>> {
        let lock = match self.fs.open_lock(&path.join(LOCK), true) {
            Ok(lock) => lock,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        match self.lock(&lock)? {
            Some(locked) => {
                let locked = locked && self.fs.is_local(path);
                Directory::own(&self.fs, path.to_owned(), lock, self.owner(), locked)
            }
            None => Ok(None),
        }
    }
}

/// Whether it is refused for good, because what it is about belongs to somebody else, or is on
/// a disk that can't be written.
fn is_of_others(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AlreadyExists
            | io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::NotADirectory
    )
}
