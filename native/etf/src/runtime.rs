use crate::AtomText;

/// What a runtime has.
pub trait Runtime {
    /// Whether there is this atom.
    fn has_atom(&self, text: AtomText<'_>) -> bool;
    /// Whether it reads this identifier or exported function, a term without its version byte.
    fn reads(&self, term: &[u8]) -> bool;
}
