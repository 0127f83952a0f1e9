//! An event that is written as what changed since earlier ones.
//!
//! What a view assigns changes little from one event to the next. So the values in an event with
//! assigns may refer to those recorded last under the same keys, and [`Whole`] writes them out
//! again: the bytes are those of the event in full.
//!
//! The event begins with the number of bytes it has in full, as 32 bits, and goes on as a term
//! without a version byte:
//! `{offset, type, %{delta or snapshot => assigns}}`. In place of each value in these assigns may
//! stand a [mark]; tags of the External Term Format are all larger than any mark:
//!
//! * [`KEPT`](mark::KEPT): the value in full; later events may refer to it.
//! * [`SAME`](mark::SAME): the value as it was.
//! * [`CHANGED`](mark::CHANGED): the value was a list, tuple or map, and what stands here is how
//!   its elements (the pairs of a map) differ, in their order:
//!   * `SAME` and larger, up to [`MANY`](mark::MANY): so many elements as they were; after `MANY`
//!     itself follows their number as 32 bits.
//!   * [`LEFT_OUT`](mark::LEFT_OUT): so many elements, 32 bits, are left out.
//!   * [`SET`](mark::SET): another element, or under the same key another value, follows in full.
//!   * `CHANGED`: the next element, or its value, has changed in the same way.
//!   * a term, or two for a map: an element that is new here.
//!   * [`REST`](mark::REST): all elements that are left, and the tail, are as they were. This is
//!     what each change of a container ends with.
//!
//! A key whose value is in full, without `KEPT`, is not referred to until it has another.

mod rewrite;
mod whole;

pub use whole::Whole;

use crate::{Error, ErrorKind};

/// The bytes that stand where a tag would.
pub mod mark {
    /// As it was; as the first of a row of up to [`MANY`]` - 1` elements.
    pub const SAME: u8 = 1;
    /// So many elements, 32 bits, as they were.
    pub const MANY: u8 = 0x30;
    /// So many elements, 32 bits, are left out.
    pub const LEFT_OUT: u8 = 0x31;
    /// Another element, or another value under the same key.
    pub const SET: u8 = 0x32;
    /// A container of which a part has changed.
    pub const CHANGED: u8 = 0x33;
    /// All that is left is as it was.
    pub const REST: u8 = 0x34;
    /// A value in full, behind its length in 32 bits.
    pub const KEPT: u8 = 0x35;
}

/// How deep containers that have changed may be nested.
pub const MAX_NESTING: u32 = 64;

/// The event in full has so many bytes; and where the one that is written as changes begins.
///
/// # Errors
///
/// [`ErrorKind::UnexpectedEnd`].
pub fn parts(changes: &[u8]) -> Result<(usize, &[u8]), Error> {
    let (length, event) =
        (changes.split_first_chunk()).ok_or_else(|| Error::new(0, ErrorKind::UnexpectedEnd))?;
    Ok((u32::from_be_bytes(*length) as usize, event))
}
