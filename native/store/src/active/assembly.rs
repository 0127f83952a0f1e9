use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};

use replay_etf::Summary;
use replay_etf::recording::Frame;
use replay_etf::recording::changes::{Whole, parts};

use super::Shared;
use super::recording::Recording;
use crate::codec::{Beside, Flags};
use crate::error::Error;
use crate::index::{Names, Pages};
use crate::slab::{Frames, Kind, Mark, Wait};

/// What a recording is as a whole.
impl Recording {
    /// The recording as it is now, as an external term with its version byte.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if it was discarded or is in its file now.
    pub fn snapshot(&self) -> Result<Vec<u8>, Error> {
        if self.is_discarded() {
            return Err(Error::NotFound);
        }
        let mut etf = Vec::new();
        self.assemble(&mut etf)?;
        Ok(etf)
    }

    /// The distinct names of its user events so far, and its pages; `None` if it was discarded or is
    /// in its file now. Takes a look at every event, because appending does not collect them.
    pub(crate) fn names_and_pages(&self) -> Option<(Names, Pages)> {
        let frames = self.chain.frames().ok()??;
        // What can't be summarized has no names.
        let nothing = |_| (Names::default(), Pages::unread());
        let summary = self.summarize(&frames);
        Some(summary.map_or_else(nothing, |it| (it.names.iter().collect(), it.pages.into())))
    }
}

/// What the finalizer does with a recording.
impl Recording {
    /// Waits for an append that is under way, and notes that there will be no more.
    pub(super) fn close(&self) {
        // What a crash cut off stays so, even if the next crash comes before it is saved.
        if !self.recovered {
            self.chain.mark(Mark::Ended);
        }
    }

    /// Writes the recording as it is now, and returns what it was made of.
    pub(super) fn assemble(&self, into: &mut Vec<u8>) -> Result<Frames, Error> {
        let frames = (self.chain.frames())
            .map_err(Error::io("read what an earlier run left"))?
            .ok_or(Error::NotFound)?;
        into.clear();
        into.reserve(self.tally.bytes() + 16);
        let mut payloads = frames.parts();
        let head = payloads.next().filter(|(kind, _)| *kind == Kind::Head);
        let (_, head) = head.ok_or(Error::NotFound)?;
        let frame = Frame::of(head.rest, &self.limits).map_err(Error::Recording)?;
        let mut whole = Whole::default();
        let written = frame.assemble_with(into, |into| {
            let mut count = 0;
            for (kind, payload) in payloads {
                match kind {
                    Kind::Changes => {
                        whole.append(&payload.joined(), into, &self.limits)?;
                    }
                    _ => payload
                        .pieces()
                        .iter()
                        .for_each(|it| into.extend_from_slice(it)),
                }
                count += 1;
            }
            Ok(count)
        });
        written.map_err(Error::Recording)?;
        Ok(frames)
    }

    /// What a list shows of the recording that is in the frames. Walking the whole of it would
    /// take as long as compressing it does.
    pub(super) fn summarize<'f>(&self, frames: &'f Frames) -> Result<Summary<'f>, Error> {
        let mut payloads = frames.parts();
        let head = payloads.next().ok_or(Error::NotFound)?.1.rest;
        let mut summary = replay_etf::summarize(head, &self.limits).map_err(Error::Recording)?;
        for (kind, payload) in payloads {
            let payload = payload.joined();
            // What has changed is no part of a summary.
            let event = match kind {
                Kind::Changes => parts(&payload).map(|(_, event)| event),
                _ => Ok(&*payload),
            };
            let appended = event.and_then(|event| summary.append(event, &self.limits));
            appended.map_err(Error::Recording)?;
        }
        Ok(summary)
    }

    /// Gives up its place in the table and its space, which is wiped.
    pub(super) fn let_go(self: &Arc<Self>, shared: &Shared, wait: Wait) {
        shared.table.remove(self);
        self.chain.release(wait);
    }

    /// Leaves it to the next run.
    pub(super) fn leave(&self) {
        self.ended.store(true, Release);
        self.chain.leave();
        self.drop_guards();
    }

    /// Drops what was kept for it. That is foreign code and may do anything: no lock is held.
    pub(super) fn drop_guards(&self) {
        let guards = std::mem::take(&mut *self.guards.lock());
        // A panic has been reported when this is reached, and must not end the thread.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(guards)));
    }

    pub(super) fn has_user_events(&self) -> bool {
        self.tally.counts().has_user_events()
    }

    /// Whether it was let go of.
    pub(crate) fn is_gone(&self) -> bool {
        self.chain.is_gone()
    }

    /// What its file has beside the content.
    pub(super) fn beside(&self) -> Beside {
        Beside {
            flags: Flags {
                recovered: self.recovered,
                truncated: self.truncated.load(Relaxed),
            },
            subject: self.subject().map(|subject| (**subject).clone()),
        }
    }
}
