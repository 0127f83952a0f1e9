//! What the slab's files know of the disk.

pub(crate) mod crc32c;
pub(crate) mod map;
