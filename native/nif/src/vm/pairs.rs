use std::mem::MaybeUninit;

use rustler::sys;

use super::{Env, Raw};

/// Walks the pairs of a map in the VM's order.
///
/// Made first and started later, where it then stays: the VM fills the
/// iterator word by word, and moving it at once, in wider pieces, would wait
/// for each of those writes.
pub struct MapPairs {
    env: Env,
    iter: MaybeUninit<sys::ErlNifMapIterator>,
    started: bool,
    left: usize,
}

impl MapPairs {
    /// Walks nothing yet.
    #[inline]
    pub fn new(env: Env) -> Self {
        Self {
            env,
            iter: MaybeUninit::uninit(),
            started: false,
            left: 0,
        }
    }

    /// Goes to the first pair, and tells how many there are; nothing if the
    /// term is not a map.
    ///
    /// # Safety
    /// As [`Env::kind`]; to be called once, and the value must not outlive the
    /// NIF call.
    #[inline]
    pub unsafe fn start(&mut self, map: Raw) -> Option<usize> {
        // SAFETY: the caller's promise; on success the VM has initialised `iter`.
        unsafe {
            let size = self.env.map_size(map)?;
            self.started = sys::enif_map_iterator_create(
                self.env.raw,
                map,
                self.iter.as_mut_ptr(),
                sys::ErlNifMapIteratorEntry::ERL_NIF_MAP_ITERATOR_HEAD,
            ) != 0;
            self.left = if self.started { size } else { 0 };
            self.started.then_some(size)
        }
    }
}

impl Iterator for MapPairs {
    type Item = (Raw, Raw);

    #[inline]
    fn next(&mut self) -> Option<(Raw, Raw)> {
        // The VM is not asked whether another pair comes.
        self.left = self.left.checked_sub(1)?;
        let (mut key, mut value) = (Raw::default(), Raw::default());
        let (env, iter) = (self.env.raw, self.iter.as_mut_ptr());
        // SAFETY: pairs are left, so the iterator was initialised and is alive;
        // at its end the call returns false and nothing is advanced.
        unsafe {
            if sys::enif_map_iterator_get_pair(env, iter, &mut key, &mut value) == 0 {
                return None;
            }
            if self.left > 0 {
                sys::enif_map_iterator_next(env, iter);
            }
        }
        Some((key, value))
    }
}

impl Drop for MapPairs {
    #[inline]
    fn drop(&mut self) {
        if self.started {
            // SAFETY: created once, destroyed once; needed for large maps,
            // whose iterator owns a stack.
            unsafe { sys::enif_map_iterator_destroy(self.env.raw, self.iter.as_mut_ptr()) }
        }
    }
}
