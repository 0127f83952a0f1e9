use std::num::NonZero;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use replay_etf::Limits;

use crate::codec::{Compression, Format};
use crate::disk::Durability;
use crate::error::Error;
use crate::retention::limits::Retention;

const MIN_SEGMENT_BYTES: usize = 64 << 10;

const MIN_HEARTBEAT: Duration = Duration::from_millis(10);
const MAX_HEARTBEAT: Duration = Duration::from_secs(60);

/// What the length of an event has room for.
const MAX_EVENT_BYTES: usize = (1 << 28) - 1;

/// How a [`Store`](crate::store::Store) works.
#[derive(Debug, Clone)]
pub struct Options {
    /// How the files of new recordings are compressed.
    pub compression: Compression,
    /// Threads that read files at [`Store::open`](crate::store::Store::open), and later when many
    /// changed at once. The caller's own thread is one of them.
    pub threads: usize,
    /// How much is read before an input is refused; `max_bytes` caps a decompressed recording.
    pub limits: Limits,
    /// What a recording outlives once it is saved. Erasures, and all else, are on the disk when
    /// they return, whatever it says.
    pub durability: Durability,
    /// Format of the recordings that are saved when they end.
    pub format: Format,
    /// How much is kept.
    pub retention: Retention,
    /// Recordings that have ended and are saved at once. Those who do it mostly wait for the disk.
    pub finalizers: usize,
    /// Where the space for running recordings and the index are: in a part of this directory that
    /// no other recordings use. `None` for the recordings' directory.
    pub native_path: Option<PathBuf>,
    /// Whether to take over, and save, the recordings that a crash cut off.
    pub recover: bool,
    /// How often the engine shows that it lives, between 10 ms and a minute. Where locks can't
    /// be trusted, another one may take over what it has in flight once it has been silent for
    /// 30 times as long. The same for all engines of a directory.
    pub heartbeat: Duration,
    /// Bytes of disk and memory by which the space for running recordings grows: a power of two
    /// of at least 64 KiB.
    pub segment_bytes: usize,
    /// Most bytes of one event, encoded; below 2^28.
    pub max_event_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            compression: Compression::default(),
            threads: thread::available_parallelism().map_or(1, NonZero::get),
            limits: Limits::default(),
            durability: Durability::default(),
            format: Format::Etf,
            retention: Retention::default(),
            finalizers: 4,
            native_path: None,
            recover: true,
            heartbeat: Duration::from_secs(1),
            segment_bytes: 8 << 20,
            max_event_bytes: MAX_EVENT_BYTES,
        }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.compression.check()?;
        if self.threads == 0 {
            return Err(Error::Option("threads"));
        }
        if self.finalizers == 0 {
            return Err(Error::Option("finalizers"));
        }
        if !(MIN_HEARTBEAT..=MAX_HEARTBEAT).contains(&self.heartbeat) {
            return Err(Error::Option("heartbeat"));
        }
        if !self.segment_bytes.is_power_of_two() || self.segment_bytes < MIN_SEGMENT_BYTES {
            return Err(Error::Option("segment_bytes"));
        }
        if self.max_event_bytes > MAX_EVENT_BYTES {
            return Err(Error::Option("max_event_bytes"));
        }
        Ok(())
    }
}
