use std::sync::Arc;

use replay_etf::Limits;

use crate::active::Recording;
use crate::codec::{Flaw, Format};
use crate::directory::Files;
use crate::disk::NATIVE_DIR;
use crate::error::Error;
use crate::index::{Damage, Entry, Names, Pages};
use crate::query::content::decide;
use crate::query::{Answer, Facts, Filter, InFlight, Item};

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
    /// anything in it. What has to be asked of its events is found out when it is read.
    pub(super) fn in_flight(recording: &Arc<Recording>, filter: &Filter) -> (Option<Self>, bool) {
        let it = InFlight {
            summary: recording.summary(),
            names: Names::default(),
            pages: Pages::unread(),
        };
        let answer = filter.answer_but_for_event(&it);
        let candidate = (answer != Answer::No).then(|| Candidate::InFlight(Arc::clone(recording)));
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
            Candidate::Stored(entry) => {
                look_into_file(entry.id(), files, filter, |found| filter.answer(found))
            }
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
    // The rest matched when the search began, whatever has become of it.
    let answer = |it: &dyn Facts| {
        let named = Answer::from(filter.matches_names(it.names()));
        named.and(filter.answer_of_pages(it.url(), it.pages()))
    };
    // It is in its file now, or was discarded.
    let look_into_file = || look_into_file(recording.id(), files, filter, |found| answer(found));
    let mut seen = Seen::default();
    let etf = match recording.snapshot() {
        Ok(etf) => etf,
        Err(Error::NotFound) => return look_into_file(),
        Err(error) => {
            seen.unread = Some(Damage::of(IN_FLIGHT, &error));
            return seen;
        }
    };
    let Some((names, pages)) = recording.names_and_pages() else {
        return look_into_file();
    };
    let it = InFlight {
        summary: recording.summary(),
        names,
        pages,
    };
    match matches(filter, answer(&it), it.url(), Format::Etf, &etf, &NO_LIMITS) {
        Err(error) => seen.unread = Some(Damage::of(IN_FLIGHT, &error)),
        Ok(matches) if it.summary.has_user_events() => {
            seen.found = matches.then(|| Item::InFlight(Box::new(it)));
        }
        // No query finds it before a user does something, but a file of its id.
        Ok(matches) => {
            seen = look_into_file();
            seen.idle = matches.then(|| recording.id()[..].into());
        }
    }
    seen
}

/// Whether the content of a recording is like the filter, of which this is known. `own` is the URL
/// it was started at, and the limits are those of its format.
fn matches(
    filter: &Filter,
    known: Answer,
    own: Option<&[u8]>,
    format: Format,
    content: &[u8],
    limits: &Limits,
) -> Result<bool, replay_etf::Error> {
    Ok(filter.matches_content(format, content, limits)?
        && match known {
            Answer::No => false,
            Answer::Perhaps => decide(filter, own, format, content, limits),
            Answer::Yes => true,
        })
}

/// Looks into the file that is given out for an id; `answer` is what is known of it.
fn look_into_file(
    id: &[u8],
    files: &Files,
    filter: &Filter,
    answer: impl Fn(&Entry) -> Answer,
) -> Seen {
    let mut seen = Seen::default();
    let Some(entry) = known(id, files, filter) else {
        return seen;
    };
    let known = answer(&entry);
    if known != Answer::Perhaps && !filter.is_about_content() {
        seen.found = (known == Answer::Yes).then_some(Item::Stored(entry));
        return seen;
    }
    let read = files.read_with(id, |format, content| {
        let limits = files.loader.limits_of(format);
        let own = entry.url.as_deref();
        // Its content has no subject.
        if !filter.matches_subject(entry.subject.as_deref()) {
            return Ok(false);
        }
        let matches = matches(filter, known, own, format, content, &limits);
        matches.map_err(Error::Recording)
    });
    match read.flatten() {
        Ok(true) => {
            // Of another version something else may be known.
            let found = files.entry(id);
            let found = found.filter(|found| answer(found) != Answer::No);
            seen.found = found.map(Item::Stored);
        }
        // It does not match, or is gone.
        Ok(false) | Err(Error::NotFound) => {}
        Err(Error::Damaged { file, reason }) => seen.unread = Some(Damage { file, reason }),
        Err(error) => {
            let reason = format!("cannot be read: {}", why(error));
            seen.unread = Some(Damage::of(entry.file(), &reason));
        }
    }
    seen
}

/// Why a recording can't be read, without anything that is in it.
fn why(error: Error) -> String {
    match error {
        // There is nothing wrong with it.
        Error::Remote(fault) => fault.to_string(),
        Error::Recording(error) => Flaw::from(error).to_string(),
        other => other.posix().unwrap_or("eio").into(),
    }
}

/// What is known of the recording with an id, its pages and subject included if they are asked for:
/// an earlier version wrote it down without.
fn known(id: &[u8], files: &Files, filter: &Filter) -> Option<Arc<Entry>> {
    let entry = files.entry(id)?;
    if !filter.asks_beyond() || !entry.pages.is_unknown() {
        return Some(entry);
    }
    // Where it is not put in its place, somebody else may just have done so.
    files.learn_pages(&entry);
    files.entry(id)
}
