mod convert;
mod erase;
mod in_flight;
mod rewrite;
mod search;
mod upkeep;

pub use erase::Erased;
pub(crate) use erase::erase_where;
pub use rewrite::Rewriting;

use std::path::Path;
use std::sync::Arc;

use crate::active::{Active, Tender};
use crate::codec::{Format, Subject};
use crate::directory::Files;
use crate::disk::{FileSystem, OsFileSystem};
use crate::error::Error;
use crate::files::read::Contents;
use crate::index::{Damage, Entry};
use crate::options::Options;
use crate::retention::evictor::Evictor;
use crate::stats::Stats;
use crate::watch::learn::Learner;
use rewrite::Rewritings;

/// The recordings of one directory. Shared between threads by reference or `Arc`.
///
/// Each finished recording is a file of its own whose name follows from its id ([`file_stem`]),
/// as the pure-Elixir backend names them; both can use a directory at the same time. What is not
/// a finished recording lives in the subdirectory `.native/`. Summaries are kept in memory, and
/// files that others add, replace or remove are noticed when something is asked for.
///
/// [`file_stem`]: crate::index::name::file_stem
pub struct Store {
    /// Stopped first.
    _evictor: Option<Evictor>,
    _learner: Option<Learner>,
    _tender: Tender,
    pub(crate) files: Arc<Files>,
    pub(crate) active: Arc<Active>,
    rewritings: Rewritings,
}

impl Store {
    /// Opens a directory, creating it if necessary, and summarizes the recordings in it. A
    /// damaged file is left to [`Store::take_damage`].
    ///
    /// # Errors
    ///
    /// [`Error::Option`], or [`Error::Io`] if the directory can't be created or read.
    pub fn open(path: &Path, options: Options) -> Result<Store, Error> {
        Store::open_on(Arc::new(OsFileSystem), path, options)
    }

    /// Like [`Store::open`], on another file system than the operating system's.
    ///
    /// # Errors
    ///
    /// Those of [`Store::open`].
    pub fn open_on(fs: Arc<dyn FileSystem>, path: &Path, options: Options) -> Result<Store, Error> {
        let (files, orphans) = Files::open(fs, path, options)?;
        files.load()?;
        files.complete_left(&orphans)?;
        let files = Arc::new(files);
        let active = Arc::new(Active::open(&files)?);
        let evictor = match files.options.retention.is_limited() {
            true => {
                Some(Evictor::start(&files, active.lookup()).map_err(Error::io("start a thread"))?)
            }
            false => None,
        };
        Ok(Store {
            _evictor: evictor,
            _learner: Learner::start(&files).map_err(Error::io("start a thread"))?,
            _tender: Tender::start(&active).map_err(Error::io("start a thread"))?,
            files,
            active,
            rewritings: Rewritings::default(),
        })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.files.path()
    }

    /// Saves a recording, given as an uncompressed external term with its version byte. One of
    /// the same id is replaced, in whatever format and under whatever name it was saved.
    ///
    /// When this returns, the recording is listed, and as durable as
    /// [`Options::durability`] says.
    ///
    /// # Errors
    ///
    /// [`Error::Recording`] and [`Error::TooLarge`] for what can't be saved, [`Error::Io`] if the
    /// operating system refuses. What was there before is untouched then, except when only the
    /// last step failed, making the change of names durable or removing the replaced
    /// recording's other files: then the new one is in place, and saving it again is safe.
    pub fn save(&self, etf: &[u8], format: Format) -> Result<(), Error> {
        self.save_for(etf, format, None)
    }

    /// As [`Store::save`], a recording that belongs to somebody.
    ///
    /// That a recording was recovered, or is not complete, and whom it belongs to, stays when it is
    /// saved again. It is the same one if it has its id and was started at its time.
    ///
    /// # Errors
    ///
    /// Those of [`Store::save`].
    pub fn save_for(
        &self,
        etf: &[u8],
        format: Format,
        subject: Option<Subject>,
    ) -> Result<(), Error> {
        let saved = (self.files).save(etf, format, subject, || self.forget_replaced());
        if saved.is_err() {
            self.files.observer.counters.count_refused();
        }
        saved
    }

    /// Reads the recording with this id. The file is always read, so that one which somebody
    /// else overwrote is returned as it is now.
    ///
    /// A file whose name was changed by hand is found under the name as well as under the id
    /// inside it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Damaged`] or [`Error::Io`]; [`Error::Remote`] if only the
    /// bucket has it, or may have it, and can't be reached.
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
        if self.files.entry(id).is_none()
            && let Some(remote) = self.files.remote()
        {
            // It may be there, unless all that is there is known.
            self.files.refresh()?;
            if self.files.entry(id).is_none() {
                remote.wait_known().map_err(Error::Remote)?;
            }
        }
        self.files.read_with(id, use_content)
    }

    /// All finished recordings, the newest `connected_at` first, ties by id. Changes that others
    /// made to the directory are included.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn list(&self) -> Result<Vec<Arc<Entry>>, Error> {
        self.files.list()
    }

    /// How many finished recordings are known, without a look at the directory; `None` if that
    /// would have to wait.
    pub fn count_hint(&self) -> Option<usize> {
        self.files.index.try_read().map(|index| index.len())
    }

    /// Learns what others have put into the directory, unless another thread is at it. Returns
    /// whether that is done: a list or a query that is asked for next does not wait then, and
    /// otherwise would. If it can't be done, that has the error.
    pub fn settle(&self) -> bool {
        !matches!(self.files.try_refresh(), Ok(false))
    }

    /// Deletes the recording with this id, under all the names it has, and stops recording it
    /// if it is still running: then it waits until nothing of it is left that a crash could bring
    /// back, nor does a power cut. That there is none is not an error.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; one in flight that can't be given up within a minute is
    /// [`io::ErrorKind::TimedOut`](std::io::ErrorKind::TimedOut).
    pub fn delete(&self, id: &[u8]) -> Result<(), Error> {
        // What is left of one in flight would be recovered after a crash.
        self.active.discard(&[id.into()])?;
        self.forget()?;
        self.files.delete(id)
    }

    /// Deletes all finished recordings, damaged files with a recording's name too, and what
    /// ended, or was left by an earlier run, and can't be saved. Other files and recordings that
    /// are still running stay.
    ///
    /// # Errors
    ///
    /// The first [`Error::Io`]; what could be deleted is.
    pub fn clear(&self) -> Result<(), Error> {
        let index = self.files.index.read();
        let ids: Vec<_> = index.newest_first().map(|it| it.id().into()).collect();
        drop(index);
        let _deletion = self.files.delete_there(&ids)?;
        self.active.erase_unreadable();
        self.active.discard(&self.active.unsavable())?;
        self.forget()?;
        self.files.clear()
    }

    /// Has nothing of what is saved or gone come back from where it was in flight, not even after
    /// a power cut.
    fn forget(&self) -> Result<(), Error> {
        self.files.settle_slab(self.active.opened_slab())
    }

    /// The same before another recording takes the place of one that may have been in flight.
    fn forget_replaced(&self) -> Result<(), Error> {
        match self.active.opened_slab() {
            Some(slab) => self.files.settle_slab(Some(slab)),
            None => Ok(()),
        }
    }

    /// The damaged files that were found since the last call, each once.
    pub fn take_damage(&self) -> Vec<Damage> {
        self.files.take_damage()
    }

    /// What is in the store now, and what has happened since it was opened. Changes that others
    /// made to the directory are included.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn stats(&self) -> Result<Stats, Error> {
        self.files.refresh()?;
        let (counts, latency) = self.files.observer.counters.read();
        let actives = self.actives();
        let waiting = actives.iter().filter(|active| active.has_ended()).count();
        let queue_length = self.queue_length();
        let index = self.files.index.read();
        let mut by_age = index.newest_first().map(|entry| entry.connected_at);
        let newest_at = by_age.next();
        Ok(Stats {
            recordings: index.len(),
            bytes: index.bytes(),
            durability: self.files.options.durability,
            oldest_at: by_age.next_back().or(newest_at),
            newest_at,
            damaged: index.damaged_len(),
            running: actives.len() - waiting,
            waiting,
            unreadable: self.active.unreadable(),
            queue_length,
            slab: self.usage(),
            counts,
            latency,
        })
    }
}
