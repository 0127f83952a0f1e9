//! Finding recordings, finished ones and those in flight as one.
//!
//! What is in flight is looked at first: what gets to its file in between is then found twice,
//! which is noticed, and not never. One that runs on after a checkpoint has a file, too, which is
//! older and does not count.

mod address;
mod best;
mod cursor;
mod facets;
mod facts;
mod filter;
mod flights;
mod item;
mod page;
mod search;
mod sort;
mod stored;
mod view;

pub use cursor::Cursor;
pub use facets::{Facets, MAX_EVENT_NAMES, MAX_SUBJECTS};
pub use facts::Facts;
pub use filter::{Filter, UrlPart};
pub use item::{InFlight, Item};
pub use page::Page;
pub use search::{Search, SearchProgress};
pub use sort::Sort;

use std::collections::HashSet;
use std::sync::Arc;

use flights::Flights;

use crate::active::Recording;
use crate::directory::Files;
use crate::error::Error;

/// See [`Store::query`](crate::store::Store::query); `actives` were looked at before anything else.
pub(crate) fn query(
    files: &Files,
    actives: &[Arc<Recording>],
    filter: &Filter,
    sort: Sort,
    limit: usize,
    after: Option<&Cursor>,
) -> Result<Page, Error> {
    check(sort, after)?;
    let flights = Flights::matching(actives, filter);
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

/// The ids of all recordings that match, of those too in which no user has done anything yet.
pub(crate) fn matching(
    files: &Files,
    actives: &[Arc<Recording>],
    filter: &Filter,
) -> Result<Vec<Box<[u8]>>, Error> {
    // These first: one that a user begins to do something in meanwhile is found then.
    let idle = Flights::idle(actives, filter);
    let page = query(files, actives, filter, Sort::Newest, usize::MAX, None)?;
    let found = page.items.iter().map(Item::id).map(Box::from);
    let ids: HashSet<Box<[u8]>> = found.chain(idle).collect();
    Ok(ids.into_iter().collect())
}

/// See [`Store::facets`](crate::store::Store::facets).
pub(crate) fn facets(
    files: &Files,
    actives: &[Arc<Recording>],
    filter: &Filter,
) -> Result<Facets, Error> {
    let flights = Flights::matching_with_names(actives, filter);
    files.refresh()?;
    let index = files.index.read();
    Ok(facets::facets(&index, &flights, filter))
}
