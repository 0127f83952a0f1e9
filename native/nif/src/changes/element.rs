use replay_etf::recording::changes::mark;

use super::rules::Shape;
use super::{How, Stop, Writer, word};
use crate::encode::MAX_NESTING;
use crate::sink::Grow;
use crate::vm::{Looks, Raw};

/// Longest binaries that are compared, where they are not the same term.
const SMALL: usize = 64;

/// What comparing costs or saves, a unit being some 6 ns. When the credit is used up, the value
/// is written in full.
mod credit {
    pub const START: i64 = 64;
    /// So many bytes of the value make for a unit more.
    pub const BYTES: i64 = 128;
    /// An element that is as it was, and takes no time to write.
    pub const SMALL: i64 = -1;
    /// One that may take a lot.
    pub const LARGE: i64 = 12;
    /// A text that had to be compared.
    pub const TEXT: i64 = 4;
    /// A container that had to be gone through.
    pub const CONTAINER: i64 = 8;
    /// Something that is not there any more.
    pub const GONE: i64 = 4;
}

/// Whether two small texts are the same. Calling the C library's comparison takes longer than
/// comparing them.
#[inline]
fn are_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.len() <= SMALL && a.iter().zip(b).all(|(a, b)| a == b)
}

/// Elements of containers of which a part has changed.
impl<G: Grow> Writer<'_, '_, '_, G> {
    /// Begins with a value of so many bytes.
    pub(super) fn start(&mut self, bytes: usize) {
        self.growth = 0;
        self.credit = credit::START + bytes as i64 / credit::BYTES;
    }

    /// Whether two keys are the same.
    #[inline]
    pub(super) unsafe fn are_equal(&self, a: Raw, b: Raw) -> bool {
        // SAFETY: as the caller's.
        let texts = || unsafe { self.texts(a, b) };
        word(a) == word(b) || texts().is_some_and(|(a, b)| are_same(a, b))
    }

    /// The bytes of two binaries; nothing if one of them is none. What does not look like one is
    /// not asked.
    #[inline]
    unsafe fn texts<'t>(&self, a: Raw, b: Raw) -> Option<(&'t [u8], &'t [u8])> {
        let env = self.encoder.env;
        if (Looks::of(a), Looks::of(b)) != (Looks::Boxed, Looks::Boxed) {
            return None;
        }
        // SAFETY: as the caller's; both stay where they are until the call is over.
        unsafe { Some((env.binary(a)?, env.binary(b)?)) }
    }

    /// Writes an element, or the value of a pair, that is another term than before.
    pub(super) unsafe fn change(
        &mut self,
        run: &mut u32,
        now: Raw,
        base: Raw,
        how: How,
        nesting: u32,
    ) -> Result<(), Stop> {
        // SAFETY: as the caller's.
        unsafe {
            if let Some((text, before)) = self.texts(now, base) {
                return self.change_text(run, text, before);
            }
            let kind = self.encoder.env.kind(now);
            if nesting < MAX_NESTING - 1
                && let Some(pair) = self.pair(kind, now, base, how)?
            {
                self.spend_credit(credit::CONTAINER)?;
                let (start, before) = (self.encoder.out.len(), *run);
                self.flush(run)?;
                self.put(mark::CHANGED)?;
                let at = self.encoder.out.len();
                self.container(pair, now, base, how, nesting + 1)?;
                if self.encoder.out.len() == at + 1 {
                    // Made anew, of the same.
                    self.encoder.out.truncate(start);
                    *run = before + 1;
                }
                return Ok(());
            }
            self.flush(run)?;
            self.put(mark::SET)?;
            let at = self.encoder.out.len();
            self.full(now, how, nesting)?;
            self.grew_since(at);
            self.forget(base, how, nesting)
        }
    }

    /// The same of a binary that was another binary before.
    fn change_text(&mut self, run: &mut u32, text: &[u8], before: &[u8]) -> Result<(), Stop> {
        if are_same(text, before) {
            *run += 1;
            return self.spend_credit(credit::TEXT);
        }
        self.flush(run)?;
        self.put(mark::SET)?;
        self.encoder.out.slack()?;
        // SAFETY: slack was reserved.
        unsafe { self.encoder.binary(text)? };
        self.growth += text.len() as i64 - before.len() as i64;
        self.spend_credit(credit::GONE + before.len() as i64 / 16)
    }

    /// Writes an element that is new.
    pub(super) unsafe fn insert(&mut self, term: Raw, how: How, nesting: u32) -> Result<(), Stop> {
        let at = self.encoder.out.len();
        // SAFETY: as the caller's.
        unsafe { self.full(term, how, nesting)? };
        self.grew_since(at);
        Ok(())
    }

    /// Counts what is gone.
    pub(super) unsafe fn forget(&mut self, term: Raw, how: How, nesting: u32) -> Result<(), Stop> {
        let at = self.encoder.out.len();
        // SAFETY: as the caller's.
        unsafe { self.full(term, how, nesting)? };
        self.shrink_to(at)
    }

    /// Counts a pair that is gone, if it was there for the rules, and writes that.
    pub(super) unsafe fn forget_pair(
        &mut self,
        run: &mut u32,
        (key, value): (Raw, Raw),
        shape: Shape,
        nesting: u32,
    ) -> Result<(), Stop> {
        // SAFETY: as the caller's.
        unsafe {
            let Some(how) = shape.treats(self.encoder.env, key)? else {
                return Ok(());
            };
            self.flush(run)?;
            let at = self.encoder.out.len();
            self.encoder.term(key, nesting)?;
            self.full(value, how, nesting)?;
            self.shrink_to(at)?;
        }
        self.put(mark::LEFT_OUT)?;
        self.put_u32(1)
    }

    /// Counts an element that is as it was.
    #[inline]
    pub(super) fn same(&mut self, run: &mut u32, term: Raw) {
        *run += 1;
        self.credit += match Looks::of(term) {
            Looks::Immediate => credit::SMALL,
            Looks::Boxed | Looks::Other => credit::LARGE,
        };
    }

    pub(super) fn grew_since(&mut self, at: usize) {
        self.growth += (self.encoder.out.len() - at) as i64;
    }

    fn shrink_to(&mut self, at: usize) -> Result<(), Stop> {
        let bytes = self.encoder.out.len() - at;
        self.encoder.out.truncate(at);
        self.growth -= bytes as i64;
        self.spend_credit(credit::GONE + bytes as i64 / 16)
    }

    fn spend_credit(&mut self, credit: i64) -> Result<(), Stop> {
        self.credit -= credit;
        match self.credit {
            ..0 => Err(Stop::Fruitless),
            _ => Ok(()),
        }
    }

    /// Writes how many elements are as they were.
    pub(super) fn flush(&mut self, run: &mut u32) -> Result<(), Stop> {
        let same = std::mem::take(run);
        if same == 0 {
            return Ok(());
        }
        if same < u32::from(mark::MANY) {
            return self.put(mark::SAME - 1 + same as u8);
        }
        self.put(mark::MANY)?;
        self.put_u32(same)
    }

    pub(super) fn put(&mut self, mark: u8) -> Result<(), Stop> {
        self.encoder.out.slack()?;
        // SAFETY: slack was reserved.
        unsafe { self.encoder.out.put([mark]) };
        Ok(())
    }

    pub(super) fn put_u32(&mut self, number: u32) -> Result<(), Stop> {
        self.encoder.out.slack()?;
        // SAFETY: slack was reserved.
        unsafe { self.encoder.out.put(number.to_be_bytes()) };
        Ok(())
    }
}
