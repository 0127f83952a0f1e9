//! The file system of all tests that want a disk to fail, to wait or to be watched: the real one,
//! with a hook that sees each call before it is made.
//!
//! The file belongs to several programs, the unit tests among them, which call the engine by
//! different names. So the module around it brings the engine's types.
#![allow(dead_code, reason = "no program of tests asks about every call")]

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{FileName, FileSystem, Mapping, Metadata, OsFileSystem, Process, Stamp, Watch};

/// What is asked of a file system, with the names that [`FileSystem`] has for it.
#[derive(Debug, Clone, Copy)]
pub enum Call<'a> {
    CreateDir(&'a Path),
    ShareDir(&'a Path),
    Metadata(&'a Path),
    Names(&'a Path),
    Read(&'a Path),
    /// Comes after [`Call::Read`], once the file was read and before anybody knows its content.
    WasRead(&'a Path),
    WriteNew {
        path: &'a Path,
        content: &'a [u8],
        sync: bool,
    },
    Append(&'a Path, &'a [u8]),
    /// From the first to the second.
    SetModified(&'a Path),
    Rename(&'a Path, &'a Path),
    Remove(&'a Path),
    SyncDir(&'a Path),
    CreateFile(&'a Path),
    OpenFile(&'a Path),
    /// So many bytes.
    Allocate(&'a File, usize),
    Map(&'a File),
    MapReadOnly(&'a File),
    Load {
        path: &'a Path,
        at: usize,
        len: usize,
    },
    SyncMapping(&'a Path),
    WriteAt(&'a File),
    Directories(&'a Path),
    RemoveDir(&'a Path),
    OpenLock(&'a Path),
    TryLock(&'a File),
    Beat(&'a File),
}

/// What a test does with the calls. A closure is one.
pub trait Hook: Send + Sync {
    /// Sees a call before it is made, and lets it pass or fails it: then it is not made.
    fn call(&self, call: Call<'_>) -> io::Result<()>;

    // What follows is not let pass or failed but answered, by the real file system unless a test
    // plays another process.

    fn try_lock(&self, file: &File) -> io::Result<bool> {
        OsFileSystem.try_lock(file)
    }

    fn is_local(&self, path: &Path) -> bool {
        OsFileSystem.is_local(path)
    }

    fn watch(&self, path: &Path) -> io::Result<Option<Box<dyn Watch>>> {
        match self.is_local(path) {
            true => OsFileSystem.watch(path),
            false => Ok(None),
        }
    }

    fn process(&self) -> Process {
        OsFileSystem.process()
    }

    fn is_gone(&self, process: &Process) -> bool {
        OsFileSystem.is_gone(process)
    }
}

impl<F: Fn(Call<'_>) -> io::Result<()> + Send + Sync> Hook for F {
    fn call(&self, call: Call<'_>) -> io::Result<()> {
        self(call)
    }
}

/// The real file system with a closure for a hook.
pub fn hooked(
    hook: impl Fn(Call<'_>) -> io::Result<()> + Send + Sync + 'static,
) -> Arc<dyn FileSystem> {
    hooked_by(&Arc::new(hook))
}

/// The real file system with a hook that the test goes on to use.
pub fn hooked_by<H: Hook + 'static>(hook: &Arc<H>) -> Arc<dyn FileSystem> {
    Arc::new(Hooked(Arc::clone(hook)))
}

pub fn os_error<T>(number: i32) -> io::Result<T> {
    Err(io::Error::from_raw_os_error(number))
}

struct Hooked<H>(Arc<H>);

impl<H: Hook> FileSystem for Hooked<H> {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.0.call(Call::CreateDir(path))?;
        OsFileSystem.create_dir(path)
    }

    fn create_parent(&self, path: &Path) -> io::Result<()> {
        self.0.call(Call::CreateDir(path))?;
        OsFileSystem.create_parent(path)
    }

    fn share_dir(&self, path: &Path) {
        if self.0.call(Call::ShareDir(path)).is_ok() {
            OsFileSystem.share_dir(path);
        }
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.0.call(Call::Metadata(path))?;
        OsFileSystem.metadata(path)
    }

    fn names(&self, path: &Path) -> io::Result<Vec<FileName>> {
        self.0.call(Call::Names(path))?;
        OsFileSystem.names(path)
    }

    fn read(&self, path: &Path, limit: u64, into: &mut Vec<u8>) -> io::Result<Stamp> {
        self.0.call(Call::Read(path))?;
        let stamp = OsFileSystem.read(path, limit, into)?;
        self.0.call(Call::WasRead(path))?;
        Ok(stamp)
    }

    fn write_new(&self, path: &Path, content: &[u8], sync: bool) -> io::Result<Stamp> {
        self.0.call(Call::WriteNew {
            path,
            content,
            sync,
        })?;
        OsFileSystem.write_new(path, content, sync)
    }

    fn append(&self, path: &Path, content: &[u8]) -> io::Result<u64> {
        self.0.call(Call::Append(path, content))?;
        OsFileSystem.append(path, content)
    }

    fn set_modified(&self, path: &Path, modified_ns: i64, sync: bool) -> io::Result<Stamp> {
        self.0.call(Call::SetModified(path))?;
        OsFileSystem.set_modified(path, modified_ns, sync)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.call(Call::Rename(from, to))?;
        OsFileSystem.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.call(Call::Remove(path))?;
        OsFileSystem.remove(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.0.call(Call::SyncDir(path))?;
        OsFileSystem.sync_dir(path)
    }

    fn create_file(&self, path: &Path) -> io::Result<File> {
        self.0.call(Call::CreateFile(path))?;
        OsFileSystem.create_file(path)
    }

    fn open_file(&self, path: &Path) -> io::Result<File> {
        self.0.call(Call::OpenFile(path))?;
        OsFileSystem.open_file(path)
    }

    fn allocate(&self, file: &File, len: usize) -> io::Result<()> {
        self.0.call(Call::Allocate(file, len))?;
        OsFileSystem.allocate(file, len)
    }

    fn map(&self, file: &File, len: usize) -> io::Result<Mapping> {
        self.0.call(Call::Map(file))?;
        OsFileSystem.map(file, len)
    }

    fn map_read_only(&self, file: &File, len: usize) -> io::Result<Mapping> {
        self.0.call(Call::MapReadOnly(file))?;
        OsFileSystem.map_read_only(file, len)
    }

    fn load(&self, mapping: &Mapping, path: &Path, at: usize, len: usize) -> io::Result<()> {
        self.0.call(Call::Load { path, at, len })?;
        OsFileSystem.load(mapping, path, at, len)
    }

    fn sync_mapping(&self, mapping: &Mapping, path: &Path) -> io::Result<()> {
        self.0.call(Call::SyncMapping(path))?;
        OsFileSystem.sync_mapping(mapping, path)
    }

    fn write_at(&self, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.call(Call::WriteAt(file))?;
        OsFileSystem.write_at(file, at, bytes)
    }

    fn directories(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.0.call(Call::Directories(path))?;
        OsFileSystem.directories(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.0.call(Call::RemoveDir(path))?;
        OsFileSystem.remove_dir(path)
    }

    fn open_lock(&self, path: &Path, new: bool) -> io::Result<File> {
        self.0.call(Call::OpenLock(path))?;
        OsFileSystem.open_lock(path, new)
    }

    fn try_lock(&self, file: &File) -> io::Result<bool> {
        self.0.call(Call::TryLock(file))?;
        self.0.try_lock(file)
    }

    fn beat(&self, file: &File, content: &[u8]) -> io::Result<()> {
        self.0.call(Call::Beat(file))?;
        OsFileSystem.beat(file, content)
    }

    fn is_local(&self, path: &Path) -> bool {
        self.0.is_local(path)
    }

    fn watch(&self, path: &Path) -> io::Result<Option<Box<dyn Watch>>> {
        self.0.watch(path)
    }

    fn process(&self) -> Process {
        self.0.process()
    }

    fn is_gone(&self, process: &Process) -> bool {
        self.0.is_gone(process)
    }
}
