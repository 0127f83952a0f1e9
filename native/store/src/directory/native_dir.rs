//! Where that is which is not a recording: `.native/` in the recordings' directory, or, for the
//! space of running recordings and the index, in a directory on another disk.
//!
//! One such directory may be there for several directories of recordings: each has a part of its
//! own, and what is in flight for one is never saved into another. A path alone would not tell
//! them apart, as containers may have other disks behind the same one; so the part is named after
//! the path and a random number in a file in the recordings' `.native/`. The nodes that share
//! the recordings share the number, and nothing else of this.

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::Files;
use crate::disk::durable::create_dirs_within;
use crate::disk::{FileSystem, NATIVE_DIR};
use crate::error::Error;
use crate::watch::probe;

/// The file with the number.
const ID: &str = "id";

/// What it begins with: magic and version.
const MAGIC: &str = "phoenix_replay directory 1\n";

/// No such file is longer.
const MAX_ID_BYTES: u64 = 1024;

/// How often someone who is just writing it is waited for, a millisecond each time.
const TRIES: u32 = 100;

/// Where the native directory is to be when it is not in the recordings'.
pub(crate) struct Elsewhere {
    pub(crate) path: PathBuf,
    id: u128,
}

impl Elsewhere {
    /// The part of `native_path` for the recordings in `dir`, which get their number here.
    pub(crate) fn of(fs: &dyn FileSystem, native_path: &Path, dir: &Path) -> Result<Self, Error> {
        let canonical = dir.canonicalize().map_err(Error::at("find", dir))?;
        let id = match number(fs, &dir.join(NATIVE_DIR)) {
            // It can only be read: nothing will be made elsewhere either.
            Err(error) if is_unwritable(&error) => random(),
            id => id?,
        };
        let mut name = Sha256::new();
        name.update(id.to_le_bytes());
        name.update(canonical.as_os_str().as_bytes());
        let name = name.finalize();
        let name: String = name.iter().take(16).map(|it| format!("{it:02x}")).collect();
        let absolute = std::path::absolute(native_path).map_err(Error::at("find", native_path))?;
        Ok(Elsewhere {
            path: absolute.join(name),
            id,
        })
    }
}

fn number(fs: &dyn FileSystem, beside_dir: &Path) -> Result<u128, Error> {
    let path = beside_dir.join(ID);
    if let Some(id) = read_id(fs, &path).map_err(Error::at("read", &path))? {
        return Ok(id);
    }
    create_dirs_within(fs, beside_dir).map_err(Error::at("create the directory", beside_dir))?;
    fs.share_dir(beside_dir);
    write_id(fs, &path, random()).map_err(Error::at("write", &path))
}

fn is_unwritable(error: &Error) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    match error {
        Error::Io { source, .. } => {
            matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem)
        }
        _ => false,
    }
}

impl Files {
    /// Makes sure of the directory of running recordings and the index.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        self.prepare_beside()?;
        self.prepared.get_or_try_init(|| match &self.elsewhere {
            // What is made there must be found again.
            Some(elsewhere) => {
                self.write_number(elsewhere)?;
                self.create_dirs(&elsewhere.path)
            }
            None => Ok(()),
        })?;
        Ok(())
    }

    /// Makes sure of the directory in that of the recordings.
    pub(crate) fn prepare_beside(&self) -> Result<(), Error> {
        self.beside_prepared.get_or_try_init(|| {
            self.create_dirs(&self.beside_dir)?;
            let dir = self.temp_dir.path(&self.beside_commons);
            let fine = dir.is_ok_and(|dir| probe::is_fine_grained(self.fs(), &dir));
            self.freshness.lock().set_fine_grained(fine);
            Ok::<_, Error>(())
        })?;
        Ok(())
    }

    /// The directory of temporary files that become recordings.
    pub(crate) fn temp_path(&self) -> Result<PathBuf, Error> {
        self.prepare_beside()?;
        if self.temp_dir.is_lost() {
            self.restore_beside()?;
        }
        let path = self.temp_dir.path(&self.beside_commons);
        path.map_err(Error::at("make a directory in", &self.beside_dir))
    }

    /// Creates one of the two where it is missing.
    pub(crate) fn create_dirs(&self, dir: &Path) -> Result<(), Error> {
        create_dirs_within(self.fs(), dir).map_err(Error::at("create the directory", dir))?;
        // Its owner may have opened the directory around it since.
        self.fs().share_dir(dir);
        Ok(())
    }

    /// Makes the directory in that of the recordings once more, after somebody removed it.
    pub(crate) fn restore_beside(&self) -> Result<(), Error> {
        self.create_dirs(&self.beside_dir)?;
        let elsewhere = self.elsewhere.as_ref();
        elsewhere.map_or(Ok(()), |elsewhere| self.write_number(elsewhere))
    }

    /// Writes the number again that somebody removed: without it the next run would not find what
    /// is elsewhere.
    pub(crate) fn keep_number(&self) -> Result<(), Error> {
        let is_removed = |path: &Path| matches!(self.fs().metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound);
        let is_ours = self.elsewhere.is_some() && self.prepared.get().is_some();
        if is_ours && is_removed(&self.beside_dir.join(ID)) {
            self.restore_beside()?;
        }
        Ok(())
    }

    fn write_number(&self, Elsewhere { id, path }: &Elsewhere) -> Result<(), Error> {
        let file = self.beside_dir.join(ID);
        let written = write_id(self.fs(), &file, *id);
        if written.map_err(Error::at("write", &file))? == *id {
            return Ok(());
        }
        // Others gave it one, while this store could not.
        Err(Error::at("use", path)(io::ErrorKind::AlreadyExists.into()))
    }
}

fn random() -> u128 {
    let [high, low] = [0u8, 1].map(|n| u128::from(RandomState::new().hash_one(n)));
    high << 64 | low
}

/// `None` if there is none, or one whose writer has not come to its end.
fn read_id(fs: &dyn FileSystem, path: &Path) -> io::Result<Option<u128>> {
    let mut text = Vec::new();
    match fs.read(path, MAX_ID_BYTES, &mut text) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        result => result?,
    };
    let number = text.strip_prefix(MAGIC.as_bytes()).and_then(|rest| {
        let digits = str::from_utf8(rest.strip_suffix(b"\n")?).ok()?;
        u128::from_str_radix(digits, 16).ok()
    });
    Ok(number)
}

fn write_id(fs: &dyn FileSystem, path: &Path, id: u128) -> io::Result<u128> {
    let text = format!("{MAGIC}{id:032x}\n");
    for _ in 0..TRIES {
        match fs.write_new(path, text.as_bytes(), true) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result.map(|_| id),
        }
        if let Some(theirs) = read_id(fs, path)? {
            return Ok(theirs);
        }
        thread::sleep(Duration::from_millis(1));
    }
    // Its writer is gone.
    fs.remove(path)?;
    fs.write_new(path, text.as_bytes(), true).map(|_| id)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::disk::OsFileSystem;

    #[test]
    fn a_number_is_written_once_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(ID);
        assert_eq!(read_id(&OsFileSystem, &path).unwrap(), None);
        for id in [7, 8] {
            assert_eq!(write_id(&OsFileSystem, &path, id).unwrap(), 7);
        }
        assert_eq!(read_id(&OsFileSystem, &path).unwrap(), Some(7));
        assert_ne!(random(), random());
    }

    #[test]
    fn one_whose_writer_died_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(ID);
        fs::write(&path, MAGIC).unwrap();
        assert_eq!(write_id(&OsFileSystem, &path, 7).unwrap(), 7);
        assert_eq!(read_id(&OsFileSystem, &path).unwrap(), Some(7));
    }
}
