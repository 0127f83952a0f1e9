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
//! running recordings are not synced: a power cut may lose the latest of them. Nor, on request,
//! are recordings that are saved ([`Durability::Relaxed`]).
#![deny(unsafe_code)]

mod active;
mod codec;
mod crew;
mod directory;
mod disk;
mod erase;
mod error;
mod files;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod index;
mod notice;
mod observer;
mod options;
mod query;
mod reader;
mod remote;
mod retention;
mod slab;
mod stats;
mod store;
mod sync;
mod tier;
mod watch;

pub use active::{ActiveSummary, Drained, Recording, Reservation, State};
pub use codec::{Beside, Compression, Flags, Format, Subject, SubjectText, compress, pack};
pub use disk::{
    Durability, FileName, FileSystem, Kind, Mapping, Metadata, OsFileSystem, Process, Stamp, Told,
    Watch,
};
pub use error::{Error, posix_name};
pub use files::{Contents, Verified, Version};
pub use index::name::{file_stem, stem_of};
pub use index::{Damage, Entry, Names, Pages, View};
pub use notice::Notice;
pub use options::Options;
pub use query::{
    Answer, Cursor, Facets, Facts, Filter, InFlight, Item, MAX_EVENT_NAMES, MAX_PATHS,
    MAX_SUBJECTS, Page, PathPart, Search, SearchProgress, Sort, UrlPart,
};
pub use reader::Reader;
pub use remote::{Object, Put, Remote, RemoteFault};
pub use replay_etf::recording::EventCounts;
pub use replay_etf::{Limits, MAX_NEEDLE_BYTES, Needle};
pub use retention::{Limit, Removed, Retention};
pub use slab::{AppendError, Usage, Wait};
pub use stats::{Counts, Evictions, Latency, Stats};
pub use store::{Erased, Rewriting, Store};
pub use tier::{Gone, Listed, Tier};
