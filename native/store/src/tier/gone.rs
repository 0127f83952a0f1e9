//! Carrying out here what was deleted elsewhere.

use std::sync::Arc;

use super::Tier;
use crate::error::Error;
use crate::index::{Entry, Slot};
use crate::query::Filter;
use crate::store::{Erased, erase_where};

/// What [`Tier::delete_gone`] came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// So many recordings are gone from here.
    pub deleted: usize,
    /// The ids of those of which something was put into the bucket since: that has to be deleted
    /// there too.
    pub later: Vec<Box<[u8]>>,
}

impl Tier {
    /// Deletes what was there of these ids at a time by the bucket's clock, `until`: sessions in
    /// flight that had begun, files that were saved, objects that had been put. `ahead_ms` is by how
    /// much the bucket's clock is ahead of this machine's.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]: some of it may be left.
    pub fn delete_gone(&self, ids: &[Box<[u8]>], until: i64, ahead_ms: i64) -> Result<Gone, Error> {
        let until_here = until.saturating_sub(ahead_ms);
        let flights = ids.iter().filter_map(|id| self.active.get(id));
        let begun = flights.filter(|it| it.summary().connected_at <= until_here);
        let begun: Vec<Box<[u8]>> = begun.map(|it| (**it.id()).into()).collect();
        self.active.discard(&begun)?;
        self.files.settle_slab(self.active.opened_slab())?;
        let mut gone = Gone {
            deleted: begun.len(),
            later: Vec::new(),
        };
        let change = self.files.syncs.change();
        for id in ids {
            let claims: Vec<_> = self.files.index.read().claims(id).cloned().collect();
            for entry in claims {
                self.delete_claim(id, &entry, until, until_here, &mut gone)?;
            }
        }
        self.files.write_journal();
        self.files.sync_removed(change)?;
        Ok(gone)
    }

    fn delete_claim(
        &self,
        id: &[u8],
        entry: &Arc<Entry>,
        until: i64,
        until_here: i64,
        gone: &mut Gone,
    ) -> Result<(), Error> {
        let commit = self.files.commit();
        let found = self
            .files
            .fs()
            .metadata(&self.files.loader.path(entry.file()));
        // Its time may be that of another machine, and ahead of when it came here.
        let here_since = found.map_or(i64::MAX, |found| found.changed_ns);
        let mut index = self.files.index.write();
        let put = index.put_of(entry.file());
        let is_same = index.is(entry.file(), &Slot::Recording(Arc::clone(entry)));
        let was_put = put.is_some_and(|put| put.at <= until);
        let saved_at = entry.stamp.modified_ns.min(here_since) / 1_000_000;
        let is_own = entry.is_here() && index.is_own(entry.file());
        let was_saved = is_own && saved_at <= until_here;
        if !is_same || !(was_put || was_saved) {
            return Ok(());
        }
        if was_put {
            // Whoever deleted it deletes that too.
            index.forget_object(entry.file());
        } else if put.is_some() {
            gone.later.push(id.into());
        }
        drop(index);
        let removed = commit.remove(entry.file());
        removed.map_err(Error::at("remove a recording in", self.files.path()))?;
        gone.deleted += 1;
        Ok(())
    }

    /// Writes the index on the disk anew, so that nothing of what is gone is left in it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn forget_rows(&self) -> Result<(), Error> {
        self.files
            .rewrite_journal()
            .map_err(Error::io("rewrite the index"))
    }

    /// As [`Store::delete_where`](crate::Store::delete_where), for a filter that somebody else gave,
    /// and that may match everything.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn erase_where(&self, filter: &Filter) -> Result<Erased, Error> {
        erase_where(&self.files, &self.active, filter)
    }
}
