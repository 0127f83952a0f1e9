use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::map::{Disk, Map, PAGE};
use crate::FileSystem;
use crate::owned::{Directory, is_missing};

/// Words of the header page.
const MAGIC_AT: usize = 0;
const VERSION_AT: usize = 8;
const BLOCK_BYTES_AT: usize = 16;
const SALT_AT: usize = 24;
const CHECKSUM_AT: usize = 32;

/// "rplyslab" in the byte order of the machine.
const MAGIC: u64 = u64::from_ne_bytes(*b"rplyslab");

/// Of the segment and all within it.
const VERSION: u64 = 1;

/// A mapped file: a header page, then pages for blocks.
pub(super) struct Segment {
    map: Map,
    /// A random number in every chunk's header, which nobody who sees a recording's bytes knows.
    salt: u64,
    path: PathBuf,
    /// Locked for as long as one of its segments is in use.
    directory: Arc<Directory>,
    /// Inode of the file.
    inode: u64,
    /// Set once it is found to be gone, or somebody else's.
    lost: AtomicBool,
}

/// What a segment file turned out to be.
pub(super) enum Opened {
    Segment(Segment),
    /// The crash came before anything could be written to it.
    Unfinished,
    /// Something else, or damaged: why.
    Unreadable(&'static str),
}

impl Segment {
    /// Makes a segment of `block_bytes`, and puts memory behind all of it.
    pub(super) fn create(
        disk: &dyn Disk,
        directory: &Arc<Directory>,
        number: u64,
        block_bytes: usize,
    ) -> io::Result<Self> {
        let path = directory.path().join(format!("{number}.{EXTENSION}"));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        let file = options.open(&path)?;
        let inode = file.metadata()?.ino();
        let len = PAGE
            .checked_add(block_bytes)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        let map = disk
            .allocate(&file, len)
            .and_then(|()| Map::new(&file, len));
        match map {
            Ok(map) => {
                map.populate();
                let salt = RandomState::new().hash_one(number);
                write_header(&map, block_bytes, salt);
                Ok(Segment {
                    map,
                    salt,
                    path,
                    directory: Arc::clone(directory),
                    inode,
                    lost: AtomicBool::new(false),
                })
            }
            Err(error) => {
                // If that fails too, the next start finds it unfinished.
                let _ = fs::remove_file(&path);
                Err(error)
            }
        }
    }

    /// Opens the file an earlier run left at `path`.
    pub(super) fn open(path: &Path, directory: &Arc<Directory>) -> io::Result<Opened> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let metadata = file.metadata()?;
        let inode = metadata.ino();
        let len = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        if len < PAGE {
            return Ok(if len == 0 {
                Opened::Unfinished
            } else {
                Opened::Unreadable("too short")
            });
        }
        let map = Map::new(&file, len)?;
        let word = |at| map.word(at).load(Ordering::Relaxed);
        let (magic, salt) = (word(MAGIC_AT), word(SALT_AT));
        Ok(if magic == 0 {
            Opened::Unfinished
        } else if magic != MAGIC {
            Opened::Unreadable("not a segment of this kind of machine")
        } else if word(VERSION_AT) != VERSION {
            Opened::Unreadable("of an unknown version")
        } else if word(CHECKSUM_AT) != checksum(word(BLOCK_BYTES_AT), salt) {
            Opened::Unreadable("its header is damaged")
        } else if word(BLOCK_BYTES_AT) != (len - PAGE) as u64 {
            Opened::Unreadable("not of its stated size")
        } else {
            let path = path.to_owned();
            Opened::Segment(Segment {
                map,
                salt,
                path,
                directory: Arc::clone(directory),
                inode,
                lost: AtomicBool::new(false),
            })
        })
    }

    pub(super) fn map(&self) -> &Map {
        &self.map
    }

    /// The directory it is in.
    pub(super) fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Sees whether the file is still where a next run would find it, and nobody else's.
    pub(super) fn check(&self, fs: &dyn FileSystem) {
        let lost = self.directory.is_lost()
            || match fs.metadata(&self.path) {
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

    /// Number of pages for blocks.
    pub(super) fn pages(&self) -> usize {
        self.map.len() / PAGE - 1
    }

    /// Deletes the file. The memory stays until the last reference is gone.
    pub(super) fn remove(&self) {
        if self.is_lost() {
            // There may be another file of the name.
            return;
        }
        // What stays behind holds no recording, and is deleted at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Extension of segment files.
pub(super) const EXTENSION: &str = "seg";

/// Where in a segment a page for blocks begins.
pub(super) fn page_at(page: usize) -> usize {
    (page + 1) * PAGE
}

fn write_header(map: &Map, block_bytes: usize, salt: u64) {
    let block_bytes = block_bytes as u64;
    let put = |at, value| map.word(at).store(value, Ordering::Relaxed);
    put(VERSION_AT, VERSION);
    put(BLOCK_BYTES_AT, block_bytes);
    put(SALT_AT, salt);
    put(CHECKSUM_AT, checksum(block_bytes, salt));
    // Last: who finds it finds the others.
    map.word(MAGIC_AT).store(MAGIC, Ordering::Release);
}

fn checksum(block_bytes: u64, salt: u64) -> u64 {
    let words = [VERSION, block_bytes, salt];
    u64::from(words.iter().fold(0, |crc, word| {
        crc32c::crc32c_append(crc, &word.to_ne_bytes())
    }))
}

/// The segment files of a directory by their numbers.
pub(super) fn list(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse().ok());
        if let (Some(number), true) = (number, path.extension().is_some_and(|e| e == EXTENSION)) {
            segments.push((number, path));
        }
    }
    Ok(segments)
}

/// Renames a file that can't be read, so that the next start does not try again.
pub(super) fn set_aside(path: &Path) -> io::Result<()> {
    fs::rename(path, path.with_extension(format!("{EXTENSION}.bad")))
}

/// Removes a file in which nothing was ever written.
pub(super) fn remove_unfinished(path: &Path) {
    let _ = fs::remove_file(path);
}
