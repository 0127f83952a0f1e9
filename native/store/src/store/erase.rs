use super::Store;
use crate::active::Active;
use crate::directory::Files;
use crate::error::Error;
use crate::index::Damage;
use crate::query::{self, Filter, Search};

/// What an erasure came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// The ids of what is gone, in no order.
    pub ids: Vec<Box<[u8]>>,
    /// What may hold something that was to be erased, as [`Store::not_searched`] says.
    pub not_searched: Vec<Damage>,
    /// Whether the same filter would find no more later: nothing is in flight that an earlier run
    /// left, and nothing could not be read just now.
    pub is_final: bool,
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
        erase_where(&self.files, &self.active, filter)
    }

    /// As [`Store::delete_where`], what a search has found, which has to be
    /// [done](Search::is_done).
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn erase_found(&self, search: &Search) -> Result<Erased, Error> {
        erase(&self.files, &self.active, search.ids(), search.unread())
    }
}

/// Erases what matches a filter.
pub(crate) fn erase_where(
    files: &Files,
    active: &Active,
    filter: &Filter,
) -> Result<Erased, Error> {
    let actives = active.all();
    if let Some(ids) = query::matching(files, &actives, filter)? {
        return erase(files, active, ids, &[]);
    }
    let mut search = Search::new(files, &actives, filter)?;
    while !search.is_done() {
        search.turn(files);
    }
    erase(files, active, search.ids(), search.unread())
}

fn erase(
    files: &Files,
    active: &Active,
    ids: Vec<Box<[u8]>>,
    unread: &[Damage],
) -> Result<Erased, Error> {
    // Before anything is erased: if it can't be told, nothing is.
    let left = active.left_behind();
    let not_searched = query::beyond(files, left, unread)?;
    let is_final = left == 0 && unread.is_empty();
    if ids.is_empty() {
        return Ok(Erased {
            ids,
            not_searched,
            is_final,
        });
    }
    let _deletion = files.delete_there(&ids)?;
    let slab = active.opened_slab();
    let intent = files.intend(slab, ids)?;
    active.discard(intent.ids())?;
    let ids = files.erase(slab, intent)?;
    Ok(Erased {
        ids,
        not_searched,
        is_final,
    })
}
