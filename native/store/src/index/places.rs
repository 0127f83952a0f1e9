//! Where the recordings of the index are: here, in the bucket, or both.

use std::collections::HashSet;
use std::sync::Arc;

use super::objects::Learnt;
use super::{ByFile, Entry, Index, Slot, name};
use crate::disk::Stamp;
use crate::remote::{Object, Put};

/// So old a file is at least when it is uploaded: times of files go on by some milliseconds at a
/// time on many systems, and one that is saved again must not have the time of the one before.
pub(crate) const GRAIN_MS: i64 = 20;

/// Whether a file that was found is a copy of the object, which somebody else who has the directory
/// open has put there.
pub(super) fn is_copy(found: &Entry, before: &Entry, put: Put) -> bool {
    let is_as_long = found.stamp.len == before.stamp.len;
    is_as_long && found.stamp.modified_ns == put.saved_ns
}

impl Index {
    /// The latest time of what is known of an id: what is saved now is a later version.
    pub(crate) fn saved_ns(&self, id: &[u8]) -> Option<i64> {
        let times = self.claims(id).map(|entry| {
            let put = self.objects.put_of(entry.file());
            let file = entry.stamp.modified_ns;
            put.map_or(file, |put| put.saved_ns.max(file))
        });
        times.max()
    }

    /// From now on it is kept what is to be uploaded, and what is in the bucket.
    pub(crate) fn want_objects(&mut self) {
        let here = self.files.iter().map(|it| &it.0);
        self.objects.want(here.filter(|entry| entry.is_here()));
    }

    /// When the object of this file was put into the bucket, and which version that was.
    pub(crate) fn put_of(&self, file: &[u8]) -> Option<Put> {
        self.objects.put_of(file)
    }

    /// Whether what is here of a file is not in the bucket yet, or was put there by this run. Else it
    /// may be a copy, whose time is that of a file elsewhere.
    pub(crate) fn is_own(&self, file: &[u8]) -> bool {
        self.objects.is_own(file)
    }

    /// What is not known to be in the bucket, the oldest first, behind the place of this one.
    pub(crate) fn pending(&self, after: Option<&Entry>) -> impl Iterator<Item = &Arc<Entry>> {
        self.objects.pending(after)
    }

    pub(crate) fn pending_len(&self) -> usize {
        self.objects.pending_len()
    }

    /// The objects that no recording needs any more, each once. One whose place is to be taken
    /// comes when that has happened.
    pub(crate) fn take_orphans(&mut self) -> Vec<Object> {
        let files = &self.files;
        // A recording may be saved in a file of another ending.
        self.objects.take_orphans(|objects, file| {
            let stem = name::stem_of(file).unwrap_or_default();
            let mut names = name::file_names(stem);
            names.any(|file| {
                let is_here = files.get(&*file).is_some_and(|ByFile(it)| it.is_here());
                is_here && objects.put_of(&file).is_none()
            })
        })
    }

    pub(crate) fn has_orphans_of(&self, stems: &HashSet<Box<[u8]>>) -> bool {
        let is_of = |file: &[u8]| name::stem_of(file).is_some_and(|stem| stems.contains(stem));
        self.objects.orphans().any(is_of)
    }

    pub(crate) fn orphans_len(&self) -> usize {
        self.objects.orphans_len()
    }

    /// An object that was not deleted is an orphan still.
    pub(crate) fn orphan(&mut self, file: &[u8], put: Put) {
        self.objects.orphan(file, put);
    }

    /// What is in the bucket, in no order, and when each object was put there.
    pub(crate) fn objects(&self) -> impl ExactSizeIterator<Item = (&Arc<Entry>, Put)> {
        self.objects.iter()
    }

    /// How many recordings are in the bucket only.
    pub(crate) fn elsewhere_len(&self) -> usize {
        self.elsewhere
    }

    /// This version of a file is in the bucket now. If what is here is another by now, the object is
    /// an orphan, unless it is the later one: then it is learnt from a listing.
    pub(crate) fn uploaded(&mut self, entry: &Entry, put: Put) -> bool {
        let file = entry.file();
        let known = match self.get(file) {
            Some(Slot::Recording(known)) if known.stamp == entry.stamp => known,
            Some(Slot::Recording(known)) if put.saved_ns > known.stamp.modified_ns => {
                return false;
            }
            // It was damaged since, and this is whole.
            Some(Slot::Damaged { .. }) => return false,
            _ => {
                self.objects.orphan(file, put);
                return false;
            }
        };
        if let Some(before) = self.objects.detach(&known)
            && before != put
        {
            self.objects.orphan(file, before);
        }
        self.objects.attach_own(&known, put);
        true
    }

    /// A copy of the object was put here as a file.
    pub(crate) fn put_copy(&mut self, entry: Arc<Entry>, put: Put) {
        let file: Box<[u8]> = entry.file().into();
        self.detach(&file);
        self.damaged.remove(&file);
        self.attach(entry, Some(put));
    }

    /// The file is gone from here. If the bucket has it, it is known still. Returns whether it is.
    pub(crate) fn gone(&mut self, file: &[u8]) -> bool {
        self.damaged.remove(file);
        let Some((entry, object)) = self.detach(file) else {
            return false;
        };
        let Some(put) = object else {
            return false;
        };
        let stamp = Stamp::elsewhere(entry.stamp.len, put.saved_ns);
        let there = Entry {
            stamp,
            ..Entry::clone(&entry)
        };
        self.attach(Arc::new(there), Some(put));
        true
    }

    /// Like [`Index::gone`], unless something else was learnt about the file since `known` was
    /// cloned from here.
    pub(crate) fn gone_if(&mut self, file: &[u8], known: &Slot) -> bool {
        let same = self.is(file, known);
        if same {
            self.gone(file);
        }
        same
    }

    /// The bucket has no such object: it is to be uploaded again from here, or is gone.
    pub(crate) fn vanished(&mut self, file: &[u8], put: Put) {
        if self.objects.put_of(file) != Some(put) {
            return;
        }
        if let Some((entry, _)) = self.detach(file)
            && entry.is_here()
        {
            self.attach(entry, None);
        }
    }

    /// The object was deleted, and a file of it is to be: neither is an orphan.
    pub(crate) fn forget_object(&mut self, file: &[u8]) {
        if let Some((entry, _)) = self.detach(file) {
            self.attach(entry, None);
        }
    }

    /// The bucket has this object. Returns whether there is nothing else to learn of it.
    pub(crate) fn recognize(&mut self, file: &[u8], put: Put, len: u64) -> bool {
        if self.objects.is_outlived(file, put) {
            return true;
        }
        let known = match self.get(file) {
            None => return false,
            // Where what is here can't be read, it is for a repair to move it away.
            Some(Slot::Damaged { .. }) => return true,
            Some(Slot::Recording(known)) => known,
        };
        match self.objects.put_of(file) {
            // It was cut off on its way.
            Some(before) if before == put && known.is_here() && known.stamp.len != len => {
                self.vanished(file, put);
                self.objects.orphan(file, put);
            }
            Some(before) if before < put => return false,
            Some(before) if before == put => {}
            Some(_) => self.objects.orphan(file, put),
            // An earlier run uploaded what is here, or had it from there.
            None if (known.stamp.len, known.stamp.modified_ns) == (len, put.saved_ns) => {
                self.objects.detach(&known);
                self.objects.attach(&known, Some(put));
            }
            // Somebody else has saved it since.
            None if put.saved_ns > known.stamp.modified_ns => return false,
            // What is here is uploaded next, and takes its place.
            None => self.objects.orphan(file, put),
        }
        true
    }

    /// The bucket has this object. `entry` is what is in it, with the size of the object.
    pub(crate) fn learn(&mut self, entry: Entry, put: Put) -> Learnt {
        let file: Box<[u8]> = entry.file().into();
        let stamp = Stamp::elsewhere(entry.stamp.len, put.saved_ns);
        let there = Arc::new(Entry { stamp, ..entry });
        if self.recognize(&file, put, stamp.len) {
            return Learnt::Known;
        }
        if let Some(known) = self.recording(&file).filter(|known| known.is_here()) {
            let before = known.stamp;
            return Learnt::Replaced { there, before };
        }
        self.replaced(there, put);
        Learnt::New
    }

    /// As [`Learnt::Replaced`] asks for it.
    pub(crate) fn replaced(&mut self, there: Arc<Entry>, put: Put) {
        let file: Box<[u8]> = there.file().into();
        if let Some((_, Some(before))) = self.detach(&file) {
            self.objects.orphan(&file, before);
        }
        self.attach(there, Some(put));
    }
}
