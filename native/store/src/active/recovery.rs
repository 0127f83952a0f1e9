use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use replay_etf::recording::{changes, offset_and_kind};
use replay_etf::{EventKind, Limits, Summary};

use super::Shared;
use super::job::{Job, Task};
use super::known::continues;
use super::recording::Recording;
use super::subject::subject_in;
use super::tally::Tally;
use crate::codec::{Format, Subject};
use crate::error::Error;
use crate::notice::Notice;
use crate::slab::{Chain, Found, Frames, Kind, Mark, Payload, SetAside, Wait};

impl Shared {
    /// Makes recordings of what earlier runs left behind, and has them saved, but for those that
    /// are to be erased.
    pub(super) fn recover(self: &Arc<Self>, found: Found, unwanted: &HashSet<&[u8]>) {
        for SetAside { path, reason } in found.set_aside {
            let file = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            self.files.observer.tell(Notice::SetAside { file, reason });
        }
        let chains = found.chains.into_iter();
        let recordings = chains.filter_map(|chain| self.recording_of(chain));
        let (unwanted, mut wanted): (Vec<_>, Vec<_>) =
            recordings.partition(|recording| unwanted.contains(&**recording.id()));
        unwanted
            .iter()
            .for_each(|recording| recording.chain.release(Wait::Yes));
        // Of several with one id, the last session would be what stays of them.
        wanted.sort_by_cached_key(|recording| std::cmp::Reverse(rank(recording)));
        self.take_over(&wanted);
    }

    /// Makes a recording of what was in flight elsewhere, and has it saved. Returns false if it
    /// can't be read.
    pub(super) fn take_in(self: &Arc<Self>, chain: Chain) -> bool {
        let recording = self.recording_of(chain);
        self.take_over(recording.as_slice());
        recording.is_some()
    }

    /// Tries again what could not be taken over because another with its id was running.
    pub(super) fn recover_left(self: &Arc<Self>) {
        let free = self.left.take_shadowed(|id| self.table.get(id).is_none());
        self.take_over(&free);
    }

    /// What can't be read stays where it is.
    fn recording_of(self: &Arc<Self>, chain: Chain) -> Option<Arc<Recording>> {
        match self.read(&chain) {
            Ok((summary, tally, subject)) => {
                let template = Recording::new(self, summary, 0, 0, chain);
                let recording = Recording {
                    tally,
                    subject: subject.map_or_else(OnceLock::new, |it| OnceLock::from(Arc::new(it))),
                    ended: AtomicBool::new(true),
                    truncated: AtomicBool::new(template.chain.has_mark(Mark::Truncated)),
                    recovered: !template.chain.has_mark(Mark::Ended),
                    found: true,
                    ..template
                };
                Some(Arc::new(recording))
            }
            Err(error) => {
                self.left.add_unreadable(chain);
                self.files.observer.tell(Notice::Failed {
                    id: Arc::from(&b""[..]),
                    error,
                    attempt: 1,
                    retry_in: None,
                });
                None
            }
        }
    }

    /// Counts what is in the frames of a recording. One whose head can be read has an id, and by
    /// that it can be erased, even if it is not one that can be saved: that is found out, and
    /// told, when it is tried.
    fn read(&self, chain: &Chain) -> Result<(Summary<'static>, Tally, Option<Subject>), Error> {
        let limits = generous(&self.files.loader.limits);
        let frames = (chain.frames())
            .map_err(Error::io("read what an earlier run left"))?
            .ok_or(Error::NotFound)?;
        let (summary, tally) = read(&frames, &limits)?;
        Ok((summary.into_owned(), tally, subject_in(&frames)))
    }

    /// Has recordings saved, but for those of which there is a later one with the same id.
    fn take_over(self: &Arc<Self>, recordings: &[Arc<Recording>]) {
        let mut count = 0;
        for recording in recordings {
            if self.table.insert(recording) {
                count += 1;
                self.queue.push(Job {
                    recording: Arc::clone(recording),
                    task: Task::Finish,
                    attempts: 0,
                });
            } else if self.is_superseded(recording) {
                recording.chain.release(Wait::Yes);
            } else {
                // Which of the two stays is told when the running one is in its file.
                self.left.add_shadowed(recording);
            }
        }
        if count > 0 {
            self.files.observer.tell(Notice::Recovered { count });
        }
    }

    /// Whether what was found would have to give way to what there is with its id.
    fn is_superseded(&self, recording: &Recording) -> bool {
        self.table
            .get(recording.id())
            .is_some_and(|known| match known.found {
                true => rank(&known) >= rank(recording),
                false => known.continues(recording),
            })
    }
}

impl Recording {
    /// Whether it is the other one, or what became of it.
    fn continues(&self, earlier: &Recording) -> bool {
        let mut etf = Vec::new();
        earlier.assemble(&mut etf).is_ok()
            && self
                .snapshot()
                .is_ok_and(|own| continues(Format::Etf, &own, &etf, &self.limits))
    }
}

/// Of two with the same id, which one saves last, or is all that is saved.
fn rank(recording: &Recording) -> (bool, i64, u32) {
    let events = recording.tally.counts();
    let worth = events.has_user_events();
    (worth, recording.connected_at, events.total())
}

/// What was written may have been by other limits.
fn generous(limits: &Limits) -> Limits {
    let usual = Limits::default();
    Limits {
        max_depth: limits.max_depth.max(usual.max_depth),
        max_bytes: limits.max_bytes.max(usual.max_bytes),
        max_terms: limits.max_terms.max(usual.max_terms),
        max_words: limits.max_words.max(usual.max_words),
    }
}

fn read<'f>(frames: &'f Frames, limits: &Limits) -> Result<(Summary<'f>, Tally), Error> {
    let mut payloads = frames.parts();
    let head = payloads.next().ok_or(Error::NotFound)?.1.rest;
    let summary = replay_etf::summarize(head, limits).map_err(Error::Recording)?;
    let tally = Tally::new(summary.events, summary.duration_ms, head.len());
    for (form, payload) in payloads {
        // One that can't be read, perhaps a user's, makes the recording one that can't be saved.
        let unreadable = (tally.duration_ms(), EventKind::Event);
        let (whole, head) = match form {
            Kind::Changes => head_of_changes(payload, limits),
            _ => (payload.len(), head_of(payload, limits)),
        };
        let (offset_ms, kind) = head.unwrap_or(unreadable);
        tally.add(offset_ms, kind, whole);
    }
    Ok((summary, tally))
}

type Head = Result<(i64, EventKind), replay_etf::Error>;

fn head_of(payload: Payload<'_>, limits: &Limits) -> Head {
    // A part is nearly always enough; if not, the type's name is very long.
    let Payload { part, rest } = payload;
    let start = if part.is_empty() { rest } else { part };
    offset_and_kind(start, limits).or_else(|_| offset_and_kind(&payload.joined(), limits))
}

/// Of an event that is written as what changed: how many bytes it has in full, and its head.
fn head_of_changes(payload: Payload<'_>, limits: &Limits) -> (usize, Head) {
    match changes::parts(&payload.joined()) {
        Ok((whole, event)) => (whole, offset_and_kind(event, limits)),
        Err(error) => (payload.len(), Err(error)),
    }
}
