use std::io;
use std::sync::Arc;

use crate::content::Buffers;
use crate::damage::Flaw;
use crate::index::Slot;
use crate::lookup::{Candidate, candidates, serves};
use crate::scan::flaw_of_read;
use crate::{Error, Format, Store};

/// How often a read starts over because others keep changing the files. Each change it meets
/// goes into the index, so a second round nearly always finds things as they are.
const ROUNDS: usize = 4;

/// The plain content of a recording's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// What the bytes are.
    pub format: Format,
    /// An external term with its version byte, not compressed; or JSON text.
    pub bytes: Vec<u8>,
}

/// What became of one candidate.
enum Attempt {
    Served(Contents),
    /// The index was wrong about it, and has been corrected.
    Outdated,
}

impl Store {
    /// Reads the recording with this id. The file is always read, so that one which somebody
    /// else overwrote is returned as it is now.
    ///
    /// A file whose name was changed by hand is found under the name as well as under the id
    /// inside it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Damaged`] or [`Error::Io`].
    pub fn read(&self, id: &[u8]) -> Result<Contents, Error> {
        let mut failure = Error::NotFound;
        for round in 0..ROUNDS {
            let mut outdated = false;
            failure = Error::NotFound;
            let candidates = candidates(&self.index.read(), id);
            for candidate in &candidates {
                match self.attempt(id, candidate) {
                    Ok(Attempt::Served(contents)) => return Ok(contents),
                    Ok(Attempt::Outdated) => outdated = true,
                    // Of several failures, that of the best candidate counts.
                    Err(error) if matches!(failure, Error::NotFound) => failure = error,
                    Err(_) => {}
                }
            }
            if round > 0 && !outdated {
                break;
            }
            self.refresh()?;
        }
        Err(failure)
    }

    fn attempt(&self, id: &[u8], candidate: &Candidate) -> Result<Attempt, Error> {
        let Candidate { file, slot } = candidate;
        let mut buffers = Buffers::default();
        let stamp = match self.loader.read(file, &mut buffers) {
            Ok(stamp) => stamp,
            Err(source) => return self.unreadable(candidate, source),
        };
        let (format, plain) = match slot {
            Slot::Recording(entry) if entry.stamp == stamp => {
                let plain = self.loader.unpack(entry.format, &mut buffers);
                (entry.format, plain)
            }
            _ => match self.loader.unpack_entry(file, stamp, &mut buffers) {
                Ok((entry, plain)) => {
                    let (format, served) = (entry.format, serves(&entry, id));
                    self.index
                        .write()
                        .put_if(file, slot, Slot::Recording(Arc::new(entry)));
                    if !served {
                        return Ok(Attempt::Outdated);
                    }
                    (format, Ok(plain))
                }
                Err(flaw) => (Format::Etf, Err(flaw)),
            },
        };
        match plain {
            Ok(plain) => Ok(Attempt::Served(Contents {
                format,
                bytes: buffers.into_plain(plain),
            })),
            Err(flaw) => {
                let error = damaged(file, &flaw);
                let now = Slot::Damaged {
                    stamp: Some(stamp),
                    flaw,
                };
                self.index.write().put_if(file, slot, now);
                Err(error)
            }
        }
    }

    fn unreadable(&self, candidate: &Candidate, source: io::Error) -> Result<Attempt, Error> {
        match flaw_of_read(&source) {
            None => {
                self.index
                    .write()
                    .remove_if(&candidate.file, &candidate.slot);
                Ok(Attempt::Outdated)
            }
            Some(flaw @ Flaw::TooLarge) => Err(damaged(&candidate.file, &flaw)),
            Some(_) => Err(Error::Io {
                action: "read the recording",
                source,
            }),
        }
    }
}

fn damaged(file: &[u8], flaw: &Flaw) -> Error {
    Error::Damaged {
        file: String::from_utf8_lossy(file).into_owned(),
        reason: flaw.to_string(),
    }
}
