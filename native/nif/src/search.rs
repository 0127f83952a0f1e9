//! Searching the content of recordings: the calls behind `PhoenixReplay.Native.Search`.

use parking_lot::Mutex;
use replay_store::{Cursor, Search, SearchProgress};
use rustler::types::atom::ok;
use rustler::{Binary, Encoder, Env, Term};

use crate::directories::{Opened, Settled};
use crate::erase;
use crate::errors::Failure;
use crate::filter::Filter;
use crate::later::later;
use crate::query::{self, Order};
use crate::resource::{Given, Held, Kept, Kind};
use crate::rewrite;
use crate::verify::pairs;
use crate::workers::{OPENING, SEARCHING};

/// A search that goes on from call to call. It is aligned to more than a resource is.
pub struct Searching(Mutex<Box<Search>>);

impl Held for Searching {
    const NAME: &'static str = "search";

    fn kind() -> &'static Kind {
        static KIND: Kind = Kind::new();
        &KIND
    }

    /// It may hold a million recordings, and giving them up takes as many steps.
    fn let_go(self) {
        // Without a thread for it, it is done here after all.
        let _ = OPENING.run(move || drop(self));
    }
}

/// Whether recordings have to be read to tell which match.
#[rustler::nif(schedule = "DirtyIo")]
fn search_needed(env: Env<'_>, handle: Settled, filter: Filter) -> Term<'_> {
    match handle.store.needs_search(&filter.0) {
        Ok(needed) => needed.encode(env),
        Err(error) => Failure::from(error).encode(env),
    }
}

/// `{:ok, search}`, in which nothing was searched yet.
#[rustler::nif(schedule = "DirtyIo")]
fn search_start(env: Env<'_>, handle: Settled, filter: Filter) -> Term<'_> {
    match handle.store.search(&filter.0) {
        Ok(search) => match Kept::new(Searching(Mutex::new(Box::new(search)))) {
            Some(search) => (ok(), search).encode(env),
            None => Failure::out_of_memory().encode(env),
        },
        Err(error) => Failure::from(error).encode(env),
    }
}

/// Searches for a short while, and returns `{checked, total, found}`. Where it may have to wait for a
/// bucket it is `:later`, and comes as `{:replay_done, answer}`.
#[rustler::nif(schedule = "DirtyIo")]
fn search_step<'a>(env: Env<'a>, handle: Opened, search: Given<'a, Searching>) -> Term<'a> {
    if handle.link.is_none() {
        return progress(env, handle.store.search_on(&mut search.0.lock()));
    }
    let search = search.keep();
    let step = move || handle.store.search_on(&mut search.0.lock());
    later(env, &SEARCHING, step, progress)
}

fn progress(env: Env<'_>, progress: SearchProgress) -> Term<'_> {
    let SearchProgress {
        checked,
        total,
        found,
    } = progress;
    (checked, total, found).encode(env)
}

/// A page of what was found, as `query_page`.
#[rustler::nif(schedule = "DirtyIo")]
fn search_page<'a>(
    env: Env<'a>,
    search: Given<'a, Searching>,
    sort: Order,
    limit: Option<usize>,
    cursor: Option<Binary<'a>>,
    with_paths: bool,
) -> Term<'a> {
    let after = cursor.map(|bytes| Cursor::from_bytes(&bytes)).transpose();
    let limit = limit.unwrap_or(usize::MAX);
    let page = after.and_then(|after| {
        let search = search.0.lock();
        search.page(sort.into(), limit, after.as_ref())
    });
    query::page(env, page, with_paths)
}

/// How what was found spreads, as `query_facets`.
#[rustler::nif(schedule = "DirtyIo")]
fn search_facets<'a>(env: Env<'a>, search: Given<'a, Searching>) -> Term<'a> {
    let facets = search.0.lock().facets();
    query::facets(env, &facets)
}

/// `{:ok, [{file, reason}]}` of what could not be searched.
#[rustler::nif(schedule = "DirtyIo")]
fn search_not_searched<'a>(env: Env<'a>, handle: Opened, search: Given<'a, Searching>) -> Term<'a> {
    match handle.store.not_searched(&search.0.lock()) {
        Ok(not_searched) => (ok(), pairs(not_searched)).encode(env),
        Err(error) => Failure::from(error).encode(env),
    }
}

/// Erases what was found by this filter, as `store_delete_where`.
#[rustler::nif(schedule = "DirtyIo")]
fn search_erase<'a>(
    env: Env<'a>,
    handle: Settled,
    search: Given<'a, Searching>,
    filter: Filter,
    timeout_ms: u64,
) -> Term<'a> {
    let found = search.keep();
    erase::erase(env, handle.opened(), filter.0, timeout_ms, move |opened| {
        opened.store.erase_found(&found.0.lock())
    })
}

/// Begins to change what was found, as `rewrite_begin`.
#[rustler::nif(schedule = "DirtyIo")]
fn search_rewrite<'a>(env: Env<'a>, handle: Settled, search: Given<'a, Searching>) -> Term<'a> {
    let rewriting = handle.store.begin_rewriting_found(&search.0.lock());
    rewrite::begun(env, &handle, rewriting)
}
