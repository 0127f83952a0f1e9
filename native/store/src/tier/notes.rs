//! Notes of what is still to be done in the bucket: small files in `.native/remote/`, which outlive
//! a power cut.

use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::Tier;
use crate::disk::temp;
use crate::error::Error;
use crate::remote::NOTES_DIR;

const PREFIX: &str = "note-";

/// None is larger.
const MAX_BYTES: u64 = 1 << 29;

/// How often someone who is just writing the number is waited for, a millisecond each time.
const TRIES: u32 = 100;

fn identity_of(file: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(file).ok()?.strip_suffix('\n')?;
    u64::from_str_radix(text, 16).ok()
}

impl Tier {
    pub(super) fn notes_dir(&self) -> Result<PathBuf, Error> {
        self.files.prepare_beside()?;
        let dir = self.files.beside_dir.join(NOTES_DIR);
        self.files.create_dirs(&dir)?;
        Ok(dir)
    }

    /// A number that this directory keeps, for what of it is elsewhere to be told from that of others.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn identity(&self) -> Result<u64, Error> {
        let dir = self.notes_dir()?;
        // Whoever wrote a note may have been killed.
        temp::remove_old(self.files.fs(), &dir);
        let path = dir.join("id");
        let mut id = Vec::new();
        for _ in 0..TRIES {
            match self.files.fs().read(&path, 64, &mut id) {
                Ok(_) => {
                    if let Some(id) = identity_of(&id) {
                        return Ok(id);
                    }
                    // Somebody is just writing it, or was interrupted.
                    thread::sleep(Duration::from_millis(1));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let id = format!("{:016x}\n", RandomState::new().hash_one(path.as_os_str()));
                    match self.files.fs().write_new(&path, id.as_bytes(), true) {
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                        written => drop(written.map_err(Error::at("write", &path))?),
                    }
                }
                Err(error) => return Err(Error::at("read", &path)(error)),
            }
        }
        // What is there is of no use.
        let removed = self.files.fs().remove(&path);
        removed.map_err(Error::at("remove", &path))?;
        Err(Error::at("read", &path)(io::ErrorKind::InvalidData.into()))
    }

    /// Writes a note, and returns its name, which is told before anybody can find it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]: then there is none.
    pub fn write_note(&self, note: &[u8], tell: impl FnOnce(&[u8])) -> Result<Box<[u8]>, Error> {
        let dir = self.notes_dir()?;
        let path = temp::unused_path(&dir, PREFIX);
        let name: Box<[u8]> = path.file_name().unwrap_or_default().as_bytes().into();
        let write = || -> io::Result<()> {
            let temp = self.files.write_into(&dir, note, true)?;
            tell(&name);
            temp.place(&path)?;
            self.files.sync_names(&dir).inspect_err(|_| {
                let _ = self.files.fs().remove(&path);
            })
        };
        write().map_err(Error::at("write", &path))?;
        Ok(name)
    }

    /// The notes there are, by name. What is only the beginning of one is passed over.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn notes(&self) -> Result<Vec<Box<[u8]>>, Error> {
        let dir = self.notes_dir()?;
        let names = self.files.fs().names(&dir);
        let names = names.map_err(Error::at("read the directory", &dir))?;
        let names = names.into_iter().map(|file| file.name);
        let notes = names.filter(|name| name.as_bytes().starts_with(PREFIX.as_bytes()));
        Ok(notes.map(|name| name.as_bytes().into()).collect())
    }

    /// What a note says; `None` if it is gone.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn read_note(&self, name: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let (path, mut note) = (self.note(name)?, Vec::new());
        match self.files.fs().read(&path, MAX_BYTES, &mut note) {
            Ok(_) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::at("read", &path)(error)),
        }
    }

    /// Removes a note, for good.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn remove_note(&self, name: &[u8]) -> Result<(), Error> {
        let path = self.note(name)?;
        match self.files.fs().remove(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            removed => removed.map_err(Error::at("remove", &path))?,
        }
        let dir = self.notes_dir()?;
        let synced = self.files.sync_names(&dir);
        synced.map_err(Error::at("sync the directory", &dir))
    }

    /// Moves a note out of the way that can't be understood.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn set_note_aside(&self, name: &[u8]) -> Result<(), Error> {
        let path = self.note(name)?;
        let mut aside = OsString::from("bad-");
        aside.push(OsStr::from_bytes(name));
        let aside = path.with_file_name(aside);
        let renamed = self.files.fs().rename(&path, &aside);
        renamed.map_err(Error::at("rename", &path))
    }

    fn note(&self, name: &[u8]) -> Result<PathBuf, Error> {
        let dir = self.notes_dir()?;
        match name.starts_with(PREFIX.as_bytes()) && !name.contains(&b'/') && !name.contains(&0) {
            true => Ok(dir.join(OsStr::from_bytes(name))),
            false => Err(Error::NotFound),
        }
    }
}
