//! What is looked after as long as a store is open: that its recordings in flight stay where the
//! next run would find them, and that those of engines that are gone are not left alone.

use std::collections::HashSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::{Active, Shared};
use crate::crew::{self, Chore, Next};
use crate::disk::heart::Beat;
use crate::disk::owned::Directory;
use crate::disk::temp;
use crate::erase::Intent;
use crate::notice::Notice;
use crate::slab::{AppendError, Found, Slab};

/// In so many beats it is looked once whether other engines are gone.
const LOOK_EVERY: u32 = 10;

/// Looks after the recordings in flight until it is dropped.
pub(crate) struct Tender {
    // Stopped first: it has the rest done.
    _beat: Beat,
    tending: Arc<Tending>,
}

/// What a thread of the crew does, so that others still see that we live while it takes time.
struct Tending {
    /// Locked while it is done. None once the tender is dropped.
    work: Mutex<Option<Work>>,
    /// Whether it has been asked for and has not been done.
    wanted: AtomicBool,
}

struct Work {
    active: Arc<Active>,
    beats: u32,
}

impl Tender {
    pub(crate) fn start(active: &Arc<Active>) -> io::Result<Self> {
        crew::enlist()?;
        let tending = Arc::new(Tending {
            work: Mutex::new(Some(Work {
                active: Arc::clone(active),
                beats: 0,
            })),
            wanted: AtomicBool::new(false),
        });
        let tended = Arc::downgrade(&tending);
        let period = active.shared.files.options.heartbeat;
        Ok(Tender {
            _beat: Beat::start(period, move || ask(&tended))?,
            tending,
        })
    }
}

impl Drop for Tender {
    fn drop(&mut self) {
        // Waits for what is under way.
        *self.tending.work.lock() = None;
    }
}

/// Has it done soon, unless it still has to be from before.
fn ask(tended: &Weak<Tending>) {
    if let Some(tending) = tended.upgrade()
        && !tending.wanted.swap(true, Ordering::AcqRel)
    {
        let chore: Weak<Tending> = Weak::clone(tended);
        crew::soon(chore);
    }
}

impl Chore for Tending {
    fn run(self: Arc<Self>, _scratch: &mut Vec<u8>) -> Next {
        /// A panic must not be the last that is done.
        struct Done<'a>(&'a AtomicBool);
        impl Drop for Done<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Release);
            }
        }
        let _done = Done(&self.wanted);
        if let Some(work) = &mut *self.work.lock() {
            work.beat();
        }
        Next::Done
    }
}

impl Work {
    fn beat(&mut self) {
        self.beats = self.beats.wrapping_add(1);
        let files = &self.active.shared.files;
        // What can't be written now is at the next beat.
        let _ = files.keep_number();
        if self.active.slab.get().is_some_and(Slab::check) {
            self.active.move_on();
        } else if self.beats.is_multiple_of(LOOK_EVERY) && files.options.recover {
            self.active.shared.recover_left();
            self.look();
        }
    }

    fn look(&self) {
        let orphans = temp::remove_stale(&self.active.shared.files.beside_commons);
        // If it can't be told now, it is at the next look.
        let adopted = self.active.adopt().unwrap_or_default();
        if !orphans.is_empty() || !adopted.is_empty() {
            self.active.take_over(&orphans, adopted);
        }
    }
}

impl Active {
    /// Takes over what engines that are gone left: notes of what is to be erased, and recordings.
    fn take_over(&self, orphans: &[Arc<Directory>], adopted: Vec<Arc<Directory>>) {
        let files = &self.shared.files;
        let result = Intent::left_in_all(files, orphans).and_then(|intents| {
            files.complete(self.slab.get(), intents, &[]);
            match self.slab.get() {
                _ if adopted.is_empty() => Ok(()),
                Some(slab) => {
                    let intents = Intent::left_in_all(files, &adopted)?;
                    self.absorb(slab, slab.take_over(adopted), intents);
                    Ok(())
                }
                None => self.open_slab(|| Ok(adopted)).map(drop),
            }
        });
        if let Err(error) = result {
            // They are not ours any more, and found again by the next look.
            files.observer.tell(Notice::NotErased { error });
        }
    }

    /// Makes recordings of what was found, but for what the notes beside it name.
    pub(super) fn absorb(&self, slab: &Slab, mut found: Found, intents: Vec<Intent>) {
        // Nobody else does what the notes say before it is done here.
        let _locked = std::mem::take(&mut found.directories);
        let waiting = std::mem::take(&mut found.waiting);
        self.shared.recover(found, &unwanted(&intents));
        self.shared.files.complete(Some(slab), intents, &waiting);
    }

    /// Has all recordings in flight where the next run would find them.
    fn move_on(&self) {
        let mut count = self.shared.left.move_on();
        let mut gone = 0;
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
        if count + gone > 0 {
            self.shared.tell_moved(count, gone);
        }
    }
}

impl Shared {
    /// Lets go of a recording that somebody else has taken over.
    pub(super) fn give_up(&self, recording: &Arc<super::Recording>) {
        self.table.remove(recording);
        recording.leave();
    }

    pub(super) fn tell_moved(&self, count: usize, gone: usize) {
        self.files.observer.tell(Notice::Moved { count, gone });
    }
}

/// The ids in notes.
fn unwanted(intents: &[Intent]) -> HashSet<&[u8]> {
    let ids = intents.iter().flat_map(Intent::ids);
    ids.map(|id| &**id).collect()
}
