use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use replay_etf::{Limits, Summary, json, recording};

use super::lookup::{Belonging, belongings};
use crate::codec::Flags;
use crate::codec::Format;
use crate::directory::Files;
use crate::disk::temp::TempFile;
use crate::error::Error;
use crate::index::Entry;
use crate::index::loader::Buffers;
use crate::index::name::{file_name, file_stem};
use crate::notice::Notice;

impl Files {
    /// See [`Store::save`](crate::store::Store::save).
    pub(crate) fn save(&self, etf: &[u8], format: Format, flags: Flags) -> Result<(), Error> {
        self.save_as(etf, None, format, flags)
    }

    /// Saves a recording that was made here, so that its terms need no look, and summarized.
    pub(crate) fn save_known(
        &self,
        etf: &[u8],
        summary: Summary<'_>,
        format: Format,
        flags: Flags,
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
        self.save_as(etf, is_readable.then_some(summary), format, flags)
    }

    fn save_as(
        &self,
        etf: &[u8],
        known: Option<Summary<'_>>,
        format: Format,
        flags: Flags,
    ) -> Result<(), Error> {
        let start = Instant::now();
        self.check_size(etf)?;
        let (id, summary, temp) = self.buffers.with(|buffers| {
            let written = self.write(etf, known, format, flags, buffers);
            buffers.trim();
            written
        })?;
        let file = file_name(&file_stem(&id), format, self.options.compression).into();
        let entry = Entry::new(
            summary,
            flags,
            format,
            file,
            temp.stamp(),
            &self.loader.shared,
        );
        let (event_count, file_bytes) = (entry.event_count, entry.stamp.len);
        self.place(&id, temp, entry)?;
        self.observer.tell(Notice::Saved {
            id: Arc::from(&*id),
            event_count,
            bytes: etf.len(),
            file_bytes,
            took: start.elapsed(),
            recovered: flags.recovered,
        });
        Ok(())
    }

    /// Writes the file under a name of its own. Returns the id that the recording is saved under,
    /// and the summary that the file will give at the next start: in JSON an id that is not UTF-8
    /// is a description of it.
    fn write<'a>(
        &self,
        etf: &'a [u8],
        known: Option<Summary<'a>>,
        format: Format,
        flags: Flags,
        buffers: &mut Buffers,
    ) -> Result<(Cow<'a, [u8]>, Summary<'a>, TempFile<'_>), Error> {
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
        let compressed = self.loader.codec.compress(content, flags, packed);
        let length = compressed.map_err(Error::io("compress"))?;
        let temp = self.write_temp(packed.get(..length).unwrap_or_default())?;
        Ok((id, summary, temp))
    }

    pub(crate) fn check_size(&self, content: &[u8]) -> Result<(), Error> {
        let (bytes, max) = (content.len(), self.loader.limits.max_bytes);
        if bytes > max {
            Err(Error::TooLarge { bytes, max })
        } else {
            Ok(())
        }
    }

    fn write_temp(&self, content: &[u8]) -> Result<TempFile<'_>, Error> {
        let sync = self.options.sync;
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

    fn place(&self, id: &[u8], temp: TempFile<'_>, entry: Entry) -> Result<(), Error> {
        let file: Box<[u8]> = entry.file().into();
        let refused =
            |action, file: &[u8], source| Error::at(action, &self.loader.path(file))(source);
        let commit = self.commit();
        let mut replaced = belongings(&self.index.read(), id);
        commit
            .place(temp, entry)
            .map_err(|error| refused("put in place", &file, error))?;
        replaced.retain(|belonging| belonging.file != file && commit.exists(belonging));
        if replaced.is_empty() {
            drop(commit);
            self.write_journal();
            return self.sync_dir();
        }
        // A power cut must not find the old file gone and the new one not there yet. And no
        // other save of the id may come between, lest each removes what the other saved.
        self.sync_dir()?;
        for Belonging { file, .. } in &replaced {
            commit
                .remove(file)
                .map_err(|error| refused("remove the replaced", file, error))?;
        }
        drop(commit);
        self.write_journal();
        self.sync_dir()
    }

    pub(crate) fn sync_dir(&self) -> Result<(), Error> {
        if !self.options.sync {
            return Ok(());
        }
        self.syncs
            .run(|| self.sync_names(&self.loader.dir))
            .map_err(Error::at("sync the directory", self.path()))
    }
}
