//! The engine that keeps recordings, from their first event on.
//!
//! A running recording's events go into memory that belongs to the kernel, where a crash of the
//! program does not reach them. When it ends it becomes a file, in a directory that can be shared
//! with other programs which follow the same conventions.
//!
//! The directory is the truth and everything held in memory is a cache of it. A file is replaced
//! by rename only, so that a reader, a crash or a power cut sees the old recording or the new
//! one, and never a part. A damaged file is reported and otherwise passed by.
//!
//! What the disk is trusted with: a rename within one file system is atomic, and a file whose
//! `fdatasync` succeeded, and then its directory's, is still there after a power cut. Events of
//! running recordings are not synced: a power cut may lose the latest of them.
#![deny(unsafe_code)]

mod access;
mod active;
mod changes;
mod claims;
mod codec;
mod commit;
mod commons;
mod compression;
mod content;
mod crew;
mod damage;
mod doubt;
mod durable;
mod entry;
mod erase;
mod error;
mod evictor;
mod files;
mod flags;
mod freshness;
mod fs;
mod group;
mod gzip;
mod heart;
mod index;
mod interned;
mod journal;
mod lookup;
#[expect(
    unsafe_code,
    reason = "the operating system is asked for what std does not know"
)]
mod machine;
mod name;
mod native_dir;
mod notice;
mod open;
mod options;
mod order;
mod owned;
mod owner;
mod pace;
mod pool;
mod query;
mod read;
mod refresh;
mod remove;
mod retention;
mod save;
mod scan;
mod slab;
mod stats;
mod store;
mod temp;
mod verify;
mod watch;
mod zstd;

pub use active::{ActiveSummary, Drained, Recording, Reservation, State};
pub use codec::compress;
pub use compression::Compression;
pub use damage::Damage;
pub use entry::{Entry, Format, Names, View};
pub use error::{Error, posix_name};
pub use fs::{FileName, FileSystem, Kind, Metadata, OsFileSystem, Stamp};
pub use machine::Process;
pub use name::file_stem;
pub use notice::Notice;
pub use options::Options;
pub use query::{
    Cursor, Facets, Facts, Filter, InFlight, Item, MAX_EVENT_NAMES, Page, Sort, UrlPart,
};
pub use read::Contents;
pub use replay_etf::recording::EventCounts;
pub use retention::{Limit, Retention};
pub use slab::{AppendError, Mapping, Usage, Wait};
pub use stats::{Counts, Evictions, Latency, Removed, Stats};
pub use store::Store;
pub use verify::Verified;
