pub(crate) mod native_dir;
pub(crate) mod open;
pub(crate) mod unsynced;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use once_cell::sync::OnceCell;
use parking_lot::{Mutex, RwLock};

use native_dir::Elsewhere;
use unsynced::Unsynced;

use crate::codec::Pool;
use crate::disk::FileSystem;
use crate::disk::clock::now_ms;
use crate::disk::commons::Commons;
use crate::disk::group::Group;
use crate::disk::temp::TempDir;
use crate::error::Error;
use crate::index::Index;
use crate::index::journal::Journal;
use crate::index::loader::{Buffers, Loader};
use crate::index::{Damage, Entry};
use crate::notice::Notice;
use crate::observer::Observer;
use crate::options::Options;
use crate::remote::Remote;
use crate::retention::alarm::Alarm;
use crate::watch::freshness::Freshness;
use crate::watch::told::Told;

/// The finished recordings: one directory, and what is known of it.
pub(crate) struct Files {
    pub(crate) loader: Loader,
    pub(crate) buffers: Pool<Buffers>,
    pub(crate) options: Options,
    /// For running recordings and the index.
    pub(crate) native_dir: PathBuf,
    /// Whose is what in it.
    pub(crate) commons: Arc<Commons>,
    /// For what must be in the recordings' file system; the same, unless that was wanted
    /// elsewhere.
    pub(crate) beside_dir: PathBuf,
    pub(crate) beside_commons: Arc<Commons>,
    pub(crate) elsewhere: Option<Elsewhere>,
    /// Where files are while they are being written.
    pub(crate) temp_dir: TempDir,
    /// Set once `native_dir`, where it is elsewhere, is known to exist and to be ours.
    pub(crate) prepared: OnceCell<()>,
    /// Set once `beside_dir` is known to exist.
    pub(crate) beside_prepared: OnceCell<()>,
    /// Set once it is on the disk what earlier runs had removed from `native_dir`.
    pub(crate) settled: OnceCell<()>,
    /// Who keeps the recordings in a bucket too, from when there is somebody.
    pub(crate) remote: RwLock<Option<Arc<dyn Remote>>>,
    /// Who is told what happens.
    pub(crate) observer: Observer,
    /// The index on the disk.
    pub(crate) journal: Journal,
    /// What was wrong with it, until [`Files::take_damage`] has told of it.
    pub(crate) journal_damage: Mutex<Vec<Damage>>,
    /// Notes of what is to be erased that have to wait, though its files are erased.
    pub(crate) begun: Mutex<HashSet<PathBuf>>,
    /// What [`Files::leave`] has told of.
    pub(crate) left_alone: Mutex<HashSet<PathBuf>>,
    /// What wakes the thread that deletes what is beyond the limits.
    pub(crate) alarm: Alarm,
    /// Syncs of the directory, which those who save at the same time share.
    pub(crate) syncs: Group,
    /// What of it the file system can't.
    pub(crate) unsynced: Unsynced,
    // Locks are taken in the order of these fields, and the last two are never held while
    // waiting for the disk, nor both at once.
    /// Held while the directory's names are read and the files behind them looked at. A second
    /// caller who needs the same waits for the first instead of doing it all again.
    pub(crate) scan: Mutex<()>,
    /// Held while the store changes a name in the directory and then the index, so that the two
    /// agree. The kernel does one change of a directory's names at a time anyway. Writing,
    /// compressing and syncing a recording's content happen outside.
    pub(crate) commit: Mutex<()>,
    /// What others changed, where that is told. Held while the directory itself is looked at, on a
    /// disk of this machine.
    pub(crate) told: Mutex<Told>,
    pub(crate) freshness: Mutex<Freshness>,
    pub(crate) index: RwLock<Index>,
}

impl Files {
    pub(crate) fn path(&self) -> &Path {
        &self.loader.dir
    }

    /// See [`Store::list`](crate::store::Store::list).
    pub(crate) fn list(&self) -> Result<Vec<Arc<Entry>>, Error> {
        self.refresh()?;
        Ok(self.index.read().newest_first().cloned().collect())
    }

    /// See [`Store::take_damage`](crate::store::Store::take_damage).
    pub(crate) fn take_damage(&self) -> Vec<Damage> {
        let mut damage = std::mem::take(&mut *self.journal_damage.lock());
        damage.extend(self.index.write().take_damage());
        damage
    }

    /// Tells once that something of `.native/` has to be left to whoever it belongs to.
    pub(crate) fn leave(&self, path: &Path, error: &io::Error) {
        if self.left_alone.lock().insert(path.to_owned()) {
            let file = path.file_name().unwrap_or_default();
            self.observer.tell(Notice::SetAside {
                file: file.to_string_lossy().into_owned(),
                reason: format!("{error}; it is left to its owner"),
            });
        }
    }

    /// What is known of the recording with this id inside.
    pub(crate) fn entry(&self, id: &[u8]) -> Option<Arc<Entry>> {
        self.index.read().claims(id).next().cloned()
    }

    pub(crate) fn fs(&self) -> &dyn FileSystem {
        &*self.loader.fs
    }

    /// Wakes the evictor if there is something for it to do. The index has just grown.
    pub(crate) fn check_limits(&self, index: &Index) {
        let retention = &self.options.retention;
        if !retention.is_limited() {
            return;
        }
        let Some(oldest) = index.newest_first().next_back() else {
            return;
        };
        let (count, bytes, oldest_at) = (index.len(), index.bytes(), oldest.connected_at);
        let exceeded = retention.exceeded(count, bytes, oldest_at, now_ms());
        self.alarm.ring(exceeded.is_some(), oldest_at);
    }
}
