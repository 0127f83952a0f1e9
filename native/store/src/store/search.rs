use super::Store;
use crate::error::Error;
use crate::query::{self, Cursor, Facets, Filter, Page, Sort};

/// Finding recordings, finished ones and those in flight as one.
impl Store {
    /// The recordings that match a filter, in order: at most `limit` of those behind `after`, and
    /// how many there are in all. Changes that others made to the directory are included.
    ///
    /// Recordings in flight are among them, but for those in which no user has done anything yet.
    /// Without a filter, by time, it takes as long as the page is long, else about as long as
    /// there are recordings in the filter's range of time. Files are read only where the filter
    /// asks for pages, and of those files that all else lets through and of which not all pages
    /// are known.
    ///
    /// # Errors
    ///
    /// [`Error::Cursor`] if `after` belongs to another order, [`Error::Io`] if the directory, or
    /// a file that has to be, can't be read.
    pub fn query(
        &self,
        filter: &Filter,
        sort: Sort,
        limit: usize,
        after: Option<&Cursor>,
    ) -> Result<Page, Error> {
        query::query(
            &self.files,
            &self.actives(),
            filter,
            sort,
            limit,
            after,
            false,
        )
    }

    /// As [`Store::query`], and the pages of recordings in flight are known, too: all their events
    /// are looked at for it.
    ///
    /// # Errors
    ///
    /// Those of [`Store::query`].
    pub fn query_with_pages(
        &self,
        filter: &Filter,
        sort: Sort,
        limit: usize,
        after: Option<&Cursor>,
    ) -> Result<Page, Error> {
        query::query(
            &self.files,
            &self.actives(),
            filter,
            sort,
            limit,
            after,
            true,
        )
    }

    /// The ids of all recordings that match, of those too in which no user has done anything yet.
    pub(crate) fn matching(&self, filter: &Filter) -> Result<Vec<Box<[u8]>>, Error> {
        query::matching(&self.files, &self.actives(), filter)
    }

    /// How the recordings that match a filter spread over views, events, paths and days.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] as for [`Store::query`].
    pub fn facets(&self, filter: &Filter) -> Result<Facets, Error> {
        query::facets(&self.files, &self.actives(), filter)
    }
}
