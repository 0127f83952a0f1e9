//! Segments that earlier runs left behind.
//!
//! Their files may have been damaged, cut off or copied with holes, so nothing is taken for
//! granted of them: a part is read once it is known to be in memory, and what is changed in them
//! is written, not stored. What is wrong with the disk is an error then; stored to or loaded from
//! a map, it would be a signal that ends the process.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::header::{self, Mark};
use super::left::{Fate, Left};
use super::segment::{self, Segment, UNIT};
use crate::disk::map::{Mapping, PAGE};
use crate::disk::mapped::ZEROS;
use crate::disk::owned::Directory;
use crate::disk::step::{at, cause};
use crate::disk::{FileSystem, Kind};

/// Bytes that are looked at at once where there is no end to a file.
const STRIDE: usize = 1 << 20;

/// Pages that are tried one by one when so many bytes can't be read together.
const TRIED: usize = 64 * PAGE;

/// After so many pages that can't be read no other is tried: a dying disk takes seconds for each.
const MAX_TRIES: usize = 32;

/// What a segment file turned out to be.
pub(super) enum Opened {
    Segment(Segment, Lost),
    /// The crash came before anything could be written to it.
    Unfinished,
    /// Something else, or damaged: why.
    Damaged(&'static str),
    /// In order, but not for this version of the slab or this machine.
    Foreign(&'static str),
}

/// What of a segment can't be read.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// The file is shorter than it was.
    pub(super) cut_off: bool,
    /// What the disk said.
    pub(super) error: Option<io::Error>,
}

impl Segment {
    /// Opens the file an earlier run left at `path`.
    pub(super) fn open(
        fs: &Arc<dyn FileSystem>,
        path: &Path,
        directory: &Arc<Directory>,
    ) -> io::Result<Opened> {
        let found = fs.metadata(path).map_err(at("look at", path))?;
        if found.kind != Kind::File {
            return Ok(Opened::Damaged("not a file"));
        }
        let len = usize::try_from(found.stamp.len).unwrap_or(usize::MAX);
        if len < PAGE {
            return Ok(match len {
                0 => Opened::Unfinished,
                _ => Opened::Damaged("too short"),
            });
        }
        let file = fs.open_file(path).map_err(at("open", path))?;
        let map = |len| fs.map_read_only(&file, len);
        let (bytes, least, salt) = {
            let page = map(PAGE).map_err(at("map into memory", path))?;
            fs.load(&page, path, 0, PAGE).map_err(at("read", path))?;
            match read_header(&page) {
                Page::Header { bytes, least, salt } => (bytes, least, salt),
                Page::Damaged(reason) => return Ok(Opened::Damaged(reason)),
                Page::Foreign(reason) => return Ok(Opened::Foreign(reason)),
                Page::Empty => {
                    let whole = map(len).map_err(at("map into memory", path))?;
                    let empty = is_empty(&**fs, &whole, path).map_err(at("read", path))?;
                    return Ok(match empty {
                        true => Opened::Unfinished,
                        false => Opened::Damaged("it has no header"),
                    });
                }
            }
        };
        let Some(stated) = bytes.checked_add(PAGE) else {
            return Ok(Opened::Damaged("its header is damaged"));
        };
        let map = map(len.min(stated)).map_err(at("map into memory", path))?;
        let (bad, error) = unreadable(&**fs, &map, path)?;
        let lost = Lost {
            cut_off: len < stated,
            error,
        };
        let segment = Segment {
            fs: Arc::clone(fs),
            map,
            units: bytes / UNIT,
            least,
            salt,
            path: path.to_owned(),
            directory: Arc::clone(directory),
            inode: found.stamp.inode,
            lost: AtomicBool::new(false),
            left: Some(Left {
                bad,
                fate: AtomicU8::new(Fate::Delete as u8),
            }),
        };
        Ok(Opened::Segment(segment, lost))
    }

    /// How many of the `len` bytes from `base` on can be read.
    pub(super) fn readable(&self, base: usize, len: usize) -> usize {
        let end = base.saturating_add(len).min(self.map.len() & !7);
        let bad = self.left.iter().flat_map(|left| &left.bad);
        let first = bad.map(|page| page * PAGE).find(|at| at + PAGE > base);
        end.min(first.unwrap_or(end)).saturating_sub(base)
    }

    /// Makes sure that a part of it can be read now; it may have left the memory.
    pub(super) fn load(&self, base: usize, len: usize) -> io::Result<()> {
        if self.left.is_none() {
            return Ok(());
        }
        let loaded = self.fs.load(&self.map, &self.path, base, len);
        loaded.map_err(at("read", &self.path))
    }

    /// Has the file live on.
    pub(super) fn keep(&self, fate: Fate) {
        if let Some(left) = &self.left {
            left.fate.fetch_max(fate as u8, Ordering::Relaxed);
        }
    }

    pub(super) fn mark_file(&self, base: usize, mark: Mark) -> io::Result<()> {
        self.load(base, header::LEN)?;
        let (at, marks) = header::marks(&self.map, base);
        self.write(at, &(marks | mark as u64).to_ne_bytes())
    }

    pub(super) fn wipe_file(&self, base: usize, len: usize) -> io::Result<()> {
        let file = self.open_again()?;
        let (mut from, end) = (base + header::LEN, base + len);
        while from < end {
            // Whole pages but for the first, so that none has to be read for it.
            let (part, _) = ZEROS.split_at((end - from).min(ZEROS.len() - from % PAGE));
            let written = self.fs.write_at(&file, from as u64, part);
            written.map_err(at("wipe", &self.path))?;
            from += part.len();
        }
        // Last: without a header the next run would not find what is left to wipe.
        let written = self.fs.write_at(&file, base as u64, &[0; 8]);
        written.map_err(at("wipe", &self.path))
    }

    pub(super) fn remove_left(&self, left: &Left) {
        // As for others. What can't be renamed is read, and found to be the same, at the next
        // start.
        let _ = match left.fate.load(Ordering::Relaxed) {
            fate if fate == Fate::Stay as u8 => Ok(()),
            fate if fate == Fate::SetAside as u8 => segment::set_aside(&*self.fs, &self.path),
            _ => self.fs.remove(&self.path),
        };
    }

    fn write(&self, from: usize, bytes: &[u8]) -> io::Result<()> {
        let file = self.open_again()?;
        let written = self.fs.write_at(&file, from as u64, bytes);
        written.map_err(at("write to", &self.path))
    }

    /// There may be more of them than a process may have files open.
    fn open_again(&self) -> io::Result<std::fs::File> {
        self.fs
            .open_file(&self.path)
            .map_err(at("open", &self.path))
    }
}

/// What the header page of a segment says.
enum Page {
    Header {
        /// Of all blocks.
        bytes: usize,
        /// The order of the smallest that there may be.
        least: u8,
        salt: u64,
    },
    /// Nothing was written to it.
    Empty,
    Damaged(&'static str),
    Foreign(&'static str),
}

fn read_header(page: &Mapping) -> Page {
    let word = |at| page.word(at).load(Ordering::Relaxed);
    let magic = word(segment::MAGIC_AT);
    let (version, bytes) = (word(segment::VERSION_AT), word(segment::BLOCK_BYTES_AT));
    let salt = word(segment::SALT_AT);
    let sound = word(segment::CHECKSUM_AT) == segment::checksum(version, bytes, salt);
    if magic == 0 {
        Page::Empty
    } else if magic == segment::MAGIC.swap_bytes() {
        Page::Foreign("of another kind of machine")
    } else if magic != segment::MAGIC {
        Page::Damaged("not a segment")
    } else if !sound {
        Page::Damaged("its header is damaged")
    } else {
        let least = match version {
            segment::VERSION => 0,
            segment::VERSION_OF_PAGES => segment::PAGE_ORDER,
            _ => return Page::Foreign("of an unknown version"),
        };
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Page::Header { bytes, least, salt }
    }
}

/// Whether there is nothing in a file but zeros.
fn is_empty(fs: &dyn FileSystem, map: &Mapping, path: &Path) -> io::Result<bool> {
    let len = map.len() & !7;
    for from in (0..len).step_by(STRIDE) {
        let end = len.min(from + STRIDE);
        fs.load(map, path, from, end - from)?;
        let mut words = (from..end).step_by(8).map(|at| map.word(at));
        if words.any(|word| word.load(Ordering::Relaxed) != 0) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The pages that can't be read, and what the disk says of them.
fn unreadable(
    fs: &dyn FileSystem,
    map: &Mapping,
    path: &Path,
) -> io::Result<(Vec<usize>, Option<io::Error>)> {
    let (mut bad, mut reason) = (Vec::new(), None);
    if fs.load(map, path, 0, map.len()).is_ok() {
        return Ok((bad, reason));
    }
    let part = |from: usize, len: usize| fs.load(map, path, from, len.min(map.len() - from));
    for from in (0..map.len()).step_by(TRIED) {
        if bad.len() < MAX_TRIES && part(from, TRIED).is_ok() {
            continue;
        }
        for page in (from..map.len().min(from + TRIED)).step_by(PAGE) {
            if bad.len() < MAX_TRIES {
                match part(page, PAGE) {
                    Ok(()) => continue,
                    Err(error) if is_medium(&error) => reason = Some(error),
                    Err(error) => return Err(at("read", path)(error)),
                }
            }
            bad.push(page / PAGE);
        }
    }
    Ok((bad, reason.map(at("read", path))))
}

/// Whether it is the disk's fault, and not the process's or the system's for a moment.
pub(super) fn is_medium(error: &io::Error) -> bool {
    // What Linux has for a sector, a checksum and a structure that are bad, and for memory; the
    // numbers of the last two are the same on all of its machines but those of MIPS and SPARC.
    const EHWPOISON: i32 = 133;
    matches!(
        cause(error).raw_os_error(),
        Some(libc::EIO | libc::ENODATA | libc::EILSEQ | libc::EBADMSG | libc::EUCLEAN | EHWPOISON)
    )
}
