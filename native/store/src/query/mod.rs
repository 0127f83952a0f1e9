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
mod sort;
mod stored;
mod view;

pub use cursor::Cursor;
pub use facets::{Facets, MAX_EVENT_NAMES};
pub use facts::Facts;
pub use filter::{Filter, UrlPart};
pub use item::{InFlight, Item};
pub use page::Page;
pub use sort::Sort;

use std::collections::HashSet;

use flights::Flights;

use crate::error::Error;
use crate::store::Store;

/// Queries.
impl Store {
    /// The recordings that match a filter, in order: at most `limit` of those behind `after`, and
    /// how many there are in all. Changes that others made to the directory are included.
    ///
    /// Recordings in flight are among them, but for those in which no user has done anything yet.
    /// Without a filter, by time, it takes as long as the page is long, else about as long as
    /// there are recordings in the filter's range of time.
    ///
    /// # Errors
    ///
    /// [`Error::Cursor`] if `after` belongs to another order, [`Error::Io`] if the directory
    /// can't be read.
    pub fn query(
        &self,
        filter: &Filter,
        sort: Sort,
        limit: usize,
        after: Option<&Cursor>,
    ) -> Result<Page, Error> {
        if after.is_some_and(|cursor| cursor.sort() != sort) {
            return Err(Error::Cursor);
        }
        let flights = Flights::matching(self, filter);
        self.files.refresh()?;
        let index = self.files.index.read();
        Ok(page::page(&index, &flights, filter, sort, limit, after))
    }

    /// The ids of all recordings that match, of those too in which no user has done anything yet.
    pub(crate) fn matching(&self, filter: &Filter) -> Result<Vec<Box<[u8]>>, Error> {
        // These first: one that a user begins to do something in meanwhile is found then.
        let idle = Flights::idle(self, filter);
        let page = self.query(filter, Sort::Newest, usize::MAX, None)?;
        let found = page.items.iter().map(Item::id).map(Box::from);
        let ids: HashSet<Box<[u8]>> = found.chain(idle).collect();
        Ok(ids.into_iter().collect())
    }

    /// How the recordings that match a filter spread over views, events and days.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn facets(&self, filter: &Filter) -> Result<Facets, Error> {
        let flights = Flights::matching_with_names(self, filter);
        self.files.refresh()?;
        let index = self.files.index.read();
        Ok(facets::facets(&index, &flights, filter))
    }
}
