//! Reading every recording in full, and moving out of the way what is none.

use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use replay_etf::ErrorKind;

use super::commit::Commit;
use crate::codec;
use crate::codec::Flaw;
use crate::directory::Files;
use crate::disk::{Kind, Stamp, clock};
use crate::error::Error;
use crate::index::Damage;
use crate::index::Slot;
use crate::index::loader::Buffers;
use crate::notice::Notice;
use crate::store::Store;
use crate::watch::scan::flaw_of_read;

/// Where damaged files are moved to, within `.native/`.
const QUARANTINE: &str = "quarantine";

/// A damaged file younger than this may still be being written: the pure-Elixir backend writes in
/// place.
const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// One turn ends with the file during which so much time is over.
const MAX_TURN: Duration = Duration::from_millis(50);

/// What a turn of [`Store::verify`] or [`Store::repair`] came to.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Verified {
    /// So many files were looked at, the first of those that were given.
    pub checked: usize,
    /// What is wrong with some of them, and was left as it is.
    pub damaged: Vec<Damage>,
    /// Damaged files that were moved to `.native/quarantine/`.
    pub quarantined: Vec<Damage>,
}

/// A file that can't be read as a recording, or is not what the index says.
struct Suspect {
    flaw: Flaw,
    /// The version that was read, if it was, and may be moved away.
    stamp: Option<Stamp>,
}

impl Store {
    /// The names of all files that are to hold recordings.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn recording_files(&self) -> Result<Vec<Box<[u8]>>, Error> {
        self.files.refresh()?;
        let files = self.files.recording_files();
        let files = files.map_err(Error::at("read the directory", self.path()))?;
        let names = files.into_iter().map(|file| file.name.into_vec());
        Ok(names.map(Vec::into_boxed_slice).collect())
    }

    /// Reads the first of these files in full, as many as can be in some 50 milliseconds, and
    /// compares them with the index. One that is gone meanwhile is not damaged.
    pub fn verify(&self, files: &[&[u8]]) -> Verified {
        self.files.verify(files, false)
    }

    /// As [`Store::verify`], and moves damaged files to `.native/quarantine/`, where no program
    /// looks for recordings. A file stays where it is if it may be whole: because it changed just
    /// now, is larger than this store reads, or can't be read for another reason than what is in
    /// it. What the index knew wrong is corrected.
    pub fn repair(&self, files: &[&[u8]]) -> Verified {
        self.files.verify(files, true)
    }

    /// Makes the index true for the directory, and writes it down anew.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn rebuild_index(&self) -> Result<(), Error> {
        self.files.freshness.lock().forget();
        self.files
            .rewrite_journal()
            .map_err(Error::io("rewrite the index"))
    }
}

impl Files {
    fn verify(&self, files: &[&[u8]], repair: bool) -> Verified {
        let mut verified = Verified::default();
        let start = Instant::now();
        self.buffers.with(|buffers| {
            for file in files {
                let suspect =
                    catch_unwind(AssertUnwindSafe(|| self.inspect(file, buffers, repair)));
                let suspect = suspect.unwrap_or(Some(Suspect {
                    flaw: Flaw::Panic,
                    stamp: None,
                }));
                verified.checked += 1;
                if let Some(suspect) = suspect {
                    self.judge(file, &suspect, repair, &mut verified);
                }
                buffers.trim();
                if start.elapsed() >= MAX_TURN {
                    break;
                }
            }
        });
        if !verified.quarantined.is_empty() {
            self.write_journal();
        }
        verified
    }

    /// Reads a file, and says what is wrong with it. With `repair` the index is corrected.
    fn inspect(&self, file: &[u8], buffers: &mut Buffers, repair: bool) -> Option<Suspect> {
        let known = self.index.read().get(file);
        let stamp = match self.loader.read(file, buffers) {
            Ok(stamp) => stamp,
            Err(error) => {
                return flaw_of_read(&error).map(|flaw| Suspect { flaw, stamp: None });
            }
        };
        let unpacked = self.loader.unpack_entry(file, stamp, buffers);
        let checked = unpacked.and_then(|(entry, plain)| {
            self.loader.check(entry.format, buffers.plain(&plain))?;
            Ok(entry)
        });
        let found = match checked {
            Ok(entry) => entry,
            Err(flaw) => {
                let whole = flaw.is_of_shape() && self.loader.is_read_elsewhere(file, buffers);
                // What another program reads stays.
                let stamp = (!whole).then_some(stamp);
                return Some(Suspect { flaw, stamp });
            }
        };
        let known = known.filter(|known| known.stamp() == Some(stamp))?;
        let is_known = matches!(&known, Slot::Recording(entry) if **entry == found);
        if !is_known && repair {
            let now = Slot::Recording(Arc::new(found));
            self.index.write().put_if(file, &known, now);
        }
        (!is_known).then_some(Suspect {
            flaw: Flaw::Unexpected,
            stamp: None,
        })
    }

    fn judge(&self, file: &[u8], suspect: &Suspect, repair: bool, verified: &mut Verified) {
        let name = String::from_utf8_lossy(file).into_owned();
        let damage = Damage {
            file: name,
            reason: suspect.flaw.to_string(),
        };
        let moved = match suspect.stamp {
            Some(stamp) if repair && suspect.flaw.is_of_content() && is_settled(stamp) => {
                self.quarantine(file, stamp)
            }
            _ => Ok(false),
        };
        match moved {
            Ok(true) => {
                let Damage { file, reason } = damage.clone();
                self.observer.tell(Notice::Quarantined { file, reason });
                verified.quarantined.push(damage);
            }
            Ok(false) => verified.damaged.push(damage),
            Err(error) => {
                let reason = format!("{}; not moved: {}", damage.reason, error.kind());
                let file = damage.file;
                verified.damaged.push(Damage { file, reason });
            }
        }
    }

    /// Moves a file out of the way, unless it changed since it was read.
    fn quarantine(&self, file: &[u8], read: Stamp) -> io::Result<bool> {
        self.prepare_beside().map_err(io::Error::other)?;
        let dir = self.beside_dir.join(QUARANTINE);
        match self.fs().create_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => result?,
        }
        self.fs().share_dir(&dir);
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
        if self.options.sync {
            // First where it is now, so that a power cut does not find it nowhere.
            self.sync_names(&dir)?;
            self.sync_names(&self.loader.dir)?;
        }
        Ok(true)
    }

    /// The file's name in the directory, with a number behind it if it is in use.
    fn unused_in(&self, dir: PathBuf, file: &[u8]) -> io::Result<PathBuf> {
        let name = std::ffi::OsStr::from_bytes(file);
        let names = self.fs().names(&dir)?;
        let is_used = |name: &std::ffi::OsStr| names.iter().any(|used| used.name == name);
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
    fn move_away(&self, file: &[u8], to: &std::path::Path) -> io::Result<()> {
        let path = self.files.loader.path(file);
        self.change_directory(|| self.files.fs().rename(&path, to))?;
        let mut index = self.files.index.write();
        index.touch(file);
        index.remove(file);
        Ok(())
    }
}

impl Flaw {
    /// Whether it is only that a field is of another kind than a recording's.
    fn is_of_shape(&self) -> bool {
        matches!(self, Flaw::Recording(error) if matches!(error.kind, ErrorKind::NotARecording(_)))
    }

    /// Whether it is in what the file holds, and will be the same tomorrow.
    fn is_of_content(&self) -> bool {
        match self {
            Flaw::Empty => true,
            Flaw::Packed(_, error) => *error != codec::Error::OutOfMemory,
            Flaw::Recording(error) => {
                !matches!(error.kind, ErrorKind::TooDeep | ErrorKind::TooManyTerms)
            }
            Flaw::TooLarge | Flaw::Unreadable(_) | Flaw::Panic | Flaw::Unexpected => false,
        }
    }
}

fn is_settled(stamp: Stamp) -> bool {
    let age_ns = clock::wall_ns().saturating_sub(stamp.modified_ns);
    i128::from(age_ns) > SETTLED_AFTER.as_nanos() as i128
}
