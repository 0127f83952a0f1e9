//! Finding recordings by what is in them.
//!
//! The index knows nothing of that, or, of pages, not all; so every recording of which it does not
//! tell is read: first those in flight, then the others, the newest first, some at a time. So a
//! search goes on for as long as it takes, and nobody waits for it: no lock is held between two
//! recordings.
//!
//! A recording counts as it was when it was read. Which of them are read is settled when the search
//! begins. One that is gone by then is left out, and one that was in flight and has got to its file
//! is read there.

mod beyond;
mod candidate;
mod turn;

pub(crate) use beyond::beyond;

use std::collections::HashSet;
use std::sync::Arc;

use candidate::Candidate;

use super::facets::facets_of;
use super::flights::Shadows;
use super::page::page_of;
use super::stored::each_stored;
use super::{Answer, Cursor, Facets, Filter, Item, Page, Sort, check};
use crate::active::Recording;
use crate::directory::Files;
use crate::error::Error;
use crate::index::Damage;

/// A search through the content of recordings, which is done a part at a time, by
/// [`Store::search_on`](crate::Store::search_on).
#[derive(Debug)]
pub struct Search {
    filter: Filter,
    /// What is to be read, and how many of it have been. Gone when all have.
    candidates: Vec<Candidate>,
    checked: usize,
    total: usize,
    found: Vec<Item>,
    /// What was found and nothing else counts, because no user has done anything in it yet.
    idle: Vec<Box<[u8]>>,
    unread: Vec<Damage>,
}

/// How far a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchProgress {
    /// So many recordings have been read.
    pub checked: usize,
    /// So many are to be.
    pub total: usize,
    /// So many of those that have been are what is searched for.
    pub found: usize,
}

impl Search {
    /// See [`Store::search`](crate::Store::search); `actives` were looked at before anything else.
    pub(crate) fn new(
        files: &Files,
        actives: &[Arc<Recording>],
        filter: &Filter,
    ) -> Result<Self, Error> {
        let (mut candidates, mut others) = (Vec::new(), Vec::new());
        for recording in actives {
            let (candidate, has_user_events) = Candidate::in_flight(recording, filter);
            // The file of one that has user events is older and does not count; that of another
            // is looked at with it.
            match candidate {
                Some(candidate) => candidates.push(candidate),
                None if has_user_events => others.push(&**recording.id()),
                None => {}
            }
        }
        files.refresh()?;
        let index = files.index.read();
        let ids = candidates.iter().map(Candidate::id).chain(others);
        let shadows = Shadows::of(&index, ids);
        let mut found = Vec::new();
        each_stored(&index, &shadows, filter, false, |row, answer| {
            let entry = Arc::clone(row.entry);
            match answer == Answer::Yes && !filter.is_about_content() {
                true => found.push(Item::Stored(entry)),
                false => candidates.push(Candidate::Stored(entry)),
            }
        });
        Ok(Search {
            filter: filter.clone(),
            total: candidates.len(),
            candidates,
            checked: 0,
            found,
            idle: Vec::new(),
            unread: Vec::new(),
        })
    }

    /// How far it is.
    pub fn progress(&self) -> SearchProgress {
        SearchProgress {
            checked: self.checked,
            total: self.total,
            found: self.found.len(),
        }
    }

    /// Whether everything has been read.
    pub fn is_done(&self) -> bool {
        self.checked >= self.total
    }

    /// A page of what has been found, as [`Store::query`](crate::Store::query) makes it.
    ///
    /// # Errors
    ///
    /// [`Error::Cursor`] if `after` belongs to another order.
    pub fn page(&self, sort: Sort, limit: usize, after: Option<&Cursor>) -> Result<Page, Error> {
        check(sort, after)?;
        Ok(page_of(&self.found, sort, limit, after))
    }

    /// How the recordings that have been found spread over views, events and days.
    pub fn facets(&self) -> Facets {
        facets_of(&self.found)
    }

    /// The ids of all that has been found, each once.
    pub(crate) fn ids(&self) -> Vec<Box<[u8]>> {
        let found = self.found.iter().map(|item| Box::from(item.id()));
        let ids: HashSet<Box<[u8]>> = found.chain(self.idle.iter().cloned()).collect();
        ids.into_iter().collect()
    }

    /// What could not be read.
    pub(crate) fn unread(&self) -> &[Damage] {
        &self.unread
    }
}
