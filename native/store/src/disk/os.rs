use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, DirEntryExt as _, MetadataExt as _, OpenOptionsExt as _,
};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{FileName, FileSystem, Kind, Metadata, Stamp, access, mapped};

/// The operating system's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsFileSystem;

impl FileSystem for OsFileSystem {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(path)
    }

    fn share_dir(&self, path: &Path) {
        access::share_dir(path);
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        fs::metadata(path).map(|metadata| Metadata::from(&metadata))
    }

    fn names(&self, path: &Path) -> io::Result<Vec<FileName>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            names.push(FileName {
                name: entry.file_name(),
                inode: entry.ino(),
            });
        }
        Ok(names)
    }

    fn read(&self, path: &Path, limit: u64, into: &mut Vec<u8>) -> io::Result<Stamp> {
        into.clear();
        // Opening a named pipe would wait for a writer otherwise; regular files don't mind.
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)?;
        let Metadata { kind, stamp, .. } = Metadata::from(&file.metadata()?);
        if kind != Kind::File {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if stamp.len > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let len = usize::try_from(stamp.len).map_err(|_| io::ErrorKind::FileTooLarge)?;
        into.try_reserve_exact(len)?;
        // A file that grows meanwhile gives a part, whose stamp is out of date at once.
        file.take(stamp.len).read_to_end(into)?;
        Ok(stamp)
    }

    fn write_new(&self, path: &Path, content: &[u8], sync: bool) -> io::Result<Stamp> {
        mapped::check_size(content.len() as u64)?;
        let mut file = access::open(OpenOptions::new().write(true).create_new(true), path)?;
        file.write_all(content)?;
        if sync {
            file.sync_data()?;
        }
        Ok(Metadata::from(&file.metadata()?).stamp)
    }

    fn append(&self, path: &Path, content: &[u8]) -> io::Result<u64> {
        let mut file = OpenOptions::new().append(true).open(path)?;
        let len = file.metadata()?.len();
        mapped::check_size(len.saturating_add(content.len() as u64))?;
        file.write_all(content)?;
        Ok(file.metadata()?.len())
    }

    fn set_modified(&self, path: &Path, modified_ns: i64, sync: bool) -> io::Result<Stamp> {
        let since_epoch = Duration::from_nanos(modified_ns.unsigned_abs());
        let modified = match modified_ns {
            0.. => SystemTime::UNIX_EPOCH.checked_add(since_epoch),
            _ => SystemTime::UNIX_EPOCH.checked_sub(since_epoch),
        };
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_modified(modified.ok_or(io::ErrorKind::InvalidInput)?)?;
        if sync {
            file.sync_all()?;
        }
        Ok(Metadata::from(&file.metadata()?).stamp)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

impl From<&fs::Metadata> for Metadata {
    fn from(metadata: &fs::Metadata) -> Self {
        let kind = if metadata.is_file() {
            Kind::File
        } else if metadata.is_dir() {
            Kind::Directory
        } else {
            Kind::Other
        };
        let time = |seconds: i64, ns: i64| seconds.saturating_mul(1_000_000_000).saturating_add(ns);
        Metadata {
            kind,
            stamp: Stamp {
                len: metadata.len(),
                modified_ns: time(metadata.mtime(), metadata.mtime_nsec()),
                inode: metadata.ino(),
            },
            changed_ns: time(metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}
