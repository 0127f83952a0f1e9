//! Events with assigns of recordings in flight, written as what changed.

use replay_store::{Reservation, Wait};
use rustler::types::atom::ok;
use rustler::{Atom, Encoder, Env, Term};

use crate::atoms::word;
use crate::changes::{Assigns, News, Stop, Table};
use crate::encode::{self, Effort};
use crate::errors::Failure;
use crate::frame::{BOUNDED_BYTES, Frame, answer};
use crate::resource::Given;
use crate::session::Session;
use crate::vm;

mod atoms {
    rustler::atoms! { again, module, refused }
}

/// What a sanitizer has not seen: `keys` of `values`, to be recorded by its rules.
///
/// `:ok`, or `{:ok, base}`, and the event after it is to be given that base; `{:module, module}`
/// if it has to be said first whether that is a schema's; `:refused` if the rules do not cover it.
#[rustler::nif]
fn active_changes<'a>(
    env: Env<'a>,
    session: Given<'a, Session>,
    offset: Term<'a>,
    form: Term<'a>,
    keys: Term<'a>,
    values: Term<'a>,
    base: Term<'a>,
) -> Term<'a> {
    let assigns = Assigns::raw(offset, form, keys, values);
    append(env, &session, assigns, base, Effort::Bounded)
}

#[rustler::nif(schedule = "DirtyIo")]
fn active_changes_dirty<'a>(
    env: Env<'a>,
    session: Given<'a, Session>,
    offset: Term<'a>,
    form: Term<'a>,
    keys: Term<'a>,
    values: Term<'a>,
    base: Term<'a>,
) -> Term<'a> {
    let assigns = Assigns::raw(offset, form, keys, values);
    append(env, &session, assigns, base, Effort::Any)
}

/// Says whether the structs of a module are a schema's.
#[rustler::nif]
fn active_module<'a>(session: Given<'a, Session>, module: Atom, is_schema: bool) -> Atom {
    let module = word(module.as_c_arg());
    session.table.lock().modules.learn(module, is_schema);
    ok()
}

/// Appends an event with assigns. All of it are arguments of this call, as is `base`.
pub fn append<'a>(
    env: Env<'a>,
    session: &Session,
    mut assigns: Assigns,
    base: Term<'a>,
    effort: Effort,
) -> Term<'a> {
    let wait = match effort {
        Effort::Bounded => Wait::Never,
        Effort::Any => Wait::Yes,
    };
    let mut reservation = match session.recording.reserve(wait) {
        Ok(reservation) => reservation,
        Err(error) => return answer(env, Err(error)),
    };
    let cap = match effort {
        Effort::Bounded => BOUNDED_BYTES,
        Effort::Any => session.limits.max_bytes.saturating_add(encode::UNPACKED),
    };
    // Whoever appends holds the reservation: nobody else is at the table for long.
    let mut table = session.table.lock();
    let held = trusted(&mut table, &reservation, base, assigns.clean);
    assigns.base = held.map(|held| held.as_c_arg());
    let mut frame = Frame {
        reservation: &mut reservation,
        cap,
        failure: None,
    };
    // SAFETY: all are arguments of this call.
    let written = unsafe { assigns.write(vm::Env::of(env), &mut frame, effort, &table) };
    let written = match written {
        Ok(written) => written,
        Err(stop) => return stopped(env, stop, frame, effort),
    };
    if written.pairs == 0 && assigns.clean {
        // Nothing that is recorded has changed.
        return ok().encode(env);
    }
    if written.whole > session.limits.max_bytes {
        return Failure::TooLarge.encode(env);
    }
    let mut number = reservation.changes();
    let committed = match written.as_changes {
        true => reservation.commit_changes(written.bytes),
        false => reservation.commit(written.bytes),
    };
    if let Err(error) = committed {
        return answer(env, Err(error));
    }
    if written.news.is_empty() {
        return ok().encode(env);
    }
    number += u64::from(written.as_changes);
    (table.number, table.clean) = (number, assigns.clean);
    for (key, _, entry) in &written.news {
        table.set(word(*key), *entry);
    }
    (ok(), (number, hold(env, held, &written.news))).encode(env)
}

/// The values that are held on to, if the table tells of them. If not, it is emptied.
fn trusted<'a>(
    table: &mut Table,
    reservation: &Reservation<'_>,
    base: Term<'a>,
    clean: bool,
) -> Option<Term<'a>> {
    let held = base.decode::<(u64, Term<'a>)>().ok();
    let held = held.filter(|(number, _)| {
        // One who did not hold on to anything has no number.
        *number > 0
            && *number == table.number
            && *number == reservation.changes()
            && clean == table.clean
    });
    if held.is_none() {
        table.entries.clear();
    }
    held.map(|(_, held)| held)
}

fn stopped<'a>(env: Env<'a>, stop: Stop, frame: Frame<'_, '_>, effort: Effort) -> Term<'a> {
    match (stop, frame.failure) {
        (Stop::Refused, _) => atoms::refused().encode(env),
        (Stop::Module(module), _) => {
            // SAFETY: it is part of an argument.
            let module = unsafe { Term::new(env, module) };
            (atoms::module(), module).encode(env)
        }
        (Stop::Full | Stop::Fruitless, Some(error)) => answer(env, Err(error)),
        (Stop::Full | Stop::Fruitless, None) => match effort {
            Effort::Bounded => atoms::again().encode(env),
            Effort::Any => Failure::TooLarge.encode(env),
        },
    }
}

/// The values to hold on to.
fn hold<'a>(env: Env<'a>, base: Option<Term<'a>>, news: &[News]) -> Term<'a> {
    let base = base.unwrap_or_else(|| Term::map_new(env));
    news.iter().fold(base, |base, (key, value, entry)| {
        // SAFETY: both are parts of arguments.
        let (key, value) = unsafe { (Term::new(env, *key), Term::new(env, *value)) };
        let held = match entry {
            Some(_) => base.map_put(key, value),
            None => base.map_remove(key),
        };
        held.unwrap_or(base)
    })
}
