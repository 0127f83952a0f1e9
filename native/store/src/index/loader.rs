use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use replay_etf::{Limits, json, recording};

use super::entry::{Entry, Shared};
use super::name;
use crate::codec::{self, Codec, Flaw, Format};
use crate::disk::{FileSystem, Stamp};

/// Reads recording files: from the disk to the plain bytes, and from those to an index entry.
pub(crate) struct Loader {
    pub fs: Arc<dyn FileSystem>,
    pub dir: PathBuf,
    pub codec: Codec,
    pub limits: Limits,
    pub shared: Shared,
}

/// Larger buffers are not kept for the next file.
const MAX_KEPT: usize = 4 << 20;

/// Space for one file at a time, reused from file to file.
#[derive(Default)]
pub(crate) struct Buffers {
    raw: Vec<u8>,
    inflated: Vec<u8>,
}

/// Where the plain content of a file is.
pub(crate) enum Plain {
    /// In the file as it is.
    Raw,
    /// In so many bytes of the decompressed file.
    Inflated(usize),
    /// Here; the content held a compressed term.
    Expanded(Vec<u8>),
}

impl Buffers {
    pub(crate) fn plain<'a>(&'a self, plain: &'a Plain) -> &'a [u8] {
        match plain {
            Plain::Raw => &self.raw,
            Plain::Inflated(len) => self.inflated.get(..*len).unwrap_or_default(),
            Plain::Expanded(bytes) => bytes,
        }
    }

    /// A file as it is.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Space for a file as it is.
    pub(crate) fn raw_mut(&mut self) -> &mut Vec<u8> {
        &mut self.raw
    }

    /// Empty space for a text, and space for what it is compressed to.
    pub(crate) fn for_writing(&mut self) -> (&mut Vec<u8>, &mut Vec<u8>) {
        self.inflated.clear();
        (&mut self.inflated, &mut self.raw)
    }

    /// Gives back the memory of an unusually large recording.
    pub(crate) fn trim(&mut self) {
        self.raw.truncate(MAX_KEPT);
        self.raw.shrink_to(MAX_KEPT);
        self.inflated.truncate(MAX_KEPT);
        self.inflated.shrink_to(MAX_KEPT);
    }
}

impl Loader {
    pub(crate) fn path(&self, file: &[u8]) -> PathBuf {
        self.dir.join(OsStr::from_bytes(file))
    }

    /// Reads a file as it is on the disk.
    pub(crate) fn read(&self, file: &[u8], buffers: &mut Buffers) -> io::Result<Stamp> {
        let limit = self.file_limit(file);
        self.fs.read(&self.path(file), limit, &mut buffers.raw)
    }

    /// No file of this name that can be read is larger.
    pub(crate) fn file_limit(&self, file: &[u8]) -> u64 {
        let max = self.limits_of(format_of(file)).max_bytes;
        // What can't be compressed grows by less than this.
        let overhead = max / 1024 + 1024;
        max.saturating_add(overhead) as u64
    }

    /// The limits of a file's content: those of a recording, or of what they let its text be.
    pub(crate) fn limits_of(&self, format: Format) -> Limits {
        match format {
            Format::Etf => self.limits,
            Format::Json => json::text_limits(&self.limits),
        }
    }

    /// Undoes the compressions of what was read.
    pub(crate) fn unpack(&self, format: Format, buffers: &mut Buffers) -> Result<Plain, Flaw> {
        let max = self.limits_of(format).max_bytes;
        let Buffers { raw, inflated } = buffers;
        let plain = if let Some(len) = self.codec.decompress(raw, inflated, max)? {
            Plain::Inflated(len)
        } else if buffers.raw.is_empty() {
            return Err(Flaw::Empty);
        } else if buffers.raw.len() > max {
            return Err(Flaw::TooLarge);
        } else {
            Plain::Raw
        };
        if format == Format::Json {
            return Ok(plain);
        }
        match replay_etf::expand(buffers.plain(&plain), &self.limits)? {
            Cow::Owned(bytes) => Ok(Plain::Expanded(bytes)),
            Cow::Borrowed(_) => Ok(plain),
        }
    }

    /// Unpacks and summarizes what was read.
    pub(crate) fn unpack_entry(
        &self,
        file: &[u8],
        stamp: Stamp,
        buffers: &mut Buffers,
    ) -> Result<(Entry, Plain), Flaw> {
        let format = format_of(file);
        let plain = self.unpack(format, buffers)?;
        let bytes = buffers.plain(&plain);
        let summary = match format {
            Format::Etf => recording::summarize(bytes, &self.limits)?,
            Format::Json => json::summarize(bytes, &self.limits_of(format))?,
        };
        let beside = codec::beside_of(&buffers.raw);
        let entry = Entry::new(summary, beside, format, file.into(), stamp, &self.shared);
        Ok((entry, plain))
    }

    /// Whether a recording is sound as a whole, when its summary has been made of it already: what
    /// [`Files::read`](crate::directory::Files) gives out must become terms. Looks at each key, and
    /// makes a term of each text, which takes some times as long as the summary; so it is done by
    /// those who are to find damage, and not when a directory is opened.
    pub(crate) fn check(&self, format: Format, bytes: &[u8]) -> Result<(), Flaw> {
        match format {
            Format::Etf => replay_etf::validate(bytes, &self.limits)?,
            Format::Json => {
                let mut term = Vec::new();
                json::decode(bytes, &self.limits_of(format), &|_| false, &mut term)?;
                replay_etf::validate(&term, &json::term_limits(&self.limits))?
            }
        };
        Ok(())
    }

    /// Whether the pure-Elixir backend reads what was read, though it is no recording here.
    pub(crate) fn is_read_elsewhere(&self, file: &[u8], buffers: &mut Buffers) -> bool {
        let format = format_of(file);
        let Ok(plain) = self.unpack(format, buffers) else {
            return false;
        };
        let (bytes, limits) = (buffers.plain(&plain), self.limits_of(format));
        let read = match format {
            Format::Etf => recording::is_read_elsewhere(bytes, &limits),
            Format::Json => json::is_read_elsewhere(bytes, &limits),
        };
        read.unwrap_or(false)
    }
}

fn format_of(file: &[u8]) -> Format {
    name::parse(file).map_or(Format::Etf, |parts| parts.format)
}
