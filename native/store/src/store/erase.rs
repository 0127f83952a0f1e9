use super::Store;
use crate::error::Error;
use crate::index::Damage;
use crate::query::{Filter, Search};

/// What an erasure came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// The ids of what is gone, in no order.
    pub ids: Vec<Box<[u8]>>,
    /// What may hold something that was to be erased, as [`Store::not_searched`] says.
    pub not_searched: Vec<Damage>,
}

impl Store {
    /// Erases all recordings that match, and returns their ids: their files, what is known of
    /// them, and those in flight, also where no user has done anything yet. When this returns,
    /// what matched when it was called is gone, and will still be after a power cut. A save of another thread that is under way meanwhile counts as before or as
    /// after: its recording is erased, or there as a whole.
    ///
    /// If it is interrupted or fails, the next start completes it.
    ///
    /// Not erased are recordings in flight in other programs, what can't be searched, which is
    /// named, and other files of a recording that someone copied by hand under another id.
    ///
    /// # Errors
    ///
    /// [`Error::NoFilters`] for a filter that every recording matches; [`Error::Io`].
    pub fn delete_where(&self, filter: &Filter) -> Result<Erased, Error> {
        if filter.says_nothing() {
            return Err(Error::NoFilters);
        }
        match self.matching(filter)? {
            Some(ids) => self.erase(ids, &[]),
            None => self.erase_found(&self.searched(filter)?),
        }
    }

    /// As [`Store::delete_where`], what a search has found, which has to be
    /// [done](Search::is_done).
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn erase_found(&self, search: &Search) -> Result<Erased, Error> {
        self.erase(search.ids(), search.unread())
    }

    fn erase(&self, ids: Vec<Box<[u8]>>, unread: &[Damage]) -> Result<Erased, Error> {
        // Before anything is erased: if it can't be told, nothing is.
        let not_searched = self.beyond(unread)?;
        if ids.is_empty() {
            return Ok(Erased { ids, not_searched });
        }
        self.files.delete_there(&ids)?;
        let slab = self.active.opened_slab();
        let intent = self.files.intend(slab, ids)?;
        self.active.discard(intent.ids())?;
        let ids = self.files.erase(slab, intent)?;
        Ok(Erased { ids, not_searched })
    }
}
