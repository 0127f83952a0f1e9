use std::io;
use std::sync::Arc;

use replay_etf::{Limits, json};

use super::lookup::{Candidate, candidates, serves};
use crate::codec::Flaw;
use crate::codec::Format;
use crate::directory::Files;
use crate::disk::Stamp;
use crate::error::Error;
use crate::index::loader::{Buffers, Plain};
use crate::index::{Entry, Slot};
use crate::watch::scan::flaw_of_read;

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

impl Contents {
    /// The recording as JSON text, in the format of the pure-Elixir backend.
    ///
    /// # Errors
    ///
    /// [`Error::Recording`] for a term that is none within these limits.
    pub fn into_json(self, limits: &Limits) -> Result<Vec<u8>, Error> {
        if self.format == Format::Json {
            return Ok(self.bytes);
        }
        let mut text = Vec::new();
        json::encode(&self.bytes, limits, &mut text).map_err(Error::Recording)?;
        Ok(text)
    }
}

/// What was read under an id.
pub(super) struct Found {
    pub format: Format,
    pub plain: Plain,
    /// The file it was in, and which version of it.
    pub file: Box<[u8]>,
    pub stamp: Stamp,
}

/// What became of one candidate.
enum Attempt {
    Served(Format, Plain, Stamp),
    /// The index was wrong about it, and has been corrected.
    Outdated,
}

impl Files {
    /// See [`Store::read`](crate::store::Store::read).
    pub(crate) fn read(&self, id: &[u8]) -> Result<Contents, Error> {
        self.read_with(id, |format, bytes| Contents {
            format,
            bytes: bytes.to_vec(),
        })
    }

    /// Like [`Store::read`], but lends the content to `work` instead of giving it away: fresh
    /// memory for every recording costs more than decompressing it.
    ///
    /// # Errors
    ///
    /// Those of [`Store::read`].
    pub fn read_with<R>(
        &self,
        id: &[u8],
        work: impl FnOnce(Format, &[u8]) -> R,
    ) -> Result<R, Error> {
        self.buffers.with(|buffers| {
            let found = self.find(id, buffers);
            let result = found.map(|it| work(it.format, buffers.plain(&it.plain)));
            buffers.trim();
            result
        })
    }

    pub(super) fn find(&self, id: &[u8], buffers: &mut Buffers) -> Result<Found, Error> {
        let mut failure = Error::NotFound;
        for round in 0..ROUNDS {
            let mut outdated = false;
            failure = Error::NotFound;
            let candidates = candidates(&self.index.read(), id);
            for candidate in candidates {
                match self.attempt(id, &candidate, buffers) {
                    Ok(Attempt::Served(format, plain, stamp)) => {
                        return Ok(Found {
                            format,
                            plain,
                            file: candidate.file,
                            stamp,
                        });
                    }
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
        if let Slot::Recording(entry) = slot
            && !entry.is_here()
        {
            return Ok(match self.fetch(entry, buffers)? {
                Some((plain, stamp)) => Attempt::Served(entry.format, plain, stamp),
                None => Attempt::Outdated,
            });
        }
        let stamp = match self.loader.read(file, buffers) {
            Ok(stamp) => stamp,
            Err(source) => return self.unreadable(candidate, source),
        };
        if let Slot::Recording(entry) = slot
            && entry.stamp == stamp
        {
            if let Some(remote) = self.remote() {
                remote.used(file);
            }
            return match self.loader.unpack(entry.format, buffers) {
                Ok(plain) => Ok(Attempt::Served(entry.format, plain, stamp)),
                Err(flaw) => Err(self.found_damaged(candidate, stamp, flaw)),
            };
        }
        match self.loader.unpack_entry(file, stamp, buffers) {
            Ok((entry, plain)) => {
                let attempt = if serves(&entry, id) {
                    Attempt::Served(entry.format, plain, stamp)
                } else {
                    Attempt::Outdated
                };
                let now = Slot::Recording(Arc::new(entry));
                self.index.write().put_if(file, slot, now);
                Ok(attempt)
            }
            Err(flaw) => Err(self.found_damaged(candidate, stamp, flaw)),
        }
    }

    /// Finds out what has become of a file that is no longer as the index has it, and corrects that.
    pub(crate) fn look_again(&self, entry: &Arc<Entry>) -> Result<(), Error> {
        let candidate = Candidate {
            file: entry.file().into(),
            slot: Slot::Recording(Arc::clone(entry)),
        };
        let attempt = |buffers: &mut Buffers| {
            let attempt = self.attempt(entry.id(), &candidate, buffers);
            buffers.trim();
            attempt
        };
        match self.buffers.with(attempt) {
            // That is what has become of it.
            Ok(_) | Err(Error::Damaged { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn found_damaged(&self, candidate: &Candidate, stamp: Stamp, flaw: Flaw) -> Error {
        let error = damaged(&candidate.file, &flaw);
        let stamp = Some(stamp);
        let now = Slot::Damaged { stamp, flaw };
        let mut index = self.index.write();
        index.put_if(&candidate.file, &candidate.slot, now);
        error
    }

    fn unreadable(&self, candidate: &Candidate, source: io::Error) -> Result<Attempt, Error> {
        match flaw_of_read(&source) {
            None => {
                self.index.write().gone_if(&candidate.file, &candidate.slot);
                Ok(Attempt::Outdated)
            }
            Some(flaw @ Flaw::TooLarge) => Err(damaged(&candidate.file, &flaw)),
            Some(_) => {
                let path = self.loader.path(&candidate.file);
                Err(Error::at("read the recording", &path)(source))
            }
        }
    }
}

fn damaged(file: &[u8], flaw: &Flaw) -> Error {
    Error::Damaged {
        file: String::from_utf8_lossy(file).into_owned(),
        reason: flaw.to_string(),
    }
}
