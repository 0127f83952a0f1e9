//! Recordings in flight and finished ones, as one list.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use replay_store::{ActiveSummary, Entry, Error, State, Store};

/// One recording of a list.
pub enum Item {
    /// In its file.
    Stored(Arc<Entry>),
    /// Still running, or on its way to the file.
    InFlight(ActiveSummary),
}

impl Item {
    /// Its id.
    pub fn id(&self) -> &[u8] {
        match self {
            Self::Stored(entry) => entry.id(),
            Self::InFlight(summary) => &summary.id,
        }
    }

    fn connected_at(&self) -> i64 {
        match self {
            Self::Stored(entry) => entry.connected_at,
            Self::InFlight(summary) => summary.connected_at,
        }
    }
}

/// All recordings worth keeping, newest first, ties by id.
///
/// # Errors
/// As [`Store::list`].
pub fn all(store: &Store) -> Result<Vec<Item>, Error> {
    merged(store, |_| true)
}

/// As [`all`], without those that are still running.
///
/// # Errors
/// As [`Store::list`].
pub fn ended(store: &Store) -> Result<Vec<Item>, Error> {
    merged(store, |summary| summary.state == State::Ended)
}

fn merged(store: &Store, wanted: impl Fn(&ActiveSummary) -> bool) -> Result<Vec<Item>, Error> {
    // What is in flight first: what gets to its file in between is then found
    // twice, not never.
    let mut in_flight: Vec<_> = store
        .actives()
        .iter()
        .map(|recording| recording.summary())
        .collect();
    in_flight.retain(|summary| summary.has_user_events());
    let stored = store.list()?;
    if in_flight.is_empty() {
        return Ok(stored.into_iter().map(Item::Stored).collect());
    }
    // One that runs on after a checkpoint has a file, too, which is older.
    let ids: HashSet<&[u8]> = in_flight.iter().map(|summary| &*summary.id).collect();
    let mut items: Vec<_> = stored
        .into_iter()
        .filter(|entry| !ids.contains(entry.id()))
        .map(Item::Stored)
        .collect();
    drop(ids);
    items.extend(in_flight.into_iter().filter(wanted).map(Item::InFlight));
    // The finished ones are in order already, which this sort makes use of.
    items.sort_by(|a, b| {
        (Reverse(a.connected_at()), a.id()).cmp(&(Reverse(b.connected_at()), b.id()))
    });
    Ok(items)
}
