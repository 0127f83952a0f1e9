//! Random changes of inputs, for tests without a fuzzer.

/// Changes inputs; the same seed makes the same changes.
#[derive(Debug)]
pub struct Mutator(u64);

/// What is likely to matter somewhere.
const WORDS: [u32; 10] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x00ff_ffff,
    0x7fff_ffff,
    0x8000_0000,
    u32::MAX,
];

impl Mutator {
    /// One that starts from this seed.
    pub fn new(seed: u64) -> Self {
        Mutator(seed)
    }

    /// A number below this one, or 0.
    pub fn below(&mut self, end: usize) -> usize {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }

    /// The input with a few changes, perhaps with parts of another one.
    pub fn mutate(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(4) {
            self.change(&mut bytes, other);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len());
        match self.below(8) {
            0 => self.set(bytes, at, |byte, it| byte ^ 1 << it.below(8)),
            1 => self.set(bytes, at, |_, it| it.below(256) as u8),
            2 => self.set(bytes, at, |byte, it| match it.below(2) {
                0 => byte.wrapping_add(1),
                _ => byte.wrapping_sub(1),
            }),
            3 => {
                let word = WORDS[self.below(WORDS.len())].to_be_bytes();
                let word = &word[self.below(4)..];
                let end = (at + word.len()).min(bytes.len());
                bytes.splice(at..end, word.iter().copied());
            }
            4 => bytes.truncate(at),
            5 => {
                let end = at + self.below((bytes.len() - at).min(32));
                bytes.drain(at..end);
            }
            6 => {
                let end = at + self.below((bytes.len() - at).min(64));
                let again = bytes[at..end].to_vec();
                let to = self.below(bytes.len());
                bytes.splice(to..to, again);
            }
            _ => {
                let from = self.below(other.len());
                let end = from + self.below((other.len() - from).min(64));
                bytes.splice(at..at, other[from..end].iter().copied());
            }
        }
    }

    fn set(&mut self, bytes: &mut [u8], at: usize, to: impl Fn(u8, &mut Self) -> u8) {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = to(*byte, self);
        }
    }
}
