use crate::vm::Raw;

/// Remembers, for one decoding, which term some bytes stand for: a recording
/// spells the same few dozen atoms and keys thousands of times. Direct mapped:
/// a collision only costs making the term again.
pub(super) struct Spelled<'a> {
    slots: Vec<Option<Spelling<'a>>>,
}

#[derive(Clone, Copy)]
struct Spelling<'a> {
    ends: Ends,
    bytes: &'a [u8],
    term: Raw,
}

/// The first and the last eight bytes, or four of what is shorter. They
/// overlap, and together with the length are all there is of a short text:
/// comparing them is comparing nearly everything, without a call.
type Ends = (u64, u64);

impl<'a> Spelled<'a> {
    const SLOTS_LOG2: u32 = 10;

    pub(super) fn new() -> Self {
        Self {
            slots: vec![None; 1 << Self::SLOTS_LOG2],
        }
    }

    #[inline]
    fn ends(bytes: &[u8]) -> Ends {
        if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        }
        if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            let [first, last] = [first, last].map(|end| u64::from(u32::from_le_bytes(*end)));
            return (first, last);
        }
        let word = |word, &byte| word << 8 | u64::from(byte);
        (bytes.iter().fold(0, word), 0)
    }

    #[inline]
    fn slot((first, last): Ends, len: usize) -> usize {
        let hash = (first ^ last.rotate_left(29) ^ len as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (hash >> (u64::BITS - Self::SLOTS_LOG2)) as usize
    }

    #[inline]
    pub(super) fn get(&self, bytes: &[u8]) -> Option<Raw> {
        let ends = Self::ends(bytes);
        let known = self.slots[Self::slot(ends, bytes.len())]?;
        let equal = known.ends == ends
            && known.bytes.len() == bytes.len()
            && (bytes.len() <= 16 || known.bytes[8..] == bytes[8..]);
        equal.then_some(known.term)
    }

    pub(super) fn put(&mut self, bytes: &'a [u8], term: Raw) {
        let ends = Self::ends(bytes);
        self.slots[Self::slot(ends, bytes.len())] = Some(Spelling { ends, bytes, term });
    }
}
