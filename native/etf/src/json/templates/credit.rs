/// How much more may be looked for in vain, in bytes that could be read meanwhile.
///
/// Where nothing is alike, looking for it must not cost much; and where something is, it has to be
/// found again.
pub(super) struct Credit {
    left: usize,
    /// Events since it was used up.
    idle: u32,
}

/// Comparing so many bytes takes as long as reading one.
const COMPARED: usize = 16;

/// What there is at first, and at most.
const MOST: usize = 1 << 14;
/// The same after so many events that nothing was done for.
const NEXT: usize = 1 << 11;
const IDLE_EVENTS: u32 = 64;

/// What trying costs even if nothing is alike, and what adding a template costs.
const TRY: usize = 32;
const ADD: usize = 16;

impl Credit {
    pub(super) fn full() -> Self {
        Credit {
            left: MOST,
            idle: 0,
        }
    }

    /// Whether there is enough left to try.
    #[inline]
    pub(super) fn is_left(&self) -> bool {
        self.left >= TRY
    }

    /// Pays for a template that is added.
    #[inline]
    pub(super) fn added(&mut self) {
        self.left = self.left.saturating_sub(ADD);
    }

    /// So many bytes were alike, and all that was to be.
    pub(super) fn alike(&mut self, bytes: usize) {
        self.left = MOST.min(self.left + bytes);
    }

    /// So many bytes were alike, but not all that was to be.
    pub(super) fn in_vain(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes / COMPARED + TRY);
    }

    /// Another event begins.
    pub(super) fn next_event(&mut self) {
        if self.is_left() {
            return;
        }
        self.idle += 1;
        if self.idle == IDLE_EVENTS {
            (self.idle, self.left) = (0, NEXT);
        }
    }
}
