/// A power of two.
pub(super) const SLOTS: usize = 1 << 8;

/// What tells one kind of arrays or objects from another at a glance.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::json) struct Shape(u64);

impl Shape {
    /// The shape of what begins with these bytes.
    #[inline]
    pub(in crate::json) fn of(bytes: &[u8]) -> Self {
        let (words, rest) = bytes.as_chunks::<8>();
        let words = words.iter().map(|word| u64::from_le_bytes(*word));
        let rest = rest
            .iter()
            .fold(0, |word, &byte| word << 8 | u64::from(byte));
        let mix = |mixed: u64, word| mixed.rotate_left(29) ^ word;
        Shape(mix(words.fold(bytes.len() as u64, mix), rest))
    }

    /// The slot for such a thing with so many arrays and objects around it.
    #[inline]
    pub(super) fn slot(self, level: usize) -> usize {
        let hash = (self.0 ^ level as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // The product's upper bits depend on all of the factor's.
        (hash >> 32) as usize & (SLOTS - 1)
    }
}
