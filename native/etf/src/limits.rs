/// How much of an input is looked at before it is refused.
///
/// The caps keep a hostile or damaged input from exhausting memory or time. The default is far
/// above what an honest recording reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Deepest nesting of containers. That of JSON is capped further, at
    /// [`json::MAX_DEPTH`](crate::json::MAX_DEPTH).
    pub max_depth: u32,
    /// Most bytes of input, and of a compressed term once expanded.
    pub max_bytes: usize,
    /// Most terms, counting every element of every container.
    pub max_terms: u64,
    /// Most words that lists, tuples and maps may take in the memory of a runtime, without the
    /// numbers and texts in them. A list of small things takes many times the memory of its bytes.
    pub max_words: u64,
}

impl Limits {
    /// The limits of a recording of so many bytes: what holds its terms together may take four
    /// times as much memory, or 8 MiB. Honest ones take about as much as their bytes; sixteen times
    /// as much could be made of these.
    pub fn of_bytes(max_bytes: usize) -> Self {
        Limits {
            max_bytes,
            max_words: (max_bytes as u64 / 2).max(MIN_WORDS),
            ..Limits::default()
        }
    }
}

/// 8 MiB, which do not matter: a recording within a small limit may be nothing but a list of bytes,
/// which takes sixteen times as much.
const MIN_WORDS: u64 = 1 << 20;

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_depth: 1_000_000,
            max_bytes: 256 << 20,
            max_terms: 64_000_000,
            max_words: 128 << 20,
        }
    }
}
