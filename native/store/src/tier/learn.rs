//! What nodes tell each other of objects, and what is learnt of one by reading it.

use std::borrow::Cow;

use super::{Listed, Tier};
use crate::codec::{Beside, Packing};
use crate::error::Error;
use crate::index::journal::{batch, read_batch};
use crate::remote::Object;

/// No batch of rows is larger, decompressed.
const MAX_ROWS_BYTES: usize = 64 << 20;

impl Tier {
    /// What is known of the first of these, as others [learn](Tier::learn) it, and of how many it is:
    /// as many as are in about `max_bytes` before compression, and one at least. What is not known
    /// is left out.
    pub fn rows(&self, objects: &[Object], max_bytes: usize) -> (Vec<u8>, usize) {
        let (index, mut count) = (self.files.index.read(), 0);
        let known = objects.iter().inspect(|_| count += 1).filter_map(|object| {
            let entry = index.recording(&object.file)?;
            (index.put_of(&object.file) == Some(object.put)).then_some((&**entry, object.put))
        });
        let rows = batch(known, max_bytes);
        drop(index);
        let (codec, mut packed) = (&self.files.loader.codec, Vec::new());
        match codec.compress(Packing::Zstd, &rows, &Beside::default(), &mut packed) {
            Ok(len) => {
                packed.truncate(len);
                (packed, count)
            }
            // They are as good.
            Err(_) => (rows, count),
        }
    }

    /// The objects that rows are about, up to the first thing that is wrong with them.
    pub fn named_in(&self, rows: &[u8]) -> Vec<Object> {
        self.all_named_in(rows).0
    }

    /// As [`named_in`](Tier::named_in), and whether that is all, because nothing is wrong with them.
    pub fn all_named_in(&self, rows: &[u8]) -> (Vec<Object>, bool) {
        let mut named = Vec::new();
        let read = read_batch(
            &self.unpacked(rows),
            &self.files.loader.shared,
            |entry, put| {
                let file = entry.file().into();
                named.push(Object { put, file });
            },
        );
        (named, read.is_ok())
    }

    pub(super) fn unpacked<'r>(&self, rows: &'r [u8]) -> Cow<'r, [u8]> {
        let mut plain = Vec::new();
        match self
            .files
            .loader
            .codec
            .decompress(rows, &mut plain, MAX_ROWS_BYTES)
        {
            Ok(Some(len)) => {
                plain.truncate(len);
                Cow::Owned(plain)
            }
            // They are not compressed, or damaged, which shows.
            Ok(None) | Err(_) => Cow::Borrowed(rows),
        }
    }

    /// Whether there is nothing to learn of an object: it is known, or made of a file that is here,
    /// or of an earlier version of one.
    pub fn recognize(&self, listed: &Listed) -> bool {
        let Listed { object, len } = listed;
        let mut index = self.files.index.write();
        index.recognize(&object.file, object.put, *len)
    }

    /// Learns of objects by what others know of them. `len_of` tells the size of an object that is
    /// wanted; all others are passed over. Returns those that were learnt, also if something is wrong
    /// with the rows behind them.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if an outdated file can't be removed.
    pub fn learn(
        &self,
        rows: &[u8],
        len_of: impl Fn(&Object) -> Option<u64>,
    ) -> Result<Vec<Object>, Error> {
        let mut found = Vec::new();
        // What a batch lacks is read from the recordings themselves.
        let _ = read_batch(
            &self.unpacked(rows),
            &self.files.loader.shared,
            |entry, put| {
                let file = entry.file().into();
                let object = Object { put, file };
                if len_of(&object) == Some(entry.stamp.len) {
                    found.push((entry, object));
                }
            },
        );
        let mut learnt = Vec::with_capacity(found.len());
        for (entry, object) in found {
            self.files.learn_object(entry, object.put)?;
            learnt.push(object);
        }
        Ok(learnt)
    }

    /// Learns of an object by its bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if they are no recording.
    pub fn learn_body(&self, object: &Object, bytes: Vec<u8>) -> Result<(), Error> {
        let entry = self.files.summarize(object, bytes)?;
        self.files.learn_object(entry, object.put).map(drop)
    }
}
