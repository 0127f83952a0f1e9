use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use replay_etf::{Limits, Summary, json, recording};

use super::commit::Commit;
use super::lookup::{Belonging, belongings};
use crate::codec::{Beside, Format, Packing, Subject};
use crate::directory::Files;
use crate::disk::Durability;
use crate::disk::group::Change;
use crate::disk::temp::TempFile;
use crate::error::Error;
use crate::index::Entry;
use crate::index::loader::Buffers;
use crate::index::name::{file_name, file_stem};
use crate::notice::Notice;

/// What a recording is to be made into.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub format: Format,
    pub packing: Packing,
    pub durability: Durability,
}

/// What a recording was made into, not yet in its place.
pub(super) struct Written<'a, 'f> {
    /// The id that it is saved under.
    pub id: Cow<'a, [u8]>,
    /// The summary that the file will give at the next start: in JSON an id that is not UTF-8 is a
    /// description of it.
    pub summary: Summary<'a>,
    /// What the file has beside the content.
    pub beside: Beside,
    /// Whether the change of names is to be synced too.
    pub durability: Durability,
    pub temp: TempFile<'f>,
}

impl Files {
    /// See [`Store::save_for`](crate::store::Store::save_for). What must be done before a recording
    /// is replaced is asked for first.
    pub(crate) fn save(
        &self,
        etf: &[u8],
        format: Format,
        subject: Option<Subject>,
        before_replacing: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.save_as(etf, None, format, |summary| {
            if self.entry(&summary.id).is_some() {
                before_replacing()?;
            }
            Ok(self.kept(summary, subject))
        })
    }

    /// What a recording that is saved again has beside it: what it had. One that was started at
    /// another time is another session, which only has the id of the one before.
    fn kept(&self, summary: &Summary<'_>, subject: Option<Subject>) -> Beside {
        let before = self.entry(&summary.id);
        let same = before.filter(|before| before.connected_at == summary.connected_at);
        let mut kept = same.map_or_else(Beside::default, |before| before.beside());
        kept.subject = kept.subject.or(subject);
        kept
    }

    /// Saves a recording that was made here, so that its terms need no look, and summarized.
    pub(crate) fn save_known(
        &self,
        etf: &[u8],
        summary: Summary<'_>,
        format: Format,
        beside: Beside,
    ) -> Result<(), Error> {
        // Only a larger one can have too many terms, or too deep or wide ones, to be read back: a
        // term takes a byte, and one with others in it takes two; in memory, a byte is at most an
        // element of a list.
        let Limits {
            max_depth,
            max_terms,
            max_words,
            ..
        } = self.loader.limits;
        let max = max_terms.min(max_depth.into()).min(max_words / 2);
        let is_readable = etf.len() as u64 <= max;
        self.save_as(etf, is_readable.then_some(summary), format, |_| Ok(beside))
    }

    fn save_as(
        &self,
        etf: &[u8],
        known: Option<Summary<'_>>,
        format: Format,
        beside: impl FnOnce(&Summary<'_>) -> Result<Beside, Error>,
    ) -> Result<(), Error> {
        let start = Instant::now();
        let compression = self.options.compression;
        let form = Form {
            format,
            packing: compression.packing(),
            durability: self.options.durability,
        };
        let written = self.write(etf, known, form, beside)?;
        let file = file_name(&file_stem(&written.id), format, compression);
        let at_once = |_: &Commit<'_>| true;
        self.put(written, format, file.into(), etf.len(), start, at_once)
            .map(drop)
    }

    /// Puts what was written in the place of this name, if `holds` when nobody else changes the
    /// directory.
    pub(super) fn put(
        &self,
        written: Written<'_, '_>,
        format: Format,
        file: Box<[u8]>,
        bytes: usize,
        start: Instant,
        holds: impl FnOnce(&Commit<'_>) -> bool,
    ) -> Result<bool, Error> {
        let Written {
            id,
            summary,
            beside,
            durability,
            temp,
        } = written;
        let recovered = beside.flags.recovered;
        let shared = &self.loader.shared;
        let entry = Entry::new(summary, beside, format, file, temp.stamp(), shared);
        let (event_count, file_bytes) = (entry.event_count, entry.stamp.len);
        if !self.place(&id, temp, entry, durability, holds)? {
            return Ok(false);
        }
        self.observer.tell(Notice::Saved {
            id: Arc::from(&*id),
            event_count,
            bytes,
            file_bytes,
            took: start.elapsed(),
            recovered,
        });
        // Not before, lest it has a core that was waited for.
        self.wake_remote();
        Ok(true)
    }

    /// Writes the file under a name of its own.
    pub(super) fn write<'a>(
        &self,
        etf: &'a [u8],
        known: Option<Summary<'a>>,
        form: Form,
        beside: impl FnOnce(&Summary<'_>) -> Result<Beside, Error>,
    ) -> Result<Written<'a, '_>, Error> {
        self.check_size(etf)?;
        self.buffers.with(|buffers| {
            let written = self.write_through(buffers, etf, known, form, beside);
            buffers.trim();
            written
        })
    }

    fn write_through<'a>(
        &self,
        buffers: &mut Buffers,
        etf: &'a [u8],
        known: Option<Summary<'a>>,
        form: Form,
        beside: impl FnOnce(&Summary<'_>) -> Result<Beside, Error>,
    ) -> Result<Written<'a, '_>, Error> {
        let Form {
            format,
            packing,
            durability,
        } = form;
        let limits = &self.loader.limits;
        let (text, packed) = buffers.for_writing();
        let (content, id, summary) = match format {
            Format::Etf => {
                let summary = match known {
                    Some(summary) => summary,
                    None => recording::summarize(etf, limits).map_err(Error::Recording)?,
                };
                (etf, summary.id.clone(), summary)
            }
            Format::Json => {
                let encoded = json::encode(etf, limits, text).map_err(Error::Recording)?;
                (&**text, Cow::Borrowed(encoded.id), encoded.summary)
            }
        };
        let beside = beside(&summary)?;
        let codec = &self.loader.codec;
        let compressed = codec.compress(packing, content, &beside, packed);
        let length = compressed.map_err(Error::io("compress"))?;
        // A power cut must not find the one that it replaces gone and this one not there yet.
        let sync = durability == Durability::Synced || self.entry(&id).is_some();
        let temp = self.write_temp(packed.get(..length).unwrap_or_default(), sync)?;
        Ok(Written {
            id,
            summary,
            beside,
            durability,
            temp,
        })
    }

    pub(crate) fn check_size(&self, content: &[u8]) -> Result<(), Error> {
        let (bytes, max) = (content.len(), self.loader.limits.max_bytes);
        if bytes > max {
            Err(Error::TooLarge { bytes, max })
        } else {
            Ok(())
        }
    }

    pub(super) fn write_temp(&self, content: &[u8], sync: bool) -> Result<TempFile<'_>, Error> {
        let written = self.write_into(&self.temp_path()?, content, sync);
        let written = match written {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Somebody removed the directory since.
                self.temp_dir.forget();
                self.restore_beside()?;
                self.write_into(&self.temp_path()?, content, sync)
            }
            written => written,
        };
        written.map_err(Error::at("write a file into", &self.beside_dir))
    }

    fn place(
        &self,
        id: &[u8],
        temp: TempFile<'_>,
        entry: Entry,
        durability: Durability,
        holds: impl FnOnce(&Commit<'_>) -> bool,
    ) -> Result<bool, Error> {
        let change = self.syncs.change();
        let file: Box<[u8]> = entry.file().into();
        let refused =
            |action, file: &[u8], source| Error::at(action, &self.loader.path(file))(source);
        let commit = self.commit();
        if !holds(&commit) {
            return Ok(false);
        }
        let mut replaced = belongings(&self.index.read(), id);
        commit
            .place(temp, entry)
            .map_err(|error| refused("put in place", &file, error))?;
        replaced.retain(|belonging| belonging.file != file && commit.exists(belonging));
        if !replaced.is_empty() {
            // A power cut must not find the old file gone and the new one not there yet. And no
            // other save of the id may come between, lest each removes what the other saved.
            self.sync_dir(change)?;
            for Belonging { file, .. } in &replaced {
                commit
                    .remove(file)
                    .map_err(|error| refused("remove the replaced", file, error))?;
            }
        }
        drop(commit);
        self.write_journal();
        if durability == Durability::Synced {
            self.sync_dir(change)?;
        }
        Ok(true)
    }

    /// Puts the name of a recording on the disk whose writer may not have come to that, or failed
    /// to.
    pub(crate) fn sync_found(&self) -> Result<(), Error> {
        match self.options.durability {
            Durability::Synced => self.sync_dir(self.syncs.change()),
            Durability::Relaxed => Ok(()),
        }
    }

    /// Puts the names of the recordings on the disk, together with others who want that.
    pub(crate) fn sync_dir(&self, change: Change) -> Result<(), Error> {
        self.syncs
            .run(change, || self.sync_names(&self.loader.dir))
            .map_err(Error::at("sync the directory", self.path()))
    }
}
