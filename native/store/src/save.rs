use std::borrow::Cow;
use std::io;

use replay_etf::{json, recording};

use crate::files::Files;
use crate::flags::Flags;
use crate::lookup::{Belonging, belongings};
use crate::name::{file_name, file_stem};
use crate::temp::TempFile;
use crate::{Entry, Error, Format};

impl Files {
    /// See [`Store::save`](crate::Store::save).
    pub(crate) fn save(&self, etf: &[u8], format: Format, flags: Flags) -> Result<(), Error> {
        let limits = &self.loader.limits;
        self.check_size(etf)?;
        let summary = recording::summarize(etf, limits).map_err(Error::Recording)?;
        let id = summary.id.clone();
        let (content, summary) = match format {
            Format::Etf => (Cow::Borrowed(etf), summary),
            Format::Json => {
                let mut text = Vec::new();
                json::encode(etf, limits, &mut text).map_err(Error::Recording)?;
                self.check_size(&text)?;
                // The text is what will be found at the next start, and it is not always
                // equal: an id that is not UTF-8 is a readable description in it.
                let summary = json::summarize(&text, limits).map_err(Error::Recording)?;
                (Cow::Owned(text), summary)
            }
        };
        let compressed = self.loader.codec.compress(&content, flags);
        let compressed = compressed.map_err(|e| Error::io("compress")(io::Error::other(e)))?;
        let temp = self.write_temp(&compressed)?;
        let file = file_name(&file_stem(&id), format).into();
        let entry = Entry::new(
            summary,
            flags,
            format,
            file,
            temp.stamp(),
            &self.loader.views,
        );
        self.place(&id, temp, entry)
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
        self.prepare()?;
        let write = || TempFile::write(self.fs(), &self.native_dir, content, self.options.sync);
        let temp = match write() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Somebody removed the directory since.
                self.create_dirs()?;
                write()
            }
            result => result,
        };
        temp.map_err(Error::io("write the recording"))
    }

    fn place(&self, id: &[u8], temp: TempFile<'_>, entry: Entry) -> Result<(), Error> {
        let file = entry.file.clone();
        let commit = self.commit();
        let mut replaced = belongings(&self.index.read(), id);
        commit
            .place(temp, entry)
            .map_err(Error::io("put the recording in place"))?;
        replaced.retain(|belonging| belonging.file != file && commit.exists(belonging));
        if replaced.is_empty() {
            drop(commit);
            return self.sync_dir();
        }
        // A power cut must not find the old file gone and the new one not there yet. And no
        // other save of the id may come between, lest each removes what the other saved.
        self.sync_dir()?;
        for Belonging { file, .. } in &replaced {
            commit
                .remove(file)
                .map_err(Error::io("remove the replaced recording"))?;
        }
        drop(commit);
        self.sync_dir()
    }

    pub(crate) fn sync_dir(&self) -> Result<(), Error> {
        if !self.options.sync {
            return Ok(());
        }
        self.syncs
            .run(|| self.fs().sync_dir(&self.loader.dir))
            .map_err(Error::io("sync the directory"))
    }
}
