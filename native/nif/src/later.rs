//! Answers that come as messages, because what they say takes longer than a scheduler may wait.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustler::{Encoder, Env, LocalPid, OwnedEnv, Term};

use crate::errors::Failure;
use crate::workers::Workers;

mod atoms {
    rustler::atoms! { later, replay_done }
}

/// `:later`, and the calling process is sent `{:replay_done, answer}` when these have done a job,
/// which may wait for a bucket. Time that it is given counts from the call, not from when one of them
/// gets to it.
pub fn later<'a, R>(
    env: Env<'a>,
    workers: &'static Workers,
    job: impl FnOnce() -> R + Send + 'static,
    answer: impl for<'b> FnOnce(Env<'b>, R) -> Term<'b> + Send + 'static,
) -> Term<'a> {
    let pid = env.pid();
    let started = workers.run(move || {
        let done = catch_unwind(AssertUnwindSafe(job));
        send(pid, |env| {
            let answer = match done {
                Ok(done) => answer(env, done),
                Err(_) => Failure::Panicked.encode(env),
            };
            (atoms::replay_done(), answer).encode(env)
        });
    });
    match started {
        Ok(()) => atoms::later().encode(env),
        Err(source) => Failure::no_thread(source).explained(env),
    }
}

/// Sends a message, from a thread that is no scheduler. A process that is gone gets nothing.
pub fn send<'a>(pid: LocalPid, message: impl FnOnce(Env<'a>) -> Term<'a>) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let _ = OwnedEnv::new().send_and_clear(&pid, message);
    }));
}
