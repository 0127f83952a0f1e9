use std::io;
use std::sync::Arc;

use crate::content::{Buffers, Plain};
use crate::damage::Flaw;
use crate::index::Slot;
use crate::lookup::{Candidate, candidates, serves};
use crate::scan::flaw_of_read;
use crate::{Error, Format, Stamp, Store};

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
    Served(Format, Plain),
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
        self.read_with(id, |format, bytes| Contents {
            format,
            bytes: bytes.to_vec(),
        })
    }

    /// As [`Store::read`], lending the content instead of giving it away: fresh memory for every
    /// recording would cost more than decompressing it.
    ///
    /// # Errors
    ///
    /// As [`Store::read`].
    pub fn read_with<R>(
        &self,
        id: &[u8],
        use_content: impl FnOnce(Format, &[u8]) -> R,
    ) -> Result<R, Error> {
        self.buffers.with(|buffers| {
            let (format, plain) = self.find(id, buffers)?;
            let result = use_content(format, buffers.plain(&plain));
            buffers.trim();
            Ok(result)
        })
    }

    fn find(&self, id: &[u8], buffers: &mut Buffers) -> Result<(Format, Plain), Error> {
        let mut failure = Error::NotFound;
        for round in 0..ROUNDS {
            let mut outdated = false;
            failure = Error::NotFound;
            let candidates = candidates(&self.index.read(), id);
            for candidate in &candidates {
                match self.attempt(id, candidate, buffers) {
                    Ok(Attempt::Served(format, plain)) => return Ok((format, plain)),
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

    fn attempt(
        &self,
        id: &[u8],
        candidate: &Candidate,
        buffers: &mut Buffers,
    ) -> Result<Attempt, Error> {
        let Candidate { file, slot } = candidate;
        let stamp = match self.loader.read(file, buffers) {
            Ok(stamp) => stamp,
            Err(source) => return self.unreadable(candidate, source),
        };
        if let Slot::Recording(entry) = slot
            && entry.stamp == stamp
        {
            return match self.loader.unpack(entry.format, &mut buffers) {
                Ok(plain) => Ok(served(entry.format, buffers, plain)),
                Err(flaw) => Err(self.found_damaged(candidate, stamp, flaw)),
            };
        }
        match self.loader.unpack_entry(file, stamp, &mut buffers) {
            Ok((entry, plain)) => {
                let (format, is_it) = (entry.format, serves(&entry, id));
                self.index
                    .write()
                    .put_if(file, slot, Slot::Recording(Arc::new(entry)));
                Ok(if is_it {
                    served(format, buffers, plain)
                } else {
                    Attempt::Outdated
                })
            }
            Err(flaw) => Err(self.found_damaged(candidate, stamp, flaw)),
        }
    }

    fn found_damaged(&self, candidate: &Candidate, stamp: Stamp, flaw: Flaw) -> Error {
        let Candidate { file, slot } = candidate;
        let error = damaged(file, &flaw);
        self.index.write().put_if(
            file,
            slot,
            Slot::Damaged {
                stamp: Some(stamp),
                flaw,
            },
        );
        error
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

fn served(format: Format, buffers: Buffers, plain: Plain) -> Attempt {
    Attempt::Served(Contents {
        format,
        bytes: buffers.into_plain(plain),
    })
}

fn damaged(file: &[u8], flaw: &Flaw) -> Error {
    Error::Damaged {
        file: String::from_utf8_lossy(file).into_owned(),
        reason: flaw.to_string(),
    }
}
