//! The one place that turns a file into memory.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapOptions, MmapRaw};

/// Unit of everything here, whatever the machine's own pages are.
pub(super) const PAGE: usize = 4096;

/// What the slab asks of the disk, so that a test can stand in for a full one.
pub(crate) trait Disk: Send + Sync {
    /// Makes a new file `len` bytes of zeros that really have their place on the disk, so that
    /// writing to them through memory can't fail.
    fn allocate(&self, file: &File, len: usize) -> io::Result<()>;
}

/// The operating system's disk.
pub(crate) struct OsDisk;

impl Disk for OsDisk {
    fn allocate(&self, file: &File, len: usize) -> io::Result<()> {
        match fallocate(file, len) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => write_zeros(file, len),
            done => done,
        }
    }
}

#[cfg(target_os = "linux")]
fn fallocate(file: &File, len: usize) -> io::Result<()> {
    let len = libc::off_t::try_from(len).map_err(|_| io::ErrorKind::FileTooLarge)?;
    loop {
        // SAFETY: the descriptor is open, and the call touches no memory of ours.
        if unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, len) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn fallocate(_: &File, _: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn write_zeros(mut file: &File, mut len: usize) -> io::Result<()> {
    let zeros = [0; 16 * PAGE];
    while len > 0 {
        let (part, _) = zeros.split_at(len.min(zeros.len()));
        file.write_all(part)?;
        len -= part.len();
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn populate_write(map: &MmapRaw) -> io::Result<()> {
    // Known since Linux 5.14.
    map.advise(memmap2::Advice::PopulateWrite)
}

#[cfg(not(target_os = "linux"))]
fn populate_write(_: &MmapRaw) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A whole file as memory that other threads may change at any time.
///
/// What several threads meet in is reached as atomic words. The rest is handed out as pointers
/// and, unsafely, as slices: who calls for them knows that nobody writes there.
pub(super) struct Map {
    raw: MmapRaw,
}

impl Map {
    /// `file` must be `len` bytes long.
    pub(super) fn new(file: &File, len: usize) -> io::Result<Self> {
        Ok(Map {
            raw: MmapOptions::new().len(len).map_raw(file)?,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.raw.len()
    }

    /// Puts what was written on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.raw.flush()
    }

    /// Puts memory behind all of a new map, so that writing to it does not have to.
    pub(super) fn populate(&self) {
        if populate_write(&self.raw).is_err() {
            // Writing to a page has the same effect.
            for at in (0..self.len()).step_by(PAGE) {
                self.word(at).store(0, Ordering::Relaxed);
            }
        }
    }

    /// The eight bytes at `at`, which must be a multiple of eight within the map.
    #[inline]
    pub(super) fn word(&self, at: usize) -> &AtomicU64 {
        assert!(
            at.is_multiple_of(8) && at < self.len() & !7,
            "no word there"
        );
        // SAFETY: within the map and, as maps start at a page, aligned. It lives as long as
        // `self`. Bytes used as words are used as nothing else at the same time.
        unsafe { AtomicU64::from_ptr(self.raw.as_mut_ptr().add(at).cast()) }
    }

    /// Where to write the bytes from `at`, which must be within the map, on.
    #[inline]
    pub(super) fn at(&self, at: usize) -> *mut u8 {
        assert!(at <= self.len(), "beyond the map");
        // SAFETY: within the map, or one past its end.
        unsafe { self.raw.as_mut_ptr().add(at) }
    }

    /// The `len` bytes from `at` on.
    ///
    /// # Safety
    ///
    /// Nobody writes to these bytes for as long as the slice is used.
    #[inline]
    pub(super) unsafe fn slice(&self, at: usize, len: usize) -> &[u8] {
        let fits = at.checked_add(len).is_some_and(|end| end <= self.len());
        assert!(fits, "beyond the map");
        // SAFETY: within the map, initialised like everything read from a file, and unchanged
        // by the caller's promise.
        unsafe { std::slice::from_raw_parts(self.raw.as_ptr().add(at), len) }
    }
}
