use super::Store;
use crate::error::Error;
use crate::query::Filter;

impl Store {
    /// Erases all recordings that match, and returns their ids: their files, what is known of
    /// them, and those in flight, also where no user has done anything yet. When this returns,
    /// what matched when it was called is gone, and with [`Options::sync`] will still be after a
    /// power cut. A save of another thread that is under way meanwhile counts as before or as
    /// after: its recording is erased, or there as a whole.
    ///
    /// If it is interrupted or fails, the next start completes it.
    ///
    /// Not erased are recordings in flight in other programs, damaged files, and other files of a
    /// recording that someone copied by hand under another id.
    ///
    /// [`Options::sync`]: crate::Options::sync
    ///
    /// # Errors
    ///
    /// [`Error::NoFilters`] for a filter that every recording matches; [`Error::Io`].
    pub fn delete_where(&self, filter: &Filter) -> Result<Vec<Box<[u8]>>, Error> {
        if filter.says_nothing() {
            return Err(Error::NoFilters);
        }
        let ids = self.matching(filter)?;
        if ids.is_empty() {
            return Ok(ids);
        }
        let slab = self.active.opened_slab();
        let intent = self.files.intend(slab, ids)?;
        self.active.discard(intent.ids())?;
        self.files.erase(slab, intent)
    }
}
