use super::Store;
use crate::error::Error;
use crate::index::Damage;
use crate::query::{self, Cursor, Facets, Filter, Page, Search, SearchProgress, Sort};

/// Finding recordings, finished ones and those in flight as one.
impl Store {
    /// The recordings that match a filter, in order: at most `limit` of those behind `after`, and
    /// how many there are in all. Changes that others made to the directory are included.
    ///
    /// Recordings in flight are among them, but for those in which no user has done anything yet.
    /// Without a filter, by time, it takes as long as the page is long, else about as long as
    /// there are recordings in the filter's range of time. Files are read only where the filter
    /// asks for pages, and of those files that all else lets through and of which not all pages
    /// are known; and with [`Filter::contains`] all that the rest of the filter leaves. One that
    /// can't be read is left out; who wants to know begins a [`Store::search`].
    ///
    /// # Errors
    ///
    /// [`Error::Cursor`] if `after` belongs to another order, [`Error::Io`] if the directory can't
    /// be read.
    pub fn query(
        &self,
        filter: &Filter,
        sort: Sort,
        limit: usize,
        after: Option<&Cursor>,
    ) -> Result<Page, Error> {
        self.page(filter, sort, limit, after, false)
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
        self.page(filter, sort, limit, after, true)
    }

    fn page(
        &self,
        filter: &Filter,
        sort: Sort,
        limit: usize,
        after: Option<&Cursor>,
        with_pages: bool,
    ) -> Result<Page, Error> {
        let (files, actives) = (&self.files, self.actives());
        match query::query(files, &actives, filter, sort, limit, after, with_pages)? {
            Some(page) => Ok(page),
            None => self.searched(filter)?.page(sort, limit, after),
        }
    }

    /// The ids of all recordings that match, of those too in which no user has done anything yet.
    /// `None` if only a search tells.
    pub(crate) fn matching(&self, filter: &Filter) -> Result<Option<Vec<Box<[u8]>>>, Error> {
        query::matching(&self.files, &self.actives(), filter)
    }

    /// How the recordings that match a filter spread over views, events, paths and days.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] as for [`Store::query`].
    pub fn facets(&self, filter: &Filter) -> Result<Facets, Error> {
        match query::facets(&self.files, &self.actives(), filter)? {
            Some(facets) => Ok(facets),
            None => Ok(self.searched(filter)?.facets()),
        }
    }

    /// Whether recordings have to be read to tell which match: with [`Filter::contains`], and where
    /// a filter asks for pages that are not known. Then [`Store::query`], [`Store::facets`] and
    /// [`Store::delete_where`] take as long as that takes, and a search does it part by part.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn needs_search(&self, filter: &Filter) -> Result<bool, Error> {
        query::needs_search(&self.files, filter)
    }

    /// Begins a search for what matches a filter, content and all. Which recordings are read is
    /// settled here; [`Store::search_on`] reads them.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn search(&self, filter: &Filter) -> Result<Search, Error> {
        Search::new(&self.files, &self.actives(), filter)
    }

    /// Reads the next recordings of a search, as many as can be in some 50 milliseconds, but one
    /// at least, with up to four threads. What can't be read is passed over, and named by
    /// [`Store::not_searched`].
    pub fn search_on(&self, search: &mut Search) -> SearchProgress {
        search.turn(&self.files)
    }

    pub(super) fn searched(&self, filter: &Filter) -> Result<Search, Error> {
        let mut search = self.search(filter)?;
        while !search.is_done() {
            self.search_on(&mut search);
        }
        Ok(search)
    }

    /// What may hold something that a search was to find, and why that can't be told, by file:
    /// damaged files and what could not be read, in the directory, in `.native/quarantine/`, and of
    /// recordings in flight that earlier runs left.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if that can't be listed.
    pub fn not_searched(&self, search: &Search) -> Result<Vec<Damage>, Error> {
        self.beyond(search.unread())
    }

    pub(super) fn beyond(&self, unread: &[Damage]) -> Result<Vec<Damage>, Error> {
        query::beyond(&self.files, self.active.left_behind(), unread)
    }
}
