//! What the slab asks of the operating system beyond what every file is asked for.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::access;
use super::map::{Mapping, PAGE};

/// Read at once where what is read is of no interest. It is on the stack, which may be small.
const SCRATCH: usize = 4 * PAGE;

/// Written at once where zeros are.
pub(crate) static ZEROS: [u8; 16 * PAGE] = [0; 16 * PAGE];

pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    access::open(&mut options, path)
}

/// Without waiting for a pipe's other end.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    options.custom_flags(libc::O_NONBLOCK).open(path)
}

pub(crate) fn allocate(file: &File, len: usize) -> io::Result<()> {
    check_size(len as u64)?;
    match fallocate(file, len) {
        Err(error) if is_unsupported(&error) => write_zeros(file, len),
        done => done,
    }
}

pub(crate) fn map(file: &File, len: usize) -> io::Result<Mapping> {
    Mapping::populated(file, len)
}

pub(crate) fn map_read_only(file: &File, len: usize) -> io::Result<Mapping> {
    Mapping::read_only(file, len)
}

/// Fails where a file may not become so long. The kernel would also send SIGXFSZ, which ends a
/// process that is not prepared for it.
pub(crate) fn check_size(len: u64) -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: libc::RLIM_INFINITY,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: the call writes to `limit` and nowhere else.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) } == 0;
    if known && limit.rlim_cur != libc::RLIM_INFINITY && len > limit.rlim_cur {
        return Err(io::Error::from_raw_os_error(libc::EFBIG));
    }
    Ok(())
}

/// What file systems and sandboxes say that know no fallocate: NFS and FUSE the first two, old
/// kernels the third, some file systems the last, whose other reasons do not occur here.
fn is_unsupported(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
        || matches!(
            error.raw_os_error(),
            Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL)
        )
}

#[cfg(target_os = "linux")]
fn fallocate(file: &File, len: usize) -> io::Result<()> {
    let len = libc::off64_t::try_from(len).map_err(|_| io::ErrorKind::FileTooLarge)?;
    loop {
        // SAFETY: the descriptor is open, and the call touches no memory of ours.
        if unsafe { libc::fallocate64(file.as_raw_fd(), 0, 0, len) } == 0 {
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

fn write_zeros(file: &File, len: usize) -> io::Result<()> {
    for at in (0..len).step_by(ZEROS.len()) {
        let (part, _) = ZEROS.split_at(ZEROS.len().min(len - at));
        file.write_all_at(part, at as u64)?;
    }
    // Some find their place only now, and say now that there is none.
    file.sync_data()
}

pub(crate) fn write_at(file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    check_size(at.saturating_add(bytes.len() as u64))?;
    file.write_all_at(bytes, at)
}

/// Reads what is mapped from the file if the kernel can't be told to have it in memory, or does
/// not say what keeps it from that.
pub(crate) fn load(mapping: &Mapping, path: &Path, at: usize, len: usize) -> io::Result<()> {
    if mapping.populate_read(at, len).is_ok() {
        return Ok(());
    }
    let file = File::open(path)?;
    let mut scratch = [0; SCRATCH];
    let (mut at, end) = (at, at + len);
    while at < end {
        let (part, _) = scratch.split_at_mut((end - at).min(SCRATCH));
        file.read_exact_at(part, at as u64)?;
        at += part.len();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn a_disk_that_can_not_reserve_space_is_written_to() {
        for number in [libc::EOPNOTSUPP, libc::ENOSYS, libc::EINVAL] {
            assert!(is_unsupported(&io::Error::from_raw_os_error(number)));
        }
        for number in [libc::ENOSPC, libc::EIO, libc::EDQUOT, libc::EFBIG] {
            assert!(!is_unsupported(&io::Error::from_raw_os_error(number)));
        }
        let file = tempfile::tempfile().unwrap();
        // Also where an attempt before went some way.
        for len in [ZEROS.len(), 3 * ZEROS.len() + 5] {
            file.set_len(0).unwrap();
            write_zeros(&file, len).unwrap();
            assert_eq!(file.metadata().unwrap().len(), len as u64);
            assert!(file.metadata().unwrap().blocks() * 512 >= len as u64);
        }
    }

    #[test]
    fn what_is_no_longer_in_a_mapped_file_is_an_error_and_no_signal() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, [7; 8 * PAGE]).unwrap();
        let file = open(&path).unwrap();
        let mapping = Mapping::read_only(&file, 8 * PAGE).unwrap();
        load(&mapping, &path, 0, 8 * PAGE).unwrap();
        file.set_len(3 * PAGE as u64).unwrap();
        load(&mapping, &path, 0, 3 * PAGE).unwrap();
        let gone = load(&mapping, &path, 2 * PAGE, 2 * PAGE).unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::UnexpectedEof);
    }
}
