//! What earlier runs left and is not to be saved now. It stays in the slab, for the next start,
//! unless it is erased.

use std::sync::Arc;

use parking_lot::Mutex;

use super::recording::Recording;
use crate::slab::{AppendError, Chain, Wait};

#[derive(Default)]
pub(super) struct Left(Mutex<State>);

#[derive(Default)]
struct State {
    /// What can't be read, not even whose it is.
    unreadable: Vec<Chain>,
    /// Recordings while others with their ids are running.
    shadowed: Vec<Arc<Recording>>,
}

impl Left {
    pub(super) fn add_unreadable(&self, chain: Chain) {
        self.0.lock().unreadable.push(chain);
    }

    pub(super) fn add_shadowed(&self, recording: &Arc<Recording>) {
        self.0.lock().shadowed.push(Arc::clone(recording));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        let state = self.0.lock();
        state.unreadable.len() + state.shadowed.len()
    }

    /// How many can't be read.
    pub(super) fn unreadable(&self) -> usize {
        self.0.lock().unreadable.len()
    }

    /// Gives out those of certain ids.
    pub(super) fn take_shadowed(&self, is_wanted: impl Fn(&[u8]) -> bool) -> Vec<Arc<Recording>> {
        let mut state = self.0.lock();
        let taken = (state.shadowed).extract_if(.., |recording| is_wanted(recording.id()));
        taken.collect()
    }

    /// Wipes those of certain ids.
    pub(super) fn erase(&self, is_unwanted: impl Fn(&[u8]) -> bool) {
        for recording in self.take_shadowed(is_unwanted) {
            recording.chain.release(Wait::Yes);
        }
    }

    /// Has all of it where the next run finds it. Returns how much was not there. What is gone
    /// is somebody else's.
    pub(super) fn move_on(&self) -> usize {
        let mut state = self.0.lock();
        let is_here = |chain: &Chain, moved: &mut usize| match chain.move_on() {
            Err(AppendError::Lost) => false,
            result => {
                *moved += usize::from(matches!(result, Ok(true)));
                true
            }
        };
        let mut moved = 0;
        state.unreadable.retain(|chain| is_here(chain, &mut moved));
        (state.shadowed).retain(|recording| is_here(&recording.chain, &mut moved));
        moved
    }

    /// Leaves all of it to the next run, which finds it as soon as nobody holds it here.
    pub(super) fn leave(&self) {
        let State {
            unreadable,
            shadowed,
        } = std::mem::take(&mut *self.0.lock());
        unreadable.iter().for_each(Chain::leave);
        shadowed.iter().for_each(|recording| recording.leave());
    }

    /// Wipes what can't be read.
    pub(super) fn erase_unreadable(&self) {
        let unreadable = std::mem::take(&mut self.0.lock().unreadable);
        unreadable.iter().for_each(|chain| chain.release(Wait::Yes));
    }
}
