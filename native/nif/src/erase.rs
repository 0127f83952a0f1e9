//! Erasing recordings: the call behind `PhoenixReplay.Native.delete_where/3`.

use std::time::{Duration, Instant};

use replay_store::{Erased, Error as StoreError};
use rustler::types::atom::ok;
use rustler::{Encoder, Env, Term};

use crate::directories::{Opened, Settled};
use crate::errors::Failure;
use crate::filter::Filter;
use crate::later::later;
use crate::remote::Nodes;
use crate::terms::binary;
use crate::verify::pairs;
use crate::workers::WAITING;

/// `{:ok, {ids, [{file, reason}], nodes}}`: the second of what could not be searched, the third of
/// the nodes that have carried it out, nil without a bucket. With one it is `:later`, and comes as
/// `{:replay_done, answer}`.
#[rustler::nif(schedule = "DirtyIo")]
fn store_delete_where(env: Env<'_>, handle: Settled, filter: Filter, timeout_ms: u64) -> Term<'_> {
    let Filter(filter) = filter;
    let wanted = filter.clone();
    erase(env, handle.opened(), filter, timeout_ms, move |opened| {
        opened.store.delete_where(&wanted)
    })
}

/// Has `erase` erase what matches a filter, on all nodes where there are others.
pub fn erase(
    env: Env<'_>,
    handle: Opened,
    filter: replay_store::Filter,
    timeout_ms: u64,
    erase: impl FnOnce(&Opened) -> Result<Erased, StoreError> + Send + 'static,
) -> Term<'_> {
    if handle.link.is_none() {
        return erased(env, erase(&handle).map(|erased| (erased, None)));
    }
    let (timeout, called) = (Duration::from_millis(timeout_ms), Instant::now());
    let job = move || match &handle.link {
        Some(link) => {
            let left = timeout.saturating_sub(called.elapsed());
            let erased = link.erase(&filter, left, || erase(&handle))?;
            Ok((erased.0, Some(erased.1)))
        }
        None => erase(&handle).map(|erased| (erased, None)),
    };
    later(env, &WAITING, job, erased)
}

fn erased(env: Env<'_>, erased: Result<(Erased, Option<Nodes>), StoreError>) -> Term<'_> {
    match erased {
        Ok((erased, nodes)) => {
            let Erased {
                ids, not_searched, ..
            } = erased;
            let ids: Vec<_> = ids.iter().map(|id| binary(env, id)).collect();
            (ok(), (ids, pairs(not_searched), nodes)).encode(env)
        }
        Err(error) => Failure::from(error).explained(env),
    }
}
