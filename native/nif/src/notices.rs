//! What the engine's threads report → messages to one process.
//!
//! Notices come on threads that must not wait, and some on scheduler threads,
//! from where rustler can't send. So they go through a channel to a thread of
//! their own, which keeps them until a process has asked for them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use once_cell::sync::OnceCell;
use replay_store::{Error, Limit, Notice, Removed};
use rustler::types::atom::ok;
use rustler::{Atom, Encoder, Env, LocalPid, OwnedEnv, Term};

use crate::errors::store_reason as reason;
use crate::remote::fault_name;

mod atoms {
    rustler::atoms! {
        attempt, bytes, count, detail, dropped, duration_us, erased, event_count, evicted, failed, file, file_bytes,
        gone, id, max_age_ms, max_bytes, max_recordings, moved, not_erased, panicked, path, pending_uploads, quarantined, reason, recovered, recovered_flag = "recovered?",
        remote, remote_away, remote_back, replay_notice, retry = "retry?", saved, set_aside, unsynced,
    }
}

/// Notices kept while nobody wants them: those about single recordings say
/// little later on.
const MAX_KEPT: usize = 1000;

enum Message {
    Notice(String, Notice),
    To(LocalPid),
}

static CHANNEL: OnceCell<Sender<Message>> = OnceCell::new();

fn channel_to_thread() -> Option<&'static Sender<Message>> {
    CHANNEL
        .get_or_try_init(|| {
            let (sender, receiver) = channel();
            std::thread::Builder::new()
                .name("replay-notices".into())
                .spawn(move || deliver(&receiver))
                .map(|_| sender)
        })
        .ok()
}

/// A callback for [`replay_store::Store::observe`] that sends its notices to
/// the process which asked for them, if any.
pub fn observer(path: &Path) -> Box<dyn Fn(Notice) + Send + Sync> {
    let path = path.to_string_lossy().into_owned();
    Box::new(move |notice| {
        if let Some(channel) = channel_to_thread() {
            // The thread lives as long as the VM.
            let _ = channel.send(Message::Notice(path.clone(), notice));
        }
    })
}

/// Names the process that gets the notices from now on, also those that came
/// before.
#[rustler::nif]
fn notices_to(pid: LocalPid) -> Atom {
    if let Some(channel) = channel_to_thread() {
        let _ = channel.send(Message::To(pid));
    }
    ok()
}

fn deliver(messages: &Receiver<Message>) {
    let mut to = None;
    let mut kept: Vec<(String, Notice)> = Vec::new();
    for message in messages {
        match message {
            Message::To(pid) => {
                to = Some(pid);
                kept.drain(..)
                    .for_each(|(path, notice)| send(&pid, &path, &notice));
            }
            Message::Notice(path, notice) => match &to {
                Some(pid) => send(pid, &path, &notice),
                None if kept.len() < MAX_KEPT => kept.push((path, notice)),
                None => {}
            },
        }
    }
}

/// `{:replay_notice, path, {event, measurements, metadata}}`, as
/// `PhoenixReplay.Native.Telemetry` describes them; a process that is gone
/// gets nothing.
fn send(pid: &LocalPid, path: &str, notice: &Notice) {
    // A defect in one notice must not end all that follow.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let mut env = OwnedEnv::new();
        let _ = env.send_and_clear(pid, |env| {
            (atoms::replay_notice(), path, encoded(env, notice, path)).encode(env)
        });
    }));
}

type Pairs<'a> = Vec<(Atom, Term<'a>)>;

fn encoded<'a>(env: Env<'a>, notice: &Notice, path: &str) -> Term<'a> {
    let (event, measurements, mut metadata) = parts(env, notice);
    metadata.push((atoms::path(), path.encode(env)));
    (event, map(env, measurements), map(env, metadata)).encode(env)
}

fn map<'a>(env: Env<'a>, pairs: Pairs<'a>) -> Term<'a> {
    let map = Term::map_new(env);
    let put = |map: Term<'a>, (key, value)| map.map_put(key, value).unwrap_or(map);
    pairs.into_iter().fold(map, put)
}

fn parts<'a>(env: Env<'a>, notice: &Notice) -> (Atom, Pairs<'a>, Pairs<'a>) {
    let id_of = |id: &[u8]| (atoms::id(), crate::terms::binary(env, id));
    let count_of = |count: usize| (atoms::count(), count.encode(env));
    let failed = |id: &[u8], reason: Term<'a>, attempt: u32, retry_in: Option<Duration>| {
        let retry = (atoms::retry(), retry_in.is_some().encode(env));
        let measurements = vec![(atoms::attempt(), attempt.encode(env))];
        let metadata = vec![id_of(id), (atoms::reason(), reason), retry];
        (atoms::failed(), measurements, metadata)
    };
    match notice {
        Notice::Saved {
            id,
            event_count,
            bytes,
            file_bytes,
            took,
            recovered,
        } => {
            let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            let measurements = vec![
                (atoms::duration_us(), took_us.encode(env)),
                (atoms::event_count(), event_count.encode(env)),
                (atoms::bytes(), bytes.encode(env)),
                (atoms::file_bytes(), file_bytes.encode(env)),
            ];
            let recovered = (atoms::recovered_flag(), recovered.encode(env));
            (atoms::saved(), measurements, vec![id_of(id), recovered])
        }
        Notice::Dropped { id } => (atoms::dropped(), vec![count_of(1)], vec![id_of(id)]),
        Notice::Failed {
            id,
            error,
            attempt,
            retry_in,
        } => {
            let (event, measurements, mut metadata) =
                failed(id, reason(env, error), *attempt, *retry_in);
            metadata.extend(detail(env, error));
            (event, measurements, metadata)
        }
        Notice::Panicked {
            id,
            attempt,
            retry_in,
        } => failed(id, atoms::panicked().encode(env), *attempt, *retry_in),
        Notice::Recovered { count } => (atoms::recovered(), vec![count_of(*count)], vec![]),
        Notice::Evicted {
            removed: Removed { count, bytes },
            limit,
        } => {
            let limit = match limit {
                Limit::MaxRecordings => atoms::max_recordings(),
                Limit::MaxAge => atoms::max_age_ms(),
                Limit::MaxBytes => atoms::max_bytes(),
            };
            let measurements = vec![
                (atoms::count(), count.encode(env)),
                (atoms::bytes(), bytes.encode(env)),
            ];
            let metadata = vec![(atoms::reason(), limit.encode(env))];
            (atoms::evicted(), measurements, metadata)
        }
        Notice::Erased { count } => (atoms::erased(), vec![count_of(*count)], vec![]),
        Notice::NotErased { error } => (atoms::not_erased(), vec![], refusal(env, error)),
        Notice::Moved { count, gone } => {
            let gone = (atoms::gone(), gone.encode(env));
            (atoms::moved(), vec![count_of(*count), gone], vec![])
        }
        Notice::Remote { fault, pending } => {
            let measurements = vec![(atoms::pending_uploads(), pending.encode(env))];
            match fault {
                Some(fault) => {
                    let reason = (atoms::remote(), fault_name(*fault)).encode(env);
                    (
                        atoms::remote_away(),
                        measurements,
                        vec![(atoms::reason(), reason)],
                    )
                }
                None => (atoms::remote_back(), measurements, vec![]),
            }
        }
        Notice::Unsynced { error } => (atoms::unsynced(), vec![count_of(1)], refusal(env, error)),
        Notice::Quarantined { file, reason } => (
            atoms::quarantined(),
            vec![count_of(1)],
            about_file(env, file, reason),
        ),
        Notice::SetAside { file, reason } => (
            atoms::set_aside(),
            vec![count_of(1)],
            about_file(env, file, reason),
        ),
        // A notice that a later engine adds.
        _ => (ok(), vec![], vec![]),
    }
}

fn refusal<'a>(env: Env<'a>, error: &Error) -> Pairs<'a> {
    let reason = (atoms::reason(), reason(env, error));
    std::iter::once(reason).chain(detail(env, error)).collect()
}

/// What the system was asked for when it refused, and with which file.
fn detail<'a>(env: Env<'a>, error: &Error) -> Option<(Atom, Term<'a>)> {
    let is_refusal = matches!(error, Error::Io { .. });
    is_refusal.then(|| (atoms::detail(), error.to_string().encode(env)))
}

/// `reason` is a sentence about bytes, not one of `PhoenixReplay.Native.Error`.
fn about_file<'a>(env: Env<'a>, file: &str, reason: &str) -> Pairs<'a> {
    vec![
        (atoms::file(), file.encode(env)),
        (atoms::reason(), reason.encode(env)),
    ]
}
