use std::collections::BTreeMap;

use super::Store;
use crate::disk::NATIVE_DIR;
use crate::error::Error;
use crate::index::Damage;
use crate::query::{self, Cursor, Facets, Filter, Page, Search, SearchProgress, Sort};
use crate::slab;

/// Finding recordings, finished ones and those in flight as one.
impl Store {
    /// The recordings that match a filter, in order: at most `limit` of those behind `after`, and
    /// how many there are in all. Changes that others made to the directory are included.
    ///
    /// Recordings in flight are among them, but for those in which no user has done anything yet.
    /// Without a filter, by time, it takes as long as the page is long, else about as long as
    /// there are recordings in the filter's range of time. With [`Filter::contains`] it reads all
    /// that the rest of the filter leaves; see [`Store::search`].
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
        if filter.is_about_content() {
            return self.searched(filter)?.page(sort, limit, after);
        }
        query::query(&self.files, &self.actives(), filter, sort, limit, after)
    }

    /// The ids of all recordings that match, of those too in which no user has done anything yet.
    pub(crate) fn matching(&self, filter: &Filter) -> Result<Vec<Box<[u8]>>, Error> {
        query::matching(&self.files, &self.actives(), filter)
    }

    /// How the recordings that match a filter spread over views, events and days.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn facets(&self, filter: &Filter) -> Result<Facets, Error> {
        if filter.is_about_content() {
            return Ok(self.searched(filter)?.facets());
        }
        query::facets(&self.files, &self.actives(), filter)
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
        let files = &self.files;
        let quarantined = files
            .quarantined()
            .map_err(Error::at("look for damaged files in", &files.beside_dir))?;
        let set_aside = slab::set_aside_in(files.fs(), &files.native_dir)
            .map_err(Error::at("look for damaged files in", &files.native_dir))?;
        let native = |file: &str| format!("{NATIVE_DIR}/{file}");
        let mut beyond = BTreeMap::new();
        let mut add = |file: String, reason: String| {
            beyond.entry(file).or_insert(reason);
        };
        for Damage { file, reason } in files.index.read().damage() {
            add(file, reason);
        }
        for file in &quarantined {
            add(native(file), "moved away because it is damaged".into());
        }
        for file in &set_aside {
            add(native(file), "a part of the slab that can't be read".into());
        }
        let left = self.active.left_behind();
        if left > 0 {
            let reason = format!("recordings in flight that an earlier run left: {left}");
            add(NATIVE_DIR.into(), reason);
        }
        for Damage { file, reason } in unread {
            add(file.clone(), reason.clone());
        }
        let damage = |(file, reason)| Damage { file, reason };
        Ok(beyond.into_iter().map(damage).collect())
    }
}
