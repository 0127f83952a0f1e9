use std::io;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::space::Space;
use crate::crew::{self, Chore, Next};

/// How often segments are looked at as long as some may soon be deleted.
const TRIM_EVERY: Duration = Duration::from_secs(1);

/// Makes segments before they are needed and deletes them when they no longer are, and wipes what
/// others have no time to, until it is dropped.
pub(super) struct Keeper(Arc<Keeping>);

/// What a thread of the crew does for a slab.
pub(super) struct Keeping {
    /// Locked while it is done. None once the keeper is dropped.
    state: Mutex<Option<State>>,
}

struct State {
    space: Arc<Space>,
    /// When it is done next because time has passed.
    trim_at: Option<Instant>,
}

impl Keeper {
    pub(super) fn start(space: &Arc<Space>) -> io::Result<Self> {
        crew::enlist()?;
        let keeping = Arc::new(Keeping {
            state: Mutex::new(Some(State {
                space: Arc::clone(space),
                trim_at: None,
            })),
        });
        let chore: Weak<Keeping> = Arc::downgrade(&keeping);
        space.keeper.calls(chore);
        space.keeper.ring();
        Ok(Keeper(keeping))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(State { space, .. }) = self.0.state.lock().take() {
            // The rest is left to the next run.
            let _ = space.wipe_all();
            space.leave_unreleased();
        }
    }
}

impl Chore for Keeping {
    fn run(self: Arc<Self>, _scratch: &mut Vec<u8>) -> Next {
        let mut state = self.state.lock();
        let Some(State { space, trim_at }) = &mut *state else {
            return Next::Done;
        };
        space.keeper.answered();
        let wiped = space.wipe_all();
        // A failure is for those who find no space, and try themselves, to report.
        let _ = space.grow_ahead();
        let more = space.trim(space.settings.idle) || wiped.is_err();
        let now = Instant::now();
        if trim_at.is_some_and(|at| at <= now) {
            *trim_at = None;
        }
        if !more || trim_at.is_some() {
            return Next::Done;
        }
        let at = now + TRIM_EVERY;
        *trim_at = Some(at);
        Next::At(at)
    }
}
