use crate::AtomText;

/// One step through a term: a leaf, or the head of a container whose elements follow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Token<'a> {
    /// An integer that fits 64 bits, however it was encoded.
    Integer(i64),
    /// An integer that does not fit 64 bits.
    Big(Big<'a>),
    /// A float; always finite.
    Float(f64),
    /// An atom.
    Atom(AtomText<'a>),
    /// A binary.
    Binary(&'a [u8]),
    /// A bitstring.
    Bits {
        /// All bytes, the partly used last one included; never empty.
        bytes: &'a [u8],
        /// How many bits of the last byte count, from the most significant one: 1 to 7.
        last_bits: u8,
    },
    /// The empty list.
    Nil,
    /// A proper list of integers from 0 to 255, as one block.
    String(&'a [u8]),
    /// A list: this many elements follow, and then its tail as one more term, which is
    /// [`Token::Nil`] for a proper list.
    List(u32),
    /// A tuple: this many elements follow.
    Tuple(u32),
    /// A map: this many pairs of a key and a value follow.
    Map(u32),
    /// A term without a public representation: all of its bytes, the tag included. Its parts
    /// have been checked.
    Opaque(OpaqueKind, &'a [u8]),
}

/// An integer of any size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Big<'a> {
    /// Whether it is below zero.
    pub negative: bool,
    /// Its absolute value, least significant byte first.
    pub magnitude: &'a [u8],
}

/// What an opaque term stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpaqueKind {
    /// A process identifier.
    Pid,
    /// A port.
    Port,
    /// A reference.
    Reference,
    /// A closure.
    Fun,
    /// An exported function.
    Export,
}
