//! How far the index is true for the directory, by its time and by what was told.

use std::io;
use std::time::Instant;

use super::freshness::Freshness;
use super::told::{Heard, Told};
use crate::directory::Files;
use crate::disk::Stamp;
use crate::error::Error;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    True,
    /// All but some files that others are told to have changed.
    TrueButForTold,
    Unknown,
}

impl Files {
    pub(super) fn standing(&self) -> Result<Standing, Error> {
        let looked_at = Error::at("look at the directory", self.path());
        let told = self.told.lock();
        let mut told = Some(told).filter(|told| told.is_watched());
        // A disk that is far away is asked by all at the same time. Of one that is here nothing
        // may be told in between: the time is as old as what is heard, or older.
        let Some(stamp) = self.dir_stamp().map_err(looked_at)? else {
            return Ok(Standing::Unknown);
        };
        if let Some(told) = &mut told {
            self.hear(told, &stamp);
        }
        let holds = |it: &Freshness| it.holds(stamp.modified_ns, Instant::now());
        Ok(match holds(&self.freshness.lock()) {
            false => Standing::Unknown,
            true if told.is_some_and(|told| told.is_pending()) => Standing::TrueButForTold,
            true => Standing::True,
        })
    }

    /// Learns what has been told. The directory was as `stamp` says just before.
    fn hear(&self, told: &mut Told, stamp: &Stamp) {
        match told.listen(stamp.inode) {
            Heard::Nothing => {}
            Heard::Something => self
                .freshness
                .lock()
                .told(stamp.modified_ns, Instant::now()),
            Heard::Lost => self.freshness.lock().forget_files(),
        }
    }

    /// Learns what has been told up to a change of the store's own, the last of all, and whether
    /// it was made.
    pub(crate) fn hear_own(&self, done: bool) {
        let mut told = self.told.lock();
        if let Ok(Some(stamp)) = self.dir_stamp() {
            self.hear(&mut told, &stamp);
            told.own_ends(done);
        } else {
            told.lose();
            self.freshness.lock().forget_files();
        }
    }

    /// The directory as it is; `None` if there is none any more.
    pub(crate) fn dir_stamp(&self) -> io::Result<Option<Stamp>> {
        match self.fs().metadata(&self.loader.dir) {
            Ok(metadata) => Ok(Some(metadata.stamp)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
