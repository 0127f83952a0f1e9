//! How bytes and names reach the disk.

pub(crate) mod access;
pub(crate) mod clock;
pub(crate) mod commons;
pub(crate) mod crc32c;
pub(crate) mod durable;
pub(crate) mod framed;
pub(crate) mod fs;
pub(crate) mod group;
pub(crate) mod heart;
mod locks;
pub(crate) mod lookout;
#[expect(
    unsafe_code,
    reason = "the operating system is asked for what std does not know"
)]
mod machine;
#[expect(unsafe_code, reason = "a file becomes memory")]
pub(crate) mod map;
#[expect(unsafe_code, reason = "the standard library lacks some calls")]
pub(crate) mod mapped;
#[cfg(target_os = "linux")]
mod notifier;
mod os;
pub(crate) mod owned;
mod owner;
pub(crate) mod step;
pub(crate) mod temp;
mod told;

/// The subdirectory for everything that is not a recording.
pub(crate) const NATIVE_DIR: &str = ".native";

pub use durable::Durability;
pub use fs::{FileName, FileSystem, Kind, Metadata, Stamp};
pub use machine::Process;
pub use map::Mapping;
pub use os::OsFileSystem;
pub use told::{Told, Watch};
