use std::num::NonZero;
use std::thread;

use replay_etf::Limits;

use crate::Error;

/// How a [`Store`](crate::Store) works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Effort of the compression, in libdeflate's scale: 1 (fastest) to 12 (smallest).
    /// Level 6 makes files as small as zlib's 6 in a third of the time.
    pub gzip_level: i32,
    /// Threads that read files at [`Store::open`](crate::Store::open), and later when many
    /// changed at once. The caller's own thread is one of them.
    pub threads: usize,
    /// How much is read before an input is refused; `max_bytes` caps a decompressed recording.
    pub limits: Limits,
    /// Whether a change is on the disk when it returns. Without it a crash of the program loses
    /// nothing still, but a power cut can lose the latest changes.
    pub sync: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            gzip_level: 6,
            threads: thread::available_parallelism().map_or(1, NonZero::get),
            limits: Limits::default(),
            sync: true,
        }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !(1..=12).contains(&self.gzip_level) {
            return Err(Error::Option("gzip_level"));
        }
        if self.threads == 0 {
            return Err(Error::Option("threads"));
        }
        Ok(())
    }
}
