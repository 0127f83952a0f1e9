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
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_depth: 1_000_000,
            max_bytes: 256 << 20,
            max_terms: 64_000_000,
        }
    }
}
