//! The recordings in their files, one by one.

pub(crate) mod commit;
mod convert;
mod copies;
pub(crate) mod lookup;
mod quarantine;
pub(crate) mod read;
mod remove;
mod rewrite;
mod save;
mod verify;

pub use read::Contents;
pub use rewrite::Version;
pub use verify::Verified;
