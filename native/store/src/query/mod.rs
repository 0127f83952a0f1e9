//! Finding recordings, finished ones and those in flight as one.
//!
//! What is in flight is looked at first: what gets to its file in between is then found twice,
//! which is noticed, and not never. One that runs on after a checkpoint has a file, too, which is
//! older and does not count.
//!
//! Where what is known of a recording does not tell whether it matches, its content does: then all of
//! them are found by a [`Search`].

mod address;
mod answer;
mod best;
mod content;
mod cursor;
mod facets;
mod facts;
mod filter;
mod flights;
mod item;
mod page;
mod parts;
mod search;
mod sieve;
mod sort;
mod stored;
mod view;
mod wire;

pub use answer::Answer;
pub use cursor::Cursor;
pub use facets::{Facets, MAX_EVENT_NAMES, MAX_PATHS, MAX_SUBJECTS};
pub use facts::Facts;
pub use filter::Filter;
pub use item::{InFlight, Item};
pub use page::Page;
pub use parts::{PathPart, UrlPart};
pub(crate) use search::beyond;
pub use search::{Search, SearchProgress};
pub use sort::Sort;

use std::collections::HashSet;
use std::sync::Arc;

use flights::{Flights, Shadows};
use stored::each_stored;

use crate::active::Recording;
use crate::directory::Files;
use crate::error::Error;

/// See [`Store::query`](crate::store::Store::query); `actives` were looked at before anything else.
/// With `with_pages` the pages of those in flight are known. `None` if only a [`Search`] tells.
pub(crate) fn query(
    files: &Files,
    actives: &[Arc<Recording>],
    filter: &Filter,
    sort: Sort,
    limit: usize,
    after: Option<&Cursor>,
    with_pages: bool,
) -> Result<Option<Page>, Error> {
    check(sort, after)?;
    if filter.is_about_content() {
        return Ok(None);
    }
    let flights = Flights::matching(actives, filter, with_pages);
    files.refresh()?;
    let index = files.index.read();
    Ok(page::page(&index, &flights, filter, sort, limit, after))
}

/// Refuses a cursor of another order.
fn check(sort: Sort, after: Option<&Cursor>) -> Result<(), Error> {
    match after {
        Some(cursor) if cursor.sort() != sort => Err(Error::Cursor),
        _ => Ok(()),
    }
}

/// The ids of all recordings that match, of those too in which no user has done anything yet;
/// `None` if only a [`Search`] tells.
pub(crate) fn matching(
    files: &Files,
    actives: &[Arc<Recording>],
    filter: &Filter,
) -> Result<Option<Vec<Box<[u8]>>>, Error> {
    // These first: one that a user begins to do something in meanwhile is found then.
    let idle = Flights::idle(actives, filter);
    let (sort, limit) = (Sort::Newest, usize::MAX);
    let Some(page) = query(files, actives, filter, sort, limit, None, false)? else {
        return Ok(None);
    };
    let found = page.items.iter().map(Item::id).map(Box::from);
    let ids: HashSet<Box<[u8]>> = found.chain(idle).collect();
    Ok(Some(ids.into_iter().collect()))
}

/// See [`Store::facets`](crate::store::Store::facets); `None` if only a [`Search`] tells.
pub(crate) fn facets(
    files: &Files,
    actives: &[Arc<Recording>],
    filter: &Filter,
) -> Result<Option<Facets>, Error> {
    if filter.is_about_content() {
        return Ok(None);
    }
    let flights = Flights::matching(actives, filter, true);
    files.refresh()?;
    let index = files.index.read();
    Ok(facets::facets(&index, &flights, filter))
}

/// See [`Store::needs_search`](crate::store::Store::needs_search).
pub(crate) fn needs_search(files: &Files, filter: &Filter) -> Result<bool, Error> {
    if filter.is_about_content() || !filter.asks_beyond() {
        return Ok(filter.is_about_content());
    }
    files.refresh()?;
    let index = files.index.read();
    let mut needed = false;
    if index.is_incomplete() {
        each_stored(&index, &Shadows::default(), filter, false, |_, answer| {
            needed |= answer == Answer::Perhaps;
        });
    }
    Ok(needed)
}
