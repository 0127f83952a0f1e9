//! Memory that notices who reads or writes it when others write to it, with no order between
//! the two.

use std::cell::UnsafeCell as Bytes;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use loom::cell::UnsafeCell;
use loom::sync::atomic::AtomicU64;

pub(crate) const PAGE: usize = 256;

const WORD: usize = 8;

pub(crate) struct Mapping {
    bytes: Bytes<Box<[u64]>>,
    words: Vec<AtomicU64>,
    /// Which of these were asked for.
    used: Vec<AtomicBool>,
    /// One for each word, so that loom knows of each access to bytes there.
    watched: Vec<UnsafeCell<()>>,
}

// SAFETY: loom tells if two use the same bytes at once.
unsafe impl Sync for Mapping {}
// SAFETY: as above.
unsafe impl Send for Mapping {}

impl Mapping {
    pub(crate) fn new(len: usize) -> Self {
        let words = len / WORD;
        Mapping {
            bytes: Bytes::new(vec![0; words].into()),
            words: (0..words).map(|_| AtomicU64::new(0)).collect(),
            used: (0..words).map(|_| AtomicBool::new(false)).collect(),
            watched: (0..words).map(|_| UnsafeCell::new(())).collect(),
        }
    }

    fn pointer(&self) -> *mut u8 {
        // SAFETY: nobody holds a reference to the box.
        unsafe { (*self.bytes.get()).as_mut_ptr().cast() }
    }

    pub(crate) fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(WORD), "no word there");
        self.used[at / WORD].store(true, Relaxed);
        &self.words[at / WORD]
    }

    /// Whoever asks for it writes there, some bytes at least.
    pub(crate) fn at(&self, at: usize) -> *mut u8 {
        if let Some(watched) = self.watched.get(at / WORD) {
            watched.with_mut(|_| ());
        }
        // SAFETY: within the memory, or one past its end.
        unsafe { self.pointer().add(at) }
    }

    /// # Safety
    ///
    /// Nobody writes to these bytes for as long as the slice is used.
    pub(crate) unsafe fn slice(&self, at: usize, len: usize) -> &[u8] {
        for watched in &self.watched[at / WORD..(at + len).div_ceil(WORD)] {
            watched.with(|_| ());
        }
        // SAFETY: within the memory, and unchanged by the caller's promise.
        unsafe { std::slice::from_raw_parts(self.pointer().add(at), len) }
    }

    /// Puts zeros into bytes and words.
    pub(crate) fn wipe(&self, at: usize, len: usize) {
        for word in at / WORD..(at + len) / WORD {
            self.watched[word].with_mut(|_| ());
            if self.used[word].load(Relaxed) {
                self.words[word].store(0, Relaxed);
            }
        }
        // SAFETY: within the memory; nobody else is there, or the watch has just told.
        unsafe { self.pointer().add(at).write_bytes(0, len) };
    }

    pub(crate) fn is_wiped(&self, at: usize, len: usize) -> bool {
        let words = at / WORD..(at + len) / WORD;
        // SAFETY: nobody writes any more.
        let bytes = unsafe { self.slice(at, len) };
        bytes.iter().all(|byte| *byte == 0)
            && words
                .into_iter()
                .all(|word| self.words[word].load(Relaxed) == 0)
    }
}
