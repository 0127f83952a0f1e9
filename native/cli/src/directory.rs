//! The directory of the recordings, opened as it is needed.

use replay_store::{Compression, Entry, Format, Options, Reader, Store};

use crate::args::{Directory, Reach};
use crate::failure::Failure;

/// What new files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    pub format: Format,
    pub compression: Compression,
}

impl Directory {
    /// For those who only read.
    pub fn read(&self) -> Result<Reader, Failure> {
        Ok(Reader::open(&self.dir, Options::default())?)
    }

    /// For those who change what is in it, as another node beside those that have it open. What
    /// nodes that are gone left in flight is theirs to recover, and stays.
    pub fn write(&self, saved: Saved) -> Result<Store, Failure> {
        self.open(saved, false)
    }

    /// As [`Directory::write`], and what nodes that are gone left in flight is taken over, so that
    /// nothing of it is missed.
    pub fn write_recovering(&self, saved: Saved) -> Result<Store, Failure> {
        self.open(saved, true)
    }

    fn open(&self, saved: Saved, recover: bool) -> Result<Store, Failure> {
        let Saved {
            format,
            compression,
        } = saved;
        let options = Options {
            format,
            compression,
            recover,
            native_path: self.native_path.clone(),
            ..Options::default()
        };
        Ok(Store::open(&self.dir, options)?)
    }
}

impl Reach {
    /// Refuses to take something away here that a bucket would still have: this command asks no
    /// bucket for anything, and what only that has is listed by every node again.
    pub fn check(&self, reader: &Reader, instead: &str) -> Result<(), Failure> {
        if self.only_here || !reader.has_remote()? {
            return Ok(());
        }
        Err(Failure::Refused(format!(
            "a bucket is behind this directory and would keep what is taken away here: {instead}; \
             with --only-here the bucket keeps it"
        )))
    }
}

/// What the newest recording is: so its node saves them. The engine's defaults without any.
pub fn usual(reader: &Reader) -> Result<Saved, Failure> {
    let newest = reader.list()?.into_iter().next();
    Ok(Saved {
        format: newest.as_ref().map_or(Format::Etf, |it| it.format),
        compression: newest.map_or_else(Compression::default, |it| compression_of(&it)),
    })
}

fn compression_of(entry: &Entry) -> Compression {
    match entry.file().ends_with(b".zst") {
        true => Compression::Zstd(1),
        false => Compression::default(),
    }
}
