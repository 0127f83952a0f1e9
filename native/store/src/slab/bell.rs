use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, Weak};

use crate::crew::{self, Chore};

/// Calls a chore of the crew, whoever rings, and once for all who rang before it began.
#[derive(Default)]
pub(super) struct Bell {
    chore: OnceLock<Weak<dyn Chore>>,
    /// Whether it has been called and has not begun.
    rung: AtomicBool,
}

impl Bell {
    /// Says who is called. Only the first one counts.
    pub(super) fn calls(&self, chore: Weak<dyn Chore>) {
        let _ = self.chore.set(chore);
    }

    /// Has the chore done soon. Never waits.
    pub(super) fn ring(&self) {
        if let Some(chore) = self.chore.get()
            && !self.rung.swap(true, Ordering::AcqRel)
        {
            crew::soon(Weak::clone(chore));
        }
    }

    /// The chore begins: if it is called for from here on, it is done once more.
    pub(super) fn answered(&self) {
        self.rung.store(false, Ordering::Release);
    }
}
