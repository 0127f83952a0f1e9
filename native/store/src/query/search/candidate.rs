use std::sync::Arc;

use replay_etf::Limits;

use crate::active::Recording;
use crate::codec::Format;
use crate::directory::Files;
use crate::disk::NATIVE_DIR;
use crate::error::Error;
use crate::index::{Damage, Entry, Names};
use crate::query::{Filter, InFlight, Item};

/// Where recordings in flight are, in place of a file.
const IN_FLIGHT: &[u8] = NATIVE_DIR.as_bytes();

/// What is in memory already is searched, also if it is too large to be saved.
const NO_LIMITS: Limits = Limits {
    max_depth: u32::MAX,
    max_bytes: usize::MAX,
    max_terms: u64::MAX,
    max_words: u64::MAX,
};

/// A recording that the rest of the filter leaves.
#[derive(Debug)]
pub(super) enum Candidate {
    InFlight(Arc<Recording>),
    Stored(Arc<Entry>),
}

/// What came of reading it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) found: Option<Item>,
    /// The id, if it was found but no user has done anything in it.
    pub(super) idle: Option<Box<[u8]>>,
    pub(super) unread: Option<Damage>,
}

impl Candidate {
    /// The candidate that a recording in flight is, if it is one, and whether a user has done
    /// anything in it. Which names of events it has is found out when it is read.
    pub(super) fn in_flight(recording: &Arc<Recording>, filter: &Filter) -> (Option<Self>, bool) {
        let it = InFlight {
            summary: recording.summary(),
            names: Names::default(),
        };
        let matches = filter.matches_but_for_event(&it);
        let candidate = matches.then(|| Candidate::InFlight(Arc::clone(recording)));
        (candidate, it.summary.has_user_events())
    }

    pub(super) fn id(&self) -> &[u8] {
        match self {
            Candidate::InFlight(recording) => recording.id(),
            Candidate::Stored(entry) => entry.id(),
        }
    }

    /// Reads it, and looks whether its content is what the filter wants.
    pub(super) fn look(&self, files: &Files, filter: &Filter) -> Seen {
        match self {
            Candidate::InFlight(recording) => look_in_flight(recording, files, filter),
            Candidate::Stored(entry) => look_into_file(entry.id(), files, filter, |found| {
                // Of another version nothing is known yet.
                Arc::ptr_eq(entry, found) || filter.matches(&**found)
            }),
        }
    }

    /// What is said if reading it fails in a way that nobody thought of.
    pub(super) fn unread(&self, reason: &impl ToString) -> Damage {
        match self {
            Candidate::InFlight(_) => Damage::of(IN_FLIGHT, reason),
            Candidate::Stored(entry) => Damage::of(entry.file(), reason),
        }
    }
}

fn look_in_flight(recording: &Arc<Recording>, files: &Files, filter: &Filter) -> Seen {
    let matches = recording.snapshot().and_then(|etf| {
        let matches = filter.matches_content(Format::Etf, &etf, &NO_LIMITS);
        matches.map_err(Error::Recording)
    });
    // It matched when the search began, whatever has become of it.
    let look_into_file = || {
        look_into_file(recording.id(), files, filter, |found| {
            filter.matches_names(&found.names)
        })
    };
    let is_found = match matches {
        Ok(is_found) => is_found,
        // It is in its file now, or was discarded.
        Err(Error::NotFound) => return look_into_file(),
        Err(error) => {
            let unread = Some(Damage::of(IN_FLIGHT, &error));
            return Seen {
                unread,
                ..Seen::default()
            };
        }
    };
    let summary = recording.summary();
    if !summary.has_user_events() {
        // No query finds it before a user does something, but a file of its id.
        let idle = (is_found && filter.event.is_none()).then(|| recording.id()[..].into());
        return Seen {
            idle,
            ..look_into_file()
        };
    }
    if !is_found {
        return Seen::default();
    }
    let Some(names) = recording.names() else {
        return look_into_file();
    };
    let found = filter.matches_names(&names).then(|| {
        let flight = InFlight { summary, names };
        Item::InFlight(Box::new(flight))
    });
    Seen {
        found,
        ..Seen::default()
    }
}

/// Looks into the file that is given out for an id; `is_wanted` asks what else there is to say of
/// it.
fn look_into_file(
    id: &[u8],
    files: &Files,
    filter: &Filter,
    is_wanted: impl Fn(&Arc<Entry>) -> bool,
) -> Seen {
    let read = files.read_with(id, |format, content| {
        let limits = files.loader.limits_of(format);
        let matches = filter.matches_content(format, content, &limits);
        matches.map_err(Error::Recording)
    });
    let mut seen = Seen::default();
    match read.flatten() {
        Ok(true) => {
            let found = files.entry(id).filter(is_wanted);
            seen.found = found.map(Item::Stored);
        }
        // It does not match, or is gone.
        Ok(false) | Err(Error::NotFound) => {}
        Err(Error::Damaged { file, reason }) => seen.unread = Some(Damage { file, reason }),
        Err(error) => {
            let entry = files.entry(id);
            let file = entry.as_deref().map_or(id, Entry::file);
            let reason = error.posix().unwrap_or("it is no recording");
            seen.unread = Some(Damage::of(file, &format!("cannot be read: {reason}")));
        }
    }
    seen
}
