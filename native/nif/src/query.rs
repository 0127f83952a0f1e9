//! Finding recordings: the calls behind `PhoenixReplay.Native.Query` and
//! `PhoenixReplay.Native.facets/3`.

use replay_store::{Cursor, Error as StoreError, Facets, Page, Sort};
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

/// `{:ok, {summaries, total, cursor}}`; without a limit, all of them.
#[rustler::nif(schedule = "DirtyIo")]
fn query_page<'a>(
    env: Env<'a>,
    handle: Settled,
    filter: Filter,
    sort: Order,
    limit: Option<usize>,
    cursor: Option<Binary<'a>>,
) -> Term<'a> {
    let after = cursor.map(|bytes| Cursor::from_bytes(&bytes)).transpose();
    let limit = limit.unwrap_or(usize::MAX);
    let page = after.and_then(|after| {
        handle
            .store
            .query(&filter.0, sort.into(), limit, after.as_ref())
    });
    self::page(env, page)
}

pub fn page(env: Env<'_>, page: Result<Page, StoreError>) -> Term<'_> {
    match page {
        Ok(page) => {
            let next = page.next.map(|next| binary(env, &next.to_bytes()));
            let summaries = Summaries::list(env, &page.items);
            (ok(), (summaries, page.total, next)).encode(env)
        }
        Err(error) => Failure::from(error).encode(env),
    }
}

/// `{:ok, {views, events, subjects, days}}`, each a list of pairs with counts; a day is
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
    let events = facets.events.iter();
    let events: Vec<_> = events.map(|(name, n)| (binary(env, name), *n)).collect();
    let subjects = facets.subjects.iter();
    let subjects: Vec<_> = subjects
        .map(|(whose, n)| (subject::term(env, whose), *n))
        .collect();
    (ok(), (views, events, subjects, &facets.days)).encode(env)
}
