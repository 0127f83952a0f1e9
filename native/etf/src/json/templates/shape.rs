use crate::tag;

/// A power of two. With 64 the recordings of `test/fixtures` take as long, with 32 up to 15 % longer,
/// because two of their shapes meet; with 512 the shortest take 2 % longer, as the table has to be
/// filled first. Events with a hundred kinds of objects (`kinds` in `benches/templates.rs`)
/// would take a quarter less to decode with 512.
pub(super) const SLOTS: usize = 1 << 8;

/// What tells one kind of arrays or objects from another at a glance.
#[derive(Debug, Clone, Copy)]
pub(in crate::json) struct Shape(u64);

impl Shape {
    /// The shape of an array or object of JSON, by its first key, or what is below a first key.
    #[inline]
    pub(in crate::json) fn of_text(text: &[u8], start: usize) -> Self {
        // With 16 the recordings of `test/fixtures` take up to 9 % longer, because keys are cut off;
        // from 32 to 200 it makes no difference.
        const MOST: usize = 48;
        let text = text.get(start..).unwrap_or_default();
        let head = text.get(..MOST).unwrap_or(text);
        let mut colons = (0..head.len()).filter(|&at| head.get(at) == Some(&b':'));
        let length = match colons.next() {
            Some(colon) if head.get(colon + 1) == Some(&b'{') => colons.next().unwrap_or(colon),
            Some(colon) => colon,
            // An array of numbers or strings.
            None => head.len().min(2),
        };
        Shape::of(head.get(..length).unwrap_or_default())
    }

    /// The shape of a term: its head and that of what it begins with, but no leaf.
    #[inline]
    pub(in crate::json) fn of_term(etf: &[u8], start: usize) -> Self {
        let term = etf.get(start..).unwrap_or_default();
        let mut length = 0;
        // Below the only key of a map is what tells it from others.
        for _ in 0..2 {
            let (head, alone) = match term.get(length..).unwrap_or_default() {
                [tag::MAP, _, _, _, pairs, tag::SMALL_ATOM_UTF8, key, ..] => {
                    (7 + usize::from(*key), *pairs == 1)
                }
                [tag::MAP, _, _, _, pairs, tag::BINARY, 0, 0, 0, key, ..] => {
                    (10 + usize::from(*key), *pairs == 1)
                }
                [tag::MAP | tag::LIST, ..] => (5, false),
                [tag::SMALL_TUPLE, _, tag::SMALL_ATOM_UTF8, first, ..] => {
                    (4 + usize::from(*first), false)
                }
                [tag::SMALL_TUPLE, ..] => (2, false),
                _ => (0, false),
            };
            length += head;
            if !alone {
                break;
            }
        }
        Shape::of(term.get(..length).unwrap_or(term))
    }

    /// The shape of what begins with these bytes.
    #[inline]
    fn of(bytes: &[u8]) -> Self {
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
