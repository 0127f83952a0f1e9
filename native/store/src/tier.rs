//! What a crate above needs to keep a store's recordings in a bucket too.

mod gone;
mod learn;
mod notes;
mod running;

pub use gone::Gone;

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::active::Active;
use crate::directory::Files;
use crate::disk::clock;
use crate::error::Error;
use crate::index::{Entry, GRAIN_MS};
use crate::notice::Notice;
use crate::remote::{Object, Put, Remote};
use crate::store::Store;

/// An object, as a list of the bucket shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Which one.
    pub object: Object,
    /// Its size in bytes.
    pub len: u64,
}

/// A store, for those who move its recordings. It keeps the store's directory open.
#[derive(Clone)]
pub struct Tier {
    files: Arc<Files>,
    active: Arc<Active>,
}

impl Store {
    /// For those who move recordings.
    pub fn tier(&self) -> Tier {
        Tier {
            files: Arc::clone(&self.files),
            active: Arc::clone(&self.active),
        }
    }
}

impl Tier {
    /// From now on the store asks this for what it has not here. What is here counts as not being
    /// in the bucket until that is [learnt](Tier::learn).
    pub fn attach(&self, remote: Arc<dyn Remote>) {
        self.files.index.write().want_objects();
        *self.files.remote.write() = Some(remote);
    }

    /// The store asks nobody any more.
    pub fn detach(&self) {
        *self.files.remote.write() = None;
    }

    /// Tells whoever observes the store.
    pub fn tell(&self, notice: Notice) {
        self.files.observer.tell(notice);
    }

    /// Whether there is a file of this id, so that it can be read without the bucket.
    pub fn is_here(&self, id: &[u8]) -> bool {
        self.files.index.read().claims(id).any(|it| it.is_here())
    }

    /// Finds out what has become of a file that is no longer this version.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn look_again(&self, entry: &Arc<Entry>) -> Result<(), Error> {
        self.files.look_again(entry)
    }

    /// At most so many of the files that are not known to be in the bucket, the oldest first: from the
    /// first one on, or from behind one that was given before, wherever that is by now.
    pub fn pending(&self, after: Option<&Entry>, max: usize) -> Vec<Arc<Entry>> {
        let index = self.files.index.read();
        index.pending(after).take(max).cloned().collect()
    }

    /// For how much longer a file is not to be uploaded, because it was saved just now: by its time it
    /// could not be told from one that takes its place.
    pub fn too_young(&self, entry: &Entry) -> Duration {
        let age_ms = clock::now_ms() - entry.stamp.modified_ns / 1_000_000;
        // One from the future would never be old enough.
        match u64::try_from(GRAIN_MS - age_ms) {
            Ok(left) if age_ms > -1_000 => Duration::from_millis(left),
            _ => Duration::ZERO,
        }
    }

    /// How many there are.
    pub fn pending_len(&self) -> usize {
        self.files.index.read().pending_len()
    }

    /// The bytes of a file; `None` if it is no longer this version of it.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn bytes_of(&self, entry: &Entry) -> io::Result<Option<Vec<u8>>> {
        let (loader, mut bytes) = (&self.files.loader, Vec::new());
        let limit = loader.file_limit(entry.file());
        match self
            .files
            .fs()
            .read(&loader.path(entry.file()), limit, &mut bytes)
        {
            Ok(stamp) if stamp == entry.stamp => Ok(Some(bytes)),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// This version of a file is in the bucket. Returns whether it still counts; if not, the object
    /// is an [orphan](Tier::take_orphans).
    pub fn uploaded(&self, entry: &Entry, put: Put) -> bool {
        self.files.index.write().uploaded(entry, put)
    }

    /// The objects that no recording needs any more, each once. One whose place is to be taken by
    /// another comes when that is there.
    pub fn take_orphans(&self) -> Vec<Object> {
        self.files.index.write().take_orphans()
    }

    /// An object that could not be deleted comes again.
    pub fn orphan(&self, object: &Object) {
        let mut index = self.files.index.write();
        index.orphan(&object.file, object.put);
    }

    /// Whether one of the orphans is a file with one of these stems.
    pub fn has_orphans_of(&self, stems: &HashSet<Box<[u8]>>) -> bool {
        self.files.index.read().has_orphans_of(stems)
    }

    /// How many orphans there are.
    pub fn orphans_len(&self) -> usize {
        self.files.index.read().orphans_len()
    }

    /// Whether this is known to be the object of its file.
    pub fn is_known(&self, object: &Object) -> bool {
        self.files.index.read().put_of(&object.file) == Some(object.put)
    }

    /// The latest time at which something of an id was put there.
    pub fn latest_put_at(&self, id: &[u8]) -> Option<i64> {
        let index = self.files.index.read();
        let claims = index.claims(id);
        let put = claims.filter_map(|entry| index.put_of(entry.file()));
        put.map(|put| put.at).max()
    }

    /// The objects that are known of these ids, as far as they had been put there at a time.
    pub fn objects_of(&self, ids: &[Vec<u8>], until: i64) -> Vec<Object> {
        let index = self.files.index.read();
        let files = ids.iter().flat_map(|id| index.claims(id));
        let objects = files.filter_map(|entry| {
            Some(Object {
                put: index.put_of(entry.file())?,
                file: entry.file().into(),
            })
        });
        objects.filter(|object| object.put.at <= until).collect()
    }

    /// All objects that are known, in no order.
    pub fn objects(&self) -> Vec<Listed> {
        let index = self.files.index.read();
        let listed = |(entry, put): (&Arc<Entry>, Put)| Listed {
            object: Object {
                put,
                file: entry.file().into(),
            },
            len: entry.stamp.len,
        };
        index.objects().map(listed).collect()
    }

    /// How many objects are known, and how many recordings are in the bucket only.
    pub fn objects_len(&self) -> (usize, usize) {
        let index = self.files.index.read();
        (index.objects().len(), index.elsewhere_len())
    }

    /// An object that was learnt is deleted: it is no longer listed, and is an
    /// [orphan](Tier::take_orphans).
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn forget(&self, object: &Object) -> Result<(), Error> {
        let commit = self.files.commit();
        if !self.is_known(object) {
            return Ok(());
        }
        let removed = commit.remove(&object.file);
        removed
            .map(drop)
            .map_err(Error::at("remove a recording in", self.files.path()))
    }

    /// The bucket has no such object any more.
    pub fn vanished(&self, object: &Object) {
        let mut index = self.files.index.write();
        index.vanished(&object.file, object.put);
    }

    /// The files that the bucket has too, in no order.
    pub fn copies(&self) -> Vec<Arc<Entry>> {
        let index = self.files.index.read();
        let entries = index.objects().map(|(entry, _)| entry);
        entries.filter(|entry| entry.is_here()).cloned().collect()
    }

    /// Removes a file that the bucket has too, if it is still this version of it. Returns whether it
    /// was removed.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn give_up(&self, entry: &Arc<Entry>) -> Result<bool, Error> {
        self.files.give_up(entry)
    }

    /// Whether there are limits of what is kept.
    pub fn has_limits(&self) -> bool {
        self.files.options.retention.is_limited()
    }

    /// Has it looked whether there is more than is to be kept.
    pub fn check_limits(&self) {
        self.files.check_limits(&self.files.index.read());
    }

    /// The right to move recordings between this directory and the bucket, which one engine has at a
    /// time, until the file is dropped; `None` if another has it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn try_lock(&self) -> Result<Option<File>, Error> {
        self.try_lock_as("lock")
    }

    /// As [`Tier::try_lock`], by a name of its own: a sign that an engine lives.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn try_lock_as(&self, name: &str) -> Result<Option<File>, Error> {
        let path = self.notes_dir()?.join(name);
        let fs = self.files.fs();
        let open = || match fs.open_lock(&path, false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs.open_lock(&path, true),
            opened => opened,
        };
        let file = open().map_err(Error::at("open", &path))?;
        match fs.try_lock(&file) {
            Ok(true) => Ok(Some(file)),
            Ok(false) => Ok(None),
            Err(error) => Err(Error::at("lock", &path)(error)),
        }
    }

    /// Takes such a sign away.
    pub fn forget_lock(&self, name: &str) {
        if let Ok(dir) = self.notes_dir() {
            let _ = self.files.fs().remove(&dir.join(name));
        }
    }
}

#[cfg(test)]
mod tests;
