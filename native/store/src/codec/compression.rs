use crate::error::Error;

/// How a recording's file is compressed. Whatever is set, files of either kind are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Gzip (RFC 1952), which every program reads, with a level of libdeflate: 1 (fastest) to 12
    /// (smallest). Level 6 makes files as small as zlib's 6 in a third of the time.
    Gzip(i32),
    /// Zstandard (RFC 8878), which takes a fraction of the time, with a level of that library:
    /// 1 (fastest) to 19 (smallest).
    Zstd(i32),
}

impl Default for Compression {
    fn default() -> Self {
        Compression::Gzip(6)
    }
}

/// Which of them a file is compressed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
}

impl Compression {
    pub(crate) fn packing(self) -> Packing {
        match self {
            Compression::Gzip(_) => Packing::Gzip,
            Compression::Zstd(_) => Packing::Zstd,
        }
    }

    pub(crate) fn check(self) -> Result<(), Error> {
        match self {
            Compression::Gzip(1..=12) | Compression::Zstd(1..=19) => Ok(()),
            _ => Err(Error::Option("compression")),
        }
    }
}
