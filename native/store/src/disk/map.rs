//! The one place that turns a file into memory.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapOptions, MmapRaw};

/// Unit of everything here, whatever the machine's own pages are.
pub(crate) const PAGE: usize = 4096;

/// A file as memory that other threads may change at any time; what
/// [`FileSystem::map`](crate::disk::FileSystem::map) and
/// [`FileSystem::map_read_only`](crate::disk::FileSystem::map_read_only) answer.
///
/// What several threads meet in is reached as atomic words. The rest is handed out as pointers
/// and, unsafely, as slices: who calls for them knows that nobody writes there.
#[derive(Debug)]
pub struct Mapping {
    raw: MmapRaw,
}

impl Mapping {
    /// Of a file of `len` bytes, to be written to, with memory behind all of it, so that writing
    /// does not have to wait for that.
    pub(crate) fn populated(file: &File, len: usize) -> io::Result<Self> {
        let raw = MmapOptions::new().len(len).map_raw(file)?;
        let mapping = Mapping { raw };
        match populate_write(&mapping.raw) {
            // An old kernel. Writing to a page has the same effect; where populating failed for
            // any other reason, writing would end the process.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                let pages = (0..len & !7).step_by(PAGE);
                pages.for_each(|at| mapping.word(at).store(0, Ordering::Relaxed));
            }
            done => done?,
        }
        Ok(mapping)
    }

    /// Of the first `len` bytes of a file.
    pub(crate) fn read_only(file: &File, len: usize) -> io::Result<Self> {
        let raw = MmapOptions::new().len(len).map_raw_read_only(file)?;
        Ok(Mapping { raw })
    }

    /// Has the kernel put memory behind a part of it, so that reading it can't fail.
    pub(crate) fn populate_read(&self, at: usize, len: usize) -> io::Result<()> {
        populate_read(&self.raw, at, len)
    }

    pub(crate) fn len(&self) -> usize {
        self.raw.len()
    }

    /// Puts what was written on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.raw.flush()
    }

    /// The eight bytes at `at`, which must be a multiple of eight within the map.
    #[inline]
    pub(crate) fn word(&self, at: usize) -> &AtomicU64 {
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
    pub(crate) fn at(&self, at: usize) -> *mut u8 {
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
    pub(crate) unsafe fn slice(&self, at: usize, len: usize) -> &[u8] {
        let fits = at.checked_add(len).is_some_and(|end| end <= self.len());
        assert!(fits, "beyond the map");
        // SAFETY: within the map, initialised like everything read from a file, and unchanged
        // by the caller's promise.
        unsafe { std::slice::from_raw_parts(self.raw.as_ptr().add(at), len) }
    }
}

#[cfg(target_os = "linux")]
fn populate_write(map: &MmapRaw) -> io::Result<()> {
    // Known since Linux 5.14, as the next one.
    map.advise(memmap2::Advice::PopulateWrite)
}

#[cfg(target_os = "linux")]
fn populate_read(map: &MmapRaw, at: usize, len: usize) -> io::Result<()> {
    map.advise_range(memmap2::Advice::PopulateRead, at, len)
}

#[cfg(not(target_os = "linux"))]
fn populate_write(_: &MmapRaw) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::EINVAL))
}

#[cfg(not(target_os = "linux"))]
fn populate_read(_: &MmapRaw, _: usize, _: usize) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::EINVAL))
}
