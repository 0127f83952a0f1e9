//! An event on its way into the slab.

use replay_store::{AppendError, Reservation};
use rustler::types::atom::ok;
use rustler::{Encoder, Env, Term};

use crate::errors::Failure;
use crate::sink::{Grow, SLACK};

mod atoms {
    rustler::atoms! { again }
}

/// Bytes of an event that are encoded on a normal scheduler: well under a
/// tenth of a millisecond, whatever they are made of.
pub const BOUNDED_BYTES: usize = 96 << 10;

/// What an append answers.
pub fn answer(env: Env<'_>, result: Result<(), AppendError>) -> Term<'_> {
    match result {
        Ok(()) => ok().encode(env),
        Err(AppendError::WouldBlock) => atoms::again().encode(env),
        Err(error) => Failure::from(error).encode(env),
    }
}

/// An event on its way into the slab, as the encoder sees it.
pub struct Frame<'f, 'r> {
    pub reservation: &'f mut Reservation<'r>,
    /// More bytes than this are refused.
    pub cap: usize,
    /// Why the slab gave no more room.
    pub failure: Option<AppendError>,
}

impl Grow for Frame<'_, '_> {
    fn grow(&mut self, used: usize, more: usize) -> Option<(*mut u8, usize)> {
        // The encoder asks for a little more than it uses.
        if used.checked_add(more)? > self.cap.saturating_add(SLACK) {
            return None;
        }
        let (at, room) = self.reservation.space();
        let room = room.min(self.cap.saturating_add(SLACK));
        if room >= used + more {
            return Some((at, room));
        }
        match self.reservation.grow(used, more) {
            Ok((at, room)) => Some((at, room.min(self.cap.saturating_add(SLACK)))),
            Err(error) => {
                self.failure = Some(error);
                None
            }
        }
    }
}
