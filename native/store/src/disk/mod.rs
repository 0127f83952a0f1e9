//! How bytes and names reach the disk.

pub(crate) mod access;
pub(crate) mod framed;
pub(crate) mod fs;
pub(crate) mod group;
pub(crate) mod owned;
pub(crate) mod temp;

pub use fs::{FileName, FileSystem, Kind, Metadata, OsFileSystem, Stamp};
