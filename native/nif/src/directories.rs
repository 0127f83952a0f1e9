//! The directories of this VM: which are open, and who is using them.
//!
//! Elixir knows a directory by a number, which stays the same for as long as the library is
//! mapped. Nothing that Elixir holds points into the engine or keeps it open: a call with the
//! number of a directory that was closed, or that another library gave out, raises `closed`, and
//! the caller opens it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::{Condvar, Mutex, RwLock};
use replay_etf::Limits;
use replay_store::Store;
use rustler::{Decoder, LocalPid, NifResult, Term};

use crate::options::Options;
use crate::remote::Link;

/// An open directory.
pub struct Engine {
    /// What keeps it in step with a bucket: ends before the store does.
    pub link: Option<Link>,
    pub store: Store,
    pub limits: Limits,
    /// What it works with.
    pub options: Options,
}

/// A directory that was opened once. There is one for each path, for ever.
pub struct Directory {
    pub path: PathBuf,
    pub number: u64,
    state: Mutex<State>,
    /// Signalled when a call is over that someone waits for.
    over: Condvar,
    /// When it was asked for something last, in milliseconds of [`now_ms`].
    used_ms: AtomicU64,
    /// Whether its path is in the log.
    is_named: AtomicBool,
}

/// What becomes of a directory.
pub enum State {
    /// With the options to open it with again, if it was closed only because nobody used it.
    Closed(Option<Options>),
    Open(Arc<Engine>),
    /// A worker opens or closes it. These want it open.
    Busy(Vec<Waiter>),
}

impl State {
    /// Nobody waits yet.
    pub const BUSY: State = State::Busy(Vec::new());
}

/// A process that waits for a directory to be open, with these options.
pub struct Waiter {
    pub pid: LocalPid,
    pub options: Options,
}

struct Table {
    /// The number of the first.
    first: u64,
    all: Vec<&'static Directory>,
    by_path: HashMap<PathBuf, &'static Directory>,
}

/// Numbers of one library are not those of another: they start at a time, in 2^-10 seconds, with
/// room for a million, and stay below the 59 bits of a small integer.
static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(|| {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = since_epoch.unwrap_or_default().as_nanos();
    let time = (nanos >> 20) as u64 & 0x3F_FFFF_FFFF;
    RwLock::new(Table {
        first: time << 20,
        all: Vec::new(),
        by_path: HashMap::new(),
    })
});

/// A clock for how long a directory has not been used.
pub fn now_ms() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Directory {
    /// The directory with this path.
    pub fn at(path: &Path) -> &'static Directory {
        if let Some(known) = Directory::known(path) {
            return known;
        }
        let mut table = TABLE.write();
        let number = table.first + table.all.len() as u64;
        let directory = match table.by_path.entry(path.to_path_buf()) {
            // Another thread was faster.
            Entry::Occupied(known) => return known.get(),
            // They are few, and known by numbers that must not be given out again.
            Entry::Vacant(vacancy) => *vacancy.insert(Box::leak(Box::new(Directory {
                path: path.to_path_buf(),
                number,
                state: Mutex::new(State::Closed(None)),
                over: Condvar::new(),
                used_ms: AtomicU64::new(0),
                is_named: AtomicBool::new(false),
            }))),
        };
        table.all.push(directory);
        directory
    }

    /// As [`Directory::at`], if it was ever opened.
    pub fn known(path: &Path) -> Option<&'static Directory> {
        TABLE.read().by_path.get(path).copied()
    }

    /// All of them.
    pub fn all() -> Vec<&'static Directory> {
        TABLE.read().all.clone()
    }

    fn numbered(number: u64) -> Option<&'static Directory> {
        let table = TABLE.read();
        let at = usize::try_from(number.checked_sub(table.first)?).ok()?;
        table.all.get(at).copied()
    }

    /// Changes what becomes of it. Nothing that takes time may be done meanwhile.
    pub fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        change(&mut self.state.lock())
    }

    /// Notes that it is used.
    pub fn touch(&self) {
        self.used_ms.store(now_ms(), Relaxed);
    }

    /// Notes that its path is written to the log; returns whether it was before.
    pub fn name(&self) -> bool {
        self.is_named.swap(true, Relaxed)
    }

    /// How long it has not been used.
    pub fn idle(&self) -> Duration {
        Duration::from_millis(now_ms().saturating_sub(self.used_ms.load(Relaxed)))
    }

    /// Lends the engine, if it is open.
    pub fn lend(&'static self) -> Option<Opened> {
        match &*self.state.lock() {
            State::Open(engine) => {
                self.touch();
                Some(Opened {
                    engine: Arc::clone(engine),
                    loan: Loan(self),
                })
            }
            State::Closed(_) | State::Busy(_) => None,
        }
    }

    /// Waits until nobody is using an engine that is lent no more, and returns it, or gives it back
    /// when the time is over.
    pub fn reclaim(&self, engine: Arc<Engine>, deadline: Instant) -> Result<Engine, Arc<Engine>> {
        let mut state = self.state.lock();
        let mut engine = engine;
        loop {
            engine = match Arc::try_unwrap(engine) {
                Ok(engine) => return Ok(engine),
                Err(engine) if Instant::now() >= deadline => return Err(engine),
                Err(engine) => engine,
            };
            self.over.wait_until(&mut state, deadline);
        }
    }
}

/// The engine of an open directory, which is not closed as long as this exists.
pub struct Opened {
    engine: Arc<Engine>,
    /// Dropped last.
    loan: Loan,
}

impl Opened {
    /// Where it was lent.
    pub fn directory(&self) -> &'static Directory {
        self.loan.0
    }
}

impl Deref for Opened {
    type Target = Engine;

    #[inline]
    fn deref(&self) -> &Engine {
        &self.engine
    }
}

/// Says that an engine is no longer used.
struct Loan(&'static Directory);

impl Drop for Loan {
    fn drop(&mut self) {
        let Loan(directory) = self;
        directory.touch();
        let state = directory.state.lock();
        if matches!(*state, State::Busy(_)) {
            directory.over.notify_all();
        }
    }
}

impl<'a> Decoder<'a> for Opened {
    fn decode(term: Term<'a>) -> NifResult<Self> {
        let number = term.decode()?;
        let opened = Directory::numbered(number).and_then(Directory::lend);
        opened.ok_or(rustler::Error::RaiseAtom("closed"))
    }
}

/// As [`Opened`], for calls that look at the whole directory: what others have put there, which may
/// take seconds to read, is read here by one of them. For all others this raises `scanning`, and
/// the callers wait as processes do. None waits here, not for a moment: on a busy machine, moments
/// of ten callers kept everybody else from the schedulers for half a second.
pub struct Settled(Opened);

impl Settled {
    /// For a call that goes on later.
    pub fn opened(self) -> Opened {
        self.0
    }
}

impl Deref for Settled {
    type Target = Opened;

    #[inline]
    fn deref(&self) -> &Opened {
        &self.0
    }
}

impl<'a> Decoder<'a> for Settled {
    fn decode(term: Term<'a>) -> NifResult<Self> {
        let opened: Opened = term.decode()?;
        if opened.store.settle() {
            Ok(Settled(opened))
        } else {
            Err(rustler::Error::RaiseAtom("scanning"))
        }
    }
}
