//! Files that are copies of what is in the bucket: had when they are asked for, given up when there
//! are too many.

use std::io;
use std::sync::Arc;

use super::commit::Commit;
use crate::codec::Flaw;
use crate::directory::Files;
use crate::disk::Stamp;
use crate::error::Error;
use crate::index::loader::{Buffers, Plain};
use crate::index::{Entry, Learnt, Slot};
use crate::remote::{Object, Put, Remote, RemoteFault};

impl Files {
    /// Whoever keeps the recordings in a bucket too, if somebody does.
    pub(crate) fn remote(&self) -> Option<Arc<dyn Remote>> {
        self.remote.read().clone()
    }

    /// Tells whoever keeps the recordings in a bucket too that there is something new.
    pub(crate) fn wake_remote(&self) {
        if let Some(remote) = &*self.remote.read() {
            remote.wake();
        }
    }

    /// Has it written down that recordings are to be gone from the bucket, before they go here.
    /// What is returned is kept until they are.
    pub(crate) fn delete_there(&self, ids: &[Box<[u8]>]) -> Result<Deletion, Error> {
        let remote = self.remote().filter(|_| !ids.is_empty());
        let noted = remote.as_ref().map_or(Ok(()), |remote| remote.delete(ids));
        noted.map_err(Error::io("write down what is to be deleted"))?;
        let ids = remote.as_ref().map_or_else(Vec::new, |_| ids.to_vec());
        Ok(Deletion { remote, ids })
    }

    /// Reads a recording that only the bucket has, and keeps it as a file. `None` if that is not
    /// how it is any more.
    pub(super) fn fetch(
        &self,
        entry: &Arc<Entry>,
        buffers: &mut Buffers,
    ) -> Result<Option<(Plain, Stamp)>, Error> {
        let file = entry.file();
        let put = self.index.read().put_of(file);
        let (Some(remote), Some(put)) = (self.remote(), put) else {
            return Ok(None);
        };
        let limit = self.loader.file_limit(file);
        let object = Object {
            put,
            file: file.into(),
        };
        match remote.get(&object, limit, buffers.raw_mut()) {
            Ok(()) => {}
            Err(RemoteFault::NotFound) => {
                self.index.write().vanished(file, put);
                return Ok(None);
            }
            Err(fault) => return Err(Error::Remote(fault)),
        }
        let damaged = |flaw: Flaw| Error::Damaged {
            file: entry.file_name().into_owned(),
            reason: flaw.to_string(),
        };
        let plain = self.loader.unpack(entry.format, buffers).map_err(damaged)?;
        // Without a copy it is had again when it is next asked for.
        let stamp = self.keep(entry, put, buffers.raw()).ok().flatten();
        Ok(Some((plain, stamp.unwrap_or(entry.stamp))))
    }

    /// What an object holds, as the index knows it.
    pub(crate) fn summarize(&self, object: &Object, bytes: Vec<u8>) -> Result<Entry, Error> {
        let Object { put, file } = object;
        let stamp = Stamp::elsewhere(bytes.len() as u64, put.saved_ns);
        let mut buffers = Buffers::default();
        *buffers.raw_mut() = bytes;
        match self.loader.unpack_entry(file, stamp, &mut buffers) {
            Ok((entry, _)) => Ok(entry),
            Err(flaw) => Err(Error::Damaged {
                file: String::from_utf8_lossy(file).into_owned(),
                reason: flaw.to_string(),
            }),
        }
    }

    /// Makes a file of an object, unless something else is known by now. What is here for less time
    /// than there need not be synced.
    fn keep(&self, entry: &Arc<Entry>, put: Put, bytes: &[u8]) -> Result<Option<Stamp>, Error> {
        let mut temp = self.write_temp(bytes, false)?;
        // A later start knows it again by that.
        temp.date(put.saved_ns, false)
            .map_err(Error::io("set the time of a copy"))?;
        let stamp = temp.stamp();
        let commit = self.commit();
        let known = Slot::Recording(Arc::clone(entry));
        if !self.index.read().is(entry.file(), &known) {
            return Ok(None);
        }
        let path = self.loader.path(entry.file());
        // Another engine may have saved it here meanwhile.
        let found = self.fs().metadata(&path);
        if !found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(None);
        }
        commit
            .change_directory(entry.file(), || temp.place(&path))
            .map_err(Error::at("put in place", &path))?;
        commit.look_whose(entry.file(), stamp);
        let copy = Entry {
            stamp,
            ..Entry::clone(entry)
        };
        let mut index = self.index.write();
        index.touch(entry.file());
        index.put_copy(Arc::new(copy), put);
        drop(index);
        drop(commit);
        self.write_journal();
        Ok(Some(stamp))
    }

    /// Removes a file whose recording is in the bucket too, if it is still this version of it.
    /// Returns whether it was removed.
    pub(crate) fn give_up(&self, entry: &Arc<Entry>) -> Result<bool, Error> {
        let commit = self.commit();
        let index = self.index.read();
        let is_both = index.is(entry.file(), &Slot::Recording(Arc::clone(entry)))
            && entry.is_here()
            && index.put_of(entry.file()).is_some();
        drop(index);
        if !is_both {
            return Ok(false);
        }
        commit.lay_aside(entry.file(), entry.stamp)
    }

    /// The bucket has this object: `entry` is what is in it. Returns whether that was news.
    pub(crate) fn learn_object(&self, entry: Entry, put: Put) -> Result<bool, Error> {
        // What is saved meanwhile may be later.
        let commit = self.commit();
        let learnt = self.index.write().learn(entry, put);
        let (there, before) = match learnt {
            Learnt::Known => return Ok(false),
            Learnt::New => {
                self.check_limits(&self.index.read());
                return Ok(true);
            }
            Learnt::Replaced { there, before } => (there, before),
        };
        // If it is another file by now, the index hears of that first.
        let is_gone = commit.lay_aside(there.file(), before)?;
        if is_gone {
            self.index.write().replaced(there, put);
        }
        Ok(is_gone)
    }
}

/// Recordings that are being deleted, noted for the bucket and not yet gone here.
#[must_use]
pub(crate) struct Deletion {
    remote: Option<Arc<dyn Remote>>,
    ids: Vec<Box<[u8]>>,
}

impl Drop for Deletion {
    fn drop(&mut self) {
        if let Some(remote) = &self.remote {
            remote.deleted(&self.ids);
        }
    }
}

impl Commit<'_> {
    /// Removes a file of this version from the directory, not from what is known.
    fn lay_aside(&self, file: &[u8], version: Stamp) -> Result<bool, Error> {
        let (fs, path) = (self.files.fs(), self.files.loader.path(file));
        let refused = |error| Error::at("remove a copy", &path)(error);
        let is_known = match fs.metadata(&path) {
            Ok(found) => found.stamp == version,
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(refused(error)),
        };
        if !is_known {
            return Ok(false);
        }
        match self.change_directory(file, || fs.remove(&path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed.map_err(refused)?,
        }
        let mut index = self.files.index.write();
        index.touch(file);
        index.gone(file);
        Ok(true)
    }
}
