//! Recordings in flight: the calls behind `PhoenixReplay.Native.InFlight`.
//!
//! What runs on a normal scheduler here does a bounded amount of work and
//! waits for nothing. When that is not enough it answers `:again`, and the
//! caller repeats the call on a dirty scheduler.

use std::sync::Arc;

use parking_lot::Mutex;
use replay_etf::{Limits, Replaced};
use replay_store::{Error as StoreError, Format, Recording, Wait};
use rustler::types::atom::ok;
use rustler::{Atom, Binary, Encoder, Env, NifResult, Term};

use crate::active_changes;
use crate::changes::assigns_in;
use crate::directories::Opened;
use crate::encode::{self, Effort};
use crate::errors::Failure;
use crate::frame::{BOUNDED_BYTES, Frame, answer};
use crate::options::format_of;
use crate::resource::{Given, Kept};
use crate::session::Session;
use crate::sink::Full;
use crate::store::{Replacing, etf_to_term};
use crate::subject::Subject;

mod atoms {
    rustler::atoms! { again }
}

#[rustler::nif]
fn active_start<'a>(
    env: Env<'a>,
    handle: Opened,
    id: Binary<'a>,
    recording: Term<'a>,
    max_events: u32,
    format: Atom,
    subject: Option<Subject>,
) -> NifResult<Term<'a>> {
    let format = format_of(format)?;
    let subject = subject.map(|Subject(known)| known);
    let started = encode::lend(recording, BOUNDED_BYTES, Effort::Bounded, |head| {
        let wait = Wait::Never;
        handle.store.start_for(&id, head, max_events, subject, wait)
    });
    Ok(match started {
        Err(Full) | Ok(Err(StoreError::WouldBlock)) => atoms::again().encode(env),
        Ok(started) => watched(env, &handle, started, format),
    })
}

#[rustler::nif(schedule = "DirtyIo")]
fn active_start_dirty<'a>(
    env: Env<'a>,
    handle: Opened,
    id: Binary<'a>,
    recording: Term<'a>,
    max_events: u32,
    format: Atom,
    subject: Option<Subject>,
) -> NifResult<Term<'a>> {
    let format = format_of(format)?;
    let subject = subject.map(|Subject(known)| known);
    let started = encode::lend(recording, handle.limits.max_bytes, Effort::Any, |head| {
        let wait = Wait::Yes;
        handle.store.start_for(&id, head, max_events, subject, wait)
    });
    Ok(match started {
        Err(full) => Failure::from(full).encode(env),
        Ok(started) => watched(env, &handle, started, format),
    })
}

/// Ties a recording to the life of the calling process.
fn watched<'a>(
    env: Env<'a>,
    handle: &Opened,
    started: Result<Arc<Recording>, StoreError>,
    format: Format,
) -> Term<'a> {
    let recording = match started {
        Ok(recording) => recording,
        Err(error) => return Failure::from(error).encode(env),
    };
    recording.save_as(format);
    let session = Session {
        recording: Arc::clone(&recording),
        limits: handle.limits,
        table: Mutex::default(),
    };
    let Some(session) = Kept::new(session) else {
        recording.end();
        return Failure::out_of_memory().encode(env);
    };
    if !session.monitor(env) {
        // The process is exiting.
        recording.end();
    }
    // A resource that is collected before its process exits would lose the monitor silently.
    recording.keep(Box::new(session.clone()));
    (ok(), session).encode(env)
}

/// What is to be held on to between events, see `active_changes.rs`, is `base`.
#[rustler::nif]
fn active_append<'a>(
    env: Env<'a>,
    session: Given<'a, Session>,
    event: Term<'a>,
    base: Term<'a>,
) -> Term<'a> {
    if let Some(assigns) = assigns_in(event) {
        return active_changes::append(env, &session, assigns, base, Effort::Bounded);
    }
    let mut reservation = match session.recording.reserve(Wait::Never) {
        Ok(reservation) => reservation,
        Err(error) => return answer(env, Err(error)),
    };
    let mut frame = Frame {
        reservation: &mut reservation,
        cap: BOUNDED_BYTES,
        failure: None,
    };
    let Ok(len) = encode::into(event, &mut frame, Effort::Bounded) else {
        return match frame.failure {
            Some(error) => answer(env, Err(error)),
            None => atoms::again().encode(env),
        };
    };
    answer(env, reservation.commit(len))
}

#[rustler::nif(schedule = "DirtyIo")]
fn active_append_dirty<'a>(
    env: Env<'a>,
    session: Given<'a, Session>,
    event: Term<'a>,
    base: Term<'a>,
) -> Term<'a> {
    if let Some(assigns) = assigns_in(event) {
        return active_changes::append(env, &session, assigns, base, Effort::Any);
    }
    let mut reservation = match session.recording.reserve(Wait::Yes) {
        Ok(reservation) => reservation,
        Err(error) => return answer(env, Err(error)),
    };
    let cap = session.limits.max_bytes;
    let mut frame = Frame {
        reservation: &mut reservation,
        cap: cap.saturating_add(encode::UNPACKED),
        failure: None,
    };
    match encode::into(event, &mut frame, Effort::Any) {
        Ok(len) if len > cap => Failure::TooLarge.encode(env),
        Ok(len) => answer(env, reservation.commit(len)),
        Err(full) => match frame.failure {
            Some(error) => answer(env, Err(error)),
            None => Failure::from(full).encode(env),
        },
    }
}

/// Says whom a recording belongs to.
#[rustler::nif]
fn active_subject<'a>(env: Env<'a>, session: Given<'a, Session>, subject: Subject) -> Term<'a> {
    answer(env, session.recording.set_subject(subject.0, Wait::Never))
}

#[rustler::nif(schedule = "DirtyIo")]
fn active_subject_dirty<'a>(
    env: Env<'a>,
    session: Given<'a, Session>,
    subject: Subject,
) -> Term<'a> {
    answer(env, session.recording.set_subject(subject.0, Wait::Yes))
}

#[rustler::nif]
fn active_lookup<'a>(env: Env<'a>, handle: Opened, id: Binary<'a>) -> Term<'a> {
    match handle.store.active(&id) {
        // Not the resource with the monitor: that one watches the process that
        // started the recording, and this one need not.
        Some(recording) => {
            let limits = handle.limits;
            let table = Mutex::default();
            match Kept::new(Session {
                recording,
                limits,
                table,
            }) {
                Some(session) => (ok(), session).encode(env),
                None => Failure::out_of_memory().encode(env),
            }
        }
        None => Failure::from(StoreError::NotFound).encode(env),
    }
}

#[rustler::nif(schedule = "DirtyIo")]
fn active_recording<'a>(
    env: Env<'a>,
    session: Given<'a, Session>,
    replaced: Replacing,
) -> Term<'a> {
    let limits = &session.limits;
    as_term(env, session.recording.snapshot(), limits, replaced.into())
}

/// Ends a recording and returns all of it.
#[rustler::nif(schedule = "DirtyIo")]
fn active_finish<'a>(env: Env<'a>, session: Given<'a, Session>) -> Term<'a> {
    let ended = session.recording.finish();
    as_term(env, ended, &session.limits, Replaced::Identifiers)
}

fn as_term<'a>(
    env: Env<'a>,
    etf: Result<Vec<u8>, StoreError>,
    limits: &Limits,
    replaced: Replaced,
) -> Term<'a> {
    let term = etf
        .map_err(Failure::from)
        .and_then(|etf| etf_to_term(env, &etf, limits, replaced));
    match term {
        Ok(term) => (ok(), term).encode(env),
        Err(failure) => failure.encode(env),
    }
}
