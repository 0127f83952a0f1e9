use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use replay_etf::{Limits, json, recording};

use crate::codec::Codec;
use crate::damage::Flaw;
use crate::entry::Shared;
use crate::flags::Flags;
use crate::{Entry, FileSystem, Format, Stamp, name};

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
        // What can't be compressed grows by less than this.
        let overhead = self.limits.max_bytes / 1024 + 1024;
        let limit = self.limits.max_bytes.saturating_add(overhead) as u64;
        self.fs.read(&self.path(file), limit, &mut buffers.raw)
    }

    /// Undoes the compressions of what was read.
    pub(crate) fn unpack(&self, format: Format, buffers: &mut Buffers) -> Result<Plain, Flaw> {
        let max = self.limits.max_bytes;
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
        let format = name::parse(file).map_or(Format::Etf, |parts| parts.format);
        let plain = self.unpack(format, buffers)?;
        let bytes = buffers.plain(&plain);
        let summary = match format {
            Format::Etf => recording::summarize(bytes, &self.limits)?,
            Format::Json => json::summarize(bytes, &self.limits)?,
        };
        let flags = Flags::of(&buffers.raw);
        let entry = Entry::new(summary, flags, format, file.into(), stamp, &self.shared);
        Ok((entry, plain))
    }
}
