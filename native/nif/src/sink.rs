//! Where encoded bytes go: a block of memory that asks its owner for more.

/// What a block of memory must answer when it is full.
pub trait Grow {
    /// Returns start and size of a block that begins with the `used` bytes
    /// written so far and has room for at least `more` behind them, or `None`
    /// when that is beyond what the owner allows.
    fn grow(&mut self, used: usize, more: usize) -> Option<(*mut u8, usize)>;
}

/// The block had no more room: the term is larger than the owner's cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// Bytes every [`Out::slack`] call leaves free, so that the many small writes
/// behind it need no check of their own.
pub const SLACK: usize = 64;

/// A cursor over a block.
///
/// Invariant: `len <= size`, and the first `len` bytes at `at` are written.
pub struct Out<'a, G: Grow> {
    owner: &'a mut G,
    at: *mut u8,
    len: usize,
    size: usize,
}

impl<'a, G: Grow> Out<'a, G> {
    /// Starts with an empty block; the first write asks the owner for one.
    pub fn new(owner: &'a mut G) -> Self {
        Self {
            owner,
            at: std::ptr::NonNull::dangling().as_ptr(),
            len: 0,
            size: 0,
        }
    }

    /// Bytes written so far.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Makes room for `more` bytes.
    #[inline]
    pub fn room(&mut self, more: usize) -> Result<(), Full> {
        if self.size - self.len >= more {
            Ok(())
        } else {
            self.grow(more)
        }
    }

    /// Makes room for [`SLACK`] bytes.
    #[inline]
    pub fn slack(&mut self) -> Result<(), Full> {
        self.room(SLACK)
    }

    #[cold]
    fn grow(&mut self, more: usize) -> Result<(), Full> {
        let (at, size) = self.owner.grow(self.len, more).ok_or(Full)?;
        debug_assert!(size - self.len >= more);
        self.at = at;
        self.size = size;
        Ok(())
    }

    /// Writes a few bytes.
    ///
    /// # Safety
    /// Room for `N` bytes must have been made.
    #[inline]
    pub unsafe fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        debug_assert!(self.size - self.len >= N);
        // SAFETY: the caller made room.
        unsafe {
            self.at
                .add(self.len)
                .cast::<[u8; N]>()
                .write_unaligned(bytes)
        };
        self.len += N;
    }

    /// Writes a fixed block, of which only the first `used` bytes count: one
    /// unconditional copy is faster than one of variable length.
    ///
    /// # Safety
    /// Room for `N` bytes must have been made, and `used <= N`.
    #[inline]
    pub unsafe fn put_block<const N: usize>(&mut self, block: [u8; N], used: usize) {
        debug_assert!(self.size - self.len >= N && used <= N);
        // SAFETY: the caller made room for the whole block.
        unsafe {
            self.at
                .add(self.len)
                .cast::<[u8; N]>()
                .write_unaligned(block)
        };
        self.len += used;
    }

    /// Writes bytes of any number, making the room itself.
    #[inline]
    pub fn extend(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.room(bytes.len())?;
        // SAFETY: room was made, and the block is not the source.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.at.add(self.len), bytes.len());
        }
        self.len += bytes.len();
        Ok(())
    }

    /// The bytes written from position `from` on, to be corrected in place.
    #[inline]
    pub fn written(&mut self, from: usize) -> &mut [u8] {
        debug_assert!(from <= self.len);
        // SAFETY: the first `len` bytes are initialised and ours alone.
        unsafe { std::slice::from_raw_parts_mut(self.at.add(from), self.len - from) }
    }

    /// Forgets everything after `len`.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        debug_assert!(len <= self.len);
        self.len = len;
    }
}

/// A heap buffer with an upper bound.
pub struct Buffer {
    bytes: Vec<u8>,
    cap: usize,
}

impl Buffer {
    /// An empty buffer in the memory of `bytes`, which refuses to hold more
    /// than `cap` of them.
    pub fn new(mut bytes: Vec<u8>, cap: usize) -> Self {
        bytes.clear();
        Self { bytes, cap }
    }

    /// Takes what [`Out`] wrote.
    ///
    /// # Safety
    /// `len` must be the [`Out::len`] of a cursor over this buffer.
    pub unsafe fn into_bytes(mut self, len: usize) -> Vec<u8> {
        // SAFETY: the caller's promise: `len` bytes are initialised.
        unsafe { self.bytes.set_len(len) };
        self.bytes
    }
}

impl Grow for Buffer {
    fn grow(&mut self, used: usize, more: usize) -> Option<(*mut u8, usize)> {
        if used > self.cap {
            return None;
        }
        // A single write may be larger than the cap only by the slack that
        // small writes reserve and do not use.
        if more > SLACK && used.checked_add(more)? > self.cap {
            return None;
        }
        // SAFETY: a cursor has written `used` bytes.
        unsafe { self.bytes.set_len(used) };
        self.bytes.reserve(more.max(4096));
        Some((self.bytes.as_mut_ptr(), self.bytes.capacity()))
    }
}
