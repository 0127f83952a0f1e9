use crate::Error;

/// How a recording's file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Gzip, which every program reads, with a level of libdeflate: 1 (fastest) to 12 (smallest).
    /// Level 6 makes files as small as zlib's 6 in a third of the time.
    Gzip(i32),
}

impl Default for Compression {
    fn default() -> Self {
        Compression::Gzip(6)
    }
}

impl Compression {
    pub(crate) fn check(self) -> Result<(), Error> {
        match self {
            Compression::Gzip(1..=12) => Ok(()),
            Compression::Gzip(_) => Err(Error::Option("compression")),
        }
    }
}
