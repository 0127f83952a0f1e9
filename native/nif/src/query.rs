//! Finding recordings: the calls behind `PhoenixReplay.Native.Query` and
//! `PhoenixReplay.Native.facets/3`.

use replay_store::{Cursor, Error as StoreError, Facets, Page, Pages, Sort};
use rustler::types::atom::ok;
use rustler::{Binary, Encoder, Env, NifUnitEnum, Term};

use crate::directories::Settled;
use crate::errors::Failure;
use crate::filter::Filter;
use crate::summary::Summaries;
use crate::terms::binary;
use crate::{subject, view};

/// The order of a page.
#[derive(NifUnitEnum, Clone, Copy)]
pub enum Order {
    Newest,
    Oldest,
    Longest,
    MostEvents,
    Largest,
}

impl From<Order> for Sort {
    fn from(order: Order) -> Self {
        match order {
            Order::Newest => Self::Newest,
            Order::Oldest => Self::Oldest,
            Order::Longest => Self::Longest,
            Order::MostEvents => Self::MostEvents,
            Order::Largest => Self::Largest,
        }
    }
}

/// `{:ok, {summaries, total, cursor, paths}}`; without a limit, all of them.
/// With `with_paths` the paths are a list of `{paths, complete?}`, one for each summary, else nil.
#[rustler::nif(schedule = "DirtyIo")]
fn query_page<'a>(
    env: Env<'a>,
    handle: Settled,
    filter: Filter,
    sort: Order,
    limit: Option<usize>,
    cursor: Option<Binary<'a>>,
    with_paths: bool,
) -> Term<'a> {
    let after = cursor.map(|bytes| Cursor::from_bytes(&bytes)).transpose();
    let limit = limit.unwrap_or(usize::MAX);
    let page = after.and_then(|after| {
        let (store, filter, after) = (&handle.store, &filter.0, after.as_ref());
        match with_paths {
            true => store.query_with_pages(filter, sort.into(), limit, after),
            false => store.query(filter, sort.into(), limit, after),
        }
    });
    self::page(env, page, with_paths)
}

pub fn page(env: Env<'_>, page: Result<Page, StoreError>, with_paths: bool) -> Term<'_> {
    match page {
        Ok(page) => {
            let next = page.next.map(|next| binary(env, &next.to_bytes()));
            let summaries = Summaries::list(env, &page.items);
            let paths = with_paths.then(|| page.items.iter().map(|it| paths(env, it.pages())));
            let paths = paths.map(Iterator::collect::<Vec<_>>);
            (ok(), (summaries, page.total, next, paths)).encode(env)
        }
        Err(error) => Failure::from(error).encode(env),
    }
}

fn paths<'a>(env: Env<'a>, pages: &Pages) -> (Vec<Term<'a>>, bool) {
    let paths = pages.iter().map(|page| binary(env, page));
    (paths.collect(), pages.is_complete())
}

/// `{:ok, {views, events, paths, days}}`, each a list of pairs with counts; a day is
/// counted from the Unix epoch.
#[rustler::nif(schedule = "DirtyIo")]
fn query_facets(env: Env<'_>, handle: Settled, filter: Filter) -> Term<'_> {
    match handle.store.facets(&filter.0) {
        Ok(found) => facets(env, &found),
        Err(error) => Failure::from(error).encode(env),
    }
}

pub fn facets<'a>(env: Env<'a>, facets: &Facets) -> Term<'a> {
    let views = facets.views.iter().map(|(view, count)| {
        let view = view::stored_term(env, view);
        // SAFETY: it was made in this environment.
        (unsafe { Term::new(env, view) }, *count)
    });
    let views: Vec<_> = views.collect();
    let counts = |counts: &[(Box<[u8]>, usize)]| {
        let counts = counts.iter();
        counts
            .map(|(text, n)| (binary(env, text), *n))
            .collect::<Vec<_>>()
    };
    let (events, paths) = (counts(&facets.events), counts(&facets.paths));
    let subjects = facets.subjects.iter();
    let subjects: Vec<_> = subjects
        .map(|(whose, n)| (subject::term(env, whose), *n))
        .collect();
    (ok(), (views, events, paths, subjects, &facets.days)).encode(env)
}
