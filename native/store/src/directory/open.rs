use std::io;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;

use once_cell::sync::OnceCell;
use parking_lot::{Mutex, RwLock};

use super::Files;
use super::native_dir::Elsewhere;
use super::unsynced::Unsynced;
use crate::codec::{Codec, Pool};
use crate::disk::commons::Commons;
use crate::disk::durable::create_dirs;
use crate::disk::group::Group;
use crate::disk::owned::Directory;
use crate::disk::temp::TempDir;
use crate::disk::{FileSystem, Kind, NATIVE_DIR, temp};
use crate::error::Error;
use crate::index::Index;
use crate::index::entry::Shared;
use crate::index::journal::Journal;
use crate::index::loader::{Buffers, Loader};
use crate::observer::Observer;
use crate::options::Options;
use crate::retention::alarm::Alarm;
use crate::watch::freshness::Freshness;
use crate::watch::told::Told;

impl Files {
    /// The recordings in this directory, of which nothing is known yet, and the directories that
    /// writers left behind beside them.
    pub(crate) fn open(
        fs: Arc<dyn FileSystem>,
        path: &Path,
        options: Options,
    ) -> Result<(Files, Vec<Arc<Directory>>), Error> {
        options.check()?;
        let dir = absolute(path)?;
        create_dirs(&*fs, &dir).map_err(Error::at("create the directory", &dir))?;
        let files = Files::in_dir(fs, dir, options)?;
        let orphans = temp::remove_stale(&files.beside_commons);
        Ok((files, orphans))
    }

    /// As [`Files::open`], a directory that has to be there, of which nothing is changed, unless
    /// what is called afterwards does so.
    pub(crate) fn open_reading(
        fs: Arc<dyn FileSystem>,
        path: &Path,
        options: Options,
    ) -> Result<Files, Error> {
        options.check()?;
        let dir = absolute(path)?;
        let found = fs.metadata(&dir).map_err(Error::at("read", &dir))?;
        if found.kind != Kind::Directory {
            return Err(Error::at("read", &dir)(io::ErrorKind::NotADirectory.into()));
        }
        // To look for a directory elsewhere is to give this one a number.
        let native_path = None;
        Files::in_dir(
            fs,
            dir,
            Options {
                native_path,
                ..options
            },
        )
    }

    fn in_dir(fs: Arc<dyn FileSystem>, dir: PathBuf, options: Options) -> Result<Files, Error> {
        let beside_dir = dir.join(NATIVE_DIR);
        let elsewhere = match &options.native_path {
            Some(path) => Some(Elsewhere::of(&*fs, path, &dir)?),
            None => None,
        };
        let native_dir = elsewhere
            .as_ref()
            .map_or(&beside_dir, |it| &it.path)
            .clone();
        let commons = |dir| Commons::new(Arc::clone(&fs), dir, options.heartbeat);
        let beside_commons = commons(&beside_dir);
        let commons = match &elsewhere {
            Some(elsewhere) => commons(&elsewhere.path),
            None => Arc::clone(&beside_commons),
        };
        Ok(Files {
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
            beside_dir,
            beside_commons,
            elsewhere,
            temp_dir: TempDir::default(),
            prepared: OnceCell::new(),
            beside_prepared: OnceCell::new(),
            settled: OnceCell::new(),
            remote: RwLock::default(),
            observer: Observer::default(),
            begun: Mutex::default(),
            left_alone: Mutex::default(),
            alarm: Alarm::default(),
            syncs: Group::default(),
            unsynced: Unsynced::default(),
            scan: Mutex::new(()),
            commit: Mutex::new(()),
            told: Mutex::new(Told::default()),
            freshness: Mutex::new(Freshness::default()),
            index: RwLock::new(Index::default()),
        })
    }
}

/// The program may change its working directory later.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    path::absolute(path).map_err(Error::io("find the directory"))
}
