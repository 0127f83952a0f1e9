use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::commons::Commons;
use super::lookout::Nameless;
use super::owned::Directory;
use super::{FileName, FileSystem, Kind, Stamp, clock};

/// Start of the name of every temporary file, and of the directories they are in.
pub(crate) const PREFIX: &str = "tmp-";

/// Earlier versions wrote temporary files straight into `.native/`. No write takes this long:
/// an older one was left behind by a crash.
const STALE_AFTER: Duration = Duration::from_secs(3600);

/// Where this engine has its temporary files: a directory of its own, made when it is needed for
/// the first time, so that the next start can tell at once which of them nobody is writing.
#[derive(Default)]
pub(crate) struct TempDir(Mutex<Option<Arc<Directory>>>);

impl TempDir {
    /// Its path.
    pub(crate) fn path(&self, commons: &Arc<Commons>) -> io::Result<PathBuf> {
        let mut own = self.0.lock();
        let directory = match &*own {
            Some(directory) if !directory.is_lost() => directory,
            _ => own.insert(commons.create(PREFIX)?),
        };
        Ok(directory.path().to_owned())
    }

    /// Whether somebody was found to have removed it.
    pub(crate) fn is_lost(&self) -> bool {
        self.0.lock().as_ref().is_some_and(|own| own.is_lost())
    }

    /// Somebody removed it: the next time another one is made.
    pub(crate) fn forget(&self) {
        *self.0.lock() = None;
    }
}

/// A file that is complete but not in its place yet. It is removed unless it gets there.
pub(crate) struct TempFile<'a> {
    fs: &'a dyn FileSystem,
    path: PathBuf,
    stamp: Stamp,
    placed: bool,
}

impl<'a> TempFile<'a> {
    /// Writes one into `dir`, which must be in the file system of its future place.
    pub(crate) fn write(
        fs: &'a dyn FileSystem,
        dir: &Path,
        content: &[u8],
        sync: bool,
    ) -> io::Result<Self> {
        TempFile::write_at(fs, unused_path(dir, PREFIX), content, sync)
    }

    /// Writes one that no other writer uses.
    pub(crate) fn write_at(
        fs: &'a dyn FileSystem,
        path: PathBuf,
        content: &[u8],
        sync: bool,
    ) -> io::Result<Self> {
        match fs.write_new(&path, content, sync) {
            Ok(stamp) => Ok(TempFile {
                fs,
                path,
                stamp,
                placed: false,
            }),
            Err(error) => {
                // It may hold a part of the content, unless it is not ours at all. That it can't
                // be removed, on top, would only hide the reason; a later start removes it.
                if error.kind() != io::ErrorKind::AlreadyExists {
                    let _ = fs.remove(&path);
                }
                Err(error)
            }
        }
    }

    /// Which version the file will be in its place.
    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Gives it another time than now, in nanoseconds since the Unix epoch.
    pub(crate) fn date(&mut self, modified_ns: i64, sync: bool) -> io::Result<()> {
        self.stamp = self.fs.set_modified(&self.path, modified_ns, sync)?;
        Ok(())
    }

    /// Moves it to its place, atomically replacing what is there.
    pub(crate) fn place(mut self, path: &Path) -> io::Result<()> {
        self.fs.rename(&self.path, path)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for TempFile<'_> {
    fn drop(&mut self) {
        if !self.placed {
            // As above.
            let _ = self.fs.remove(&self.path);
        }
    }
}

/// A path with a name that begins so, and that no other writer uses: not in this process, nor in one that shares the directory
/// and perhaps, in another container, the process id.
pub(crate) fn unused_path(dir: &Path, prefix: &str) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    dir.join(format!(
        "{prefix}{}-{:x}-{count}",
        process::id(),
        clock::wall_ns()
    ))
}

/// Removes the temporary files that writers left behind when they crashed, and returns their
/// directories, which may have something else in them. Whatever goes wrong with it does no harm.
pub(crate) fn remove_stale(commons: &Arc<Commons>) -> Vec<Arc<Directory>> {
    let fs = &*commons.fs;
    remove_old(fs, commons.dir());
    let orphans = commons.adopt(PREFIX, Nameless::Gone).unwrap_or_default();
    for orphan in &orphans {
        let names = fs.names(orphan.path()).unwrap_or_default();
        for FileName { name, .. } in names.iter().filter(|file| is_temp(&file.name)) {
            let _ = fs.remove(&orphan.path().join(name));
        }
    }
    orphans
}

pub(crate) fn is_temp(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
}

/// Removes temporary files that are so old that nobody writes them any more.
pub(crate) fn remove_old(fs: &dyn FileSystem, dir: &Path) {
    let now = clock::wall_ns();
    let mut files = fs.names(dir).unwrap_or_default();
    files.retain(|file| is_temp(&file.name));
    for FileName { name, .. } in files {
        let path = dir.join(name);
        let Ok(metadata) = fs.metadata(&path) else {
            continue;
        };
        let age_ns = now.saturating_sub(metadata.stamp.modified_ns);
        if metadata.kind == Kind::File && i128::from(age_ns) > STALE_AFTER.as_nanos() as i128 {
            let _ = fs.remove(&path);
        }
    }
}
