//! Recordings that are still running, and their way into a file.
//!
//! Events go into the [slab](crate::slab) as they come. When a recording has ended, a thread of
//! the finalizer assembles and saves it, and only then is its space freed; whatever keeps it from
//! being saved, it is tried again. What a crash leaves in the slab is found at the next start and
//! goes the same way.

mod finalizer;
mod notice;
mod queue;
mod recording;
mod reservation;
mod round;
mod summary;
mod table;
mod tally;

pub use notice::Notice;
pub use queue::Drained;
pub use recording::Recording;
pub use reservation::Reservation;
pub use summary::{ActiveSummary, State};

use std::sync::Arc;
use std::time::Duration;

use once_cell::sync::OnceCell;
use replay_etf::ErrorKind;
use replay_etf::Field;

use crate::files::Files;
use crate::slab::{self, Found, Slab, Usage, Wait};
use crate::{Error, Store};
use finalizer::Finalizer;
use notice::Observer;
use queue::{Job, Queue, Task};
use round::Round;
use table::Table;

/// The recordings of a store that are not in their files yet.
pub(crate) struct Active {
    // Stopped before the slab is given up.
    finalizer: OnceCell<Finalizer>,
    /// Opened when it is needed for the first time.
    slab: OnceCell<Slab>,
    shared: Arc<Shared>,
}

/// What the threads of the finalizer work with.
pub(crate) struct Shared {
    files: Arc<Files>,
    table: Table,
    queue: Queue,
    observer: Observer,
}

impl Active {
    /// Takes over what earlier runs left behind, if [`Options::recover`](crate::Options) is set.
    pub(crate) fn open(files: &Arc<Files>) -> Result<Self, Error> {
        let shared = Shared {
            files: Arc::clone(files),
            table: Table::default(),
            queue: Queue::default(),
            observer: Observer::default(),
        };
        let active = Active {
            finalizer: OnceCell::new(),
            slab: OnceCell::new(),
            shared: Arc::new(shared),
        };
        let adopted = active.adopt()?;
        if !adopted.is_empty() {
            active.open_slab(|| Ok(adopted))?;
        }
        Ok(active)
    }

    fn slab(&self, wait: Wait) -> Result<&Slab, Error> {
        match (self.slab.get(), wait) {
            (Some(slab), _) => Ok(slab),
            (None, Wait::Never) => Err(Error::WouldBlock),
            (None, Wait::Yes) => self.open_slab(|| {
                self.shared.files.prepare()?;
                self.adopt()
            }),
        }
    }

    fn adopt(&self) -> Result<Vec<slab::Directory>, Error> {
        if !self.shared.files.options.recover {
            return Ok(Vec::new());
        }
        slab::adopt(&self.shared.files.native_dir).map_err(Error::io("look for earlier runs"))
    }

    /// Opens the slab, if nobody has yet, in the directories that `adopt` returns.
    fn open_slab(
        &self,
        adopt: impl FnOnce() -> Result<Vec<slab::Directory>, Error>,
    ) -> Result<&Slab, Error> {
        let files = &self.shared.files;
        let mut found = None;
        let slab = self.slab.get_or_try_init(|| {
            let settings = slab::Settings {
                segment_bytes: files.options.segment_bytes,
                max_frame: files.options.max_event_bytes,
                threads: files.options.threads,
                ..slab::Settings::default()
            };
            let (slab, left_behind) = Slab::open(&files.native_dir, adopt()?, settings)
                .map_err(Error::io("open the space for running recordings"))?;
            self.finalizer.get_or_try_init(|| {
                Finalizer::start(&self.shared, files.options.finalizers)
                    .map_err(Error::io("start a thread"))
            })?;
            found = Some(left_behind);
            Ok(slab)
        })?;
        if let Some(found) = found {
            self.shared.recover(found);
        }
        Ok(slab)
    }
}

impl Shared {
    /// Makes recordings of what earlier runs left behind, and has them saved.
    fn recover(self: &Arc<Self>, found: Found) {
        for slab::SetAside { path, reason } in found.set_aside {
            let file = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            self.observer.tell(Notice::SetAside { file, reason });
        }
        let mut count = 0;
        for chain in found.chains {
            match Recording::found(self, chain) {
                Ok(recording) => {
                    let recording = Arc::new(recording);
                    // Should two have one id, both are saved, and the last one stays.
                    self.table.insert(&recording);
                    self.queue.push(Job {
                        recording,
                        task: Task::Finish,
                        attempts: 0,
                    });
                    count += 1;
                }
                Err((chain, error)) => {
                    // What only a later version understands is left to it.
                    chain.leave();
                    let id = Arc::from(&b""[..]);
                    self.observer.tell(Notice::Failed {
                        id,
                        error,
                        attempt: 1,
                        retry_in: None,
                    });
                }
            }
        }
        if count > 0 {
            self.observer.tell(Notice::Recovered { count });
        }
    }
}

impl Store {
    /// Starts a recording. `head` is the recording as an external term with its version byte;
    /// the events it has already come first. At most `max_events` can be appended.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyActive`]; [`Error::Recording`] and [`Error::TooLarge`] if `head` is no
    /// recording of this id; [`Error::WouldBlock`]; [`Error::Io`].
    pub fn start(
        &self,
        id: &[u8],
        head: &[u8],
        max_events: u32,
        wait: Wait,
    ) -> Result<Arc<Recording>, Error> {
        let shared = &self.active.shared;
        let limits = &shared.files.loader.limits;
        shared.files.check_size(head)?;
        let summary = replay_etf::summarize(head, limits).map_err(Error::Recording)?;
        if *summary.id != *id {
            let kind = ErrorKind::NotARecording(Field::Id);
            return Err(Error::Recording(replay_etf::Error { offset: 0, kind }));
        }
        if shared.table.get(id).is_some() {
            return Err(Error::AlreadyActive);
        }
        let chain = self
            .active
            .slab(wait)?
            .chain(head, wait)
            .map_err(Error::starting)?;
        let recording = Recording::new(shared, summary, head.len(), max_events, chain);
        let recording = Arc::new(recording);
        if shared.table.insert(&recording) {
            Ok(recording)
        } else {
            recording.let_go(shared);
            Err(Error::AlreadyActive)
        }
    }

    /// The recording of this id that is not in its file yet, if there is one. At the moment when
    /// it gets there it is found here, with [`Store::read`], or with both.
    pub fn active(&self, id: &[u8]) -> Option<Arc<Recording>> {
        self.active.shared.table.get(id)
    }

    /// All recordings that are not in their files yet, in no order.
    pub fn actives(&self) -> Vec<Arc<Recording>> {
        self.active.shared.table.all()
    }

    /// Waits until every recording that has ended is in its file, or `timeout` is over. What
    /// failed before is tried once more at once. The answer counts what happened since the last
    /// call.
    pub fn drain(&self, timeout: Duration) -> Drained {
        self.active.shared.queue.drain(timeout)
    }

    /// Saves every recording that is still running as it is now, without ending it, and waits for
    /// that for at most `timeout`. When it is saved again later, that replaces the file.
    pub fn checkpoint(&self, timeout: Duration) -> Drained {
        let mut running = self.actives();
        running.retain(|recording| !recording.has_ended());
        let round = Arc::new(Round::new(running.len()));
        for recording in running {
            let task = Task::Checkpoint(Arc::clone(&round));
            self.active.shared.queue.push(Job {
                recording,
                task,
                attempts: 0,
            });
        }
        round.wait(timeout)
    }

    /// How much disk and memory the recordings take that are not in their files yet.
    pub fn usage(&self) -> Usage {
        self.active.slab.get().map(Slab::usage).unwrap_or_default()
    }

    /// Gives back disk and memory that has not been used for `idle`, but for a small reserve.
    /// This also happens by itself, after some seconds.
    pub fn trim(&self, idle: Duration) {
        if let Some(slab) = self.active.slab.get() {
            slab.trim(idle);
        }
    }

    /// Has `observer` told what happens in the background, also what has happened so far. It is
    /// called on the threads of the store and must not keep them for long.
    pub fn observe(&self, observer: Box<dyn Fn(Notice) + Send + Sync>) {
        self.active.shared.observer.set(observer);
    }
}
