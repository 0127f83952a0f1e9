//! What is looked after as long as a store is open: that its recordings in flight stay where the
//! next run would find them, and that those of engines that are gone are not left alone.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::{Active, Shared};
use crate::erase::Intent;
use crate::heart::Beat;
use crate::owned::Directory;
use crate::slab::{AppendError, Slab};
use crate::{Error, Notice, temp};

/// In so many beats it is looked once whether other engines are gone.
const LOOK_EVERY: u32 = 10;

/// Looks after the recordings in flight until it is dropped.
pub(crate) struct Tender {
    _beat: Beat,
}

impl Tender {
    pub(crate) fn start(active: &Arc<Active>) -> io::Result<Self> {
        let mut work = Work {
            active: Arc::clone(active),
            worker: None,
            beats: 0,
        };
        let period = active.shared.files.options.heartbeat;
        let beat = Beat::start(period, move || work.beat())?;
        Ok(Tender { _beat: beat })
    }
}

struct Work {
    active: Arc<Active>,
    /// Does what may take longer, so that others still see that we live.
    worker: Option<JoinHandle<()>>,
    beats: u32,
}

impl Work {
    fn beat(&mut self) {
        self.beats = self.beats.wrapping_add(1);
        if self.worker.as_ref().is_some_and(|it| !it.is_finished()) {
            return;
        }
        self.join();
        // Where there is no space for another directory, it is tried again at the next beat.
        let lost = self.active.slab.get().map(Slab::check);
        if !matches!(lost, None | Some(Ok(false))) {
            self.work(Active::move_on);
        } else if self.beats.is_multiple_of(LOOK_EVERY) && self.active.shared.files.options.recover
        {
            self.active.shared.recover_left();
            self.look();
        }
    }

    fn look(&mut self) {
        let orphans = temp::remove_stale(&self.active.shared.files.commons);
        // If it can't be told now, it is at the next look.
        let adopted = self.active.adopt().unwrap_or_default();
        if !orphans.is_empty() || !adopted.is_empty() {
            self.work(move |active| active.take_over(&orphans, adopted));
        }
    }

    fn work(&mut self, work: impl FnOnce(&Active) + Send + 'static) {
        let active = Arc::clone(&self.active);
        let worker = thread::Builder::new().name("replay-tend".to_owned());
        // Without a thread it is tried again later.
        self.worker = worker.spawn(move || work(&active)).ok();
    }

    fn join(&mut self) {
        if let Some(worker) = self.worker.take() {
            // That it panicked was reported when it happened.
            let _ = worker.join();
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.join();
    }
}

impl Active {
    /// Takes over what engines that are gone left: notes of what is to be erased, and recordings.
    fn take_over(&self, orphans: &[Arc<Directory>], adopted: Vec<Arc<Directory>>) {
        let files = &self.shared.files;
        let result = Intent::left_in_all(files, orphans).and_then(|intents| {
            files.complete(self.slab.get(), intents);
            match self.slab.get() {
                Some(slab) if !adopted.is_empty() => self.absorb(slab, &adopted),
                None if !adopted.is_empty() => self.open_slab(|| Ok(adopted)).map(drop),
                _ => Ok(()),
            }
        });
        if let Err(error) = result {
            // They are not ours any more, and found again by the next look.
            files.observer.tell(Notice::NotErased { error });
        }
    }

    fn absorb(&self, slab: &Slab, adopted: &[Arc<Directory>]) -> Result<(), Error> {
        let intents = Intent::left_in_all(&self.shared.files, adopted)?;
        let found = slab
            .take_over(adopted)
            .map_err(Error::io("read what an earlier run left"))?;
        self.shared.recover(found, &unwanted(&intents));
        self.shared.files.complete(Some(slab), intents);
        Ok(())
    }

    /// Has all recordings in flight where the next run would find them.
    fn move_on(&self) {
        let mut count = 0;
        let mut gone = 0;
        let left = self.shared.left.move_on();
        for recording in self.shared.table.all() {
            match recording.chain.move_on() {
                Ok(moved) => count += usize::from(moved),
                Err(AppendError::Lost) => {
                    self.shared.give_up(&recording);
                    gone += 1;
                }
                // It is tried again at the next beat.
                Err(_) => {}
            }
        }
        if count + left + gone > 0 {
            let count = count + left;
            self.shared
                .files
                .observer
                .tell(Notice::Moved { count, gone });
        }
    }
}

impl Shared {
    /// Lets go of a recording that somebody else has taken over.
    pub(super) fn give_up(&self, recording: &Arc<super::Recording>) {
        self.table.remove(recording);
        recording.leave();
    }
}

/// The ids in notes.
pub(super) fn unwanted(intents: &[Intent]) -> HashSet<&[u8]> {
    let ids = intents.iter().flat_map(Intent::ids);
    ids.map(|id| &**id).collect()
}
