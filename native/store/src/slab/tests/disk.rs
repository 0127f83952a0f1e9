//! A file system that does as a test says, and is the operating system's otherwise.

use std::fs::File;

use crate::disk::{FileName, Metadata, Stamp};

use super::*;

/// Something that the slab asks of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Look,
    List,
    Rename,
    Remove,
    SyncDir,
    Create,
    Open,
    /// So many bytes.
    Allocate(usize),
    Map,
    /// What begins there and has so many bytes.
    Load(usize, usize),
    Write,
}

type Rule = dyn Fn(Call, &Path) -> io::Result<()> + Send + Sync;

/// Asks first whether a call may succeed.
pub(super) struct Disk(Box<Rule>);

impl Disk {
    pub(super) fn ruled(
        rule: impl Fn(Call, &Path) -> io::Result<()> + Send + Sync + 'static,
    ) -> Arc<dyn FileSystem> {
        Arc::new(Disk(Box::new(rule)))
    }

    /// The path of an open file, as Linux has it.
    fn of(&self, call: Call, file: &File) -> io::Result<()> {
        use std::os::fd::AsRawFd as _;
        let path = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        (self.0)(call, &path)
    }
}

pub(super) fn os_error<T>(number: i32) -> io::Result<T> {
    Err(io::Error::from_raw_os_error(number))
}

impl FileSystem for Disk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        OsFileSystem.create_dir(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        (self.0)(Call::Look, path)?;
        OsFileSystem.metadata(path)
    }

    fn names(&self, path: &Path) -> io::Result<Vec<FileName>> {
        (self.0)(Call::List, path)?;
        OsFileSystem.names(path)
    }

    fn read(&self, path: &Path, limit: u64, into: &mut Vec<u8>) -> io::Result<Stamp> {
        OsFileSystem.read(path, limit, into)
    }

    fn write_new(&self, path: &Path, content: &[u8], sync: bool) -> io::Result<Stamp> {
        OsFileSystem.write_new(path, content, sync)
    }

    fn append(&self, path: &Path, content: &[u8]) -> io::Result<u64> {
        OsFileSystem.append(path, content)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        (self.0)(Call::Rename, from)?;
        OsFileSystem.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        (self.0)(Call::Remove, path)?;
        OsFileSystem.remove(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        (self.0)(Call::SyncDir, path)?;
        OsFileSystem.sync_dir(path)
    }

    fn create_file(&self, path: &Path) -> io::Result<File> {
        (self.0)(Call::Create, path)?;
        OsFileSystem.create_file(path)
    }

    fn open_file(&self, path: &Path) -> io::Result<File> {
        (self.0)(Call::Open, path)?;
        OsFileSystem.open_file(path)
    }

    fn allocate(&self, file: &File, len: usize) -> io::Result<()> {
        self.of(Call::Allocate(len), file)?;
        OsFileSystem.allocate(file, len)
    }

    fn map(&self, file: &File, len: usize) -> io::Result<Mapping> {
        self.of(Call::Map, file)?;
        OsFileSystem.map(file, len)
    }

    fn map_read_only(&self, file: &File, len: usize) -> io::Result<Mapping> {
        self.of(Call::Map, file)?;
        OsFileSystem.map_read_only(file, len)
    }

    fn load(&self, mapping: &Mapping, path: &Path, at: usize, len: usize) -> io::Result<()> {
        (self.0)(Call::Load(at, len), path)?;
        OsFileSystem.load(mapping, path, at, len)
    }

    fn write_at(&self, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.of(Call::Write, file)?;
        OsFileSystem.write_at(file, at, bytes)
    }
}
