//! Events with assigns of recordings in flight, written as what changed.

use replay_store::Wait;
use rustler::types::atom::ok;
use rustler::{Atom, Encoder, Env, Term};

use crate::active::{BOUNDED_BYTES, Frame, answer};
use crate::changes::{Assigns, Stop, Table, Written};
use crate::encode::{self, Effort};
use crate::errors::Failure;
use crate::session::{Given, Session};
use crate::vm;

mod atoms {
    rustler::atoms! { again, module, refused, snapshot }
}

/// `{:ok, base}`, and the event after it is to be given that base; `{:module, module}` if it has
/// to be said first whether that is a schema's; `:refused` if the rules do not cover it.
#[rustler::nif]
#[expect(
    clippy::too_many_arguments,
    reason = "what Elixir calls takes no structs"
)]
fn active_changes<'a>(
    env: Env<'a>,
    session: Given<'a>,
    offset: Term<'a>,
    form: Term<'a>,
    keys: Term<'a>,
    values: Term<'a>,
    clean: bool,
    base: Term<'a>,
) -> Term<'a> {
    let terms = [offset, form, keys, values, base];
    append(env, &session, terms, clean, Effort::Bounded)
}

#[rustler::nif(schedule = "DirtyIo")]
#[expect(clippy::too_many_arguments, reason = "as above")]
fn active_changes_dirty<'a>(
    env: Env<'a>,
    session: Given<'a>,
    offset: Term<'a>,
    form: Term<'a>,
    keys: Term<'a>,
    values: Term<'a>,
    clean: bool,
    base: Term<'a>,
) -> Term<'a> {
    let terms = [offset, form, keys, values, base];
    append(env, &session, terms, clean, Effort::Any)
}

/// Says whether the structs of a module are a schema's.
#[rustler::nif]
fn active_module<'a>(session: Given<'a>, module: Term<'a>, is_schema: bool) -> Atom {
    let word = crate::atoms::word(module.as_c_arg());
    let modules = &mut session.table.lock().modules;
    if module.is_atom() && modules.iter().all(|(known, _)| *known != word) {
        modules.push((word, is_schema));
    }
    ok()
}

fn append<'a>(
    env: Env<'a>,
    session: &Session,
    [offset, form, keys, values, base]: [Term<'a>; 5],
    clean: bool,
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
    let held = base.decode::<(u64, Term<'a>)>().ok();
    let number = reservation.changes();
    let held = held
        .filter(|(of, _)| table.clean == clean && table.number == *of && number == *of && *of > 0);
    if held.is_none() {
        table.entries.clear();
    }
    let base = held.map(|(_, held)| held);
    let assigns = Assigns {
        offset: offset.as_c_arg(),
        form: form.as_c_arg(),
        keys: keys.as_c_arg(),
        values: values.as_c_arg(),
        all: atoms::snapshot() == form,
        clean,
        base: base.map(|base| base.as_c_arg()),
    };
    let mut frame = Frame {
        reservation: &mut reservation,
        cap,
        failure: None,
    };
    // SAFETY: all are arguments of this call.
    let written = unsafe { assigns.write(vm::Env::of(env), &mut frame, effort, &table) };
    let written = match written {
        Ok(written) => written,
        Err(Stop::Full | Stop::Fruitless) => {
            return match (frame.failure, effort) {
                (Some(error), _) => answer(env, Err(error)),
                (None, Effort::Bounded) => atoms::again().encode(env),
                (None, Effort::Any) => Failure::TooLarge.encode(env),
            };
        }
        Err(Stop::Refused) => return atoms::refused().encode(env),
        Err(Stop::Module(module)) => {
            // SAFETY: it is part of an argument.
            let module = unsafe { Term::new(env, module) };
            return (atoms::module(), module).encode(env);
        }
    };
    if written.pairs == 0 && clean {
        // Nothing that is recorded has changed.
        table.clean = clean;
        table.number = number;
        return (ok(), (number, hold(env, base, &[]))).encode(env);
    }
    if let Err(error) = reservation.commit_changes(written.bytes) {
        return answer(env, Err(error));
    }
    let base = note(env, &mut table, base, &written);
    table.clean = clean;
    table.number = number + 1;
    (ok(), (number + 1, base)).encode(env)
}

/// Notes what was written, and returns the values to hold on to.
fn note<'a>(
    env: Env<'a>,
    table: &mut Table,
    base: Option<Term<'a>>,
    written: &Written,
) -> Term<'a> {
    for (key, _, entry) in &written.news {
        table.set(crate::atoms::word(*key), *entry);
    }
    hold(env, base, &written.news)
}

fn hold<'a>(
    env: Env<'a>,
    base: Option<Term<'a>>,
    news: &[(vm::Raw, vm::Raw, Option<crate::changes::Entry>)],
) -> Term<'a> {
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
