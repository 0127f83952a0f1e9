use std::io;
use std::path::{self, Path};
use std::sync::Arc;

use once_cell::sync::OnceCell;
use parking_lot::{Mutex, RwLock};

use crate::codec::Codec;
use crate::commons::Commons;
use crate::content::{Buffers, Loader};
use crate::entry::Shared;
use crate::erase::Intent;
use crate::files::Files;
use crate::freshness::{self, Freshness};
use crate::group::Group;
use crate::index::Index;
use crate::journal::Journal;
use crate::notice::Observer;
use crate::pool::Pool;
use crate::retention::Alarm;
use crate::temp::{self, TempDir};
use crate::{Error, FileSystem, Kind, Options};

/// The subdirectory for everything that is not a recording.
pub(crate) const NATIVE_DIR: &str = ".native";

impl Files {
    /// See [`Store::open_on`](crate::Store::open_on).
    pub(crate) fn open(
        fs: Arc<dyn FileSystem>,
        path: &Path,
        options: Options,
    ) -> Result<Files, Error> {
        options.check()?;
        // The program may change its working directory later.
        let dir = path::absolute(path).map_err(Error::io("find the directory"))?;
        create_dirs(&*fs, &dir, options.sync).map_err(Error::io("create the directory"))?;
        let native_dir = dir.join(NATIVE_DIR);
        let commons = Commons::new(
            Arc::clone(&fs),
            &native_dir,
            options.sync,
            options.heartbeat,
        );
        let orphans = temp::remove_stale(&commons);
        let files = Files {
            loader: Loader {
                fs,
                dir,
                codec: Codec::new(options.compression),
                limits: options.limits,
                shared: Shared::new(),
            },
            buffers: Pool::new(Buffers::default),
            options,
            journal: Journal::new(&native_dir),
            journal_damage: Mutex::default(),
            native_dir,
            commons,
            temp_dir: TempDir::default(),
            prepared: OnceCell::new(),
            observer: Observer::default(),
            alarm: Alarm::default(),
            syncs: Group::default(),
            scan: Mutex::new(()),
            commit: Mutex::new(()),
            freshness: Mutex::new(Freshness::default()),
            index: RwLock::new(Index::default()),
        };
        files.load_journal();
        files.refresh()?;
        files.index.write().pack();
        files.complete(None, Intent::left_in_all(&files, &orphans)?);
        Ok(files)
    }

    fn load_journal(&self) {
        let mut index = self.index.write();
        let damage = self
            .journal
            .load(self.fs(), &self.loader.shared, &mut index);
        index.changes().record();
        *self.journal_damage.lock() = damage;
    }

    /// Makes sure of the directory for everything that is not a recording.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        self.prepared.get_or_try_init(|| {
            self.create_dirs()?;
            let dir = self.temp_dir.path(&self.commons);
            let fine = dir.is_ok_and(|dir| freshness::is_fine_grained(self.fs(), &dir));
            self.freshness.lock().set_fine_grained(fine);
            Ok(())
        })?;
        Ok(())
    }

    /// Creates the store's directories where they are missing.
    pub(crate) fn create_dirs(&self) -> Result<(), Error> {
        create_dirs(self.fs(), &self.native_dir, self.options.sync)
            .map_err(Error::io("create the directory"))
    }
}

/// Creates a directory and those above it that are missing.
pub(crate) fn create_dirs(fs: &dyn FileSystem, dir: &Path, sync: bool) -> io::Result<()> {
    match fs.metadata(dir) {
        Ok(found) if found.kind == Kind::Directory => return Ok(()),
        Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let parent = dir.parent();
    if let Some(parent) = parent {
        create_dirs(fs, parent, sync)?;
    }
    match fs.create_dir(dir) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        result => result?,
    }
    match parent {
        Some(parent) if sync => fs.sync_dir(parent),
        _ => Ok(()),
    }
}
