/// How much more may be looked for in vain, in bytes that could be read meanwhile.
///
/// Where nothing is alike, looking for it must not cost much; and where something is, it has to be
/// found again. What looking in vain costs, of the whole, by `benches/templates.rs`: where no key
/// comes again (`unlike`) 5 % of decoding, next to nothing of encoding, and 27 % of summarizing;
/// where all but the last key does (`vain`) 12, 16 and 36 %. What it gains: the recordings of
/// `test/fixtures` take 2.3 to 4.5 times as long without, a form 5 to 11 times.
///
/// None of the values below makes a difference of more than 1 % to the fixtures, from a quarter to
/// four times of it; they are for those that are not alike.
pub(super) struct Credit {
    left: usize,
    /// Events since it was used up.
    idle: u32,
}

/// Comparing so many bytes takes as long as reading one: where payloads of 4 KB come again as they
/// were, encoding is 28 times as fast as without templates, decoding 15, and summarizing 9.
const COMPARED: usize = 16;

/// What there is at first, and at most: some large payloads. From a quarter to four times of it
/// makes no difference but to `turn`, of less than 4 %, which is noise.
const MOST: usize = 1 << 14;
/// The same after so many events that nothing was done for. Without, a session that begins with a
/// thousand events that are unlike (`turn`) takes twice as long to encode. Four times as
/// much makes encoding `unlike` 3 % slower; a quarter of the events, 4 %.
const NEXT: usize = 1 << 11;
const IDLE_EVENTS: u32 = 64;

/// What trying costs even if nothing is alike, and what adding a template costs. These are a guess,
/// and a low one: at four times of it, `vain` takes 27 % less to summarize by the first, and
/// `unlike` 12 % by the second, and nothing else takes more. They are left as they are until
/// recordings that are made that way have been seen.
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
