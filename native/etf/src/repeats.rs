//! What comes again: the events of a session repeat most of what the ones before them held.

/// Remembers, while bytes are read from the front, what became of some of the terms or texts in
/// them, so that the same bytes need not be read again: a form, a user, a list in which one
/// element has changed.
///
/// It works for encodings that say where they end, such as terms, or JSON's arrays and objects:
/// bytes that begin with those of a known one are that one. It is direct-mapped by the first
/// bytes, because the latest of those that begin alike is the most likely to come again, and
/// forgets one whenever another takes its place: a miss only costs reading the bytes.
///
/// One call of [`get`](Repeats::get) compares no more bytes than what is read at that place has.
/// Nested containers that repeat each other but for their innermost bytes are compared at each
/// level, so a caller has to bound the depth at which it asks.
///
/// ```
/// use replay_etf::Repeats;
///
/// let text = b"[1,2,3,4,5,6,7,8],[1,2,3,4,5,6,7,8]";
/// let mut repeats = Repeats::new(text.len());
/// assert_eq!(repeats.get(text, 0), None);
/// repeats.put(text, 0, 17, "one to eight");
/// assert_eq!(repeats.get(text, 18), Some((17, "one to eight")));
/// ```
#[derive(Debug, Clone)]
pub struct Repeats<V> {
    /// A power of two of them.
    slots: Vec<Option<Known<V>>>,
}

#[derive(Debug, Clone, Copy)]
struct Known<V> {
    /// Tells most others apart without looking at their bytes.
    hash: u32,
    start: u32,
    length: u32,
    value: V,
}

/// First bytes that choose the slot of what has so many. The structs of a kind all begin with
/// its name, and it takes more than that to tell them apart.
const LONG: usize = 64;
/// The same for what is shorter, and the fewest bytes that are worth remembering.
pub(crate) const SHORT: usize = 16;

/// For the longest inputs; a table that leaves the processor's first cache costs more than it
/// finds.
const MAX_SLOTS: usize = 1024;
const MIN_SLOTS: usize = 16;
/// How many bytes of input there are for each slot, about as many as a container has.
const BYTES_PER_SLOT: usize = 32;

impl<V: Copy> Repeats<V> {
    /// Nothing remembered yet, of so many bytes as are to be read.
    pub fn new(bytes: usize) -> Self {
        let slots = (bytes / BYTES_PER_SLOT).clamp(MIN_SLOTS, MAX_SLOTS);
        Repeats {
            slots: vec![None; slots.next_power_of_two()],
        }
    }

    /// Whether something known begins at `offset` of `bytes`: its length, and its value.
    #[inline]
    pub fn get(&self, bytes: &[u8], offset: usize) -> Option<(usize, V)> {
        let here = bytes.get(offset..)?;
        self.compare(bytes, here, hash::<LONG>(here))
            .or_else(|| self.compare(bytes, here, hash::<SHORT>(here)))
    }

    #[inline]
    fn compare(&self, bytes: &[u8], here: &[u8], hash: Option<u32>) -> Option<(usize, V)> {
        let hash = hash?;
        let known = (*self.slots.get(self.slot(hash))?)?;
        if known.hash != hash {
            return None;
        }
        let there = bytes.get(known.start as usize..)?;
        let length = known.length as usize;
        (here.get(..length)? == there.get(..length)?).then_some((length, known.value))
    }

    /// Remembers the value of `bytes[start..end]`. Short ones are not worth it.
    #[inline]
    pub fn put(&mut self, bytes: &[u8], start: usize, end: usize, value: V) {
        let length = end.saturating_sub(start);
        let (Ok(from), Ok(length)) = (u32::try_from(start), u32::try_from(length)) else {
            return;
        };
        let known = bytes.get(start..end).unwrap_or_default();
        let Some(hash) = hash::<LONG>(known).or_else(|| hash::<SHORT>(known)) else {
            return;
        };
        let slot = self.slot(hash);
        if let Some(known) = self.slots.get_mut(slot) {
            *known = Some(Known {
                hash,
                start: from,
                length,
                value,
            });
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.slots.fill(None);
    }

    #[inline]
    fn slot(&self, hash: u32) -> usize {
        hash as usize & (self.slots.len() - 1)
    }
}

/// A hash of the first `N` bytes, if there are so many.
#[inline]
pub(crate) fn hash<const N: usize>(bytes: &[u8]) -> Option<u32> {
    let (words, _) = bytes.first_chunk::<N>()?.as_chunks::<8>();
    let mixed = words.iter().fold(0, |mixed: u64, word| {
        mixed.rotate_left(29) ^ u64::from_le_bytes(*word)
    });
    // The product's upper bits depend on all of the factor's.
    Some((mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, Walker, tag};

    #[test]
    fn nothing_is_known_at_first() {
        let repeats = Repeats::<u8>::new(0);
        assert_eq!(repeats.get(&[0; 64], 0), None);
        assert_eq!(repeats.get(&[], 0), None);
        assert_eq!(repeats.get(&[0; 64], 65), None);
    }

    #[test]
    fn what_ends_differently_is_not_known() {
        let bytes = b"the same beginning, one end; the same beginning, two end";
        let mut repeats = Repeats::new(bytes.len());
        repeats.put(bytes, 0, 27, ());
        assert_eq!(repeats.get(bytes, 0), Some((27, ())));
        assert_eq!(repeats.get(bytes, 29), None);
    }

    #[test]
    fn what_is_cut_short_is_not_known() {
        let bytes = b"0123456789abcdefghij 0123456789abcdefghi";
        let mut repeats = Repeats::new(bytes.len());
        repeats.put(bytes, 0, 20, ());
        assert_eq!(repeats.get(bytes, 21), None);
    }

    #[test]
    fn the_latest_of_those_that_begin_alike_is_known() {
        let bytes = b"0123456789abcdef;0123456789abcdef.0123456789abcdef.";
        let mut repeats = Repeats::new(bytes.len());
        repeats.put(bytes, 0, 17, 'a');
        repeats.put(bytes, 17, 34, 'b');
        assert_eq!(repeats.get(bytes, 34), Some((17, 'b')));
        assert_eq!(repeats.get(bytes, 0), None);
        repeats.clear();
        assert_eq!(repeats.get(bytes, 34), None);
    }

    #[test]
    fn ranges_out_of_bounds_and_short_ones_are_left_out() {
        let bytes = [7; 40];
        let mut repeats = Repeats::new(bytes.len());
        repeats.put(&bytes, 0, 15, ());
        repeats.put(&bytes, 30, 46, ());
        repeats.put(&bytes, 20, 0, ());
        assert_eq!(repeats.get(&bytes, 0), None);
    }

    /// A term as nested lists of how its containers begin, each read once if it comes again.
    #[derive(Debug, Clone, PartialEq)]
    enum Built {
        Leaf(Vec<u8>),
        List(Vec<usize>),
    }

    /// Builds every container of a term; the index of the outermost is returned.
    fn build(
        walker: &mut Walker<'_>,
        bytes: &[u8],
        known: &mut Option<Repeats<usize>>,
        built: &mut Vec<Built>,
    ) -> usize {
        let start = walker.offset();
        if let Some((length, index)) = known.as_ref().and_then(|it| it.get(bytes, start)) {
            walker.skip_equal(length).unwrap();
            return index;
        }
        let new = if bytes[start] == tag::LIST {
            let crate::Token::List(length) = walker.token().unwrap() else {
                unreachable!("its tag was a list's")
            };
            let elements = (0..=length).map(|_| build(walker, bytes, known, built));
            Built::List(elements.collect())
        } else {
            Built::Leaf(walker.raw().unwrap().to_vec())
        };
        built.push(new);
        let index = built.len() - 1;
        if let Some(known) = known {
            known.put(bytes, start, walker.offset(), index);
        }
        index
    }

    fn flat(index: usize, built: &[Built], out: &mut Vec<u8>) {
        match &built[index] {
            Built::Leaf(bytes) => out.extend(bytes),
            Built::List(elements) => {
                out.push(b'(');
                elements.iter().for_each(|&it| flat(it, built, out));
                out.push(b')');
            }
        }
    }

    /// Lists of few different elements, so that much of them is the same.
    fn lists() -> impl Strategy<Value = Vec<u8>> {
        let leaf = vec(0..3u8, 0..20).prop_map(|text| {
            let length = text.len() as u8;
            [vec![tag::BINARY, 0, 0, 0, length], text].concat()
        });
        leaf.prop_recursive(4, 200, 6, |inner| {
            vec(inner, 1..6).prop_map(|elements| {
                let length = elements.len() as u8;
                let twice = [elements.concat(), elements.concat()].concat();
                [vec![tag::LIST, 0, 0, 0, length * 2], twice, vec![tag::NIL]].concat()
            })
        })
    }

    proptest! {
        #[test]
        fn building_with_repeats_builds_the_same(bytes in lists()) {
            let mut flattened = [Vec::new(), Vec::new()];
            for (out, mut known) in flattened.iter_mut().zip([None, Some(Repeats::new(bytes.len()))]) {
                let (mut built, limits) = (Vec::new(), Limits::default());
                let mut walker = Walker::bare(&bytes, &limits);
                let index = build(&mut walker, &bytes, &mut known, &mut built);
                prop_assert!(walker.is_at_end());
                flat(index, &built, out);
            }
            prop_assert_eq!(&flattened[0], &flattened[1]);
        }
    }
}
