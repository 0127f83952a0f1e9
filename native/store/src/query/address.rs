use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What is known of values that many recordings share, by the value's address. The values have to
/// outlive it, so that no address is used again.
pub(super) type ByAddress<T, V> = HashMap<*const T, V, BuildHasherDefault<AddressHasher>>;

/// Spreads addresses. They come from an allocator and not from a stranger, and one is looked up
/// for each recording.
#[derive(Default)]
pub(super) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(byte.into());
        }
    }

    fn write_usize(&mut self, address: usize) {
        let product = (self.0 ^ address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = product ^ product >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
