//! Opening and closing directories: the calls behind `PhoenixReplay.Native.Directories` and
//! `PhoenixReplay.Native.IdleRelease`.
//!
//! Either may take seconds, and is done by a worker. Whoever waits for it is sent a message, so
//! that no scheduler waits.

use std::os::unix::ffi::OsStrExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use replay_store::Store;
use rustler::types::atom::{error, ok};
use rustler::{Binary, Encoder, Env, Term};

use crate::directories::{Directory, Engine, State, Waiter};
use crate::errors::Failure;
use crate::later::send;
use crate::notices;
use crate::options::Options;
use crate::remote::{self, Link};
use crate::terms::{binary, path_of};
use crate::workers::OPENING;

mod atoms {
    rustler::atoms! { again, closed, closing, in_flight, opening, replay_closed, replay_opened }
}

/// How long calls that are being made are waited for.
const MAX_CALL: Duration = Duration::from_secs(5);

/// `{:ok, number, differing}` of an open directory, with the options that are not in force there;
/// or `:closed`.
#[rustler::nif]
fn directory_opened<'a>(env: Env<'a>, path: Binary<'a>, options: Options) -> Term<'a> {
    let opened = Directory::known(path_of(&path))
        .and_then(|it| it.with(|state| answer(env, it, state, &options)));
    opened.unwrap_or_else(|| atoms::closed().encode(env))
}

/// As [`directory_opened`], but opens the directory if it is closed: then it is `:opening`, and
/// the calling process is sent `{:replay_opened, answer}`.
#[rustler::nif]
fn directory_open<'a>(env: Env<'a>, path: Binary<'a>, options: Options) -> Term<'a> {
    let directory = Directory::at(path_of(&path));
    directory.with(|state| {
        if let Some(opened) = answer(env, directory, state, &options) {
            return opened;
        }
        let waiter = Waiter {
            pid: env.pid(),
            options,
        };
        match state {
            State::Busy(waiters) => waiters.push(waiter),
            State::Closed(kept) => {
                let options = kept.clone().unwrap_or_else(|| waiter.options.clone());
                if let Err(source) = OPENING.run(move || open(directory, options)) {
                    return Failure::no_thread(source).encode(env);
                }
                *state = State::Busy(vec![waiter]);
            }
            // That was answered.
            State::Open(_) => {}
        }
        atoms::opening().encode(env)
    })
}

fn answer<'a>(
    env: Env<'a>,
    directory: &Directory,
    state: &State,
    options: &Options,
) -> Option<Term<'a>> {
    let State::Open(engine) = state else {
        return None;
    };
    directory.touch();
    Some((ok(), directory.number, engine.options.differing(options)).encode(env))
}

/// Opens a directory for those who wait for that.
fn open(directory: &'static Directory, options: Options) {
    let opened = catch_unwind(AssertUnwindSafe(|| {
        // Nothing is made on the disk for a bucket that can't be.
        let bucket = remote::prepare(options.remote.as_deref())?;
        let store = Store::open(&directory.path, options.store.clone())?;
        store.observe(notices::observer(&directory.path));
        let link = bucket.map(|it| it.link(&store)).transpose();
        let link = link.map_err(Failure::no_thread)?;
        give_back_memory();
        let limits = options.store.limits;
        Ok::<_, Failure>(Engine {
            link,
            store,
            limits,
            options,
        })
    }));
    let (next, failure) = match opened {
        Ok(Ok(engine)) => (State::Open(Arc::new(engine)), None),
        Ok(Err(failure)) => (State::Closed(None), Some(failure)),
        Err(_) => (State::Closed(None), Some(Failure::Panicked)),
    };
    settle(directory, next, failure.as_ref());
}

/// Ends a worker's turn, and tells those who waited.
fn settle(directory: &'static Directory, next: State, failure: Option<&Failure>) {
    let waiters = directory.with(|state| match std::mem::replace(state, next) {
        State::Busy(waiters) => waiters,
        State::Closed(_) | State::Open(_) => Vec::new(),
    });
    for waiter in waiters {
        send(waiter.pid, |env| {
            let opened = directory.with(|state| answer(env, directory, state, &waiter.options));
            let told = match (opened, failure) {
                (Some(opened), _) => opened,
                (None, Some(failure)) => failure.explained(env),
                // Just closed again: it is asked for once more.
                (None, None) => atoms::again().encode(env),
            };
            (atoms::replay_opened(), told).encode(env)
        });
    }
}

/// Closes a directory in which nothing is in flight any more: `:ok` if it is not open, `:again` if
/// that is being changed, else `:closing`, and the calling process is sent
/// `{:replay_closed, {:ok, not_uploaded} | {:error, reason}}`.
#[rustler::nif]
fn directory_close<'a>(env: Env<'a>, path: Binary<'a>, timeout_ms: u64) -> Term<'a> {
    let Some(directory) = Directory::known(path_of(&path)) else {
        return ok().encode(env);
    };
    match directory.with(|state| match state {
        // Whoever opens it next does so with options of his own.
        State::Closed(kept) => {
            *kept = None;
            Some(ok())
        }
        State::Busy(_) => Some(atoms::again()),
        State::Open(_) => None,
    }) {
        Some(known) => known.encode(env),
        None => {
            let (pid, timeout) = (env.pid(), Duration::from_millis(timeout_ms));
            let started = OPENING.run(move || {
                let closed = catch_unwind(AssertUnwindSafe(|| close(directory, timeout, false)));
                let closed = closed.unwrap_or(Err(NotClosed::Panicked));
                send(pid, |env| {
                    (atoms::replay_closed(), told(env, &closed)).encode(env)
                });
            });
            match started {
                Ok(()) => atoms::closing().encode(env),
                Err(source) => Failure::no_thread(source).encode(env),
            }
        }
    }
}

/// Why a directory is still open.
enum NotClosed {
    /// So many recordings are running, or could not be saved.
    InFlight(usize),
    /// Calls are being made that take longer.
    Used,
    Panicked,
}

/// Waits until what has ended is saved, and is in the bucket if there is one, and closes the directory
/// if nothing is left to be saved. Its options may be kept for when it is opened again. Returns how
/// many recordings are left to be uploaded, which the next start does.
fn close(directory: &'static Directory, timeout: Duration, keep: bool) -> Result<usize, NotClosed> {
    let deadline = Instant::now() + timeout;
    if let Some(opened) = directory.lend() {
        opened.store.drain(timeout);
        let left = opened.store.unfinished();
        if left > 0 {
            return Err(NotClosed::InFlight(left));
        }
        if let Some(link) = &opened.link {
            link.drain(deadline.saturating_duration_since(Instant::now()));
        }
    }
    // From here on those who want to use it wait.
    let taken = directory.with(|state| match std::mem::replace(state, State::BUSY) {
        State::Open(engine) => Some(engine),
        other => {
            *state = other;
            None
        }
    });
    let Some(engine) = taken else {
        return Ok(0);
    };
    let engine = match directory.reclaim(engine, deadline.max(Instant::now() + MAX_CALL)) {
        Ok(engine) => engine,
        Err(engine) => {
            settle(directory, State::Open(engine), None);
            return Err(NotClosed::Used);
        }
    };
    // A call that was just being made may have started a recording.
    let left = engine.store.unfinished();
    if left > 0 {
        settle(directory, State::Open(Arc::new(engine)), None);
        return Err(NotClosed::InFlight(left));
    }
    let options = engine.options.clone();
    let not_uploaded = engine.link.as_ref().map_or(0, Link::pending_uploads);
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(engine)));
    give_back_memory();
    let wanted = directory.with(|state| match state {
        State::Busy(waiters) if !waiters.is_empty() => {
            let first = waiters.first().filter(|_| !keep);
            Some(first.map_or_else(|| options.clone(), |first| first.options.clone()))
        }
        _ => {
            *state = State::Closed(keep.then_some(options));
            None
        }
    });
    if let Some(options) = wanted {
        open(directory, options);
    }
    dropped.map_err(|_| NotClosed::Panicked)?;
    Ok(not_uploaded)
}

fn told<'a>(env: Env<'a>, result: &Result<usize, NotClosed>) -> Term<'a> {
    match result {
        Ok(not_uploaded) => (ok(), not_uploaded).encode(env),
        Err(NotClosed::InFlight(left)) => (error(), (atoms::in_flight(), left)).encode(env),
        Err(NotClosed::Used) => {
            let source = std::io::ErrorKind::TimedOut.into();
            let action = "wait for calls";
            Failure::Store(replay_store::Error::Io {
                action,
                path: None,
                source,
            })
            .encode(env)
        }
        Err(NotClosed::Panicked) => Failure::Panicked.encode(env),
    }
}

/// Closes, in the background, the directories that have not been used for as long as their options
/// say. One in which something is in flight is in use; one with limits or a bucket stays open, because
/// limits are kept, and recordings of other nodes seen, by those who have it open. Returns for how many
/// milliseconds there is nothing to do, or nil.
#[rustler::nif(schedule = "DirtyIo")]
fn directories_release() -> Option<u64> {
    let left = Directory::all().into_iter().filter_map(release);
    left.min()
        .map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
}

/// How long it is not to be closed yet.
fn release(directory: &'static Directory) -> Option<Duration> {
    let timeout = directory.with(|state| match state {
        State::Open(engine)
            if engine.options.store.retention.is_limited() || engine.link.is_some() =>
        {
            None
        }
        State::Open(engine) => {
            if Arc::strong_count(engine) > 1 {
                directory.touch();
            }
            engine.options.idle_timeout
        }
        State::Closed(_) | State::Busy(_) => None,
    })?;
    let left = timeout.saturating_sub(directory.idle());
    if !left.is_zero() {
        return Some(left);
    }
    // Which is a use of it, too.
    if directory.lend()?.store.unfinished() > 0 {
        return Some(timeout);
    }
    // Without a thread for it, it is for the next time.
    let _ = OPENING.run(move || {
        let _ = catch_unwind(AssertUnwindSafe(|| close(directory, Duration::ZERO, true)));
    });
    None
}

/// Whether somebody has been told that he is the one to write this directory's path to the log.
#[rustler::nif]
fn directory_named(path: Binary<'_>) -> bool {
    Directory::at(path_of(&path)).name()
}

/// `[{number, path}]` of the directories that are open.
#[rustler::nif]
fn directories_open(env: Env<'_>) -> Vec<(u64, Term<'_>)> {
    let open = Directory::all()
        .into_iter()
        .filter(|it| it.with(|state| matches!(state, State::Open(_))));
    open.map(|it| (it.number, binary(env, it.path.as_os_str().as_bytes())))
        .collect()
}

/// Reading a directory takes about as much memory as the index which comes of it, in small pieces
/// that glibc would hold on to. Takes some milliseconds.
fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes no pointer, and any thread may call it at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}
