use super::Raw;

/// What a word looks like, which decides what is asked first, and nothing else: the VM tells what
/// it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// A small integer, or an atom or an empty list.
    Immediate,
    /// A binary, or a tuple or a map or something rare.
    Boxed,
    /// A list, or anything.
    Other,
}

impl Looks {
    /// By the two lowest bits, as every VM so far has used them.
    #[inline]
    pub fn of(term: Raw) -> Self {
        match crate::atoms::word(term) & 0b11 {
            0b11 => Looks::Immediate,
            0b10 => Looks::Boxed,
            _ => Looks::Other,
        }
    }
}
