//! Reading every recording in full.

use std::os::unix::ffi::OsStringExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use replay_etf::ErrorKind;

use super::quarantine::is_settled;
use crate::codec;
use crate::codec::Flaw;
use crate::directory::Files;
use crate::disk::Stamp;
use crate::error::Error;
use crate::index::Damage;
use crate::index::Slot;
use crate::index::loader::Buffers;
use crate::notice::Notice;
use crate::watch::scan::flaw_of_read;

/// One turn ends with the file during which so much time is over.
const MAX_TURN: Duration = Duration::from_millis(50);

/// What a turn of [`Store::verify`](crate::store::Store::verify) or
/// [`Store::repair`](crate::store::Store::repair) came to.
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

impl Files {
    /// See [`Store::recording_files`](crate::store::Store::recording_files).
    pub(crate) fn recording_names(&self) -> Result<Vec<Box<[u8]>>, Error> {
        self.refresh()?;
        let files = self.recording_files();
        let files = files.map_err(Error::at("read the directory", self.path()))?;
        let names = files.into_iter().map(|file| file.name.into_vec());
        Ok(names.map(Vec::into_boxed_slice).collect())
    }

    /// See [`Store::verify`](crate::store::Store::verify) and [`Store::repair`](crate::store::Store::repair).
    pub(crate) fn verify(&self, files: &[&[u8]], repair: bool) -> Verified {
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
        let is_known = matches!(&known, Slot::Recording(entry) if entry.agrees(&found));
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
