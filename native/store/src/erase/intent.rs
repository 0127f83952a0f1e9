use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::directory::Files;
use crate::disk::owned::Directory;
use crate::disk::{FileName, framed, temp};
use crate::error::Error;
use crate::notice::Notice;

/// What the names of notes begin with.
const PREFIX: &str = "erase-";

/// A note is this, the version, and a [frame](framed) of the number of ids and the ids, each
/// behind its length. Numbers have four bytes, the lowest first.
const MAGIC: &[u8; 8] = b"rplerase";

const VERSION: u32 = 2;

/// No note is larger: some ten million ids.
const MAX_BYTES: usize = 1 << 29;

/// A note of which recordings are to be erased. It stays until they are.
pub(crate) struct Intent {
    /// Where it is, perhaps more than once.
    paths: Vec<PathBuf>,
    ids: Vec<Box<[u8]>>,
    /// What has to stay until the note is gone: a directory that is out of use would be removed
    /// before the note is in it, or left behind with it.
    _held: Vec<Arc<Directory>>,
}

impl Intent {
    /// Writes a note into directories that nobody else owns.
    pub(super) fn write(
        files: &Files,
        homes: &[PathBuf],
        held: Vec<Arc<Directory>>,
        ids: Vec<Box<[u8]>>,
    ) -> io::Result<Self> {
        let note = encode(&ids)?;
        let mut paths = Vec::new();
        for home in homes {
            let path = temp::unused_path(home, PREFIX);
            // Not the recordings' directory of temporary files, which may be on another disk.
            files.write_into(home, &note, true)?.place(&path)?;
            paths.push(path);
            files.sync_names(home)?;
        }
        // The directories, which are all in one, may be as new.
        if let Some(parent) = homes.first().and_then(|home| home.parent()) {
            files.sync_names(parent)?;
        }
        Ok(Intent {
            paths,
            ids,
            _held: held,
        })
    }

    /// Where it is, or one of the places.
    pub(super) fn path(&self) -> &Path {
        self.paths.first().map_or(Path::new(""), |path| path)
    }

    pub(super) fn is_in(&self, directory: &Path) -> bool {
        (self.paths.iter()).any(|path| path.parent() == Some(directory))
    }

    pub(crate) fn ids(&self) -> &[Box<[u8]>] {
        &self.ids
    }

    /// Removes the note, for good: a recording that is saved under one of the ids again must not
    /// be erased by it.
    pub(super) fn fulfilled(self, files: &Files) -> io::Result<Vec<Box<[u8]>>> {
        let fs = files.fs();
        for path in &self.paths {
            match fs.remove(path) {
                // Somebody removed all of `.native/`.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                result => result?,
            }
            if let Some(home) = path.parent() {
                files.sync_names(home)?;
            }
        }
        Ok(self.ids)
    }

    /// As [`Intent::left_in`], in several directories.
    ///
    /// # Errors
    ///
    /// Those of [`Intent::left_in`].
    pub(crate) fn left_in_all(
        files: &Files,
        homes: &[Arc<Directory>],
    ) -> Result<Vec<Intent>, Error> {
        let mut intents = Vec::new();
        for home in homes {
            intents.extend(Intent::left_in(files, home.path())?);
        }
        Ok(intents)
    }

    /// The notes that an earlier run left in its directory. One that is damaged is reported and
    /// set aside.
    ///
    /// # Errors
    ///
    /// What the disk says: a note that could be read another time must not be passed over, lest
    /// what it names is saved again.
    pub(crate) fn left_in(files: &Files, home: &Path) -> Result<Vec<Intent>, Error> {
        let fs = files.fs();
        let mut intents = Vec::new();
        for FileName { name, .. } in fs.names(home).map_err(Error::io("look for notes"))? {
            let path = home.join(&name);
            if temp::is_temp(&name) {
                // A note that was not complete. At worst the next start removes it.
                let _ = fs.remove(&path);
            }
            if !is_note(&name) {
                continue;
            }
            let mut note = Vec::new();
            fs.read(&path, MAX_BYTES as u64, &mut note)
                .map_err(Error::io("read what is to be erased"))?;
            match decode(&note) {
                Ok(ids) => {
                    let paths = vec![path];
                    intents.push(Intent {
                        paths,
                        ids,
                        _held: Vec::new(),
                    });
                }
                Err(reason) => {
                    let file = name.to_string_lossy().into_owned();
                    // Where renaming is impossible it is reported again at the next start.
                    let _ = fs.rename(&path, &home.with_file_name(format!("{file}.bad")));
                    let reason = reason.to_owned();
                    files.observer.tell(Notice::SetAside { file, reason });
                }
            }
        }
        Ok(intents)
    }
}

/// Whether a file in an engine's directory is a note, by its name.
fn is_note(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
}

fn encode(ids: &[Box<[u8]>]) -> io::Result<Vec<u8>> {
    let length = |len: usize| u32::try_from(len).map(u32::to_le_bytes);
    let mut content = Vec::from(length(ids.len()).map_err(|_| io::ErrorKind::FileTooLarge)?);
    for id in ids {
        content.extend(length(id.len()).map_err(|_| io::ErrorKind::FileTooLarge)?);
        content.extend(&**id);
    }
    let mut note = [&MAGIC[..], &VERSION.to_le_bytes()].concat();
    if framed::push(&mut note, MAX_BYTES, |out| out.append(&mut content)) {
        Ok(note)
    } else {
        Err(io::ErrorKind::FileTooLarge.into())
    }
}

fn decode(note: &[u8]) -> Result<Vec<Box<[u8]>>, &'static str> {
    let rest = note.strip_prefix(MAGIC).ok_or("not of this kind")?;
    let (version, frame) = rest.split_first_chunk().ok_or("too short")?;
    if u32::from_le_bytes(*version) != VERSION {
        return Err("of an unknown version");
    }
    let content = framed::only(frame).map_err(|_| "it is damaged")?;
    let (count, mut rest) = number(content)?;
    let mut ids = Vec::new();
    while !rest.is_empty() {
        let (len, more) = number(rest)?;
        let (id, more) = more.split_at_checked(len).ok_or("an id is cut off")?;
        ids.push(id.into());
        rest = more;
    }
    if ids.len() == count {
        Ok(ids)
    } else {
        Err("ids are missing")
    }
}

fn number(bytes: &[u8]) -> Result<(usize, &[u8]), &'static str> {
    let (number, rest) = bytes.split_first_chunk().ok_or("too short")?;
    Ok((u32::from_le_bytes(*number) as usize, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> Vec<Box<[u8]>> {
        [&b"a"[..], b"", &[0xff; 300]].map(Box::from).into()
    }

    #[test]
    fn a_note_comes_back() {
        assert_eq!(decode(&encode(&ids()).unwrap()), Ok(ids()));
        assert_eq!(decode(&encode(&[]).unwrap()), Ok(Vec::new()));
    }

    #[test]
    fn a_note_that_was_cut_or_changed_is_refused() {
        let note = encode(&ids()).unwrap();
        for at in 0..note.len() {
            assert!(decode(&note[..at]).is_err(), "cut at {at}");
            let mut changed = note.clone();
            changed[at] ^= 1;
            assert!(decode(&changed).is_err(), "changed at {at}");
        }
        let later = [&MAGIC[..], &(VERSION + 1).to_le_bytes()].concat();
        assert_eq!(decode(&later), Err("of an unknown version"));
    }
}
