//! Erasing recordings: the call behind `PhoenixReplay.Native.delete_where/3`.

use replay_store::{Erased, Error as StoreError};
use rustler::types::atom::ok;
use rustler::{Encoder, Env, Term};

use crate::directories::Settled;
use crate::errors::Failure;
use crate::filter::Filter;
use crate::terms::binary;
use crate::verify::pairs;

/// `{:ok, {ids, [{file, reason}]}}`, the latter of what could not be searched.
#[rustler::nif(schedule = "DirtyIo")]
fn store_delete_where(env: Env<'_>, handle: Settled, filter: Filter) -> Term<'_> {
    erased(env, handle.store.delete_where(&filter.0))
}

pub fn erased(env: Env<'_>, erased: Result<Erased, StoreError>) -> Term<'_> {
    match erased {
        Ok(Erased { ids, not_searched }) => {
            let ids: Vec<_> = ids.iter().map(|id| binary(env, id)).collect();
            (ok(), (ids, pairs(not_searched))).encode(env)
        }
        Err(error) => Failure::from(error).explained(env),
    }
}
