//! The tag bytes of the External Term Format.
//!
//! Names follow <https://www.erlang.org/doc/apps/erts/erl_ext_dist.html>, without the `_EXT`.

/// The byte every encoded term starts with; it is not repeated for nested terms.
pub const VERSION: u8 = 131;

/// A zlib-compressed term; only valid directly after [`VERSION`].
pub const COMPRESSED: u8 = 80;
/// A reference into the atom cache of a distribution header; never valid in stored terms.
pub const ATOM_CACHE_REF: u8 = 82;

/// Unsigned 8-bit integer.
pub const SMALL_INTEGER: u8 = 97;
/// Signed 32-bit integer.
pub const INTEGER: u8 = 98;
/// Float as 31 bytes of decimal text, as written before OTP R11.
pub const FLOAT: u8 = 99;
/// Float as a big-endian IEEE 754 double.
pub const NEW_FLOAT: u8 = 70;
/// Integer of up to 255 bytes, sign and magnitude.
pub const SMALL_BIG: u8 = 110;
/// Integer of up to 2^32 - 1 bytes, sign and magnitude.
pub const LARGE_BIG: u8 = 111;

/// Latin-1 atom with a 16-bit length (deprecated).
pub const ATOM: u8 = 100;
/// Latin-1 atom with an 8-bit length (deprecated).
pub const SMALL_ATOM: u8 = 115;
/// UTF-8 atom with a 16-bit length.
pub const ATOM_UTF8: u8 = 118;
/// UTF-8 atom with an 8-bit length.
pub const SMALL_ATOM_UTF8: u8 = 119;

/// Binary with a 32-bit length.
pub const BINARY: u8 = 109;
/// Bitstring whose last byte is partly used.
pub const BIT_BINARY: u8 = 77;

/// The empty list.
pub const NIL: u8 = 106;
/// A list of bytes, 16-bit length, without a tail.
pub const STRING: u8 = 107;
/// A list with a 32-bit length, its elements and its tail.
pub const LIST: u8 = 108;
/// A tuple of up to 255 elements.
pub const SMALL_TUPLE: u8 = 104;
/// A tuple with a 32-bit arity.
pub const LARGE_TUPLE: u8 = 105;
/// A map with a 32-bit number of pairs.
pub const MAP: u8 = 116;

/// Process identifier with an 8-bit creation.
pub const PID: u8 = 103;
/// Process identifier with a 32-bit creation.
pub const NEW_PID: u8 = 88;
/// Port with an 8-bit creation.
pub const PORT: u8 = 102;
/// Port with a 32-bit creation.
pub const NEW_PORT: u8 = 89;
/// Port with a 64-bit id and a 32-bit creation.
pub const V4_PORT: u8 = 120;
/// Reference of one word with an 8-bit creation (deprecated).
pub const REFERENCE: u8 = 101;
/// Reference of several words with an 8-bit creation.
pub const NEW_REFERENCE: u8 = 114;
/// Reference of several words with a 32-bit creation.
pub const NEWER_REFERENCE: u8 = 90;

/// Closure as written before OTP R8; no runtime since OTP 23 decodes it, and neither is it read here.
pub const FUN: u8 = 117;
/// Closure: `fn ... end`.
pub const NEW_FUN: u8 = 112;
/// Exported function: `&Module.function/arity`.
pub const EXPORT: u8 = 113;

/// What follows is private to the runtime that wrote it.
pub const LOCAL: u8 = 121;
