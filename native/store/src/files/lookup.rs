//! From an id to the files that may hold its recording.

use std::sync::Arc;

use crate::codec::Format;
use crate::disk::Stamp;
use crate::index::{Entry, name};
use crate::index::{Index, Slot};

/// A file that may hold the recording of an id, and what the index knew of it.
pub(crate) struct Candidate {
    pub file: Box<[u8]>,
    pub slot: Slot,
}

/// The files to try for an id, best first: those that have the id inside, then those named
/// after it.
pub(crate) fn candidates(index: &Index, id: &[u8]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = index
        .claims(id)
        .map(|entry| Candidate {
            file: entry.file().into(),
            slot: Slot::Recording(Arc::clone(entry)),
        })
        .collect();
    for file in name::file_names(&name::file_stem(id)) {
        let Some(slot) = index.get(&file) else {
            continue;
        };
        let possible = match &slot {
            Slot::Recording(entry) => entry.id() != id && serves(entry, id),
            Slot::Damaged { .. } => true,
        };
        if possible {
            candidates.push(Candidate {
                file: file.into(),
                slot,
            });
        }
    }
    candidates
}

/// Whether a recording may be given out under an id.
///
/// It may if the id is the one inside, or else if the file is named so. A plain name with
/// another id inside is one that somebody gave by hand. An encoded name with another id inside
/// is accepted only where JSON, which is all UTF-8, could not express the id.
pub(crate) fn serves(entry: &Entry, id: &[u8]) -> bool {
    if entry.id() == id {
        return true;
    }
    let named_so =
        name::parse(entry.file()).is_some_and(|parts| *parts.stem == *name::file_stem(id));
    let inexpressible = entry.format == Format::Json && std::str::from_utf8(id).is_err();
    named_so && (name::is_plain(id) || inexpressible)
}

/// A file that belongs to an id and goes when its recording goes.
pub(crate) struct Belonging {
    pub file: Box<[u8]>,
    /// For a file that is not named after the id: the version that has the id inside. Any other
    /// version is another recording.
    pub only: Option<Stamp>,
}

/// Every file that belongs to an id, or would if it existed.
pub(crate) fn belongings(index: &Index, id: &[u8]) -> Vec<Belonging> {
    let stem = name::file_stem(id);
    let mut belongings: Vec<Belonging> = name::file_names(&stem)
        .map(|file| Belonging {
            file: file.into(),
            only: None,
        })
        .collect();
    for entry in index.claims(id) {
        if belongings
            .iter()
            .all(|belonging| *belonging.file != *entry.file())
        {
            belongings.push(Belonging {
                file: entry.file().into(),
                only: Some(entry.stamp),
            });
        }
    }
    belongings
}
