use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::header::{self, Mark};
use super::left::Left;
use crate::disk::FileSystem;
use crate::disk::crc32c::crc32c_append;
use crate::disk::map::{Mapping, PAGE};
use crate::disk::owned::{Directory, is_missing};
use crate::disk::step::at;

/// Words of the header page.
pub(super) const MAGIC_AT: usize = 0;
pub(super) const VERSION_AT: usize = 8;
pub(super) const BLOCK_BYTES_AT: usize = 16;
pub(super) const SALT_AT: usize = 24;
pub(super) const CHECKSUM_AT: usize = 32;

/// "rplyslab" in the byte order of the machine.
pub(super) const MAGIC: u64 = u64::from_ne_bytes(*b"rplyslab");

/// Of the segment and all within it.
pub(super) const VERSION: u64 = 2;

/// The one before, in which pages were what blocks are made of. Such segments are still read.
pub(super) const VERSION_OF_PAGES: u64 = 1;

/// What blocks are made of: small sessions share a page. Whole sectors of a disk, and whole cache
/// lines, so that nobody shares one. A recording's beginning takes some 300 bytes at least: smaller
/// ones would be outgrown at once.
pub(super) const UNIT: usize = 1024;

/// Units of a page, as an order.
pub(super) const PAGE_ORDER: u8 = (PAGE / UNIT).ilog2() as u8;

/// A mapped file: a header page, then units for blocks.
pub(super) struct Segment {
    pub(super) fs: Arc<dyn FileSystem>,
    pub(super) map: Mapping,
    /// Number of units for blocks.
    pub(super) units: usize,
    /// The order of the smallest block that it may have.
    pub(super) least: u8,
    /// A random number in every chunk's header, which nobody who sees a recording's bytes knows.
    pub(super) salt: u64,
    pub(super) path: PathBuf,
    /// Locked for as long as one of its segments is in use.
    pub(super) directory: Arc<Directory>,
    /// Inode of the file.
    pub(super) inode: u64,
    /// Set once it is found to be gone, or somebody else's.
    pub(super) lost: AtomicBool,
    /// Of one that an earlier run made.
    pub(super) left: Option<Left>,
}

impl Segment {
    /// Makes a segment with a block of `usual` order, or of the largest that there is space for
    /// on the disk, down to `least`, and puts memory behind all of it.
    pub(super) fn create(
        fs: &Arc<dyn FileSystem>,
        directory: &Arc<Directory>,
        number: u64,
        usual: u8,
        least: u8,
    ) -> io::Result<Self> {
        let path = directory.path().join(format!("{number}.{EXTENSION}"));
        let file = fs.create_file(&path).map_err(at("create", &path))?;
        let map = (least..=usual).rev().find_map(|order| {
            let len = UNIT
                .checked_shl(u32::from(order))
                .and_then(|block| block.checked_add(PAGE))
                .ok_or(io::ErrorKind::FileTooLarge);
            let allocated = len.map_err(io::Error::from).and_then(|len| {
                fs.allocate(&file, len).map_err(at("allocate", &path))?;
                Ok(len)
            });
            match allocated {
                // A part of it may have been allocated.
                Err(error) if order > least && is_lack(&error) => match file.set_len(0) {
                    Ok(()) => None,
                    Err(error) => Some(Err(error)),
                },
                Err(error) => Some(Err(error)),
                Ok(len) => Some(fs.map(&file, len).map_err(at("map into memory", &path))),
            }
        });
        let map = map.unwrap_or(Err(io::ErrorKind::InvalidInput.into()));
        match map.and_then(|map| Ok((map, file.metadata()?.ino()))) {
            Ok((map, inode)) => {
                let salt = RandomState::new().hash_one(number);
                let bytes = map.len() - PAGE;
                write_header(&map, bytes, salt);
                Ok(Segment {
                    fs: Arc::clone(fs),
                    map,
                    units: bytes / UNIT,
                    least: 0,
                    salt,
                    path,
                    directory: Arc::clone(directory),
                    inode,
                    lost: AtomicBool::new(false),
                    left: None,
                })
            }
            Err(error) => {
                // If that fails too, the next start finds it unfinished.
                let _ = fs.remove(&path);
                Err(error)
            }
        }
    }

    pub(super) fn map(&self) -> &Mapping {
        &self.map
    }

    /// The directory it is in.
    pub(super) fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Sees whether the file is still where a next run would find it, and nobody else's.
    pub(super) fn check(&self) {
        let lost = self.directory.is_lost()
            || match self.fs.metadata(&self.path) {
                Ok(found) => found.stamp.inode != self.inode,
                Err(error) => is_missing(&error),
            };
        if lost {
            self.lost.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it was found not to be. What is in memory is all that is left then, and nobody
    /// else's business.
    #[inline]
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn salt(&self) -> u64 {
        self.salt
    }

    /// Number of units for blocks.
    pub(super) fn units(&self) -> usize {
        self.units
    }

    /// Bytes of all blocks.
    pub(super) fn bytes(&self) -> usize {
        self.units * UNIT
    }

    /// The order of the smallest block that it may have.
    pub(super) fn least(&self) -> u8 {
        self.least
    }

    /// Marks the chunk at `base`, or what it belongs to.
    ///
    /// # Errors
    ///
    /// None in a segment of this run.
    pub(super) fn mark(&self, base: usize, mark: Mark) -> io::Result<()> {
        if self.left.is_some() {
            return self.mark_file(base, mark);
        }
        header::mark(&self.map, base, mark);
        Ok(())
    }

    /// Puts zeros where a block of `len` bytes begins at `base`, and makes it no chunk then.
    ///
    /// # Errors
    ///
    /// As [`Segment::mark`].
    ///
    /// # Safety
    ///
    /// Nobody else uses the block.
    pub(super) unsafe fn wipe(&self, base: usize, len: usize) -> io::Result<()> {
        if self.left.is_some() {
            return self.wipe_file(base, len);
        }
        let (rest, len) = (base + header::LEN, len - header::LEN);
        // SAFETY: within the block, as `at` has checked of its end too, which is nobody else's.
        unsafe {
            let _end = self.map.at(rest + len);
            self.map.at(rest).write_bytes(0, len);
        }
        // Last: without a header the next run would not find what is left to wipe.
        header::erase(&self.map, base);
        Ok(())
    }

    /// Deletes the file, unless something in it is to be kept. The memory stays until the last
    /// reference is gone.
    pub(super) fn remove(&self) {
        if self.is_lost() {
            // There may be another file of the name.
            return;
        }
        if let Some(left) = &self.left {
            return self.remove_left(left);
        }
        // What stays behind holds no recording, and is deleted at the next start.
        let _ = self.fs.remove(&self.path);
    }
}

/// Extension of segment files.
pub(super) const EXTENSION: &str = "seg";

/// What is added to it when a file can't be read.
pub(super) const SET_ASIDE: &str = "bad";

/// Where in a segment a unit for blocks begins.
pub(super) fn unit_at(unit: usize) -> usize {
    PAGE + unit * UNIT
}

/// Whether there is no space for so much, but may be for less.
fn is_lack(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull)
}

fn write_header(map: &Mapping, block_bytes: usize, salt: u64) {
    let block_bytes = block_bytes as u64;
    let put = |at, value| map.word(at).store(value, Ordering::Relaxed);
    put(VERSION_AT, VERSION);
    put(BLOCK_BYTES_AT, block_bytes);
    put(SALT_AT, salt);
    put(CHECKSUM_AT, checksum(VERSION, block_bytes, salt));
    // Last: who finds it finds the others.
    map.word(MAGIC_AT).store(MAGIC, Ordering::Release);
}

pub(super) fn checksum(version: u64, block_bytes: u64, salt: u64) -> u64 {
    let words = [version, block_bytes, salt];
    u64::from(
        words
            .iter()
            .fold(0, |crc, word| crc32c_append(crc, &word.to_ne_bytes())),
    )
}

/// The segment files of a directory, and whether one was set aside there.
pub(super) fn list(fs: &dyn FileSystem, directory: &Path) -> io::Result<(Vec<PathBuf>, bool)> {
    let (mut segments, mut set_aside) = (Vec::new(), false);
    for file in fs.names(directory)? {
        let path = directory.join(file.name);
        let is = |path: &Path, extension| path.extension().is_some_and(|e| e == extension);
        let number = |stem: &Path| {
            let stem = stem.file_stem().and_then(|stem| stem.to_str());
            stem.is_some_and(|stem| stem.parse::<u64>().is_ok())
        };
        if is(&path, EXTENSION) && number(&path) {
            segments.push(path);
        } else if is(&path, SET_ASIDE) {
            let segment = path.with_extension("");
            set_aside |= is(&segment, EXTENSION) && number(&segment);
        }
    }
    Ok((segments, set_aside))
}

/// Renames a file that can't be read, so that the next start does not try again.
pub(super) fn set_aside(fs: &dyn FileSystem, path: &Path) -> io::Result<()> {
    fs.rename(
        path,
        &path.with_extension(format!("{EXTENSION}.{SET_ASIDE}")),
    )
}
