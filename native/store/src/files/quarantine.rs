//! Moving out of the way what is no recording.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::commit::Commit;
use crate::directory::Files;
use crate::disk::{Kind, Stamp, clock};
use crate::index::SETTLED_AFTER;

/// Where damaged files are moved to, within `.native/`.
const QUARANTINE: &str = "quarantine";

impl Files {
    /// Moves a file out of the way, unless it changed since it was read.
    pub(super) fn quarantine(&self, file: &[u8], read: Stamp) -> io::Result<bool> {
        self.prepare_beside().map_err(io::Error::other)?;
        let dir = self.beside_dir.join(QUARANTINE);
        match self.fs().create_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => result?,
        }
        self.fs().share_dir(&dir);
        let change = self.syncs.change();
        let commit = self.commit();
        let found = match self.fs().metadata(&self.loader.path(file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            found => found?,
        };
        if (found.kind, found.stamp) != (Kind::File, read) {
            return Ok(false);
        }
        commit.move_away(file, &self.unused_in(dir.clone(), file)?)?;
        drop(commit);
        // First where it is now, so that a power cut does not find it nowhere.
        self.sync_names(&dir)?;
        (self.syncs).run(change, || self.sync_names(&self.loader.dir))?;
        Ok(true)
    }

    /// The files that were moved out of the way, below `.native/`.
    pub(crate) fn quarantined(&self) -> io::Result<Vec<String>> {
        let names = match self.fs().names(&self.beside_dir.join(QUARANTINE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            names => names?,
        };
        let files = names.iter().map(|file| file.name.to_string_lossy());
        Ok(files.map(|name| format!("{QUARANTINE}/{name}")).collect())
    }

    /// The file's name in the directory, with a number behind it if it is in use.
    fn unused_in(&self, dir: PathBuf, file: &[u8]) -> io::Result<PathBuf> {
        let name = OsStr::from_bytes(file);
        let names = self.fs().names(&dir)?;
        let is_used = |name: &OsStr| names.iter().any(|used| used.name == name);
        if !is_used(name) {
            return Ok(dir.join(name));
        }
        let numbered = (1..=names.len()).map(|n| {
            let mut name = name.to_owned();
            name.push(format!(".{n}"));
            name
        });
        let unused = numbered.into_iter().find(|name| !is_used(name));
        unused
            .map(|name| dir.join(name))
            .ok_or_else(|| io::ErrorKind::AlreadyExists.into())
    }
}

impl Commit<'_> {
    /// Moves a recording's file to where it is none.
    fn move_away(&self, file: &[u8], to: &Path) -> io::Result<()> {
        let path = self.files.loader.path(file);
        self.change_directory(file, || self.files.fs().rename(&path, to))?;
        let mut index = self.files.index.write();
        index.touch(file);
        index.remove(file);
        Ok(())
    }
}

/// Whether nobody is writing a file of this version any more: the pure-Elixir backend writes in
/// place.
pub(super) fn is_settled(stamp: Stamp) -> bool {
    let age_ns = clock::wall_ns().saturating_sub(stamp.modified_ns);
    i128::from(age_ns) > SETTLED_AFTER.as_nanos() as i128
}
