//! What the engine's threads report → messages to one process.
//!
//! Notices come on threads that must not wait, and some on scheduler threads,
//! from where rustler can't send. So they go through a channel to a thread of
//! their own, which keeps them until a process has asked for them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};

use once_cell::sync::OnceCell;
use replay_store::Notice;
use rustler::types::atom::ok;
use rustler::{Atom, Encoder, Env, LocalPid, OwnedEnv, Term};

use crate::errors::store_reason as reason;

mod atoms {
    rustler::atoms! { dropped, failed, panicked, recovered, replay_notice, saved, set_aside }
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
    let mut kept = Vec::new();
    for message in messages {
        match message {
            Message::To(pid) => {
                to = Some(pid);
                kept.drain(..)
                    .for_each(|(path, notice)| send(&pid, path, &notice));
            }
            Message::Notice(path, notice) => match &to {
                Some(pid) => send(pid, path, &notice),
                None if kept.len() < MAX_KEPT => kept.push((path, notice)),
                None => {}
            },
        }
    }
}

/// `{:replay_notice, path, notice}`; a process that is gone gets nothing.
fn send(pid: &LocalPid, path: String, notice: &Notice) {
    // A defect in one notice must not end all that follow.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let mut env = OwnedEnv::new();
        let _ = env.send_and_clear(pid, |env| {
            (atoms::replay_notice(), path, encoded(env, notice)).encode(env)
        });
    }));
}

fn encoded<'a>(env: Env<'a>, notice: &Notice) -> Term<'a> {
    let bytes = |id: &[u8]| crate::store::binary(env, id);
    match notice {
        Notice::Saved {
            id,
            event_count,
            bytes: size,
            took,
            recovered,
        } => {
            let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            (
                atoms::saved(),
                bytes(id),
                *event_count,
                *size,
                took_us,
                *recovered,
            )
                .encode(env)
        }
        Notice::Dropped { id } => (atoms::dropped(), bytes(id)).encode(env),
        Notice::Failed {
            id, error, attempt, ..
        } => (atoms::failed(), bytes(id), reason(env, error), *attempt).encode(env),
        Notice::Panicked { id, attempt, .. } => {
            (atoms::failed(), bytes(id), atoms::panicked(), *attempt).encode(env)
        }
        Notice::Recovered { count } => (atoms::recovered(), *count).encode(env),
        Notice::SetAside { file, reason } => (atoms::set_aside(), file, reason).encode(env),
        // A notice that a later engine adds.
        _ => ok().encode(env),
    }
}
