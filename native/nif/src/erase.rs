//! Erasing recordings: the call behind `PhoenixReplay.Native.delete_where/2`.

use rustler::types::atom::ok;
use rustler::{Encoder, Env, Term};

use crate::directories::Settled;
use crate::errors::Failure;
use crate::filter::Filter;
use crate::terms::binary;

/// `{:ok, ids}`
#[rustler::nif(schedule = "DirtyIo")]
fn store_delete_where(env: Env<'_>, handle: Settled, filter: Filter) -> Term<'_> {
    match handle.store.delete_where(&filter.0) {
        Ok(ids) => {
            let ids: Vec<_> = ids.iter().map(|id| binary(env, id)).collect();
            (ok(), ids).encode(env)
        }
        Err(error) => Failure::from(error).explained(env),
    }
}
